"""Finds the thinking at the start of a reply, in the marks that models use: in a whole one, or as its pieces come."""

from __future__ import annotations

from enum import Enum, auto

from app.core.conversation import Part, PartKind, text_parts

OPENING = "<think>\n"  # as most models write it
# What opens a thinking, what closes it, and what then opens the answer ("" where nothing does).
_MARKS = (
    ("<think>", "</think>", ""),
    ("<thinking>", "</thinking>", ""),
    ("<|channel|>analysis<|message|>", "<|end|>", "<|start|>assistant<|channel|>final<|message|>"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>", ""),
)


def split_thinking(text: str) -> tuple[Part, ...]:
    """A reply's text as a thinking part and a text part; one part where it has no thinking or no answer yet.

    Marks count only at the start, where a model writes them; white space around the thinking is dropped.
    """
    start = text.lstrip()
    opened = [mark for mark in _MARKS if start.startswith(mark[0])]
    if not opened:
        return text_parts(text)
    body = start[len(opened[0][0]) :]
    ends = [(body.find(close), close, answer) for _, close, answer in opened if close in body]
    if not ends:
        return _parts(body, "")
    at, close, answer = min(ends)
    rest = body[at + len(close) :].lstrip()
    return _parts(body[:at], rest.removeprefix(answer).lstrip())


def opens_thinking(text: str) -> bool:
    """Whether a reply begins with a thinking."""
    return text.lstrip().startswith(tuple(mark[0] for mark in _MARKS))


class ThinkingStream:
    """Tells thinking from answer in a reply that comes in pieces, as `split_thinking` does in a whole one.

    What may yet be a mark, or white space at an end, is held back.
    """

    def __init__(self) -> None:
        self._place = _Place.START
        self._held = ""
        self._ends: tuple[tuple[str, str], ...] = ()  # what closes the thinking, and what then opens the answer
        self._opener = ""  # of the answer
        self._has_thought = False

    def push(self, text: str) -> tuple[str, str]:
        """What is certain now of the thinking, and of the answer."""
        self._held += text
        thinking = ""
        if self._place is _Place.START:
            self._open()
        if self._place is _Place.THINKING:
            thinking = self._think()
        if self._place is _Place.BEHIND:
            self._begin_answer()
        if self._place is not _Place.ANSWER:
            return thinking, ""
        answer, self._held = self._held, ""
        return thinking, answer

    def finish(self) -> tuple[str, str]:
        """What was held back at the end of the reply."""
        held, self._held = self._held, ""
        if self._place is _Place.THINKING:
            return self._shown(held), ""
        return "", held.lstrip() if self._place is _Place.BEHIND else held

    def _open(self) -> None:
        start = self._held.lstrip()
        opener = next((mark[0] for mark in _MARKS if start.startswith(mark[0])), None)
        if opener is not None:
            self._ends = tuple((close, answer) for first, close, answer in _MARKS if first == opener)
            self._held, self._place = start[len(opener) :], _Place.THINKING
        elif not any(mark[0].startswith(start) for mark in _MARKS):
            self._place = _Place.ANSWER

    def _think(self) -> str:
        held = self._held
        found = [(at, close, answer) for close, answer in self._ends if (at := held.find(close)) >= 0]
        if found:
            at, close, self._opener = min(found)
            self._held, self._place = held[at + len(close) :], _Place.BEHIND
            return self._shown(held[:at])
        longest = max(len(close) for close, _ in self._ends)
        mark = held.find("<", max(len(held) - longest + 1, 0))  # that a closing mark may begin with
        certain = held if mark < 0 else held[:mark]
        self._held = held[len(certain.rstrip()) :]
        return self._shown(certain)

    def _begin_answer(self) -> None:
        rest = self._held.lstrip()
        if rest != self._opener and self._opener.startswith(rest):
            return  # it is not all there yet
        self._held, self._opener = rest.removeprefix(self._opener).lstrip(), ""
        if self._held:
            self._place = _Place.ANSWER

    def _shown(self, thinking: str) -> str:
        """A piece of the thinking without white space at its ends, but for that between two pieces."""
        shown = thinking.rstrip() if self._has_thought else thinking.strip()
        self._has_thought = self._has_thought or bool(shown)
        return shown


class _Place(Enum):
    """Where in a reply a stream is."""

    START = auto()
    THINKING = auto()
    BEHIND = auto()
    ANSWER = auto()


def _parts(thinking: str, answer: str) -> tuple[Part, ...]:
    thought = thinking.strip()
    parts = (Part(PartKind.THINKING, thought),) if thought else ()
    return (*parts, *text_parts(answer))
