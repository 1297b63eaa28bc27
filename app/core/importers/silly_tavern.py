"""Import SillyTavern's chats: a header line, then a line a message, with its swipes as branches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from app.core.conversation import Part
from app.core.imported import ImportedConversation
from app.core.importers.draft import Draft, said, thinking_part
from app.core.importers.importer import Importer, Sample, Skipped, Source
from app.core.importers.json_records import records
from app.core.importers.lenient import count, mapping, number, rest, seconds, sequence, text

_NUMBERS = re.compile(r"(\d+)-(\d+)-(\d+) ?@(\d+)h ?(\d+)m ?(\d+)s")
_WRITTEN = ("%B %d, %Y %I:%M%p", "%B %d, %Y %H:%M")  # month names are English in its files

_KNOWN = (
    *("mes", "is_user", "send_date", "swipes", "swipe_id", "swipe_info"),
    *("gen_started", "gen_finished", "extra"),
)


def sniff(sample: Sample) -> bool:
    """A header with names or metadata, or messages that say `is_user`."""
    return any(_is_header(one) or _is_message(one) for one in sample.records)


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """The conversation of one file; the character's name is its tag."""
    header: dict[str, Any] = {}
    draft: Draft | None = None
    before: str | None = None
    for record in records(source, skipped):
        if draft is None and _is_header(record) and not _is_message(record):
            header = record
            continue
        draft = draft or Draft(source, skipped, moment_s(header.get("create_date")))
        if _is_message(record):
            before = _add(draft, record, before)
        else:
            skipped.add(f"{source.name}: a line is not a message, so it was skipped.")
    character = text(header.get("character_name"))
    conversation = (draft or Draft(source, skipped)).conversation(
        source_id=f"{character}/{text(header.get('create_date')) or source.base_name}",
        leaf_id=before,
        tags=(character,),
        extra=rest(header, "create_date"),
    )
    if conversation is not None:
        yield conversation
    else:
        skipped.add(f"{source.name} has no messages.")


def moment_s(written: object) -> float | None:
    """A time as one of its versions writes it: “January 1, 2026 10:00am”, “2026-1-1 @10h 00m 00s 000ms”, ISO, ms."""
    found = seconds(written)
    if found is not None or not isinstance(written, str):
        return found
    try:
        if numbers := _NUMBERS.match(written):
            return datetime(*map(int, numbers.groups())).timestamp()  # type: ignore[arg-type]  # six numbers
        for form in _WRITTEN:
            try:
                return datetime.strptime(written, form).timestamp()
            except ValueError:
                continue
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _is_header(record: dict[str, Any]) -> bool:
    return "chat_metadata" in record or ("user_name" in record and "character_name" in record)


def _is_message(record: dict[str, Any]) -> bool:
    return "mes" in record and ("is_user" in record or "name" in record)


def _add(draft: Draft, message: dict[str, Any], before: str | None) -> str:
    """All swipes of one message behind `before`; gives the one that is shown."""
    shown = text(message.get("mes"))
    swipes = [text(one) for one in sequence(message.get("swipes"))] or [shown]
    selected = count(message.get("swipe_id")) or 0
    if selected >= len(swipes):
        selected = 0
    swipes[selected] = shown or swipes[selected]  # `mes` holds what was edited since
    infos = sequence(message.get("swipe_info"))
    ids = []
    for place, swipe in enumerate(swipes):
        told = message if place == selected else mapping(infos[place] if place < len(infos) else None)
        extra = rest(message, *_KNOWN) if place == selected else {}
        ids.append(_swipe(draft, message, told, swipe, before=before, extra=extra))
    return ids[selected]


def _swipe(
    draft: Draft,
    message: dict[str, Any],
    told: dict[str, Any],
    swipe: str,
    *,
    before: str | None,
    extra: dict[str, Any],
) -> str:
    """One version of a message; `told` says how it was made."""
    role = "user" if message.get("is_user") is True else "assistant"
    made = mapping(told.get("extra"))
    parts: list[Part] = []
    if text(made.get("reasoning")).strip():
        took_ms = number(made.get("reasoning_duration"))
        parts.append(thinking_part(text(made["reasoning"]), duration_s=None if took_ms is None else took_ms / 1000))
    if text(made.get("image")):
        parts.append(draft.file(text(made["image"]), media_type="image/png", url=text(made["image"])))
    began, ended = moment_s(told.get("gen_started")), moment_s(told.get("gen_finished"))
    timings = {
        "generated_tokens": count(made.get("token_count")),
        "decode_s": ended - began if began and ended and ended > began else None,
    }
    record = {"model_name": text(made.get("model")), "timings": rest(timings)}
    left = rest(made, "reasoning", "reasoning_duration", "image", "model")
    return draft.add(
        None,
        before,
        role,
        (*parts, *said(swipe, role=role)),
        created_at=moment_s(told.get("send_date")) or moment_s(message.get("send_date")),
        record=rest(record) if role == "assistant" else {},
        extra=extra | ({"extra": left} if left else {}),
    )


IMPORTER = Importer(name="sillytavern", title="SillyTavern", sniff=sniff, read=read)
