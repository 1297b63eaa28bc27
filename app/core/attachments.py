"""The store's attachments: the bytes of files that messages show, one copy of each, in the database itself."""

from __future__ import annotations

import hashlib
import re

from app.core.catalogue import Attachment
from app.core.database import Execute, OnDatabase, missing, storable

_SHA256 = re.compile(r'"sha256": "([0-9a-f]{64})"')  # as json.dumps writes it in a message's parts


class Attachments(OnDatabase):
    """The part of the store that keeps files."""

    def add_attachment(self, data: bytes, *, name: str, media_type: str) -> Attachment:
        """Keep a file's bytes; the same bytes are kept once, under the name they came with first.

        Call it just before the message or draft that shows them is kept: bytes that none shows are removed in time.
        """
        with self._db.write() as execute:
            sha256 = insert_attachment(execute, data, name=name, media_type=media_type)
        return self.attachment(sha256)

    def attachment(self, sha256: str) -> Attachment:
        """What an attachment is. Raises `StoreError` when there is none."""
        rows = self._db.read("SELECT sha256, name, media_type, size_bytes FROM attachments WHERE sha256 = ?", sha256)
        if not rows:
            raise missing("attachment", sha256)
        return Attachment(*rows[0])

    def attachment_data(self, sha256: str) -> bytes:
        """An attachment's bytes; may be called on any thread. Raises `StoreError` when there is none."""
        rows = self._db.read_on_any_thread("SELECT data FROM attachments WHERE sha256 = ?", sha256)
        if not rows:
            raise missing("attachment", sha256)
        data: bytes = rows[0][0]
        return data


def insert_attachment(execute: Execute, data: bytes, *, name: str, media_type: str) -> str:
    """Keep a file's bytes inside a transaction; their SHA-256."""
    sha256 = hashlib.sha256(data).hexdigest()
    execute(
        "INSERT OR IGNORE INTO attachments (sha256, name, media_type, size_bytes, data) VALUES (?, ?, ?, ?, ?)",
        (sha256, storable(name), storable(media_type), len(data), data),
    )
    return sha256


def remove_unused_attachments(execute: Execute) -> None:
    """Remove the files that no message, binned or not, and no draft shows; called when some were removed for good."""
    kept = [row[0] for row in execute("SELECT sha256 FROM attachments")]
    if not kept:
        return
    used = {
        sha256
        for (parts,) in execute(
            "SELECT parts FROM messages WHERE parts LIKE '%\"sha256\"%' UNION ALL "
            "SELECT parts FROM drafts WHERE parts LIKE '%\"sha256\"%'"
        )
        for sha256 in _SHA256.findall(parts)
    }
    for sha256 in kept:
        if sha256 not in used:
            execute("DELETE FROM attachments WHERE sha256 = ?", (sha256,))
