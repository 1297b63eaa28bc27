"""Thinking: what a model writes before its answer becomes a part of its own, and the model does not read it again."""

from __future__ import annotations

import pytest

from app.core.conversation import Part, PartKind, Status, StoredMessage, prompt_messages
from app.core.thinking import split_thinking
from engine.api import Message


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("Green.", None, "Green."),
        ("", None, ""),
        ("<think>hm</think>Green.", "hm", "Green."),
        ("\n<think>\nhm\n\nso\n</think>\n\nGreen.\n", "hm\n\nso", "Green.\n"),
        ("<thinking>hm</thinking> Green.", "hm", "Green."),
        ("<think>\n\n</think>\n\nGreen.", None, "Green."),
        ("<think>hm", "hm", ""),
        ("<think>hm</think>", "hm", ""),
        ("<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
        ("Write <think>x</think> to think.", None, "Write <think>x</think> to think."),
        ("<thinker>x</thinker>", None, "<thinker>x</thinker>"),
        (
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Green.",
            "hm",
            "Green.",
        ),
        ("<|channel|>analysis<|message|>hm<|channel|>final<|message|>Green.", "hm", "Green."),
        ("<|channel|>analysis<|message|>hm", "hm", ""),
    ],
)
def test_thinking_is_split_from_the_answer(text: str, thinking: str | None, answer: str) -> None:
    expected = [Part(PartKind.THINKING, thinking)] if thinking else []
    expected += [Part(PartKind.TEXT, answer)] if answer else []
    assert list(split_thinking(text)) == expected


def test_the_model_does_not_read_its_thinking_again() -> None:
    reply = StoredMessage("1", None, "assistant", split_thinking("<think>hm</think>Green."), Status.COMPLETE, 0.0)
    assert prompt_messages([reply]) == (Message("assistant", "Green."),)
