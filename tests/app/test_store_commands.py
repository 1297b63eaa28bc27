"""`backup`, `restore` and `rescue` on the command line: what was lost comes back, and nothing is overwritten."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from app.__main__ import main
from app.core.paths import DataFolder
from app.core.store import Store


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    made.root.mkdir()
    with closing(Store(made.database)) as store:
        chat = store.create_conversation("Tea", folder_id=store.create_folder("Drinks").id)
        asked = store.add_message(chat.id, parent_id=None, role="user", text="Which? 绿茶")
        store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Black.")
        store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Green.", record={"seed": 7})
        store.delete_conversation(store.create_conversation("in the bin").id)
    return made


def run(root: Path, *words: str) -> int:
    return main(["--data-dir", str(root), *words])


def held(root: Path) -> list[tuple[str, list[str], list[object]]]:
    with closing(Store(DataFolder(root).database)) as store:
        return [
            (one.title, [message.text for message in store.tree(one.id)], list(store.records(one.id).values()))
            for one in (*store.conversations(), *store.binned())
        ]


def test_a_backup_is_restored_elsewhere(
    folder: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "backup.sqlite3"
    assert run(folder.root, "backup", "--output", str(backup)) == 0
    assert run(tmp_path / "elsewhere", "restore", str(backup)) == 0
    assert capsys.readouterr().out == f"{backup}: 2 added, 0 merged, 0 unchanged, 3 new messages\n"
    assert held(tmp_path / "elsewhere") == held(folder.root)


def test_a_backup_overwrites_nothing(folder: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("precious")
    assert run(folder.root, "backup", "--output", str(tmp_path / "mine")) == 1
    assert "already exists" in capsys.readouterr().err
    assert (tmp_path / "mine").read_text() == "precious"


def test_a_damaged_database_is_rescued_and_imported(
    folder: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held(folder.root)
    content = bytearray(folder.database.read_bytes())
    content[:4096] = bytes(4096)
    damaged, saved = tmp_path / "damaged", tmp_path / "saved.json"
    damaged.write_bytes(content)
    assert run(folder.root, "rescue", str(damaged), "--output", str(saved)) == 0
    assert "2 conversations, 3 messages" in capsys.readouterr().out
    assert damaged.read_bytes() == content
    assert run(tmp_path / "elsewhere", "import", str(saved)) == 0
    assert held(tmp_path / "elsewhere") == before
    assert run(folder.root, "rescue", str(damaged), "--output", str(saved)) == 1
    assert "already exists" in capsys.readouterr().err


def test_a_file_that_holds_nothing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter").write_bytes(b"dear all " * 1000)
    assert run(tmp_path / "data", "rescue", str(tmp_path / "letter"), "--output", str(tmp_path / "saved.json")) == 1
    assert "“letter” holds no conversation that can be read" in capsys.readouterr().err
    assert run(tmp_path / "data", "restore", str(tmp_path / "letter")) == 1
    assert "is damaged" in capsys.readouterr().err
    assert not (tmp_path / "saved.json").exists()
