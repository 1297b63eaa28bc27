"""Prompts of remembered parts equal fresh ones, whatever was encoded before; the memory is bounded."""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_data import FIXTURES

from engine.api import Message
from engine.builtin_templates import named_template
from engine.chat import Prompt, build_prompt
from engine.loaders import open_checkpoint
from engine.tokenizers import Tokenizer, load_tokenizer, part_memory
from engine.tokenizers.part_memory import EncodedPart, Part, PartMemory

CHATS = int(os.environ.get("FIRESIDE_FUZZ", "500")) // 5
BARE = "{% for message in messages %}{{ message.content }}<|im_end|>{% endfor %}"  # parts are what was typed
CHATML = named_template("chatml").text
TEMPLATES = (BARE, CHATML, named_template("llama-2").text, named_template("plain").text)
SPACES = ("\n", "  ", "\u3000")
WORDS = ("Hello", " there", "a", "1 2", "你好，", "世界", "é", "🙂", "\ufdd0", "\ud800")
CONTROLS = ("<|im_", "end|>", "<|im_end|>", "<|im_start|>user\n", "<s>", "</s>", "[INST]")
TEXTS = st.lists(st.sampled_from((*SPACES, *WORDS, *CONTROLS)), max_size=6).map("".join)


@pytest.fixture(scope="module")
def tokenizers(starter: Path) -> list[Tokenizer]:
    """One that cuts bytes, and one that puts a space before a text."""
    found = []
    for path in (starter, FIXTURES / "models" / "llama"):
        with open_checkpoint(path) as checkpoint:
            found.append(load_tokenizer(checkpoint))
    return found


@dataclass(frozen=True)
class Turn:
    """A question and its reply, with the tokens of the whole text, of each letter alone, of a part, or unknown."""

    question: str
    reply: str
    known: str
    stray: int

    def messages(self, tokenizer: Tokenizer) -> tuple[Message, Message]:
        pieces = {"whole": [self.reply], "letters": list(self.reply), "half": [self.reply[: len(self.reply) // 2]]}
        ids = [token for piece in pieces.get(self.known, []) for token in tokenizer.encode(piece)]
        ids += [self.stray] if self.known == "half" else []
        return Message("user", self.question), Message("assistant", self.reply, tuple(ids))


KNOWN = st.sampled_from(("whole", "letters", "half", "unknown"))
TURNS = st.builds(Turn, TEXTS, TEXTS, KNOWN, st.sampled_from((-1, 0, 1, 2, 10**9)))


@dataclass(frozen=True)
class Step:
    """What a person does to a chat: keeps so many turns, asks one otherwise or has it answered alike, and goes on."""

    kept: int
    edited: int
    turn: Turn


STEPS = st.lists(st.builds(Step, st.integers(0, 6), st.integers(0, 6), TURNS), min_size=1, max_size=6)


def chats(steps: Sequence[Step]) -> list[list[Turn]]:
    """The chat after each step; a step that keeps less than there is makes a branch."""
    found: list[list[Turn]] = [[]]
    for step in steps:
        turns = found[-1][: max(step.kept, 1)]
        if step.edited < len(turns):
            same = turns[step.edited]
            asked, known = step.turn.question or same.question, step.turn.known
            turns[step.edited] = replace(same, question=asked, known=known)
        found.append([*turns, step.turn])
    return found[1:]


def prompt_of(turns: Sequence[Turn], template: str, tokenizer: Tokenizer, *, is_begun: bool) -> Prompt:
    messages = [message for turn in turns for message in turn.messages(tokenizer)]
    return build_prompt(template, messages if is_begun else messages[:-1], tokenizer, continue_last=is_begun)


@settings(max_examples=CHATS, deadline=None)
@given(STEPS, st.sampled_from(TEMPLATES), st.booleans(), st.sampled_from((part_memory.MOST_BYTES, 6000)))
def test_a_remembered_prompt_equals_a_fresh_one(
    tokenizers: list[Tokenizer], steps: list[Step], template: str, is_begun: bool, most_bytes: int
) -> None:
    for tokenizer in tokenizers:
        remembered = PartMemory(most_bytes=most_bytes)
        for turns in chats(steps):
            tokenizer.part_memory = remembered
            found = prompt_of(turns, template, tokenizer, is_begun=is_begun)
            tokenizer.part_memory = PartMemory()
            fresh = prompt_of(turns, template, tokenizer, is_begun=is_begun)
            assert (found.text, found.ids, found.spans) == (fresh.text, fresh.ids, fresh.spans)


def test_a_control_token_that_was_typed_is_remembered_as_text(tokenizers: list[Tokenizer]) -> None:
    tokenizer = tokenizers[0]
    tokenizer.part_memory = PartMemory()
    typed = [Message("user", "<|im_end|>"), Message("user", "<|im_end|>")]
    expected = [*tokenizer.encode("<|im_end|>"), tokenizer.control_tokens["<|im_end|>"]] * 2
    for _ in range(2):
        assert list(build_prompt(BARE, typed, tokenizer).ids) == expected


def test_what_was_said_before_is_not_encoded_again(tokenizers: list[Tokenizer]) -> None:
    tokenizer = tokenizers[0]
    core, encoded = tokenizer.core, []

    class Watched:
        def ids(self, text: str) -> list[int]:
            encoded.append(text)
            return core.ids(text)

    chat = [Turn(f"Question {at}", f"Answer {at}", "unknown", 0) for at in range(4)]
    tokenizer.core, tokenizer.part_memory = Watched(), PartMemory()
    try:
        prompt_of(chat[:3], CHATML, tokenizer, is_begun=False)
        assert "user\nQuestion 2" in encoded
        encoded.clear()
        prompt_of(chat, CHATML, tokenizer, is_begun=False)
    finally:
        tokenizer.core = core
    assert encoded == ["assistant\nAnswer 2", "user\nQuestion 3"]


def part_of(text: str, *, tokens: int = 1) -> tuple[Part, EncodedPart]:
    return (text, False, ()), EncodedPart((7,) * tokens, array("I", [len(text)] * tokens), len(text))


def test_the_memory_is_bounded_and_the_oldest_leave_first() -> None:
    memory = PartMemory(most_bytes=20 * part_memory.ENTRY_BYTES)
    parts = [part_of(str(at)) for at in range(100)]
    for part, encoded in [*parts, *parts[-5:]]:
        memory.keep(part, encoded)
    kept = [at for at, (part, encoded) in enumerate(parts) if memory.get(part) == encoded]
    assert 10 < len(kept) < 20
    assert kept == list(range(100 - len(kept), 100))


@pytest.mark.parametrize("long", [part_of("a" * 2500), part_of("a", tokens=200)])
def test_a_long_part_does_not_drive_out_the_others(long: tuple[Part, EncodedPart]) -> None:
    memory = PartMemory(most_bytes=20_000)
    memory.keep(*part_of("short"))
    memory.keep(*long)
    assert memory.get(long[0]) is None
    assert memory.get(part_of("short")[0]) is not None


@pytest.fixture
def hasty_threads() -> Iterator[ThreadPoolExecutor]:
    """Threads that take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            yield pool
    finally:
        sys.setswitchinterval(interval)


def test_threads_that_share_a_memory_leave_it_whole(hasty_threads: ThreadPoolExecutor) -> None:
    memory = PartMemory(most_bytes=20 * part_memory.ENTRY_BYTES)
    parts = [part_of(str(at)) for at in range(4000)]
    list(hasty_threads.map(lambda one: memory.keep(*one), parts * 2))
    alone = PartMemory(most_bytes=20 * part_memory.ENTRY_BYTES)
    for one in parts:
        memory.keep(*one)
        alone.keep(*one)
    assert [memory.get(part) for part, _ in parts] == [alone.get(part) for part, _ in parts]


def test_threads_that_share_a_tokenizer_get_the_same_prompts(
    tokenizers: list[Tokenizer], hasty_threads: ThreadPoolExecutor
) -> None:
    tokenizer = tokenizers[0]
    chats = [[Turn(f"Is {at} odd?", f"{at} is", "letters", 0)] * 3 for at in range(40)]

    def ids_of(chat: list[Turn]) -> tuple[int, ...]:
        return prompt_of(chat, CHATML, tokenizer, is_begun=True).ids

    tokenizer.part_memory = PartMemory()
    fresh = list(map(ids_of, chats))
    tokenizer.part_memory = PartMemory(most_bytes=6000)
    assert list(hasty_threads.map(ids_of, chats * 4)) == fresh * 4
