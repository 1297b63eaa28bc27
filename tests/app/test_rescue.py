"""Rescue: whatever damage has not hit comes back, nothing deleted does, and the damaged file stays as it is."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.core.conversation import Part, PartKind, Status, StoredMessage
from app.core.imported import ImportedConversation
from app.core.rescue import Rescue
from app.core.schema import MIGRATIONS
from app.core.store import MEMORY, Store, StoreError

PAGE_BYTES = 4096
MUTANTS = int(os.environ.get("FIRESIDE_FUZZ", "400")) // 10
FILE = bytes(range(256)) * 80  # five pages


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A closed database: folders, tags, versions, thinking, a file, long texts and records, something in each bin."""
    path = tmp_path / "db"
    with closing(Store(path)) as store:
        inner = store.create_folder("Hot", store.create_folder("Drinks").id)
        file = store.add_attachment(FILE, name="a.bin", media_type="application/octet-stream")
        for number in range(12):
            chat = store.create_conversation(f"Chat {number} 绿茶", folder_id=inner.id if number % 2 else None)
            store.set_tags(chat.id, ["tea"] if number % 3 else [])
            parent: str | None = None
            for turn in range(8):
                parts = (
                    Part(PartKind.FILE, name="a.bin", sha256=file.sha256),
                    Part(PartKind.TEXT, f"{number}.{turn}"),
                )
                asked = store.add_message(chat.id, parent_id=parent, role="user", parts=parts)
                reply = store.add_message(
                    chat.id,
                    parent_id=asked.id,
                    role="assistant",
                    parts=(
                        Part(PartKind.THINKING, "hm"),
                        Part(PartKind.TEXT, f"{number}.{turn} " * (900 if turn == 3 else 40)),
                    ),
                    record={"seed": turn, "token_ids": list(range(2000 if turn == 2 else 20))},
                )
                if turn == 3:
                    record = {"seed": turn}
                    store.save_reply(
                        reply.id, reply.text, Status.COMPLETE, parts=reply.parts, record=record, alternatives=FILE
                    )
                store.add_message(chat.id, parent_id=asked.id, role="assistant", text="another", edited_from=reply.id)
                parent = reply.id
        gone = store.create_conversation("deleted forever")
        for number in range(200):
            store.add_message(gone.id, parent_id=None, role="user", text=f"secret {number} " * 30)
        store.delete_forever(gone.id)
        binned = store.create_conversation("in the bin")
        hidden = store.add_message(binned.id, parent_id=None, role="user", text="hidden")
        store.add_message(binned.id, parent_id=None, role="user", text="visible")
        store.delete_messages([hidden.id])
        store.delete_conversation(binned.id)
    return path


Snapshot = dict[str, tuple[Any, dict[str, StoredMessage], Mapping[str, Any]]]


def snapshot(store: Store) -> Snapshot:
    """Every conversation with its messages and records; folders by name."""
    names = {folder.id: folder.name for folder in store.folders()}
    return {
        one.id: (
            (one.title, one.created_at, one.updated_at, names.get(one.folder_id or ""), one.tags, one.deleted_at),
            {message.id: message for message in store.tree(one.id)},
            store.records(one.id),
        )
        for one in (*store.conversations(), *store.binned())
    }


def rescued(path: Path) -> tuple[Snapshot, int]:
    """What a new store holds after the rescue, and how many rows were unreadable."""
    with closing(Rescue(path)) as rescue, closing(Store(MEMORY)) as store:
        outcome = store.add_import(rescue.conversations(), source="fireside")
        assert outcome.added == len(rescue)
        return snapshot(store), rescue.unreadable_rows


def whole(path: Path) -> Snapshot:
    with closing(Store(path)) as store:
        return snapshot(store)


def test_a_sound_database_is_rescued_whole(database: Path) -> None:
    before = whole(database)
    assert rescued(database) == (before, 0)
    assert not any("secret" in message.text for _, messages, _ in before.values() for message in messages.values())


def test_the_damaged_file_is_only_read(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[:PAGE_BYTES] = bytes(PAGE_BYTES)
    database.write_bytes(content)
    database.with_name("db-wal").write_bytes(b"its log")
    rescued(database)
    assert database.read_bytes() == content
    assert sorted(one.name for one in database.parent.iterdir()) == ["db", "db-wal"]


@pytest.mark.parametrize("damage", [b"\0", b"\xff", b"\x0d", b"x"])
def test_a_lost_first_page_costs_nothing(database: Path, damage: bytes) -> None:
    before = whole(database)
    content = bytearray(database.read_bytes())
    content[:PAGE_BYTES] = damage * PAGE_BYTES
    database.write_bytes(content)
    found, _ = rescued(database)
    assert {key: found[key] for key in before} == before  # old states of free pages may come along


def test_every_lost_page_costs_only_what_was_on_it(database: Path) -> None:
    before = whole(database)
    messages = {key: message for _, by_id, _ in before.values() for key, message in by_id.items()}
    sound = database.read_bytes()
    lost_in_all = 0
    pages = range(1, len(sound) // PAGE_BYTES)
    for page in random.Random(1).sample(pages, min(40, len(pages))):
        content = bytearray(sound)
        content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = b"\xee" * PAGE_BYTES
        database.write_bytes(content)
        found, _ = rescued(database)
        kept = {key: message.text for _, by_id, _ in found.values() for key, message in by_id.items()}
        lost = messages.keys() - kept.keys()
        assert len(lost) <= PAGE_BYTES // 60
        changed = [key for key in kept if key in messages and kept[key] != messages[key].text]
        assert len(changed) <= 1  # a page of a long text: SQLite keeps no sum that would tell
        lost_in_all += len(lost)
    assert lost_in_all > 0


def test_half_a_file_gives_what_is_in_it(database: Path) -> None:
    before = whole(database)
    content = database.read_bytes()
    database.write_bytes(content[: len(content) // 2])
    found, _ = rescued(database)
    count = sum(len(messages) for _, messages, _ in found.values())
    assert 20 < count <= sum(len(messages) for _, messages, _ in before.values())


def test_messages_whose_conversation_is_lost_come_back_under_its_id(database: Path) -> None:
    before = whole(database)
    with closing(sqlite3.connect(database)) as direct:
        direct.execute("PRAGMA foreign_keys = OFF")
        direct.execute("PRAGMA journal_mode = DELETE")
        direct.execute("DELETE FROM conversations")
        direct.commit()
    found, _ = rescued(database)
    for key, (_, messages, records) in before.items():
        assert found[key][1:] == (messages, records)


def test_what_is_only_in_the_log_comes_back_and_what_was_not_committed_does_not(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with closing(Store(path)) as store:
        chat = store.create_conversation("Tea")
        store._db.read("PRAGMA wal_checkpoint(TRUNCATE)")
        store.add_message(chat.id, parent_id=None, role="user", text="only in the log " * 500)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA cache_spill = 1")
            other.execute("PRAGMA cache_size = 1")
            other.execute("BEGIN IMMEDIATE")
            other.execute(
                "INSERT INTO messages (id, conversation_id, role, status, created_at, text) "
                "VALUES ('x', ?, 'user', 'complete', 1.0, ?)",
                (chat.id, "not committed " * 10_000),
            )
            files = {ending: (tmp_path / f"db{ending}").read_bytes() for ending in ("", "-wal")}
            other.execute("ROLLBACK")
        assert b"not committed" in files["-wal"]
        expected = snapshot(store)
    for ending, content in files.items():
        (tmp_path / f"copy{ending}").write_bytes(content)
    assert rescued(tmp_path / "copy") == (expected, 0)


def test_a_database_of_no_bytes_gives_what_its_log_holds(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with closing(Store(path)) as store:
        chat = store.create_conversation("Tea")
        store.add_message(chat.id, parent_id=None, role="user", text="hello")
        expected = snapshot(store)
        (tmp_path / "copy-wal").write_bytes((tmp_path / "db-wal").read_bytes())
    (tmp_path / "copy").touch()
    assert rescued(tmp_path / "copy")[0] == expected


def test_a_database_of_the_first_release_is_rescued(tmp_path: Path) -> None:
    path = tmp_path / "old"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
        database.execute("INSERT INTO conversations VALUES ('c', 'Old', 1, 2.5, 'm', NULL)")
        rows = [
            ("m", "c", None, "assistant", "from long ago", "stopped", 1.0, None, '{"seed": 7}', None),
            ("n", "c", "m", "user", "in the bin", "complete", 1.0, None, None, 5.0),
        ]
        database.executemany(f"INSERT INTO messages VALUES ({', '.join('?' * 10)})", rows)
    with closing(Rescue(path)) as rescue:
        (chat,) = rescue.conversations()
    assert isinstance(chat, ImportedConversation)
    assert (chat.source_id, chat.title, chat.created_at, chat.updated_at, chat.leaf_id) == ("c", "Old", 1, 2.5, "m")
    assert [(one.text, one.status) for one in chat.messages] == [("from long ago", "stopped")]
    assert chat.records == {"m": {"seed": 7}}


def test_what_is_rescued_does_not_come_twice(database: Path) -> None:
    with closing(Store(MEMORY)) as store, closing(Rescue(database)) as rescue:
        store.add_import(rescue.conversations(), source="fireside")
        before = snapshot(store)
        again = store.add_import(rescue.conversations(), source="fireside")
        assert (again.added, again.merged, again.messages) == (0, 0, 0)
        assert snapshot(store) == before


def test_mutated_files_give_rows_or_none_but_no_crash(database: Path) -> None:
    sound = database.read_bytes()
    chance = random.Random(2)
    for _ in range(MUTANTS):
        content = bytearray(sound)
        for _ in range(chance.choice((1, 20, 400))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        database.write_bytes(content[: chance.choice((len(content), chance.randrange(len(content))))])
        found, _ = rescued(database)
        assert isinstance(found, dict)


def test_what_is_no_database_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "letter").write_bytes(b"dear all " * 5000)
    assert rescued(tmp_path / "letter") == ({}, 0)
    with pytest.raises(StoreError, match="cannot be read"):
        Rescue(tmp_path / "absent")
