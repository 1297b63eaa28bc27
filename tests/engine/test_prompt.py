"""What the model reads: replies as they were written, and whole old turns left out when the context is full."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reference_data import FIXTURES

from engine.api import (
    ContextFullError,
    GenerateRequest,
    LoadRequest,
    Message,
    PrefillProgressed,
    ReplyFinished,
    SamplerSettings,
    TokenGenerated,
)
from engine.chat import build_prompt
from engine.engine import Engine
from engine.loaders import open_checkpoint
from engine.prompt import prompt_ids
from engine.tokenizers import Tokenizer, load_tokenizer

SYSTEM = Message("system", "You are brief.")
LIMIT = 400


@pytest.fixture(scope="module")
def tokenizer(starter: Path) -> Tokenizer:
    with open_checkpoint(starter) as checkpoint:
        return load_tokenizer(checkpoint)


def ids_of(tokenizer: Tokenizer, messages: list[Message]) -> list[int]:
    return list(build_prompt(tokenizer.chat_template, messages, tokenizer).ids)


def chat_of(turns: int) -> list[Message]:
    messages = [SYSTEM]
    for turn in range(turns):
        messages.append(Message("user", f"Question {turn}: what do foxes eat in the winter?"))
        messages.append(Message("assistant", f"Answer {turn}: mice, voles, berries and what they find."))
    return [*messages, Message("user", "And in summer?")]


def test_a_reply_is_read_as_it_was_written(tokenizer: Tokenizer) -> None:
    letters = [token for letter in "Hello there" for token in tokenizer.encode(letter)]
    canonical = tokenizer.encode("Hello there")
    assert letters != canonical
    messages = [Message("user", "Hi"), Message("assistant", "Hello there", tuple(letters)), Message("user", "Bye")]
    asked = ids_of(tokenizer, messages[:1])
    found = ids_of(tokenizer, messages)
    assert found[: len(asked) + len(letters)] == asked + letters
    assert tokenizer.decode(found) == tokenizer.decode(
        ids_of(tokenizer, [Message(m.role, m.content) for m in messages])
    )


@pytest.mark.parametrize("text", ["\n\nHello.\n", " Hello. \n\n", "Hello.\n\n\nBye  ", "  1. a\n  2. b"])
def test_spaces_around_a_reply_stay_its_own_tokens(text: str, tokenizer: Tokenizer) -> None:
    written = [token for letter in text for token in tokenizer.encode(letter)]
    asked = ids_of(tokenizer, [Message("user", "Hi")])
    found = ids_of(
        tokenizer, [Message("user", "Hi"), Message("assistant", text, tuple(written)), Message("user", "x")]
    )
    assert found[: len(asked) + len(written)] == asked + written


def test_tokens_that_spell_something_else_are_used_as_far_as_they_agree(tokenizer: Tokenizer) -> None:
    control = tokenizer.control_tokens["<|im_start|>"]
    hello, plain = tokenizer.encode("Hello"), ids_of(tokenizer, [Message("assistant", "Hello there, 世界")])
    for known in ([control, *hello], [10**9], [-1], tokenizer.encode("Something else"), hello, [*hello, control]):
        found = ids_of(tokenizer, [Message("assistant", "Hello there, 世界", tuple(known))])
        assert tokenizer.decode(found) == tokenizer.decode(plain)
        assert found.count(control) == plain.count(control)
    half = tokenizer.encode("世")[:1]
    assert tokenizer.decode(ids_of(tokenizer, [Message("assistant", "世界", tuple(half))])).count("世界") == 1


def test_a_reply_that_holds_half_a_character_is_read_as_it_was_written(tokenizer: Tokenizer) -> None:
    written = (*tokenizer.encode("Hi "), *tokenizer.encode("世")[:1])
    text = tokenizer.decode(written)
    assert text.endswith("\ufffd")
    found = ids_of(tokenizer, [Message("user", "a"), Message("assistant", text, written), Message("user", "b")])
    asked = ids_of(tokenizer, [Message("user", "a")])
    assert found[: len(asked) + len(written)] == [*asked, *written]


def test_a_text_that_was_said_before_is_not_taken_for_the_reply(tokenizer: Tokenizer) -> None:
    letters = [token for letter in "Hello there" for token in tokenizer.encode(letter)]
    messages = [Message("user", "Hello there"), Message("assistant", "Hello there", tuple(letters))]
    found = ids_of(tokenizer, messages)
    asked = ids_of(tokenizer, messages[:1])
    assert found[: len(asked)] == asked
    assert found[len(asked) : len(asked) + len(letters)] == letters


def test_spans_of_a_reply_with_known_tokens_are_its_own(tokenizer: Tokenizer) -> None:
    letters = [token for letter in "Hello there" for token in tokenizer.encode(letter)]
    messages = [Message("user", "Hi"), Message("assistant", "Hello there", tuple(letters)), Message("user", "Bye")]
    prompt = build_prompt(tokenizer.chat_template, messages, tokenizer)
    texts = [tokenizer.decode(prompt.ids[span.start : span.end]) for span in prompt.spans]
    assert texts == ["Hi", "Hello there", "Bye"]


def test_whole_turns_leave_and_the_system_message_stays(tokenizer: Tokenizer) -> None:
    messages = chat_of(20)
    ids, dropped = prompt_ids(GenerateRequest(1, tuple(messages), max_tokens=50), tokenizer, limit=LIMIT)
    assert dropped > 0
    assert dropped % 2 == 0, "questions leave with their answers"
    assert ids == ids_of(tokenizer, [SYSTEM, *messages[1 + dropped :]])
    assert LIMIT - 50 - LIMIT // 4 - 60 < len(ids) <= LIMIT - 50


def test_the_beginning_stays_the_same_for_some_turns(tokenizer: Tokenizer) -> None:
    dropped = [
        prompt_ids(GenerateRequest(1, tuple(chat_of(turns)), max_tokens=50), tokenizer, limit=LIMIT)[1]
        for turns in range(8, 40)
    ]
    assert dropped == sorted(dropped)
    assert len(set(dropped)) <= len(dropped) / 2, "each cut serves for two turns or more"


def test_what_fits_is_left_alone_and_what_cannot_is_told(tokenizer: Tokenizer) -> None:
    messages = chat_of(2)
    ids, dropped = prompt_ids(GenerateRequest(1, tuple(messages)), tokenizer, limit=LIMIT)
    assert (ids, dropped) == (ids_of(tokenizer, messages), 0)
    long = (*chat_of(5), Message("assistant", "Yes."), Message("user", "word " * 500))
    with pytest.raises(ContextFullError, match="Shorten it"):
        prompt_ids(GenerateRequest(1, long), tokenizer, limit=LIMIT)
    with pytest.raises(ContextFullError, match="the context holds 400"):
        prompt_ids(GenerateRequest(1, "word " * 500), tokenizer, limit=LIMIT)
    ids, dropped = prompt_ids(GenerateRequest(1, (SYSTEM, Message("user", "word " * 340))), tokenizer, limit=LIMIT)
    assert dropped == 0, "one long question is read while it fits at all"


def test_a_full_context_is_told_and_what_stays_is_not_read_again(starter: Path) -> None:
    engine = Engine()
    list(engine.run(LoadRequest(0, str(starter), context_length=LIMIT)))
    system = len(ids_of(engine.model.tokenizer, [SYSTEM])) - 4 if engine.model is not None else 0
    told, read = [], []
    for turns in range(6, 18):
        events = list(engine.run(GenerateRequest(turns, tuple(chat_of(turns)), max_tokens=4)))
        (dropped,) = {event.dropped_messages for event in events if isinstance(event, PrefillProgressed)}
        told.append(dropped)
        timings = events[-1].timings
        assert timings.prompt_tokens + 4 <= LIMIT
        read.append(timings.prompt_tokens - timings.reused_tokens)
        assert turns == 6 or timings.reused_tokens >= system - 4
    assert told[0] == 0 < told[-1]
    unchanged = [count for before, after, count in zip(told, told[1:], read[1:], strict=False) if before == after]
    assert len(unchanged) >= 6
    assert max(unchanged) < 80, "only the new turn is read"
    engine.close()


def test_a_reply_begins_with_the_thinking_that_the_template_opens() -> None:
    engine = Engine()
    list(engine.run(LoadRequest(0, str(FIXTURES / "models" / "llama"))))
    assert engine.model is not None
    asked = GenerateRequest(1, "", SamplerSettings(seed=1), max_tokens=3)

    def told(template: str, **changes: Any) -> tuple[str, str]:
        """The text of a reply as it streams and as it ends."""
        assert engine.model is not None
        engine.model.tokenizer.chat_template = f"{{{{ messages[-1].content }}}}{{{{ {template!r} }}}}"
        question = Message("user", f"Why {len(template)}?")  # another each time: the last prompt is remembered
        events = list(engine.run(replace(asked, **{"prompt": (question,), **changes})))
        finished = events[-1]
        assert isinstance(finished, ReplyFinished)
        return "".join(event.text for event in events if isinstance(event, TokenGenerated)), finished.text

    try:
        for opening in ("<think>\n", "<thinking>"):
            streamed, whole = told(f"\nAssistant: {opening}")
            assert streamed.startswith(opening)
            assert whole.startswith(streamed)
        for template, changes in (
            ("<think>\n\n</think>\n\n", {}),
            ("<think>\n", {"prompt": "<think>\n"}),
            ("<think>\n", {"begun_ids": (5,)}),
            ("<think>\n", {"json_schema": '{"type": "object"}'}),
        ):
            assert "<think" not in told(template, **changes)[1]
    finally:
        engine.close()
