"""Writes imported conversations: nothing twice, in groups of bounded size, and so that it can be undone.

A conversation is known again by where it came from and its id there, a message by its id there. Importers and the
rescue of a damaged database hand conversations in; `imported.py` has the types.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from app.core.attachments import insert_attachment, remove_unused_attachments
from app.core.catalogue import PastImport
from app.core.conversation import Status, StoredMessage, title_of
from app.core.conversations import encode_tags, remove_conversations
from app.core.database import Execute, OnDatabase, missing, storable
from app.core.folders import folder_at
from app.core.imported import ImportedConversation, ImportOutcome
from app.core.messages import encode_extra, insert_message, put_record, storable_part

OWN_SOURCE = "fireside"  # its conversations keep their own ids where these are free
GROUP_MESSAGES = 1000  # written in one transaction: a quarter of a second, then a reply can be saved in between
GROUP_BYTES = 16 << 20  # of attachments
GROUP_UNDONE = 50  # conversations taken out in one transaction
MOST_SKIPPED = 100  # sentences
LATEST_S = 253_402_300_799.0  # the end of the year 9999

Progress = Callable[[int, int], None]  # conversations and messages read so far


class Imports(OnDatabase):
    """The part of the store that takes in what other programs, or another Fireside, kept."""

    def add_import(
        self,
        batch: Iterable[ImportedConversation],
        *,
        source: str,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> ImportOutcome:
        """Take in conversations, a group at a time; those that are here already get their new messages.

        Stops between groups when `cancelled()`; what is written then stays, and `undo_import` takes it out.
        Raises `StoreError`, and what `batch` raises; complete groups stay then too.
        """
        writer = _Writer(uuid.uuid4().hex, source)
        self._db.update(
            "INSERT INTO imports (id, source, created_at) VALUES (?, ?, ?)", writer.import_id, source, time.time()
        )
        for group in _groups(batch):
            if cancelled is not None and cancelled():
                break
            with self._db.write() as execute:
                for conversation in group:
                    writer.take(execute, conversation)
            if progress is not None:
                progress(writer.read_conversations, writer.read_messages)
        return writer.outcome()

    def imports(self) -> tuple[PastImport, ...]:
        """The imports that left something here, the newest first."""
        rows = self._db.rows(
            "SELECT id, source, created_at, (SELECT count(*) FROM conversations WHERE import_id = imports.id) "
            "FROM imports WHERE EXISTS (SELECT 1 FROM messages WHERE import_id = imports.id) "
            "ORDER BY created_at DESC"
        )
        return tuple(PastImport(*row) for row in rows)

    def undo_import(self, import_id: str) -> int:
        """Take out what an import brought; how many conversations that removed.

        A conversation that was continued here since then stays whole: nothing a person wrote is lost.
        """
        if not self._db.read("SELECT 1 FROM imports WHERE id = ?", import_id):
            raise missing("import", import_id)
        touched = self._db.read(
            "SELECT conversation_id FROM messages WHERE import_id = ?1 "
            "UNION SELECT id FROM conversations WHERE import_id = ?1",
            import_id,
        )
        count = 0
        for start in range(0, len(touched), GROUP_UNDONE):
            with self._db.write() as execute:
                some = touched[start : start + GROUP_UNDONE]
                removed = [one for (one,) in some if _undo_in(execute, one, import_id)]
                remove_conversations(execute, removed)
                count += len(removed)
        with self._db.write() as execute:
            remove_unused_attachments(execute)
            _forget_import(execute, import_id)
        return count


def _groups(batch: Iterable[ImportedConversation]) -> Iterator[list[ImportedConversation]]:
    """Conversations together until they have `GROUP_MESSAGES` messages or `GROUP_BYTES` of attachments."""
    group: list[ImportedConversation] = []
    messages = size_bytes = 0
    for conversation in batch:
        group.append(conversation)
        messages += 1 + len(conversation.messages)
        size_bytes += sum(len(attachment.data) for attachment in conversation.attachments)
        if messages >= GROUP_MESSAGES or size_bytes >= GROUP_BYTES:
            yield group
            group, messages, size_bytes = [], 0, 0
    if group:
        yield group


@dataclass
class _Writer:
    """One import under way."""

    import_id: str
    source: str
    added: int = 0
    merged: int = 0
    unchanged: int = 0
    messages: int = 0
    read_conversations: int = 0
    read_messages: int = 0
    skipped: list[str] = field(default_factory=list)

    def outcome(self) -> ImportOutcome:
        return ImportOutcome(
            self.import_id, self.added, self.merged, self.unchanged, self.messages, tuple(self.skipped)
        )

    def take(self, execute: Execute, conversation: ImportedConversation) -> None:
        """Write one conversation, or what is new in it."""
        self.read_conversations += 1
        self.read_messages += len(conversation.messages)
        source_id = storable(conversation.source_id or _fingerprint(conversation))
        known = self._known(execute, source_id, conversation.origin)
        if known is None:
            self.added += 1
            self._add(execute, conversation, source_id)
        elif known[1] is not None:
            self.unchanged += 1
            self._skip(f"“{_title(conversation)}” lies in the bin; restore it there.")
        else:
            self._merge(execute, conversation, known[0])

    def _known(
        self, execute: Execute, source_id: str, origin: tuple[str, str | None] | None
    ) -> tuple[str, float | None] | None:
        """The id and the bin's time of a conversation that came before, or that was made here."""
        by_source = "SELECT id, deleted_at FROM conversations WHERE source = ? AND source_id = ?"
        row: tuple[str, float | None] | None = execute(by_source, (self.source, source_id)).fetchone()
        if row is None and self.source == OWN_SOURCE:
            row = execute("SELECT id, deleted_at FROM conversations WHERE id = ?", (source_id,)).fetchone()
            if row is None and origin is not None:
                row = execute(by_source, origin).fetchone()
        return row

    def _add(self, execute: Execute, conversation: ImportedConversation, source_id: str) -> None:
        keeps_id = self.source == OWN_SOURCE and conversation.source_id is not None
        conversation_id = source_id if keeps_id else uuid.uuid4().hex
        origin = conversation.origin or ((None, None) if keeps_id else (self.source, source_id))
        extra = dict(conversation.extra) | ({"is_archived": True} if conversation.is_archived else {})
        created_at = _seconds(conversation.created_at)
        execute(
            "INSERT INTO conversations (id, title, created_at, updated_at, deleted_at, folder_id, is_pinned, tags, "
            "source, source_id, import_id, extra) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                conversation_id,
                _title(conversation),
                created_at,
                _seconds(conversation.updated_at, created_at),
                conversation.deleted_at,
                folder_at(execute, conversation.folder, import_id=self.import_id),
                conversation.is_pinned,
                encode_tags(conversation.tags),
                *origin,
                self.import_id,
                encode_extra(extra),
            ),
        )
        new_ids = self._add_messages(execute, conversation, conversation_id, {})
        self._show(execute, conversation, conversation_id, new_ids)

    def _merge(self, execute: Execute, conversation: ImportedConversation, conversation_id: str) -> None:
        known: dict[str, str] = {}
        for message_id, source_id in execute(
            "SELECT id, source_id FROM messages WHERE conversation_id = ?", (conversation_id,)
        ):
            known[message_id] = message_id
            if source_id is not None:
                known[source_id] = message_id
        before = self.messages
        (leaf,) = execute("SELECT leaf_id FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
        new_ids = self._add_messages(execute, conversation, conversation_id, known)
        if self.messages == before:
            self.unchanged += 1
            return
        self.merged += 1
        execute(
            "UPDATE conversations SET updated_at = max(updated_at, ?) WHERE id = ?",
            (_seconds(conversation.updated_at, 0.0), conversation_id),
        )
        imported = "SELECT 1 FROM messages WHERE id = ? AND import_id IS NOT NULL"
        if leaf is None or execute(imported, (leaf,)).fetchone():  # else a person went on here
            self._show(execute, conversation, conversation_id, new_ids)

    def _add_messages(
        self, execute: Execute, conversation: ImportedConversation, conversation_id: str, known: dict[str, str]
    ) -> dict[str, str]:
        """Write the messages that are not `known`; gives our ids by the source's."""
        for attachment in conversation.attachments:
            insert_attachment(execute, attachment.data, name=attachment.name, media_type=attachment.media_type)
        ordered = _parents_first(conversation.messages)
        if len(ordered) < len(conversation.messages):
            count = len(conversation.messages) - len(ordered)
            self._skip(f"“{_title(conversation)}”: left out were {count} with the id of another message.")
        new_ids: dict[str, str] = {}
        fresh: list[StoredMessage] = []
        for message in ordered:
            here = known.get(storable(message.id))
            if here is None and self.source == OWN_SOURCE and message.source_id is not None:
                here = known.get(message.source_id)
            if here is None:
                fresh.append(message)
            new_ids[message.id] = here or self._message_id(execute, message)
        for message in fresh:
            is_own = new_ids[message.id] == message.id
            number = insert_message(
                execute,
                conversation_id,
                replace(
                    message,
                    id=new_ids[message.id],
                    parent_id=new_ids.get(message.parent_id or ""),
                    role=storable(message.role),
                    parts=tuple(map(storable_part, message.parts)),
                    status=Status.INTERRUPTED if message.status is Status.STREAMING else message.status,
                    created_at=_seconds(message.created_at, _seconds(conversation.created_at)),
                    error=message.error and storable(message.error),
                    edited_from=new_ids.get(message.edited_from or ""),
                    source_id=message.source_id if is_own else storable(message.id),
                ),
                import_id=self.import_id,
            )
            put_record(execute, number, conversation.records.get(message.id))
        self.messages += len(fresh)
        return new_ids

    def _message_id(self, execute: Execute, message: StoredMessage) -> str:
        """The message's own id where it comes from a Fireside and the id is free, else a new one."""
        if self.source == OWN_SOURCE and storable(message.id) == message.id:
            taken = execute("SELECT 1 FROM messages WHERE id = ?", (message.id,)).fetchone()
            if taken is None:
                return message.id
        return uuid.uuid4().hex

    def _show(
        self, execute: Execute, conversation: ImportedConversation, conversation_id: str, new_ids: dict[str, str]
    ) -> None:
        """Show the path that the source shows, else the newest."""
        last = conversation.messages[-1].id if conversation.messages else ""
        leaf = new_ids.get(conversation.leaf_id or "") or new_ids.get(last)
        execute("UPDATE conversations SET leaf_id = ? WHERE id = ?", (leaf, conversation_id))

    def _skip(self, sentence: str) -> None:
        if len(self.skipped) < MOST_SKIPPED:
            self.skipped.append(sentence)


def _parents_first(messages: Iterable[StoredMessage]) -> list[StoredMessage]:
    """The messages in their order, except that a parent precedes its children; of one id the first.

    Parents that are missing, or that close a circle, are cut off.
    """
    by_id: dict[str, StoredMessage] = {}
    for message in messages:
        by_id.setdefault(message.id, message)
    ordered: dict[str, StoredMessage] = {}
    waiting: dict[str, list[str]] = {}

    def place(message: StoredMessage) -> None:
        ready = [message]
        while ready:
            now = ready.pop()
            ordered[now.id] = now
            ready.extend(by_id[one] for one in reversed(waiting.pop(now.id, [])))

    for message in by_id.values():
        if message.parent_id is None or message.parent_id in ordered:
            place(message)
        elif message.parent_id not in by_id:
            place(replace(message, parent_id=None))
        else:
            waiting.setdefault(message.parent_id, []).append(message.id)
    for message in by_id.values():  # what waits for itself
        if message.id not in ordered:
            waiting[message.parent_id or ""].remove(message.id)
            place(replace(message, parent_id=None))
    return [*ordered.values()]


def _fingerprint(conversation: ImportedConversation) -> str:
    """Stands in for the id of a conversation whose source gives none: what was said in it."""
    said = [[message.role, message.text] for message in conversation.messages]
    return f"text:{hashlib.sha256(json.dumps(said).encode()).hexdigest()}"


def _title(conversation: ImportedConversation) -> str:
    """The title, or one made of the first message that says something."""
    said = (title_of(message.text) for message in conversation.messages)
    return storable(" ".join(conversation.title.split())) or storable(next(filter(None, said), "Untitled"))


def _seconds(value: float, otherwise: float | None = None) -> float:
    """A time that SQLite and `datetime` can hold; `otherwise` (default: now) for one that is none."""
    if math.isfinite(value) and 0 <= value <= LATEST_S:
        return float(value)
    return time.time() if otherwise is None else otherwise


def _undo_in(execute: Execute, conversation_id: str, import_id: str) -> bool:
    """Take what an import brought out of one conversation; whether nothing else is in it, so that it can go."""
    leaf_id, brought_by = execute(
        "SELECT leaf_id, import_id FROM conversations WHERE id = ?", (conversation_id,)
    ).fetchone()
    rows = execute(
        "SELECT id, parent_id, import_id IS ? FROM messages WHERE conversation_id = ? ORDER BY number",
        (import_id, conversation_id),
    ).fetchall()
    parents = {message_id: parent_id for message_id, parent_id, _ in rows}
    kept = {message_id for message_id, _, is_of_import in rows if not is_of_import}
    if brought_by == import_id and not kept:
        return True
    if brought_by == import_id:
        kept = set(parents)
    for message_id in [*kept]:  # what somebody answered stays
        at = parents[message_id]
        while at in parents and at not in kept:
            kept.add(at)
            at = parents[at]
    for message_id in parents.keys() - kept:
        execute("DELETE FROM messages WHERE id = ?", (message_id,))
    while leaf_id in parents and leaf_id not in kept:
        leaf_id = parents[leaf_id]
    leaf_id = leaf_id or next((message_id for message_id in reversed(parents) if message_id in kept), None)
    execute("UPDATE conversations SET leaf_id = ? WHERE id = ?", (leaf_id, conversation_id))
    return False


def _forget_import(execute: Execute, import_id: str) -> None:
    """Remove the folders that an import made and nothing lies in, and its name from what stays."""
    empty = (
        "DELETE FROM folders WHERE import_id = ? "
        "AND NOT EXISTS (SELECT 1 FROM conversations WHERE folder_id = folders.id) "
        "AND NOT EXISTS (SELECT 1 FROM folders AS inner_folder WHERE inner_folder.parent_id = folders.id)"
    )
    while execute(empty, (import_id,)).rowcount:
        pass
    for table in ("folders", "conversations", "messages"):
        execute(f"UPDATE {table} SET import_id = NULL WHERE import_id = ?", (import_id,))
    execute("DELETE FROM imports WHERE id = ?", (import_id,))
