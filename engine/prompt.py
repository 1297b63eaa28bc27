"""What the model reads for a request: its tokens, and old turns left out where they do not fit.

A pure function of the request: the same conversation gives the same tokens, whatever is cached.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from engine.api import ContextFullError, GenerateRequest, Message, RequestError
from engine.chat import build_prompt
from engine.tokenizers import Tokenizer

REPLY_RESERVE = 256  # tokens kept free for the reply when old turns are left out

Encode = Callable[[Sequence[Message]], list[int]]


def prompt_ids(request: GenerateRequest, tokenizer: Tokenizer, *, limit: int) -> tuple[list[int], int]:
    """Token ids, fewer than `limit`, and the number of messages left out for that (whole turns, the oldest first).

    Raises `ContextFullError` when the newest message alone is too long, `TemplateError`, `RequestError`.
    """
    if isinstance(request.prompt, str):
        ids = tokenizer.encode_with_specials(request.prompt, add_special=True, parse_special=True)
        if not ids:
            ids = [tokenizer.bos_id if tokenizer.bos_id is not None else 0]
        if len(ids) >= limit:
            raise ContextFullError(f"The prompt has {len(ids)} tokens, but the context holds {limit}.")
        return ids, 0
    if not request.prompt:
        raise RequestError("There is no message to answer.")

    def encode(messages: Sequence[Message]) -> list[int]:
        template, continue_last = tokenizer.chat_template, request.continue_last
        return list(build_prompt(template, messages, tokenizer, continue_last=continue_last).ids)

    ids = encode(request.prompt)
    room = prompt_room(limit, request.max_tokens)
    if len(ids) < room:
        return ids, 0
    return _without_old_turns(request.prompt, ids, encode, room=room, limit=limit)


def prompt_room(limit: int, max_tokens: int | None) -> int:
    """How many tokens a prompt may have before old turns are left out, so that the reply has its own room."""
    return limit - min(max_tokens or REPLY_RESERVE, limit // 4)


class LastPrompt:
    """`prompt_ids`, remembered for the same prompt again: a branch of a reply, or another reply to the same message.

    Rendering and encoding 2,000 tokens take as long as the first token of a branch.
    """

    def __init__(self, tokenizer: Tokenizer, *, limit: int) -> None:
        self._tokenizer, self._limit = tokenizer, limit
        self._asked: object = None
        self._ids: list[int] = []
        self._dropped = 0

    def of(self, request: GenerateRequest) -> tuple[list[int], int]:
        """Token ids, a list of their own, and the number of messages left out; raises as `prompt_ids` does."""
        known = () if isinstance(request.prompt, str) else tuple(message.token_ids for message in request.prompt)
        asked = (request.prompt, known, request.max_tokens, request.continue_last)
        if asked != self._asked:
            self._ids, self._dropped = prompt_ids(request, self._tokenizer, limit=self._limit)
            self._asked = asked
        return list(self._ids), self._dropped


def _without_old_turns(
    messages: Sequence[Message], ids: list[int], encode: Encode, *, room: int, limit: int
) -> tuple[list[int], int]:
    """Leave out so many turns that their tokens reach the next quarter of the context; a system message stays.

    By quarters, so that the text keeps its beginning for some turns, and what was read of it stays cached.
    """
    first = 1 if messages[0].role == "system" else 0
    begins = [at for at in range(first + 1, len(messages)) if messages[at].role == "user"]
    quarter = max(limit // 4, 1)
    surplus = -(-(len(ids) - room + 1) // quarter) * quarter

    def from_turn(begin: int) -> list[int]:
        return encode([*messages[:first], *messages[begin:]])

    dropped = 0
    if begins:
        turn = bisect_left(begins, surplus, hi=len(begins) - 1, key=lambda at: len(ids) - len(from_turn(at)))
        ids, dropped = from_turn(begins[turn]), begins[turn] - first
    if len(ids) >= limit:
        raise ContextFullError(
            f"The newest message needs {len(ids)} tokens, but the context holds {limit}. Shorten it, "
            "or load the model with a longer context."
        )
    return ids, dropped
