"""Import LM Studio's *.conversation.json: versions as branches, thinking, tools, settings and speed of each reply.

Its conversations lie in folders that are the chats' folders. Messages have no ids and no dates: ids are made of what
they say, dates of the milliseconds in `stepIdentifier`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.core.conversation import Part, Status
from app.core.imported import ImportedConversation
from app.core.importers.draft import Draft, role_of, said, thinking_part, tool_part
from app.core.importers.importer import Importer, Sample, Skipped, Source
from app.core.importers.json_records import records
from app.core.importers.lenient import count, mapping, mappings, number, rest, seconds, text

_SECONDS = re.compile(r"(\d+(?:\.\d+)?) ?s")
_SAMPLER = {
    "llm.prediction.temperature": "temperature",
    "llm.prediction.topKSampling": "top_k",
    "llm.prediction.topPSampling": "top_p",
    "llm.prediction.minPSampling": "min_p",
    "llm.prediction.repeatPenalty": "repetition_penalty",
    "llm.prediction.seed": "seed",
}
_STOP_REASONS = {
    "eosFound": "end_token",
    "stopStringFound": "stop_string",
    "maxPredictedTokensReached": "max_tokens",
    "contextLengthReached": "context_full",
    "userStopped": "cancelled",
}
_STATUSES = {
    "maxPredictedTokensReached": Status.LENGTH,
    "contextLengthReached": Status.CONTEXT_FULL,
    "userStopped": Status.STOPPED,
    "modelUnloaded": Status.INTERRUPTED,
    "failed": Status.INTERRUPTED,
}


def sniff(sample: Sample) -> bool:
    """One conversation whose messages have versions."""
    return any("createdAt" in one and _has_versions(one) for one in sample.records)


def _has_versions(record: dict[str, Any]) -> bool:
    messages = record.get("messages")
    return isinstance(messages, list) and (not messages or any("versions" in mapping(one) for one in messages))


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """The conversation of one file; its folders are those below `conversations`."""
    folders = source.folders
    if "conversations" in folders:
        folders = folders[folders.index("conversations") + 1 :]
    for entry in records(source, skipped):
        draft = Draft(source, skipped, seconds(entry.get("createdAt")))
        before: str | None = None
        prompt = text(entry.get("systemPrompt"))
        if prompt.strip():
            before = draft.add(None, None, "system", said(prompt))
        for message in mappings(entry.get("messages")):
            before = _add(draft, message, before)
        created = count(entry.get("createdAt"))
        conversation = draft.conversation(
            source_id=str(created) if created else None,
            title=text(entry.get("name")),
            updated_at=seconds(entry.get("assistantLastMessagedAt")) or seconds(entry.get("userLastMessagedAt")),
            leaf_id=before,
            is_pinned=entry.get("pinned") is True,
            folder=folders,
            extra=rest(entry, "name", "pinned", "createdAt", "systemPrompt", "messages"),
        )
        if conversation is not None:
            yield conversation
        else:
            skipped.add(f"{source.name} has no messages.")


def _add(draft: Draft, message: dict[str, Any], before: str | None) -> str | None:
    """All versions of one turn behind `before`; gives the one that is shown."""
    versions = mappings(message.get("versions"))
    ids = [_version(draft, version, before) for version in versions]
    selected = count(message.get("currentlySelected")) or 0
    return ids[min(selected, len(ids) - 1)] if ids else before


def _version(draft: Draft, version: dict[str, Any], before: str | None) -> str:
    role = role_of(text(version.get("role")))
    steps = mappings(version.get("steps")) if version.get("type") == "multiStep" else [version]
    parts = [part for step in steps for part in _step(draft, step, role)]
    record, status = _generation(steps)
    model = text(mapping(version.get("senderInfo")).get("senderName"))
    if role == "assistant" and model:
        record.setdefault("model_name", model)
    moments = (text(step.get("stepIdentifier")).partition("-")[0] for step in steps)
    moment = next((found for one in moments if (found := seconds(one))), None)
    debug = [text(step.get("debugInfo")) for step in steps if step.get("type") == "debugInfoBlock"]
    return draft.add(
        None,
        before,
        role,
        parts,
        created_at=moment,
        status=status,
        record=record,
        extra=rest(version, "type", "role", "content", "steps", "senderInfo") | rest({"debug": debug}),
    )


def _step(draft: Draft, step: dict[str, Any], role: str) -> Iterator[Part]:
    style = mapping(step.get("style"))
    for block in mappings(step.get("content")):
        kind = text(block.get("type"))
        if kind == "file":
            media_type = "image/png" if block.get("fileType") == "image" else ""
            yield draft.file(text(block.get("fileIdentifier")), media_type=media_type)
        elif kind == "toolCallRequest":
            call = {"id": block.get("toolCallRequestId") or block.get("callId"), "arguments": block.get("parameters")}
            yield tool_part(text(block.get("name")), rest(call))
        elif kind == "toolCallResult":
            result = {"id": block.get("toolCallRequestId") or block.get("toolCallId"), "result": block.get("content")}
            yield tool_part(text(block.get("name")), rest(result))
        elif style.get("type") == "thinking":
            took = _SECONDS.search(text(style.get("title")))
            if text(block.get("text")).strip():
                yield thinking_part(text(block.get("text")), duration_s=float(took[1]) if took else None)
        else:
            yield from said(text(block.get("text")), role=role)


def _generation(steps: list[dict[str, Any]]) -> tuple[dict[str, Any], Status]:
    """What the last step that was generated was made of, and how it ended."""
    made = [found for step in steps if (found := mapping(step.get("genInfo")))]
    if not made:
        return {}, Status.COMPLETE
    stats = mapping(made[-1].get("stats"))
    speed, tokens = number(stats.get("tokensPerSecond")), count(stats.get("predictedTokensCount"))
    timings = {
        "prompt_tokens": count(stats.get("promptTokensCount")),
        "generated_tokens": tokens,
        "ttft_s": number(stats.get("timeToFirstTokenSec")),
        "decode_s": tokens / speed if tokens and speed else None,
    }
    record = {
        "model_name": text(made[-1].get("identifier")),
        "sampler": _sampler(mapping(made[-1].get("predictionConfig"))),
        "stop_reason": _STOP_REASONS.get(text(stats.get("stopReason"))),
        "timings": rest(timings),
    }
    return rest(record), _STATUSES.get(text(stats.get("stopReason")), Status.COMPLETE)


def _sampler(config: dict[str, Any]) -> dict[str, float]:
    """The settings by our names; one that can be switched off is an object with `checked` and `value`."""
    found: dict[str, float] = {}
    for field in mappings(config.get("fields")):
        name, value = _SAMPLER.get(text(field.get("key"))), field.get("value")
        if isinstance(value, dict):
            value = value.get("value") if value.get("checked") is True else None
        amount = number(value)
        if name and amount is not None:
            found[name] = amount
    return found


IMPORTER = Importer(name="lmstudio", title="LM Studio", sniff=sniff, read=read)
