"""OpenChat: the conversation that the window shows: its store, its tree, and what of it the model reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

from app.core.chat_settings import ChatSettings
from app.core.conversation import MessageTree, StoredMessage
from app.core.reply_record import recorded_token_ids
from app.core.store import Store


@dataclass
class OpenChat:
    """`conversation_id` is None until a first message is stored; a temporary chat's store lies in memory alone.

    Of the last prompt `dropped` turns were left out; the model reads from `first_read_id` on (None: from the first).
    """

    store: Store
    conversation_id: str | None = None
    tree: MessageTree = field(default_factory=MessageTree)
    is_temporary: bool = False
    token_ids: dict[str, tuple[int, ...]] | None = None  # of the replies, once they are needed
    dropped: int = 0
    first_read_id: str | None = None
    settings: ChatSettings | None = None  # of its replies, once they are needed

    def add(self, message: StoredMessage) -> None:
        """Put a message that was just stored at the end of the path."""
        self.tree.add(message)
        self.tree.leaf_id = message.id


def reply_token_ids(store: Store, conversation_id: str) -> dict[str, tuple[int, ...]]:
    """The tokens of a chat's replies by message id, as its store has them. Raises `StoreError`."""
    return {message_id: recorded_token_ids(record) for message_id, record in store.records(conversation_id).items()}


def first_read(path: list[StoredMessage], dropped: int) -> str | None:
    """The first message that the model still reads when `dropped` turns of the prompt were left out of it.

    Neighbours of one role are one turn, and those that say nothing are none, see `prompt_messages`.
    """
    spoken = [message for message in path if message.prompt_text.strip()]
    turns = [next(same).id for _, same in groupby(spoken, key=lambda message: message.role)]
    return turns[dropped] if 0 < dropped < len(turns) else None
