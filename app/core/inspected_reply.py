"""InspectedReply: a stored reply together with the request that made it, put together again for the engine.

What a record does not say, as that of an older Fireside, is taken from the settings of now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core.conversation import MessageTree, StoredMessage, prompt_messages
from app.core.remote.told_tokens import numbered
from app.core.reply_record import recorded_token_ids, token_record, told_alternatives, told_tokens
from app.core.reply_settings import ReplySettings, accepted_values
from app.core.token_text import token_text
from engine.alternatives import RECORD_BYTES
from engine.api import GenerateRequest, Message


@dataclass(frozen=True, slots=True)
class InspectedReply:
    """`request` has the reply's tokens as `begun_ids`; `alternatives` are their records, empty where not kept.

    Of a remote reply no engine here knows the tokens. `told_count` is the number of those that its server told, with
    their places as ids; `told` is what they and the ids of what else could have come spell, see `told_tokens`.
    """

    message: StoredMessage
    request: GenerateRequest
    alternatives: bytes
    record: Mapping[str, Any]
    told: tuple[bytes, ...] = ()
    told_count: int = 0

    @property
    def token_ids(self) -> tuple[int, ...]:
        """The tokens of the reply, behind the text that a continued one began with."""
        return self.request.begun_ids or tuple(range(self.told_count))

    def asked_as(self, request_id: int) -> GenerateRequest:
        """The request under the number of a question about it."""
        return replace(self.request, request_id=request_id)

    def text_of(self, token_id: int) -> str:
        """A token that a server told, as it is written alone; one that is not there has no text."""
        return token_text(self.told[token_id]) if token_id < len(self.told) else ""

    @property
    def ended_by_itself(self) -> bool:
        """Whether a token ended it that the model drew freely."""
        return self.record.get("stop_reason") == "end_token" and self.request.json_schema is None

    @property
    def branched_at(self) -> int | None:
        """The token that a person chose, before which another reply was the same; None where all were drawn."""
        at = self.record.get("branched_at")
        return at if type(at) is int and 0 <= at < len(self.token_ids) else None

    @property
    def model_name(self) -> str:
        """What the model is called whose tokens these are: the one that made it, or that read it."""
        name = token_record(self.record).get("model_name")
        return name if isinstance(name, str) else ""

    @property
    def is_remote(self) -> bool:
        """Whether a server made it, and no model on this machine read it."""
        return bool(self.record.get("host")) and not self.request.begun_ids

    def is_by(self, path: str, name: str, quantisation: str) -> bool:
        """Whether a model is the one whose tokens these are, as far as the record tells."""
        made = token_record(self.record)
        return made.get("model_path") == path or (
            made.get("model_name") == name and made.get("quantisation") == quantisation
        )


def inspected_reply(
    tree: MessageTree,
    message_id: str,
    *,
    record: Mapping[str, Any],
    alternatives: bytes,
    settings: ReplySettings,
    token_ids: Mapping[str, tuple[int, ...]],
) -> InspectedReply:
    """A reply of a conversation. `token_ids` are those of its replies, by message id."""
    message = tree.get(message_id)
    path = [] if message.parent_id is None else tree.path(message.parent_id)
    made = accepted_values(record)
    system_prompt = made.get("system_prompt", settings.system_prompt)
    prompt = prompt_messages(path, system_prompt=system_prompt, token_ids=token_ids)
    continues = record.get("continues")
    is_continued = False
    if isinstance(continues, str) and continues:
        is_continued = True
        prompt = (*prompt, Message("assistant", continues, token_ids.get(message.edited_from or "", ())))
    sampler = replace(settings.sampler, **accepted_values(record.get("sampler")))
    seed = record.get("seed")
    request = GenerateRequest(
        0,
        prompt=prompt,
        sampler=replace(sampler, seed=seed) if type(seed) is int and seed >= 0 else sampler,
        max_tokens=made.get("max_tokens", settings.max_tokens),
        stop=made.get("stop", settings.stop),
        json_schema=made.get("json_schema", settings.json_schema),
        continue_last=is_continued,
        begun_ids=recorded_token_ids(token_record(record)),
    )
    reply = InspectedReply(message, request, alternatives, record)
    return _as_told(reply) if reply.is_remote else reply


def _as_told(reply: InspectedReply) -> InspectedReply:
    """A remote reply with its tokens, and with what else could have come where the server told it."""
    tokens = told_tokens(reply.record)
    pieces, alternatives = numbered(tokens)
    if len(reply.alternatives) == len(tokens) * RECORD_BYTES:
        pieces, alternatives = (*pieces, *told_alternatives(reply.record)), reply.alternatives
    return replace(reply, told=pieces, told_count=len(tokens), alternatives=alternatives)
