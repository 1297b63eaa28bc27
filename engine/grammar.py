"""Constrains a reply to a JSON schema: a mask over the vocabulary for every next token, by `llguidance`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.api import RequestError

if TYPE_CHECKING:
    from engine.tokenizers import Tokenizer


class _Vocabulary:
    """The view of a tokenizer that `llguidance.LLTokenizer` asks for."""

    def __init__(self, tokenizer: Tokenizer, size: int, end_id: int) -> None:
        known = min(size, tokenizer.vocab_size)
        self.tokens = [tokenizer.token_bytes(i) for i in range(known)] + [b""] * (size - known)
        self.special_token_ids = sorted(set(tokenizer.control_tokens.values()) | {end_id})
        self.eos_token_id, self.bos_token_id = end_id, tokenizer.bos_id
        self._tokenizer = tokenizer

    def __call__(self, text: bytes | str) -> list[int]:
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        return self._tokenizer.encode(text)


class JsonVocabulary:
    """What the schemas of all replies of a model need of its tokens: 0.1 s for 49,000 of them."""

    def __init__(self, tokenizer: Tokenizer, size: int) -> None:
        """`size` is that of the logits. Raises `RequestError` for a model that cannot end a reply."""
        from llguidance import LLTokenizer, TokenizerWrapper

        if not tokenizer.end_ids:
            raise RequestError("This model has no end token, so its replies cannot be held to a JSON schema.")
        self.tokens = LLTokenizer(TokenizerWrapper(_Vocabulary(tokenizer, size, min(tokenizer.end_ids))))


class JsonGrammar:
    """Follows one reply: `restrict` the logits, draw, then `accept` the token that was drawn."""

    def __init__(self, schema: str, vocabulary: JsonVocabulary) -> None:
        """Raises `RequestError` for text that is no JSON or no usable schema."""
        from llguidance import LLMatcher

        try:
            json.loads(schema)
            grammar = LLMatcher.grammar_from_json_schema(schema)
        except (ValueError, RecursionError) as error:
            raise RequestError(f"The JSON schema is not valid: {error}.") from error
        self._matcher = LLMatcher(vocabulary.tokens, grammar, log_level=0)
        self._check()

    def restrict(self, logits: Tensor) -> Tensor:
        """Logits [V] with every token that would break the schema at minus infinity."""
        mask = torch.frombuffer(bytearray(self._matcher.compute_bitmask()), dtype=torch.uint8)
        self._check()
        bits = (mask[:, None] >> torch.arange(8, dtype=torch.uint8)) & 1
        allowed = bits.flatten()[: logits.numel()].bool().to(logits.device)
        return logits.masked_fill(~allowed, float("-inf"))

    def accept(self, token: int) -> None:
        """Move on by one token."""
        self._matcher.consume_token(token)
        self._check()

    @property
    def is_complete(self) -> bool:
        """Whether nothing may follow any more."""
        return bool(self._matcher.is_stopped())

    def _check(self) -> None:
        if self._matcher.is_error():
            raise RequestError(f"The JSON schema cannot be followed: {self._matcher.get_error()}.")
