from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main
from app.core import import_files as files
from app.core.importers import ImportFileError
from app.core.importing import preview_import, run_import
from app.core.store import Store

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "conversations.sqlite3")
    yield opened
    opened.close()


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def chat(number: int, *texts: str) -> dict[str, Any]:
    turns = [{"uuid": f"{number}-{at}", "sender": "human", "text": text} for at, text in enumerate(texts)]
    return {"uuid": str(number), "name": f"Chat {number}", "chat_messages": turns}


def claude(path: Path, *chats: dict[str, Any]) -> Path:
    path.write_text(json.dumps(chats), encoding="utf-8")
    return path


def everything(store: Store) -> dict[str, list[str]]:
    return {one.title: [message.text for message in store.tree(one.id)] for one in store.conversations()}


# What comes in


def test_a_folder_of_every_format_comes_in_and_a_second_time_nothing_does(store: Store) -> None:
    first = run_import(SAMPLES, store)
    assert {title for title, _ in first.outcomes} == {
        *("ChatGPT", "Claude", "Fireside JSON", "llama.cpp", "OpenAI messages", "Open WebUI"),
        *("ShareGPT", "SillyTavern", "LM Studio", "Jan", "text-generation-webui"),
    }
    before = everything(store)
    second = run_import(SAMPLES, store)
    assert sum(outcome.added + outcome.merged + outcome.messages for _, outcome in second.outcomes) == 0
    assert sum(outcome.unchanged for _, outcome in second.outcomes) >= len(before)
    assert everything(store) == before


def test_undo_takes_everything_out_again(store: Store) -> None:
    mine = store.create_conversation("Mine")
    store.add_message(mine.id, parent_id=None, role="user", text="Hello")
    report = run_import(SAMPLES, store)
    assert len(store.conversations()) > 1
    report.undo(store)
    assert everything(store) == {"Mine": ["Hello"]}
    assert store.folders() == ()


def test_a_newer_export_adds_only_what_is_new(store: Store, tmp_path: Path) -> None:
    run_import(claude(tmp_path / "old.json", chat(1, "One")), store)
    report = run_import(claude(tmp_path / "new.json", chat(1, "One", "Two"), chat(2, "Other")), store)
    ((_, outcome),) = report.outcomes
    assert (outcome.added, outcome.merged, outcome.messages) == (1, 1, 2)
    assert everything(store) == {"Chat 1": ["One", "Two"], "Chat 2": ["Other"]}


def test_pictures_of_a_chatgpt_zip_come_with_it(store: Store, tmp_path: Path) -> None:
    picture = b"\x89PNG\r\n\x1a\n"
    members = {
        "export/conversations.json": (SAMPLES / "chatgpt.json").read_bytes(),
        "export/user-1/file-CUP-1234.png": picture,
        "export/user.json": b'{"id": "user-1"}',
    }
    run_import(zip_of(tmp_path / "chatgpt.zip", members), store)
    tea = next(one for one in store.conversations() if one.title == "Tea")
    image = next(part for message in store.tree(tea.id) for part in message.parts if part.kind == "image")
    assert image.sha256 is not None
    assert store.attachment_data(image.sha256) == picture


def test_a_single_file_finds_what_lies_beside_it(store: Store) -> None:
    run_import(SAMPLES / "jan" / "threads" / "t1" / "thread.json", store)
    assert everything(store) == {"Tea": ["Be brief.", "Green or black?", "Green.", ""]}


def test_a_database_of_another_fireside_is_merged(store: Store, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Store(tmp_path / "other" / "conversations.sqlite3")
    theirs = other.create_conversation("Theirs")
    other.add_message(theirs.id, parent_id=None, role="user", text="Hi")
    other.close()
    report = run_import(tmp_path / "other" / "conversations.sqlite3", store)
    assert [(title, outcome.added) for title, outcome in report.outcomes] == [("Fireside database", 1)]
    assert everything(store) == {"Theirs": ["Hi"]}


def test_a_database_of_another_program_is_told_of(store: Store, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    claude(tmp_path / "folder" / "chats.json", chat(1, "One"))
    database = sqlite3.connect(tmp_path / "folder" / "other.db")
    database.execute("CREATE TABLE things (id)")
    database.close()
    report = run_import(tmp_path / "folder", store)
    assert len(report.outcomes) == 1
    assert "other.db" in report.skipped[0]


# Preview, progress, cancel


def test_a_preview_counts_and_writes_nothing(store: Store, tmp_path: Path) -> None:
    path = claude(tmp_path / "chats.json", chat(1, "One", "Two"), chat(2, "Other"))
    preview = preview_import(path, store)
    assert preview is not None
    (shown,) = preview.formats
    assert (shown.title, shown.files, shown.conversations, shown.messages, shown.known) == ("Claude", 1, 2, 3, 0)
    assert shown.titles == ("Chat 1", "Chat 2")
    assert store.conversations() == ()
    run_import(path, store)
    again = preview_import(path, store)
    assert again is not None
    assert again.formats[0].known == 2


def test_progress_moves_from_nothing_to_all(store: Store, tmp_path: Path) -> None:
    path = claude(tmp_path / "chats.json", *(chat(number, "x" * 10_000) for number in range(500)))
    steps: list[tuple[int, int]] = []
    run_import(path, store, progress=lambda done, total: steps.append((done, total)))
    assert steps == sorted(steps)
    assert len(steps) >= 5
    assert steps[-1] == (path.stat().st_size, path.stat().st_size)


def test_a_cancelled_import_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    path = claude(tmp_path / "chats.json", *(chat(number, "x" * 4000) for number in range(1500)))
    report = run_import(path, store, cancelled=lambda: bool(store.conversations()))
    assert report.was_cancelled
    assert 0 < report.outcomes[0][1].added < 1500
    assert store.conversations() == ()


def test_a_cancelled_preview_gives_nothing(store: Store, tmp_path: Path) -> None:
    path = claude(tmp_path / "chats.json", chat(1, "One"))
    assert preview_import(path, store, cancelled=lambda: True) is None


# Files that are not what they should be


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "holds no conversations in a format that Fireside can read"),
        (b"\0" * 100, "holds no conversations"),
        (b'{"some": "JSON"}', "holds no conversations"),
        (b'[{"uuid": "1", "name": "Empty", "chat_messages": []}]', "“Empty” has no messages"),
        (b'{"format": "fireside-conversation", "version": 3}', "written by a newer Fireside"),
        (b"SQLite format 3\0 but no database", "file.json"),
        (b"PK\x03\x04 no zip", "cannot be read: File is not a zip file"),
    ],
)
def test_a_file_that_is_nothing_known_is_told(store: Store, tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(ImportFileError, match=sentence):
        run_import(path, store)


def test_a_missing_file_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="There is no file or folder"):
        run_import(tmp_path / "missing.json", store)


def test_a_zip_bomb_is_refused(store: Store, tmp_path: Path) -> None:
    bomb = b'[{"uuid": "1", "name": "' + b" " * (64 << 20) + b'", "chat_messages": []}]'
    path = zip_of(tmp_path / "bomb.zip", {"bomb.json": bomb})
    with pytest.raises(ImportFileError, match=r"bomb\.json is packed far too tightly"):
        run_import(path, store)


def test_a_zip_of_too_much_is_refused(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zip_of(tmp_path / "many.zip", {f"{number}.json": b"[]" * 10 for number in range(20)})
    monkeypatch.setattr(files, "MOST_FILES", 10)
    with pytest.raises(ImportFileError, match="more than 10 files"):
        run_import(path, store)
    monkeypatch.setattr(files, "MOST_FILES", 100)
    monkeypatch.setattr(files, "ZIP_BYTES", 100)
    with pytest.raises(ImportFileError, match="would unpack to more than"):
        run_import(path, store)


def test_a_file_without_a_name_in_a_zip_is_skipped_and_the_rest_is_read(store: Store, tmp_path: Path) -> None:
    path = zip_of(tmp_path / "chats.zip", {"chats.json": json.dumps([chat(1, "One")]).encode(), "nameless": b"[]"})
    path.write_bytes(path.read_bytes().replace(b"nameless", b"\0ameless"))  # a name ends at its first NUL
    report = run_import(path, store)
    assert [one.title for one in store.conversations()] == ["Chat 1"]
    assert report.skipped == ("chats.zip holds files without a name, which were skipped.",)


def test_a_zip_in_a_zip_is_named_and_the_rest_is_read(store: Store, tmp_path: Path) -> None:
    inner = zip_of(tmp_path / "inner.zip", {"a.json": b"[]"}).read_bytes()
    path = zip_of(tmp_path / "outer.zip", {"inner.zip": inner, "chats.json": json.dumps([chat(1, "One")]).encode()})
    report = run_import(path, store)
    assert everything(store) == {"Chat 1": ["One"]}
    assert report.skipped == ("inner.zip is a zip inside of what was chosen; import it by itself.",)


def test_names_in_a_zip_are_never_paths(store: Store, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    content = json.dumps([chat(1, "One")]).encode()
    path = zip_of(tmp_path / "inside" / "chats.zip", {"../../escaped.json": content, "/etc/absolute.json": content})
    before = sorted(tmp_path.rglob("*.json"))
    run_import(path, store)
    assert sorted(tmp_path.rglob("*.json")) == before
    assert everything(store) == {"Chat 1": ["One"]}


def test_an_encrypted_member_is_told(store: Store, tmp_path: Path) -> None:
    path = zip_of(tmp_path / "secret.zip", {"chats.json": b"[]"})
    data = bytearray(path.read_bytes())
    for magic, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + flags_at] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ImportFileError, match="encrypted; unpack secret"):
        run_import(path, store)


def test_a_damaged_member_gives_what_comes_before_the_damage(store: Store, tmp_path: Path) -> None:
    chats = json.dumps([chat(number, f"{number} {number**9} " * 2000) for number in range(200)]).encode()
    path = zip_of(tmp_path / "chats.zip", {"chats.json": chats})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = b"\xff" * 64
    path.write_bytes(bytes(data))
    report = run_import(path, store)
    assert "chats.json cannot be read further" in " ".join(report.skipped)
    assert 0 < len(store.conversations()) < 200


# The command


def test_the_command_prints_what_came_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = claude(tmp_path / "chats.json", chat(1, "One"), chat(2))
    data = ["--data-dir", str(tmp_path / "data")]
    assert main([*data, "import", str(path), "--dry-run", "--json"]) == 0
    (dry,) = json.loads(capsys.readouterr().out)
    assert dry["formats"][0]["conversations"] == 1
    assert main([*data, "import", str(path), str(tmp_path / "missing"), "--json"]) == 0
    shown = capsys.readouterr()
    (one,) = json.loads(shown.out)
    assert (one["formats"][0]["format"], one["formats"][0]["added"]) == ("Claude", 1)
    assert one["skipped"] == ["chats.json: “Chat 2” has no messages."]
    assert shown.err.startswith("fireside: There is no file or folder")
    assert main([*data, "import", str(path)]) == 0
    assert "Claude: 0 added, 0 merged, 1 unchanged" in capsys.readouterr().out


def test_the_command_fails_when_nothing_could_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data-dir", str(tmp_path / "data"), "import", str(tmp_path / "missing")]) == 1
    assert capsys.readouterr().err.startswith("fireside: There is no file or folder")
