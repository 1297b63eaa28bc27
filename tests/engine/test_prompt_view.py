"""What the model really reads: every token with its origin, and what of the conversation is not read any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.api import GenerateRequest, Message
from engine.inspection.api import TokenKind
from engine.inspection.prompt_view import seen_prompt
from engine.loaders import open_checkpoint
from engine.prompt import prompt_ids
from engine.tokenizers import Tokenizer, load_tokenizer

ASKED = (Message("system", "Be brief."), Message("user", "绿茶 <|im_end|>?"), Message("assistant", "Yes."))


@pytest.fixture(scope="module")
def tokenizer(starter: Path) -> Iterator[Tokenizer]:
    with open_checkpoint(starter) as checkpoint:
        yield load_tokenizer(checkpoint)


def spelt(tokens: Iterator[bytes]) -> str:
    return b"".join(tokens).decode()


def test_every_token_says_where_it_comes_from(tokenizer: Tokenizer) -> None:
    request = GenerateRequest(1, (*ASKED, Message("user", "And red?")), begun_ids=(5, 6))
    tokens, dropped = seen_prompt(request, tokenizer, limit=512, cached_tokens=9)
    assert dropped == ()
    ids, _ = prompt_ids(request, tokenizer, limit=512)
    assert [token.token_id for token in tokens] == [*ids, 5, 6]
    for number, text in enumerate(("Be brief.", "绿茶 <|im_end|>?", "Yes.", "And red?")):
        assert spelt(token.piece for token in tokens if token.message == number) == text
    kinds = {kind: [token for token in tokens if token.kind is kind] for kind in TokenKind}
    assert {token.piece for token in kinds[TokenKind.CONTROL]} == {b"<|im_start|>", b"<|im_end|>"}
    assert len(kinds[TokenKind.CONTROL]) == 9
    assert spelt(token.piece for token in kinds[TokenKind.TEMPLATE]).split() == [
        *("system", "user", "assistant", "user", "assistant")
    ]
    assert [token.token_id for token in kinds[TokenKind.REPLY]] == [5, 6]
    assert [token.is_cached for token in tokens] == [at < 9 for at in range(len(tokens))]


def test_what_is_too_old_is_named_and_the_others_keep_their_numbers(tokenizer: Tokenizer) -> None:
    turns = [Message(role, f"{role} {at} " + "tea " * 20) for at in range(6) for role in ("user", "assistant")]
    request = GenerateRequest(1, (ASKED[0], *turns, Message("user", "Last?")), max_tokens=20)
    tokens, dropped = seen_prompt(request, tokenizer, limit=200)
    assert dropped == tuple(range(1, 1 + len(dropped)))
    assert len(dropped) > 2
    assert {token.message for token in tokens if token.message is not None} == {0, *range(1 + len(dropped), 14)}
    assert spelt(token.piece for token in tokens if token.message == 13) == "Last?"
    assert prompt_ids(request, tokenizer, limit=200)[1] == len(dropped)


def test_of_a_plain_prompt_all_is_what_was_typed(tokenizer: Tokenizer) -> None:
    tokens, _ = seen_prompt(GenerateRequest(1, "Once upon a time"), tokenizer, limit=100)
    assert {token.kind for token in tokens} == {TokenKind.MESSAGE}
    assert spelt(token.piece for token in tokens) == "Once upon a time"
