"""Drafts in the store: kept for each chat and for the one that was not begun, with their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.conversation import Part, PartKind, text_parts
from app.core.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "db")
    yield opened
    opened.close()


def test_what_was_written_comes_back_for_its_chat(store: Store) -> None:
    chat = store.create_conversation("chat").id
    file = Part(PartKind.FILE, "1,2", "a.csv", "text/csv", "0" * 64)
    store.keep_drafts(None, [text_parts("a new thought")])
    store.keep_drafts(chat, [(), (file, *text_parts("next")), ()])
    assert store.drafts(None) == (text_parts("a new thought"),)
    assert store.drafts(chat) == ((), (file, *text_parts("next")))
    store.keep_drafts(chat, [()])
    assert store.drafts(chat) == ()


def test_a_chat_that_is_removed_takes_its_draft_along(store: Store) -> None:
    chat = store.create_conversation("chat").id
    store.keep_drafts(chat, [text_parts("never sent")])
    store.delete_forever(chat)
    store.keep_drafts(chat, [text_parts("written too late")])
    assert store.drafts(chat) == ()


def test_the_file_of_a_draft_is_kept_until_the_draft_is_gone(store: Store) -> None:
    kept = store.add_attachment(b"1,2", name="a.csv", media_type="text/csv")
    other = store.create_conversation("other").id
    store.keep_drafts(None, [(Part(PartKind.FILE, "1,2", "a.csv", "text/csv", kept.sha256),)])
    store.delete_forever(other)
    assert store.attachment_data(kept.sha256) == b"1,2"
    store.keep_drafts(None, [])
    store.delete_forever(store.create_conversation("another").id)
    with pytest.raises(Exception, match="There is no attachment"):
        store.attachment(kept.sha256)
