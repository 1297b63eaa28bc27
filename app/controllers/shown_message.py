"""What the transcript shows of a stored message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import overload

from PySide6.QtCore import QCoreApplication

from app.core.conversation import Part, PartKind, Status, StoredMessage
from app.views.file_chips import FileChip
from app.views.known_sentences import said
from app.views.pictures import ShownImage
from app.views.transcript import TranscriptMessage

translate = QCoreApplication.translate


class ShownPath(Sequence[TranscriptMessage]):
    """The messages of a path, each made when it is asked for: a long conversation opens with its last page."""

    def __init__(self, path: list[StoredMessage], show: Callable[[StoredMessage], TranscriptMessage]) -> None:
        self._path, self._show = path, show

    def __len__(self) -> int:
        return len(self._path)

    @overload
    def __getitem__(self, number: int) -> TranscriptMessage: ...

    @overload
    def __getitem__(self, number: slice) -> list[TranscriptMessage]: ...

    def __getitem__(self, number: int | slice) -> TranscriptMessage | list[TranscriptMessage]:
        """One message, or those of a slice."""
        if isinstance(number, slice):
            return [self._show(message) for message in self._path[number]]
        return self._show(self._path[number])


_CUT_OFF = frozenset([Status.STOPPED, Status.LENGTH, Status.CONTEXT_FULL, Status.INTERRUPTED, Status.FAILED])


def shown_message(
    message: StoredMessage,
    *,
    versions: list[str],
    is_running: bool,
    is_first_read: bool,
    read_file: Callable[[str], bytes],
) -> TranscriptMessage:
    """`versions` are the ids of all versions of the message, oldest first; `read_file` gives bytes by SHA-256."""
    thinking = [part for part in message.parts if part.kind is PartKind.THINKING]
    return TranscriptMessage(
        id=message.id,
        role=message.role,
        text=message.text,
        note=None if is_running else _note(message),
        version=versions.index(message.id) + 1,
        versions=len(versions),
        is_streaming=is_running,
        thinking="\n\n".join(part.text for part in thinking),
        thought_s=sum(part.duration_s or 0.0 for part in thinking) or None,
        files=tuple(_chip(number, part) for number, part in enumerate(message.files)),
        images=tuple(
            ShownImage(part.name, part.media_type, part.sha256, partial(read_file, part.sha256))
            for part in message.files
            if part.kind is PartKind.IMAGE and part.sha256 is not None
        ),
        can_continue=message.role == "assistant"
        and not is_running
        and message.status in _CUT_OFF
        and bool(message.text.strip() or thinking),
        is_first_read=is_first_read,
    )


def _chip(number: int, part: Part) -> FileChip:
    is_picture = part.kind is PartKind.IMAGE
    return FileChip(str(number), part.name or part.media_type, "", is_picture=is_picture)


def _note(message: StoredMessage) -> str | None:
    match message.status:
        case Status.STOPPED:
            return translate("ChatController", "Stopped")
        case Status.LENGTH:
            return translate("ChatController", "Cut off at the longest reply that the settings allow")
        case Status.CONTEXT_FULL:
            return translate("ChatController", "Cut off: the model's context is full")
        case Status.INTERRUPTED:
            return translate("ChatController", "Interrupted when Fireside ended")
        case Status.FAILED:
            return said(message.error) if message.error else None
    return None
