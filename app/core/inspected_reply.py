"""InspectedReply: a stored reply together with the request that made it, put together again for the engine.

What a record does not say, as that of an older Fireside, is taken from the settings of now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core.conversation import MessageTree, StoredMessage, prompt_messages
from app.core.reply_record import recorded_token_ids, token_record
from app.core.reply_settings import ReplySettings, accepted_values
from engine.api import GenerateRequest, Message


@dataclass(frozen=True, slots=True)
class InspectedReply:
    """`request` has the reply's tokens as `begun_ids`; `alternatives` are their records, empty where not kept."""

    message: StoredMessage
    request: GenerateRequest
    alternatives: bytes
    record: Mapping[str, Any]

    @property
    def token_ids(self) -> tuple[int, ...]:
        """The tokens of the reply, behind the text that a continued one began with."""
        return self.request.begun_ids

    def asked_as(self, request_id: int) -> GenerateRequest:
        """The request under the number of a question about it."""
        return replace(self.request, request_id=request_id)

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
        """Whether a server made it, which told nothing of its tokens."""
        return bool(self.record.get("host")) and not self.token_ids

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
    return InspectedReply(message, request, alternatives, record)
