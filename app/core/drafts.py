"""The store's drafts: what is written for a chat and not sent yet, with its files, and what waits for its turn."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.conversation import Part
from app.core.database import OnDatabase
from app.core.messages import decode_parts, encode_parts, storable_part

Draft = tuple[Part, ...]


class Drafts(OnDatabase):
    """The part of the store that keeps drafts; None is the chat that was not begun yet."""

    def drafts(self, conversation_id: str | None) -> tuple[Draft, ...]:
        """What stands in the composer, which may be nothing, then what waits; nothing at all when none was kept."""
        rows = self._db.read(
            "SELECT text, parts FROM drafts WHERE conversation_id IS ? ORDER BY position", conversation_id
        )
        return tuple(decode_parts(text, parts) for text, parts in rows)

    def keep_drafts(self, conversation_id: str | None, drafts: Sequence[Draft]) -> None:
        """Keep these in the place of what was kept for the chat; empty ones at the end are nothing.

        A chat that was removed for good has no drafts.
        """
        kept = [*drafts]
        while kept and not kept[-1]:
            kept.pop()
        with self._db.write() as execute:
            execute("DELETE FROM drafts WHERE conversation_id IS ?", (conversation_id,))
            for position, parts in enumerate(kept):
                text, encoded = encode_parts(map(storable_part, parts))
                execute(
                    "INSERT INTO drafts (conversation_id, position, text, parts) SELECT ?, ?, ?, ? "
                    "WHERE ? IS NULL OR EXISTS (SELECT 1 FROM conversations WHERE id = ?)",
                    (conversation_id, position, text, encoded, conversation_id, conversation_id),
                )
