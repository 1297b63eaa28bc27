"""Counting tokens: what is counted is what the model would read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.api import CountTokensRequest, GenerateRequest, LoadRequest, Message, ReplyFinished, RequestError
from engine.counting import PIECE
from engine.engine import Engine
from engine.prompt import prompt_ids


@pytest.fixture(scope="module")
def engine(starter: Path) -> Iterator[Engine]:
    made = Engine()
    for _ in made.run(LoadRequest(1, str(starter), context_length=512)):
        pass
    yield made
    made.close()


def test_a_prompt_has_the_tokens_that_are_counted(engine: Engine) -> None:
    assert engine.model is not None
    prompt = (Message("system", "Be brief."), Message("user", "How are you <|im_end|> today?"))
    counted = engine.count(CountTokensRequest(2, prompt, ("one two three", "")))
    ids, _ = prompt_ids(GenerateRequest(3, prompt), engine.model.tokenizer, limit=512)
    assert counted.prompt_tokens == len(ids)
    assert counted.text_tokens == (len(engine.model.tokenizer.encode("one two three")), 0)
    assert (counted.leaves_out, counted.fits) == (False, True)


def test_it_is_known_what_will_be_left_out_and_what_never_fits(engine: Engine) -> None:
    turns = tuple(
        message for _ in range(9) for message in (Message("user", "word " * 50), Message("assistant", "word"))
    )
    counted = engine.count(CountTokensRequest(2, (*turns, Message("user", "short"))))
    assert (counted.leaves_out, counted.fits) == (True, True)
    counted = engine.count(CountTokensRequest(2, (Message("user", "word " * 600),)))
    assert (counted.leaves_out, counted.fits) == (True, False)


def test_a_long_text_is_counted_in_pieces(engine: Engine) -> None:
    assert engine.model is not None
    text = "a line of words\n" * (2 * PIECE // 16)
    whole = len(engine.model.tokenizer.encode(text))
    assert abs(engine.count(CountTokensRequest(2, texts=(text,))).text_tokens[0] - whole) <= 2


def test_another_thread_may_count_while_a_reply_is_written(engine: Engine) -> None:
    reply = engine.run(GenerateRequest(4, (Message("user", "Count to ten."),), max_tokens=20))
    next(reply)
    found: list[int] = []
    thread = threading.Thread(
        target=lambda: found.append(engine.count(CountTokensRequest(5, texts=("hello",))).text_tokens[0])
    )
    thread.start()
    last = [*reply][-1]
    thread.join()
    assert isinstance(last, ReplyFinished)
    assert found == [1]


def test_without_a_model_nothing_can_be_counted() -> None:
    with pytest.raises(RequestError, match="No model is loaded"):
        Engine().count(CountTokensRequest(1, texts=("hello",)))
