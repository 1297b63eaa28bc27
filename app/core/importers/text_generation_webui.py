"""Import text-generation-webui's logs: pairs of question and reply, with the versions of each as branches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from app.core.conversation import Part
from app.core.imported import ImportedConversation
from app.core.importers.draft import Draft, said
from app.core.importers.importer import Importer, Sample, Skipped, Source
from app.core.importers.json_records import records
from app.core.importers.lenient import count, mapping, mappings, rest, seconds, sequence, text

GREETING = "<|BEGIN-VISIBLE-CHAT|>"  # stands where the person said nothing before the first reply
_WRITTEN = "%b %d, %Y %H:%M"
_KNOWN = ("timestamp", "model_name", "versions", "current_version_index", "attachments")
_PLAIN_FOLDERS = ("instruct", "chat", "logs", "user_data")  # the others are named after characters


def sniff(sample: Sample) -> bool:
    """A history with `internal` and `visible` pairs."""
    return any(_has_pairs(one) for one in sample.records)


def _has_pairs(record: dict[str, Any]) -> bool:
    """`visible` may lie beyond the sample."""
    pairs = record.get("internal")
    return isinstance(pairs, list) and ("visible" in record or any(isinstance(one, list) for one in pairs))


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """The conversation of one file; `internal` is what was written, `visible` the same escaped for HTML."""
    for entry in records(source, skipped):
        draft = Draft(source, skipped)
        metadata = mapping(entry.get("metadata"))
        before: str | None = None
        for row, pair in enumerate(sequence(entry.get("internal"))):
            question, reply = (*map(text, sequence(pair)[:2]), "", "")[:2]
            if question != GREETING:
                before = _add(draft, "user", question, mapping(metadata.get(f"user_{row}")), before)
            if reply:
                before = _add(draft, "assistant", reply, mapping(metadata.get(f"assistant_{row}")), before)
        character = source.folders[-1] if source.folders and source.folders[-1] not in _PLAIN_FOLDERS else ""
        conversation = draft.conversation(
            source_id=f"{source.base_name}:{draft.first_id()}",
            leaf_id=before,
            tags=(character,),
            extra=rest(entry, "internal", "visible", "metadata"),
        )
        if conversation is not None:
            yield conversation
        else:
            skipped.add(f"{source.name} has no messages.")


def _add(draft: Draft, role: str, shown: str, told: dict[str, Any], before: str | None) -> str:
    """All versions of one message behind `before`; gives the one that is shown, whose text is that of the pair."""
    versions = mappings(told.get("versions")) or [{}]
    selected = min(count(told.get("current_version_index")) or 0, len(versions) - 1)
    ids = []
    for number, version in enumerate(versions):
        written = shown if number == selected else text(version.get("content"))
        model = text(version.get("model_name")) or text(told.get("model_name"))
        ids.append(
            draft.add(
                None,
                before,
                role,
                (*_files(draft, version if "attachments" in version else told), *said(written, role=role)),
                created_at=_moment_s(version.get("timestamp")) or _moment_s(told.get("timestamp")),
                record={"model_name": model} if role == "assistant" and model else {},
                extra=rest(told, *_KNOWN) if number == selected else {},
            )
        )
    return ids[selected]


def _files(draft: Draft, told: dict[str, Any]) -> tuple[Part, ...]:
    return tuple(
        draft.file(
            text(one.get("name")),
            media_type=text(one.get("type")),
            text=text(one.get("content")),
            url=text(one.get("image_data")),
        )
        for one in mappings(told.get("attachments"))
    )


def _moment_s(written: object) -> float | None:
    """“Jan 01, 2026 10:00” in the time of the machine that wrote it."""
    try:
        return datetime.strptime(text(written), _WRITTEN).timestamp()
    except (ValueError, OverflowError, OSError):
        return seconds(written)


IMPORTER = Importer(name="textgen", title="text-generation-webui", sniff=sniff, read=read)
