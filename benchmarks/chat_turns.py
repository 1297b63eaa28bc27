"""Time to first token over the turns of one chat, whose questions are all of one length.

Each engine gets the whole conversation at every turn and reuses what it can in its own way.
"""

from __future__ import annotations

from argparse import Namespace
from typing import cast

from benchmarks.engines import Chats, open_engine, warm_up
from benchmarks.figures import Figures

TURNS = 20
REPLY_TOKENS = 32
CONTEXT = 4096
QUESTION = "Please tell me one short thing about number {:02} that I do not know yet, and why it is so."


def chat_turns(name: str, options: Namespace) -> Figures:
    """Seconds to the first token of each turn."""
    engine = cast(Chats, open_engine(name, options, CONTEXT))  # a part chooses who can
    warm_up(engine)
    messages: list[dict[str, str]] = []
    figures: Figures = {}
    for turn in range(1, TURNS + 1):
        messages.append({"role": "user", "content": QUESTION.format(turn)})
        first_s, text = engine.answer(messages, REPLY_TOKENS)
        figures[f"turn_{turn}_s"] = first_s
        messages.append({"role": "assistant", "content": text})
    return figures
