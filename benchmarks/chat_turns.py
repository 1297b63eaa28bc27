"""Time to first token over the turns of one chat, whose questions are all of one length.

Each engine gets the whole conversation at every turn and reuses what it can in its own way.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from benchmarks.engines import Chats, Fireside, open_engine, warm_up
from benchmarks.figures import Figures

TURNS = 20
REPLY_TOKENS = 32
CONTEXT = 4096
WORDS = 3  # of a question that is typed, after which the window asks for it to be read
QUESTION = "Please tell me one short thing about number {:02} that I do not know yet, and why it is so."

Messages = Sequence[dict[str, str]]


def chat_turns(name: str, options: Namespace) -> Figures:
    """Seconds to the first token of each turn; of one that reads ahead, also where each question was typed before."""
    engine = cast(Chats, open_engine(name, options, CONTEXT))  # a part chooses who can
    figures = {f"turn_{turn}_s": first_s for turn, first_s in _first_tokens(engine)}
    if isinstance(engine, Fireside):
        typed = _first_tokens(engine, engine.read_ahead)
        figures |= {f"turn_{turn}_typed_s": first_s for turn, first_s in typed}
    return figures


def _first_tokens(engine: Chats, read_ahead: Callable[[Messages], None] | None = None) -> Iterator[tuple[int, float]]:
    """Turns of a chat that begins anew, with the seconds to the first token of each.

    `read_ahead` is given the messages each time that the question has some words more.
    """
    warm_up(engine)
    messages: list[dict[str, str]] = []
    for turn in range(1, TURNS + 1):
        words = QUESTION.format(turn).split()
        if read_ahead is not None:
            for count in range(WORDS, len(words) + 1, WORDS):
                read_ahead([*messages, {"role": "user", "content": " ".join(words[:count])}])
        messages.append({"role": "user", "content": " ".join(words)})
        first_s, text = engine.answer(messages, REPLY_TOKENS)
        yield turn, first_s
        messages.append({"role": "assistant", "content": text})
