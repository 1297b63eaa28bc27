"""What the model really reads: the prompt's tokens, each with where it comes from and whether it is cached."""

from __future__ import annotations

from collections.abc import Sequence

from engine.api import GenerateRequest
from engine.inspection.api import SeenToken, TokenKind
from engine.prompt import plan_prompt
from engine.tokenizers import Tokenizer


def seen_prompt(
    request: GenerateRequest, tokenizer: Tokenizer, *, limit: int, cached_tokens: int = 0
) -> tuple[tuple[SeenToken, ...], tuple[int, ...]]:
    """The tokens of a request's prompt and of what the reply begins with, and the numbers of the messages left out.

    `limit` is the context's length; the first `cached_tokens` count as cached. Raises as `plan_prompt` does.
    """
    plan = plan_prompt(request, tokenizer, limit=limit)
    messages: dict[int, int] = {}
    for span in plan.spans:
        messages |= dict.fromkeys(range(span.start, span.end), span.message)
    controls = set(tokenizer.control_tokens.values())
    everything: Sequence[int] = [*plan.ids, *request.begun_ids]
    seen = []
    for at, token in enumerate(everything):
        if at >= len(plan.ids):
            kind = TokenKind.REPLY
        elif at in messages or isinstance(request.prompt, str):
            kind = TokenKind.MESSAGE
        else:
            kind = TokenKind.CONTROL if token in controls else TokenKind.TEMPLATE
        message = messages.get(at)
        seen.append(SeenToken(token, tokenizer.token_bytes(token), kind, message, at < cached_tokens))
    return tuple(seen), tuple(plan.dropped)
