"""Branch from here: a conversation of its own that begins as a copy of another one's path."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace

from app.core.catalogue import Conversation
from app.core.conversations import Conversations
from app.core.database import missing
from app.core.messages import Messages, insert_message, put_record


class Branches(Conversations, Messages):
    """The part of the store that copies."""

    def copy_branch(self, conversation_id: str, message_id: str) -> Conversation:
        """A new conversation that holds copies of a message and those before it, with what they were made of.

        Title, folder, tags and settings are the old one's; attachments are shared.
        """
        tree, records = self.tree(conversation_id), self.records(conversation_id)
        if message_id not in tree:
            raise missing("message", message_id)
        new_id, now = uuid.uuid4().hex, time.time()
        parent_id: str | None = None
        with self._db.write() as execute:
            execute(
                "INSERT INTO conversations (id, title, created_at, updated_at, folder_id, tags, settings) "
                "SELECT ?, title, ?, ?, folder_id, tags, settings FROM conversations WHERE id = ?",
                (new_id, now, now, conversation_id),
            )
            for message in tree.path(message_id):
                copy = replace(message, id=uuid.uuid4().hex, parent_id=parent_id, edited_from=None, source_id=None)
                number = insert_message(execute, new_id, copy)
                put_record(execute, number, records.get(message.id), self.alternatives(message.id))
                parent_id = copy.id
            execute("UPDATE conversations SET leaf_id = ? WHERE id = ?", (parent_id, new_id))
        return self.conversation(new_id)
