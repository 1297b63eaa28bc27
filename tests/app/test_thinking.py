"""Thinking: what a model writes before its answer becomes a part of its own, and the model does not read it again."""

from __future__ import annotations

import os
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.conversation import Part, PartKind, Status, StoredMessage, prompt_messages
from app.core.thinking import ThinkingStream, split_thinking
from engine.api import Message

MUTANTS = int(os.environ.get("FIRESIDE_FUZZ", "500")) // 5
MARKS = ("<think>", "</think>", "<thinking>", "</thinking>", "<|channel|>analysis<|message|>", "<|end|>")
FINALS = ("<|start|>assistant<|channel|>final<|message|>", "<|channel|>final<|message|>")


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


@settings(max_examples=MUTANTS, deadline=None)
@given(
    st.lists(st.sampled_from((*MARKS, *FINALS, " ", "\n", "<", "a b", "é")), max_size=9),
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
)
def test_pieces_are_told_apart_as_the_whole_reply_is(words: list[str], sizes: list[int]) -> None:
    text = "".join(words)
    stream, at, told = ThinkingStream(), 0, []
    for size in cycle(sizes):
        if at >= len(text):
            break
        told.append(stream.push(text[at : at + size]))
        at += size
    told.append(stream.finish())
    thinking, answer = ("".join(parts) for parts in zip(*told, strict=True))
    whole = split_thinking(text)
    assert thinking == "".join(part.text for part in whole if part.kind is PartKind.THINKING)
    assert answer == "".join(part.text for part in whole if part.kind is PartKind.TEXT)


def test_a_thought_is_told_before_it_ends() -> None:
    stream = ThinkingStream()
    assert [stream.push(piece) for piece in ("<thi", "nk>\nLet", " me", " see.\n</", "think>\n\nYes", ".")] == [
        *(("", ""), ("Let", ""), (" me", ""), (" see.", ""), ("", "Yes"), ("", ".")),
    ]
