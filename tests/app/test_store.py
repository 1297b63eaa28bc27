"""The store: what it acknowledges is on disk, and nothing it holds is lost by deleting, damage or age."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.conversation import Status
from app.core.store import Store, StoreError, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "conversations.sqlite3")
    yield made
    made.close()


def texts(store: Store, conversation_id: str) -> list[str]:
    return [message.text for message in store.tree(conversation_id).path()]


def test_messages_come_back_in_order_after_reopening(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    chat = store.create_conversation("Tea")
    asked = store.add_message(chat.id, parent_id=None, role="user", text="Green or black?")
    store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Green. 绿茶 🍵")
    store.close()
    again = Store(tmp_path / "db")
    assert texts(again, chat.id) == ["Green or black?", "Green. 绿茶 🍵"]
    assert [one.title for one in again.conversations()] == ["Tea"]
    again.close()


def test_the_database_is_as_durable_as_sqlite_can_be(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    assert store._read("PRAGMA journal_mode")[0][0] == "wal"
    assert store._read("PRAGMA synchronous")[0][0] == 2
    store.close()


def test_an_edit_is_a_sibling_and_the_old_branch_stays(store: Store) -> None:
    chat = store.create_conversation("Tea")
    first = store.add_message(chat.id, parent_id=None, role="user", text="one")
    store.add_message(chat.id, parent_id=first.id, role="assistant", text="reply to one")
    other = store.add_message(chat.id, parent_id=None, role="user", text="two")
    tree = store.tree(chat.id)
    assert [message.text for message in tree.path()] == ["two"]
    assert tree.siblings(other.id) == [first.id, other.id]
    assert [message.text for message in tree.path(tree.newest_leaf(first.id))] == ["one", "reply to one"]


def test_a_reply_cut_off_by_a_crash_keeps_its_text_and_says_so(store: Store) -> None:
    chat = store.create_conversation("Tea")
    reply = store.add_message(chat.id, parent_id=None, role="assistant", text="", status=Status.STREAMING)
    store.save_reply(reply.id, "half a", Status.STREAMING)
    store.mark_interrupted()
    kept = store.tree(chat.id).get(reply.id)
    assert (kept.text, kept.status) == ("half a", Status.INTERRUPTED)


def test_a_deleted_conversation_can_be_restored(store: Store) -> None:
    chat = store.create_conversation("Tea")
    store.add_message(chat.id, parent_id=None, role="user", text="hello")
    store.delete_conversation(chat.id)
    assert store.conversations() == ()
    store.purge()
    store.restore_conversation(chat.id)
    assert texts(store, chat.id) == ["hello"]


def test_the_bin_is_emptied_of_old_conversations_only(store: Store) -> None:
    old, new = store.create_conversation("old"), store.create_conversation("new")
    for one in (old, new):
        store.add_message(one.id, parent_id=None, role="user", text="hello")
        store.delete_conversation(one.id)
    store._write([("UPDATE conversations SET deleted_at = 1.0 WHERE id = ?", (old.id,))])
    store.purge()
    store.restore_conversation(new.id)
    assert [one.title for one in store.conversations()] == ["new"]
    with pytest.raises(StoreError, match="no conversation"):
        store.conversation(old.id)


def test_deleted_messages_can_be_restored(store: Store) -> None:
    chat = store.create_conversation("Tea")
    asked = store.add_message(chat.id, parent_id=None, role="user", text="a")
    answer = store.add_message(chat.id, parent_id=asked.id, role="assistant", text="b")
    store.delete_messages([answer.id])
    assert answer.id not in store.tree(chat.id)
    store.restore_messages([answer.id])
    assert texts(store, chat.id) == ["a", "b"]


def test_lone_surrogates_are_stored_as_something_utf8_can_hold(store: Store) -> None:
    chat = store.create_conversation("\ud800")
    store.add_message(chat.id, parent_id=None, role="user", text="a\udfffb\0c")
    assert texts(store, chat.id) == ["a?b\0c"]


def test_a_damaged_database_is_kept_aside_and_told(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite3"
    path.write_bytes(b"this is no database " * 100)
    store, notice = open_store(path)
    assert store.conversations() == ()
    store.close()
    kept = list(tmp_path.glob("*.damaged-*"))
    assert len(kept) == 1
    assert kept[0].read_bytes().startswith(b"this is no database")
    assert notice is not None
    assert kept[0].name in notice


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite3"
    Store(path).close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer Fireside"):
        open_store(path)
    assert path.read_bytes() == before


def test_a_locked_database_is_an_error_not_a_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.store.BUSY_TIMEOUT_S", 0.05)
    store = Store(tmp_path / "db")
    chat = store.create_conversation("Tea")
    other = sqlite3.connect(tmp_path / "db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="cannot be saved"):
        store.add_message(chat.id, parent_id=None, role="user", text="hello")
    other.execute("ROLLBACK")
    other.close()
    store.add_message(chat.id, parent_id=None, role="user", text="hello")
    assert texts(store, chat.id) == ["hello"]
    store.close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system knows no SIGKILL")
def test_acknowledged_messages_survive_a_kill(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from app.core.store import Store
        store = Store(Path(sys.argv[1]))
        chat = store.create_conversation("kill")
        parent = None
        for number in range(100000):
            parent = store.add_message(chat.id, parent_id=parent, role="user", text=str(number)).id
            print(chat.id, number, flush=True)
        """
    )
    path = tmp_path / "db"
    for kill_after in range(1, 1 + int(os.environ.get("FIRESIDE_KILLS", "3"))):
        process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(kill_after * 7 % 50):
            process.stdout.readline()
        process.kill()
        acknowledged = process.stdout.read().splitlines()
        process.stdout.close()
        process.wait()
        store = Store(path)
        assert store._read("PRAGMA integrity_check") == [("ok",)]
        if acknowledged:
            chat_id, last = acknowledged[-1].split()
            assert texts(store, chat_id)[: int(last) + 1] == [str(i) for i in range(int(last) + 1)]
        store.close()
