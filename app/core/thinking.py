"""Finds the thinking at the start of a reply, in the marks that models use; called when a reply has ended."""

from __future__ import annotations

from app.core.conversation import Part, PartKind, text_parts

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


def _parts(thinking: str, answer: str) -> tuple[Part, ...]:
    thought = thinking.strip()
    parts = (Part(PartKind.THINKING, thought),) if thought else ()
    return (*parts, *text_parts(answer))
