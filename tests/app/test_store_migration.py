"""Migrations: an older database comes along whole, a copy of it stays, and one that is interrupted loses nothing."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from app.core.conversation import Status
from app.core.schema import MIGRATIONS, copy_before
from app.core.store import Store, StoreError, open_store

CHATS, MESSAGES = 20, 40


def make_version_1(path: Path) -> None:
    """A database as the first release wrote it: every fifth message deleted, one conversation in the bin."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(f"BEGIN; {MIGRATIONS[0]} PRAGMA user_version = 1; COMMIT;")
        database.execute("BEGIN")
        for chat in range(CHATS):
            values = (
                f"c{chat}",
                f"Chat {chat}",
                1.0,
                float(chat),
                f"m{chat}-{MESSAGES - 1}",
                5.0 if chat == 3 else None,
            )
            database.execute("INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?)", values)
            for number in range(MESSAGES):
                parent = f"m{chat}-{number - 1}" if number else None
                status = "streaming" if number == MESSAGES - 1 else "complete"
                record = json.dumps({"seed": number}) if number % 2 else None
                deleted_at = 6.0 if number % 5 == 4 and number < MESSAGES - 1 else None
                database.execute(
                    "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (f"m{chat}-{number}", f"c{chat}", parent, "user", text(chat, number), status, 2.0, None, record,
                     deleted_at),
                )  # fmt: skip
        database.execute("COMMIT")


def text(chat: int, number: int) -> str:
    return f"at {chat}-{number}. 绿茶 " + "word " * 20


def assert_all_is_there(store: Store) -> None:
    assert store.check() == ()
    assert [one.title for one in store.conversations()] == [f"Chat {n}" for n in reversed(range(CHATS)) if n != 3]
    assert [one.title for one in store.binned()] == ["Chat 3"]
    for chat in range(CHATS):
        messages = {
            int(one.id.split("-")[1]): one for one in (*store.tree(f"c{chat}"), *store.binned_messages(f"c{chat}"))
        }
        assert {number: one.text for number, one in messages.items()} == {n: text(chat, n) for n in range(MESSAGES)}
        assert all(messages[n].parent_id == f"m{chat}-{n - 1}" for n in range(1, MESSAGES))
        assert store.records(f"c{chat}") == {f"m{chat}-{n}": {"seed": n} for n in range(1, MESSAGES, 2)}
        assert store.tree(f"c{chat}").leaf_id == f"m{chat}-{MESSAGES - 1}"


def test_a_database_of_the_first_release_comes_along_whole(tmp_path: Path) -> None:
    path = tmp_path / "db"
    make_version_1(path)
    store, notice = open_store(path)
    assert notice is None
    assert_all_is_there(store)
    assert [hit.message_id for hit in store.search("2-7. 绿茶")] == ["m12-7", "m2-7"]
    assert store.search(f"-{MESSAGES - 1}.") == ()  # it was streaming
    store.mark_interrupted()
    assert len(store.search(f"-{MESSAGES - 1}.")) == CHATS - 1
    assert store.tree("c0").path()[-1].status is Status.INTERRUPTED
    store.close()


def test_the_copy_made_before_is_the_old_database(tmp_path: Path) -> None:
    path = tmp_path / "db"
    make_version_1(path)
    with closing(sqlite3.connect(path)) as database:
        before = list(database.iterdump())
    Store(path).close()
    with closing(sqlite3.connect(copy_before(path, 2))) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)
        assert list(copy.iterdump()) == before
    assert not list(tmp_path.glob("*.part"))


def test_a_migration_without_room_for_its_copy_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "db"
    make_version_1(path)
    copy_before(path, 2).mkdir()  # the copy cannot get its name
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(path)
    copy_before(path, 2).rmdir()
    store = Store(path)
    assert_all_is_there(store)
    store.close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system knows no SIGKILL")
def test_a_migration_killed_in_its_middle_loses_nothing(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from app.core import schema
        after = sys.argv[2]
        head, found, tail = schema.MIGRATIONS[1].partition(after)
        assert found
        import sqlite3
        connect = sqlite3.connect
        def connect_with_kill(*values, **names):
            made = connect(*values, **names)
            made.create_function("kill", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))
            return made
        sqlite3.connect = connect_with_kill
        schema.MIGRATIONS = (schema.MIGRATIONS[0], f"{head}{found}\\nSELECT kill();\\n{tail}")
        from app.core.store import Store
        Store(Path(sys.argv[1]))
        """
    )
    places = [
        "ALTER TABLE messages RENAME TO messages_1;",
        "FROM messages_1 ORDER BY rowid;",
        "DROP TABLE messages_1;",
    ]
    for number, place in enumerate(places):
        path = tmp_path / f"db{number}"
        make_version_1(path)
        ended = subprocess.run([sys.executable, "-c", script, str(path), place], check=False)
        assert ended.returncode == -signal.SIGKILL
        assert copy_before(path, 2).is_file()
        store, notice = open_store(path)
        assert notice is None
        assert_all_is_there(store)
        store.close()


def test_the_copy_takes_the_place_of_a_database_that_was_left_damaged(tmp_path: Path) -> None:
    path = tmp_path / "db"
    make_version_1(path)
    Store(path).close()
    damaged = b"\0" * 4096 + path.read_bytes()[4096:]
    path.write_bytes(damaged)
    store, notice = open_store(path)
    assert_all_is_there(store)
    store.close()
    (kept,) = tmp_path.glob("*.damaged-*")
    assert kept.read_bytes() == damaged
    assert notice is not None
    assert copy_before(path, len(MIGRATIONS)).name in notice
    assert kept.name in notice


def test_two_processes_that_migrate_at_once_both_open(tmp_path: Path) -> None:
    path = tmp_path / "db"
    make_version_1(path)
    script = (
        "import sys; from pathlib import Path; from app.core.store import Store; Store(Path(sys.argv[1])).close()"
    )
    both = [subprocess.Popen([sys.executable, "-c", script, str(path)], env=os.environ) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    store = Store(path)
    assert_all_is_there(store)
    store.close()
