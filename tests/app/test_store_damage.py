"""RELIABILITY.md, rows 24 to 26: kills, full disks, folders without permission, damaged, newer and locked databases.

`make soak` kills two hundred times (FIRESIDE_KILLS).
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.core.conversation import Status
from app.core.rescue import Rescue
from app.core.schema import MIGRATIONS
from app.core.store import DamagedError, Store, StoreError, open_store

KILLS = int(os.environ.get("FIRESIDE_KILLS", "4"))


def filled(path: Path, messages: int = 300) -> str:
    """A database of about a hundred pages; the id of its conversation."""
    with closing(Store(path)) as store:
        chat = store.create_conversation("Tea")
        for number in range(messages):
            store.add_message(chat.id, parent_id=None, role="user", text=f"message {number} " * 40)
    return chat.id


# Streams replies for ever and says on standard output what is on the disk: "chat ID", "asked MESSAGE",
# "saved MESSAGE CHARACTERS" while a reply grows, "ended MESSAGE CHARACTERS".
STREAM = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from app.core.conversation import Status
    from app.core.store import Store

    def tell(*words):
        print(*words, flush=True)

    store = Store(Path(sys.argv[1]))
    store.mark_interrupted()
    chat = store.create_conversation("kill")
    tell("chat", chat.id)
    parent = None
    while True:
        asked = store.add_message(chat.id, parent_id=parent, role="user", text="Which? 绿茶")
        tell("asked", asked.id)
        reply = store.add_message(chat.id, parent_id=asked.id, role="assistant", status=Status.STREAMING)
        tell("asked", reply.id)
        text = ""
        for step in range(12):
            text += f"{step} green tea 绿茶 "
            store.save_reply(reply.id, text, Status.STREAMING)
            tell("saved", reply.id, len(text))
        store.save_reply(reply.id, text, Status.COMPLETE, record={"seed": 7, "token_ids": list(range(200))})
        tell("ended", reply.id, len(text))
        parent = reply.id
    """
)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system knows no SIGKILL")
def test_what_was_acknowledged_survives_kills_while_replies_stream(tmp_path: Path) -> None:
    path = tmp_path / "db"
    chance = random.Random(24)
    seen = 0
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", STREAM, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.4))
        process.kill()
        told = [
            first.split(),
            *(line.split() for line in process.stdout.read().splitlines(keepends=True) if "\n" in line),
        ]
        process.stdout.close()
        process.wait()
        with closing(Store(path)) as store:
            assert store.check() == ()
            messages = {message.id: message for message in store.tree(told[0][1])}
            for what, identifier, *length in told[1:]:
                assert identifier in messages
                kept = messages[identifier]
                if what == "saved":
                    assert len(kept.text) >= int(length[0])
                if what == "ended":
                    assert kept.status is Status.COMPLETE
                    assert store.records(told[0][1])[identifier]["seed"] == 7
            seen += len(told)
            store.mark_interrupted()
            assert all(message.status is not Status.STREAMING for message in store.tree(told[0][1]))
    assert seen > 5 * KILLS


def test_a_full_database_is_told_and_keeps_what_it_has(tmp_path: Path) -> None:
    chat = filled(tmp_path / "db", 20)
    with closing(Store(tmp_path / "db")) as store:
        (pages,) = store._db.read("PRAGMA page_count")[0]
        store._db.read(f"PRAGMA max_page_count = {pages}")  # SQLite then says what it says on a full disk
        with pytest.raises(StoreError, match=r"cannot be saved: the disk .* is full; free some space"):
            store.add_message(chat, parent_id=None, role="user", text="long " * 10_000)
        store._db.read(f"PRAGMA max_page_count = {10 * pages}")
        store.add_message(chat, parent_id=None, role="user", text="now it fits")
        assert len(store.tree(chat)) == 21
        assert store.check() == ()


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no such limit")
def test_a_quota_in_the_middle_of_a_write_loses_nothing(tmp_path: Path) -> None:
    chat = filled(tmp_path / "db", 20)
    script = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from app.core.store import Store, StoreError
        store = Store(Path(sys.argv[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        for number in range(1000):
            try:
                store.add_message(sys.argv[2], parent_id=None, role="user", text=f"{number} " * 1000)
            except StoreError as error:
                print(number, error)
                break
        """
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "db"), chat], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    number, _, sentence = told.partition(" ")
    assert "cannot be saved: the disk that holds" in sentence
    with closing(Store(tmp_path / "db")) as store:
        assert store.check() == ()
        assert len(store.tree(chat)) == 20 + int(number)


@pytest.mark.skipif(sys.platform != "linux", reason="a disk of a megabyte is mounted as only Linux can")
def test_a_disk_that_is_really_full_loses_nothing_and_is_told(tmp_path: Path) -> None:
    """A file system of its own, filled by somebody else: what was acknowledged stays, and room mends it."""
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from app.core.store import Store, StoreError
        disk = Path(sys.argv[1])
        store = Store(disk / "db")
        chat, number = store.create_conversation("c").id, 0
        (disk / "filler").write_bytes(bytes(300_000))
        try:
            for number in range(10_000):
                store.add_message(chat, parent_id=None, role="user", text=f"{number} " * 500)
        except StoreError as error:
            sentence = str(error)
        assert len(store.tree(chat)) == number > 10
        (disk / "filler").unlink()
        store.add_message(chat, parent_id=None, role="user", text="now it fits")
        store.close()
        store = Store(disk / "db")
        assert store.check() == ()
        assert len(store.tree(chat)) == number + 1
        print(sentence)
        """
    )
    mount = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "-rm", "sh", "-c", mount, "sh", str(tmp_path), sys.executable, script]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("this user may not mount anything")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "mount:" in done.stderr:
        pytest.skip("this user may not mount a file system in memory")
    assert done.returncode == 0, done.stderr
    assert "cannot be saved: the disk that holds" in done.stdout


@pytest.fixture
def sealed() -> Iterator[Path]:
    """A folder with a database that this process may read and not write."""
    if not hasattr(os, "geteuid"):
        pytest.skip("the system has no such permissions")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled(folder / "db", 5)
        (folder / "db").chmod(0o444)
        folder.chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        yield folder
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_read_only_folder_is_told(sealed: Path) -> None:
    before = (sealed / "db").read_bytes()
    for path in (sealed / "db", sealed / "new"):
        with pytest.raises(StoreError, match=r"cannot be opened: .* cannot be written; check the permissions"):
            open_store(path)
    assert (sealed / "db").read_bytes() == before
    assert [one.name for one in sealed.iterdir()] == ["db"]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path / "absent" / "db")


def test_a_damaged_database_is_kept_aside_and_told(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite3"
    path.write_bytes(b"this is no database " * 100)
    store, notice = open_store(path)
    assert store.conversations() == ()
    store.close()
    (kept,) = tmp_path.glob("*.damaged-*")
    assert kept.read_bytes() == b"this is no database " * 100
    assert notice is not None
    assert kept.name in notice
    assert "rescue" in notice


def test_the_log_of_a_damaged_database_is_kept_with_it(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(b"this is no database " * 100)
    (tmp_path / "db-wal").write_bytes(b"its log")
    open_store(path)[0].close()
    (kept,) = tmp_path.glob("db.damaged-*-wal")
    assert kept.read_bytes() == b"its log"


def test_a_database_of_no_bytes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.touch()
    store, notice = open_store(path)
    assert notice is not None
    assert "“db”, was empty" in notice
    assert store.conversations() == ()
    store.close()
    store, notice = open_store(path)
    assert notice is None
    store.close()


def test_a_database_of_no_bytes_does_not_cost_its_log(tmp_path: Path) -> None:
    path = tmp_path / "db"
    filled(tmp_path / "other", 5)
    with closing(Store(tmp_path / "other")) as store:
        store.create_conversation("in the log")
        log = (tmp_path / "other-wal").read_bytes()
    path.touch()
    (tmp_path / "db-wal").write_bytes(log)
    with pytest.raises(DamagedError, match="empty"):
        Store(path)
    store, notice = open_store(path)
    store.close()
    assert notice is not None
    (kept,) = tmp_path.glob("db.damaged-*-wal")
    assert kept.read_bytes() == log


def test_damage_that_a_read_finds_later_is_told_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "db"
    chat = filled(path)
    content = bytearray(path.read_bytes())
    content[30 * 4096 :] = b"\x05" * (len(content) - 30 * 4096)
    path.write_bytes(content)
    store, notice = open_store(path)
    assert notice is None
    with pytest.raises(DamagedError, match=r"is damaged .*; a rescue \(`python -m app rescue`\)"):
        store.tree(chat)
    assert store.check() != ()
    store.close()
    assert path.read_bytes() == content


@pytest.mark.parametrize("column", ["status = 'comylete'", "parts = '{[]'", "parts = '[7]'", "extra = X'FF'"])
def test_a_row_that_was_not_written_so_is_damage(tmp_path: Path, column: str) -> None:
    path = tmp_path / "db"
    chat = filled(path, 5)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"UPDATE messages SET {column} WHERE number = 3")
        database.commit()
    with closing(Store(path)) as store, pytest.raises(DamagedError, match="a row of it cannot be read"):
        store.tree(chat)


def test_damage_that_sqlite_quotes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite3"
    filled(path, 5)
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE messages", b"CREATE TABLE \xff\xffssages"))
    with pytest.raises(DamagedError, match="damaged"):
        Store(path)


def test_a_database_of_an_impossible_version_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite3"
    filled(path, 5)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = -3")
    store, notice = open_store(path)
    store.close()
    assert notice is not None
    assert "rescue" in notice
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_a_database_whose_version_was_lowered_is_known_by_its_tables(tmp_path: Path, version: int) -> None:
    path = tmp_path / "conversations.sqlite3"
    chat = filled(path, 5)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {version}")
    store, notice = open_store(path)
    with closing(store):
        assert notice is None
        assert len(store.tree(chat)) == 5
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert not list(tmp_path.glob("*.before-*"))


def test_a_database_whose_tables_are_of_no_version_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite3"
    filled(path, 5)
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE records")
        database.execute("PRAGMA user_version = 1")
    store, notice = open_store(path)
    with closing(store):
        assert list(store.conversations()) == []
    assert notice is not None
    assert "rescue" in notice
    (kept,) = tmp_path.glob("*.damaged-*")
    with closing(Rescue(kept)) as rescue:
        assert [len(one.messages) for one in rescue.conversations()] == [5]


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite3"
    Store(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer Fireside"):
        open_store(path)
    assert path.read_bytes() == before


def test_a_locked_database_is_an_error_not_a_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.database.BUSY_TIMEOUT_S", 0.05)
    store = Store(tmp_path / "db")
    chat = store.create_conversation("Tea")
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"cannot be saved: .* is used by another program; close it"):
            store.add_message(chat.id, parent_id=None, role="user", text="hello")
        other.execute("ROLLBACK")
    store.add_message(chat.id, parent_id=None, role="user", text="hello")
    assert [message.text for message in store.tree(chat.id)] == ["hello"]
    store.close()


def test_a_database_that_is_locked_whole_cannot_be_opened_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.database.BUSY_TIMEOUT_S", 0.05)
    filled(tmp_path / "db", 5)
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match=r"cannot be opened: .* used by another program"):
            open_store(tmp_path / "db")
        other.execute("ROLLBACK")
    assert not list(tmp_path.glob("*.damaged-*"))


def test_two_stores_on_one_file_see_what_the_other_wrote(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "db")) as one, closing(Store(tmp_path / "db")) as other:
        chat = one.create_conversation("Tea")
        other.add_message(chat.id, parent_id=None, role="user", text="from the other")
        assert [message.text for message in one.tree(chat.id)] == ["from the other"]
