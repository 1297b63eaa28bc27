"""Folders, pins, tags and attachments: conversations can be arranged, and arranging never loses one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.conversation import Part, PartKind
from app.core.store import Store, StoreError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "db")
    yield made
    made.close()


def titles(store: Store, folder_id: str | None) -> list[str]:
    return [one.title for one in store.conversations(folder_id)]


def test_conversations_are_listed_by_folder_or_by_none(store: Store) -> None:
    folder = store.create_folder("Drinks")
    store.create_conversation("Tea", folder_id=folder.id)
    loose = store.create_conversation("Loose")
    assert titles(store, folder.id) == ["Tea"]
    assert titles(store, None) == ["Loose"]
    store.move_to_folder(loose.id, folder.id)
    assert titles(store, folder.id) == ["Loose", "Tea"]
    assert titles(store, None) == []


def test_the_list_comes_in_pages_the_newest_first(store: Store) -> None:
    for number in range(5):
        store.create_conversation(str(number))
    assert [one.title for one in store.conversations(limit=2)] == ["4", "3"]
    assert [one.title for one in store.conversations(limit=2, offset=3)] == ["1", "0"]


def test_what_lies_in_a_deleted_folder_moves_up(store: Store) -> None:
    outer = store.create_folder("Outer")
    middle = store.create_folder("Middle", outer.id)
    inner = store.create_folder("Inner", middle.id)
    chat = store.create_conversation("Tea", folder_id=middle.id)
    store.delete_folder(middle.id)
    assert store.conversation(chat.id).folder_id == outer.id
    assert {folder.name: folder.parent_id for folder in store.folders()} == {"Outer": None, "Inner": outer.id}
    store.delete_folder(outer.id)
    store.delete_folder(inner.id)
    assert titles(store, None) == ["Tea"]


def test_folders_keep_their_order_and_their_new_names(store: Store) -> None:
    first, second = store.create_folder("b"), store.create_folder("a")
    store.rename_folder(first.id, "c")
    assert [(folder.name, folder.position) for folder in store.folders()] == [("c", 0), ("a", 1)]
    assert second.parent_id is None


@pytest.mark.parametrize("method", ["delete_folder", "rename_folder", "move_to_folder", "create_folder"])
def test_a_folder_that_is_gone_is_an_error(store: Store, method: str) -> None:
    chat = store.create_conversation("Tea")
    values = {
        "delete_folder": ("gone",),
        "rename_folder": ("gone", "x"),
        "move_to_folder": (chat.id, "gone"),
        "create_folder": ("x", "gone"),
    }
    with pytest.raises(StoreError, match=r"no folder|not there any more"):
        getattr(store, method)(*values[method])
    assert store.folders() == ()


def test_tags_are_kept_once_in_order_and_counted(store: Store) -> None:
    tea, milk = store.create_conversation("Tea"), store.create_conversation("Milk")
    store.set_tags(tea.id, ["hot", " green  tea ", "hot", "", "绿"])
    store.set_tags(milk.id, ["hot"])
    assert store.conversation(tea.id).tags == ("green tea", "hot", "绿")
    assert store.tags() == (("green tea", 1), ("hot", 2), ("绿", 1))
    store.delete_conversation(milk.id)
    store.set_tags(tea.id, [])
    assert store.tags() == ()


def test_a_pin_is_kept_and_does_not_make_a_conversation_newer(store: Store) -> None:
    chat = store.create_conversation("Tea")
    store.set_pinned(chat.id, True)
    assert store.conversation(chat.id).is_pinned is True
    assert store.conversation(chat.id).updated_at == chat.updated_at
    store.set_pinned(chat.id, False)
    assert store.conversation(chat.id).is_pinned is False


def test_arranging_a_conversation_that_is_gone_is_an_error(store: Store) -> None:
    for act in (
        lambda: store.set_pinned("gone", True),
        lambda: store.set_tags("gone", ["x"]),
        lambda: store.rename("gone", "x"),
    ):
        with pytest.raises(StoreError, match="no conversation"):
            act()


def test_the_same_bytes_are_kept_once(store: Store) -> None:
    data = bytes(range(256))
    first = store.add_attachment(data, name="a.bin", media_type="application/octet-stream")
    second = store.add_attachment(data, name="b.bin", media_type="image/png")
    assert first == second == store.attachment(first.sha256)
    assert (first.name, first.size_bytes) == ("a.bin", 256)
    assert first.sha256 == hashlib.sha256(data).hexdigest()
    assert store.attachment_data(first.sha256) == data


def test_an_attachment_stays_as_long_as_one_message_shows_it(store: Store) -> None:
    file = store.add_attachment(b"bytes", name="a", media_type="text/plain")
    part = Part(PartKind.FILE, name="a", sha256=file.sha256)
    chats = [store.create_conversation(str(number)) for number in range(2)]
    for chat in chats:
        store.add_message(chat.id, parent_id=None, role="user", parts=(part,))
    store.delete_forever(chats[0].id)
    assert store.attachment_data(file.sha256) == b"bytes"
    store.delete_forever(chats[1].id)
    with pytest.raises(StoreError, match="no attachment"):
        store.attachment_data(file.sha256)
