"""How many tokens a prompt would have, and texts by themselves, without reading them.

Touches nothing but the tokenizer, so that another thread may count while a reply is running.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.api import CountTokensRequest, Message, TokensCounted
from engine.chat import build_prompt
from engine.prompt import prompt_room
from engine.tokenizers import Tokenizer

PIECE = 1 << 16  # characters encoded at once; cutting a text there changes its count by a token at most


def count_tokens(request: CountTokensRequest, tokenizer: Tokenizer, *, limit: int) -> TokensCounted:
    """Count. Raises `TemplateError` where the model's template refuses the messages."""

    def length(messages: tuple[Message, ...]) -> int:
        return len(build_prompt(tokenizer.chat_template, messages, tokenizer).ids) if messages else 0

    tokens = length(request.prompt)
    leaves_out = tokens >= prompt_room(limit, request.max_tokens)
    fits = True
    if leaves_out:
        system = tuple(message for message in request.prompt[:1] if message.role == "system")
        fits = length((*system, *request.prompt[-1:])) < limit
    counts = tuple(sum(len(tokenizer.encode(piece)) for piece in _pieces(text)) for text in request.texts)
    return TokensCounted(request.request_id, tokens, counts, leaves_out, fits)


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), PIECE):
        yield text[start : start + PIECE]
