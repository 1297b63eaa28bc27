"""Backup and restore: one file holds everything; merging it adds what is missing and changes nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.core.conversation import Part, PartKind, Status
from app.core.schema import MIGRATIONS
from app.core.sqlite_copy import copy_database
from app.core.store import DamagedError, Store, StoreError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "db")
    yield made
    made.close()


def fill(store: Store) -> tuple[str, str]:
    """A conversation with two versions, a file, a folder and a tag; its id and its last message's."""
    folder = store.create_folder("Drinks")
    chat = store.create_conversation("Tea", folder_id=store.create_folder("Hot", folder.id).id)
    store.set_tags(chat.id, ["tea"])
    file = store.add_attachment(b"png", name="a.png", media_type="image/png")
    parts = (
        Part(PartKind.IMAGE, name="a.png", media_type="image/png", sha256=file.sha256),
        Part(PartKind.TEXT, "Which?"),
    )
    asked = store.add_message(chat.id, parent_id=None, role="user", parts=parts)
    old = store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Black.", record={"seed": 1})
    store.delete_messages([old.id])
    last = store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Green.", record={"seed": 2})
    store.save_reply(last.id, "Green.", Status.COMPLETE, record={"seed": 2}, alternatives=b"black, white")
    return chat.id, last.id


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """All rows, without the numbers that a database gives and without the imports' traces."""
    queries = {
        "conversations": "id, title, created_at, updated_at, leaf_id, deleted_at, folder_id, is_pinned, tags, extra",
        "messages": "id, parent_id, role, status, created_at, deleted_at, edited_from, text, parts, extra",
        "attachments": "*",
        "folders": "id, name, parent_id, position",
    }
    rows = {table: store._db.read(f"SELECT {columns} FROM {table} ORDER BY 1") for table, columns in queries.items()}
    rows["records"] = store._db.read(
        "SELECT id, record, alternatives FROM records JOIN messages ON number = message_number ORDER BY id"
    )
    return rows


def test_a_backup_brings_everything_back(store: Store, tmp_path: Path) -> None:
    fill(store)
    store.delete_conversation(store.create_conversation("in the bin").id)
    store.backup(tmp_path / "backup")
    again = Store(tmp_path / "again")
    outcome = again.merge_from(tmp_path / "backup")
    assert (outcome.added, outcome.merged, outcome.unchanged, outcome.messages) == (2, 0, 0, 3)
    assert everything(again) == everything(store)
    assert again.check() == ()
    assert len(again.search("green")) == 1
    again.close()


def test_a_backup_is_one_file_that_opens_where_nothing_can_be_written(store: Store, tmp_path: Path) -> None:
    fill(store)
    path = tmp_path / "backup"
    store.backup(path)
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith("backup")) == ["backup"]
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part"))
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM messages").fetchone() == (3,)


def test_a_backup_replaces_an_older_one_only_when_it_is_complete(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "backup"
    store.backup(path)
    before = path.read_bytes()
    fill(store)

    def broken(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.core.sqlite_copy.os.fsync", broken)
    with pytest.raises(StoreError, match=r"backup cannot be written: the disk that holds “backup” .* is full"):
        store.backup(path)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob(".*.part"))


def test_the_database_is_not_overwritten_by_its_own_backup(store: Store, tmp_path: Path) -> None:
    chat, _ = fill(store)
    (tmp_path / "link").symlink_to(tmp_path / "db")
    for path in (tmp_path / "db", tmp_path / "link", tmp_path / "." / "db"):
        with pytest.raises(StoreError, match="the database itself"):
            store.backup(path)
    assert store.conversation(chat).title == "Tea"


def test_merging_twice_adds_nothing_and_can_be_undone(store: Store, tmp_path: Path) -> None:
    fill(store)
    store.backup(tmp_path / "backup")
    again = Store(tmp_path / "again")
    first = again.merge_from(tmp_path / "backup")
    second = again.merge_from(tmp_path / "backup")
    assert (second.added, second.merged, second.unchanged, second.messages) == (0, 0, 1, 0)
    assert again.undo_import(first.import_id) == 1
    assert everything(again) == everything(Store(tmp_path / "empty"))
    again.close()


def test_merging_changes_nothing_that_is_here_and_adds_what_went_on_there(store: Store, tmp_path: Path) -> None:
    chat, last = fill(store)
    store.backup(tmp_path / "backup")
    there = Store(tmp_path / "backup")
    there.rename(chat, "Another title")
    there.add_message(chat, parent_id=last, role="user", text="Went on there")
    there.close()
    store.rename(chat, "My title")
    outcome = store.merge_from(tmp_path / "backup")
    assert (outcome.added, outcome.merged, outcome.messages) == (0, 1, 1)
    assert store.conversation(chat).title == "My title"
    assert [one.text for one in store.tree(chat).path()] == ["Which?", "Green.", "Went on there"]


def test_the_path_shown_here_stays_when_it_is_the_newer_one(store: Store, tmp_path: Path) -> None:
    chat, last = fill(store)
    store.backup(tmp_path / "backup")
    there = Store(tmp_path / "backup")
    there.add_message(chat, parent_id=last, role="user", text="Went on there")
    there.close()
    store.add_message(chat, parent_id=last, role="user", text="Went on here")
    assert store.merge_from(tmp_path / "backup").messages == 1
    tree = store.tree(chat)
    assert [one.text for one in tree.path()] == ["Which?", "Green.", "Went on here"]
    assert {tree.get(one).text for one in tree.siblings(tree.leaf_id or "")} == {"Went on here", "Went on there"}


def test_a_database_of_an_older_version_is_merged_and_not_touched(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "old"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
        database.execute("INSERT INTO conversations VALUES ('c', 'Old', 1, 2, 'm', NULL)")
        values = ("m", "c", None, "user", "from long ago", "complete", 1.0, None, None, None)
        database.execute(f"INSERT INTO messages VALUES ({', '.join('?' * 10)})", values)
    before = path.read_bytes()
    assert store.merge_from(path).added == 1
    assert [one.text for one in store.tree("c").path()] == ["from long ago"]
    assert path.read_bytes() == before


def test_what_is_no_database_of_fireside_is_refused(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE cakes (name)")
    with pytest.raises(StoreError, match="holds no conversations of Fireside"):
        store.merge_from(other)
    other.write_bytes(b"a letter " * 1000)
    with pytest.raises(DamagedError, match="rescue"):
        store.merge_from(other)
    with pytest.raises(StoreError, match="“absent” in"):
        store.merge_from(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()
    assert store.imports() == ()


def test_a_newer_database_is_refused(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "newer")
    with closing(sqlite3.connect(tmp_path / "newer")) as database:
        database.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreError, match="newer Fireside"):
        store.merge_from(tmp_path / "newer")


def test_a_copy_of_a_damaged_database_is_not_kept(store: Store, tmp_path: Path) -> None:
    chat = store.create_conversation("Tea")
    for number in range(200):
        store.add_message(chat.id, parent_id=None, role="user", text=f"{number} " * 200)
    store.backup(tmp_path / "sound")
    content = bytearray((tmp_path / "sound").read_bytes())
    content[40 * 4096 : 60 * 4096] = b"\x05" * (20 * 4096)
    (tmp_path / "damaged").write_bytes(content)
    with closing(sqlite3.connect(tmp_path / "damaged")) as database, pytest.raises(sqlite3.DatabaseError):
        copy_database(database, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
