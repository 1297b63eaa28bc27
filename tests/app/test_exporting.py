"""Exports land where they should, whole or not at all, and replace nothing unasked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_chat import CSV, PNG

from app.core.conversation import Part, PartKind
from app.core.exporters import EXPORTERS, ExportOptions
from app.core.exporting import ExportError, ExportStoppedError, export, selected_ids
from app.core.paths import DataFolder
from app.core.store import Store, StoreError

BY_NAME = {exporter.name: exporter for exporter in EXPORTERS}
TITLES = ("Tea", "tea", "../../etc/passwd", "CON", "茶" * 200)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "data").mkdir()
    made = Store(tmp_path / "data" / "conversations.sqlite3")
    yield made
    made.close()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made = tmp_path / "place"
    made.mkdir()
    return made


@pytest.fixture
def chats(store: Store) -> list[str]:
    """One conversation for each of `TITLES`; the first has a picture."""
    picture = store.add_attachment(PNG, name="dot.png", media_type="image/png")
    made = []
    for title in TITLES:
        chat = store.create_conversation(title)
        parts = (
            Part(PartKind.IMAGE, name="../dot.png", media_type="image/png", sha256=picture.sha256),
            Part(PartKind.FILE, CSV, name="data.csv", media_type="text/csv"),
            Part(PartKind.TEXT, f"About {title}"),
        )
        store.add_message(chat.id, parent_id=None, role="user", parts=parts)
        made.append(chat.id)
    return made


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_one_conversation_is_one_file_with_its_pictures_beside_it(
    store: Store, chats: list[str], place: Path
) -> None:
    assert export(store, chats[:1], BY_NAME["markdown"], place / "out.md") == place / "out.md"
    assert files_in(place) == {"out.md", "out files/1 dot.png"}
    assert (place / "out files" / "1 dot.png").read_bytes() == PNG
    assert "![../dot.png](out%20files/1%20dot.png)" in (place / "out.md").read_text(encoding="utf-8")


def test_many_conversations_get_safe_names_of_their_own_in_a_folder(
    store: Store, chats: list[str], place: Path
) -> None:
    export(store, chats, BY_NAME["text"], place / "new" / "folder")
    found = files_in(place / "new" / "folder")
    assert files_in(place) == {f"new/folder/{name}" for name in found}
    assert {"Tea.txt", f"tea {chats[1]}.txt", "conversation CON.txt"} <= found
    assert len({name.casefold() for name in found}) == len(TITLES)
    assert all(len(name.encode()) < 200 for name in found)


def test_many_conversations_in_a_joint_format_are_one_file(store: Store, chats: list[str], place: Path) -> None:
    export(store, chats, BY_NAME["json"], place / "out.json")
    content = json.loads((place / "out.json").read_text(encoding="utf-8"))
    assert [entry["title"] for entry in content["conversations"]] == list(TITLES)
    export(store, chats, BY_NAME["openai"], place)
    assert files_in(place) == {"out.json", "conversations.jsonl"}


@pytest.mark.parametrize("name", ["markdown", "json"])
def test_a_name_that_ends_with_zip_packs_everything(name: str, store: Store, chats: list[str], place: Path) -> None:
    export(store, chats, BY_NAME[name], place / "all.zip")
    assert files_in(place) == {"all.zip"}
    with zipfile.ZipFile(place / "all.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        if name == "json":
            assert names == ["conversations.json"]
        else:
            assert len(names) == 2 * len(TITLES)
            assert archive.read("Tea files/1 dot.png") == PNG


@pytest.mark.parametrize("output", ["out.md", "all.zip", "folder"])
def test_nothing_is_replaced_unasked(output: str, store: Store, chats: list[str], place: Path) -> None:
    target = place / output
    chosen = chats if output == "folder" else chats[:1]
    export(store, chosen, BY_NAME["markdown"], target)
    kept = {name: (place / name).read_bytes() for name in files_in(place)}
    store.rename(chats[0], "Tea")
    store.add_message(chats[0], parent_id=None, role="user", text="Newer")
    with pytest.raises(ExportError, match="already exists"):
        export(store, chosen, BY_NAME["markdown"], target)
    assert {name: (place / name).read_bytes() for name in files_in(place)} == kept
    export(store, chosen, BY_NAME["markdown"], target, replace=True)
    assert files_in(place) == set(kept)
    assert {name: (place / name).read_bytes() for name in files_in(place)} != kept


@pytest.mark.parametrize("output", ["out.json", "out.zip", "folder"])
def test_a_stopped_export_leaves_nothing(output: str, store: Store, chats: list[str], place: Path) -> None:
    seen: list[tuple[int, int]] = []
    exporter = BY_NAME["json" if output == "out.json" else "html"]
    with pytest.raises(ExportStoppedError, match="nothing was written"):
        export(
            store,
            chats,
            exporter,
            place / output,
            progress=lambda done, total: seen.append((done, total)),
            cancelled=lambda: len(seen) == 3,
        )
    assert seen == [(0, 5), (1, 5), (2, 5)]
    assert list(place.iterdir()) == []


def test_progress_runs_to_the_end(store: Store, chats: list[str], place: Path) -> None:
    seen: list[int] = []
    export(store, chats, BY_NAME["html"], place, progress=lambda done, _total: seen.append(done))
    assert seen == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("failing", ["os.fsync", "pathlib.Path.replace"])
def test_a_disk_that_fails_leaves_the_old_file_and_no_rest(
    failing: str, store: Store, chats: list[str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "out.md").write_text("old")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(failing, full)
        with pytest.raises(OSError, match="No space left"):
            export(store, chats[:1], BY_NAME["text"], place / "out.md", replace=True)
    assert (place / "out.md").read_text() == "old"
    assert files_in(place) == {"out.md"}


def test_a_place_that_is_not_there_is_told_by_its_name(store: Store, chats: list[str], place: Path) -> None:
    with pytest.raises(FileNotFoundError) as told:
        export(store, chats[:1], BY_NAME["text"], place / "gone" / "out.txt")
    assert told.value.filename == str(place / "gone")
    (place / "file").write_text("x")
    with pytest.raises(OSError, match="file"):
        export(store, chats, BY_NAME["text"], place / "file")
    assert files_in(place) == {"file"}


def test_what_the_format_always_holds_cannot_be_left_out_silently(
    store: Store, chats: list[str], place: Path
) -> None:
    with pytest.raises(ExportError, match="always holds everything"):
        export(store, chats, BY_NAME["json"], place / "out.json", options=ExportOptions(thinking=False))
    assert files_in(place) == set()


def test_an_unknown_conversation_is_one_sentence_and_leaves_nothing(
    store: Store, chats: list[str], place: Path
) -> None:
    with pytest.raises(StoreError, match="no conversation"):
        export(store, [*chats, "nobody"], BY_NAME["openwebui"], place / "out.json")
    assert files_in(place) == set()


def test_a_folder_is_chosen_by_its_name_or_path_with_what_is_inside_it(store: Store, chats: list[str]) -> None:
    work = store.create_folder("Work")
    inner = store.create_folder("Tea", parent_id=work.id)
    other = store.create_folder("Tea")
    for chat, folder in zip(chats, (work, inner, other), strict=False):
        store.move_to_folder(chat, folder.id)
    assert set(selected_ids(store, folder="work")) == {chats[0], chats[1]}
    assert set(selected_ids(store, folder="Work/Tea")) == {chats[1]}
    assert set(selected_ids(store, folder="Tea")) == {chats[1], chats[2]}
    assert set(selected_ids(store)) == set(chats)
    assert selected_ids(store, ids=["b", "a", "b"]) == ("b", "a")
    with pytest.raises(StoreError, match="no folder “Play”"):
        selected_ids(store, folder="Play")


def test_fireside_json_says_the_folder_by_its_names(store: Store, chats: list[str], place: Path) -> None:
    inner = store.create_folder("Tea", parent_id=store.create_folder("Work").id)
    store.move_to_folder(chats[0], inner.id)
    export(store, chats[:1], BY_NAME["json"], place / "out.json")
    assert json.loads((place / "out.json").read_text(encoding="utf-8"))["folder"] == ["Work", "Tea"]


@pytest.mark.parametrize("ending", ["png/../../x", "", "p n g", "png" * 30])
def test_names_of_attachments_stay_inside_the_folder(ending: str, store: Store, place: Path) -> None:
    picture = store.add_attachment(PNG, name="x", media_type="image/png")
    chat = store.create_conversation("T")
    part = Part(PartKind.IMAGE, name=f"../../a.{ending}", media_type="image/png", sha256=picture.sha256)
    store.add_message(chat.id, parent_id=None, role="user", parts=(part,))
    export(store, [chat.id], BY_NAME["markdown"], place / "out.md")
    (attached,) = files_in(place) - {"out.md"}
    assert attached.startswith("out files/1 ") and attached.count("/") == 1


def run(folder: DataFolder, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as on a machine without a screen."""
    environment = {key: value for key, value in os.environ.items() if key not in ("QT_QPA_PLATFORM", "DISPLAY")}
    return subprocess.run(
        [sys.executable, "-m", "app", "--data-dir", str(folder.root), "export", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=100,
        check=False,
    )


@pytest.mark.parametrize(("name", "ending"), [("markdown", "md"), ("json", "json"), ("pdf", "pdf")])
def test_the_command_line_writes_files_without_a_screen(
    name: str, ending: str, chats: list[str], tmp_path: Path, place: Path
) -> None:
    output = place / f"out.{ending}"
    asked = ("--format", name, "--output", str(output), "--conversation", chats[0], "--tree")
    done = run(DataFolder(tmp_path / "data"), *asked)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert output.stat().st_size > 100


def test_the_command_line_exports_all_and_tells_what_is_wrong(chats: list[str], tmp_path: Path, place: Path) -> None:
    data = DataFolder(tmp_path / "data")
    everything = ("--format", "html", "--output", str(place / "all"), "--all", "--settings", "--no-thinking")
    assert run(data, *everything).returncode == 0
    assert len(files_in(place / "all")) == len(TITLES)
    again = run(data, *everything)
    assert again.returncode == 1
    assert again.stderr.startswith("fireside: ") and "already exists" in again.stderr
    assert again.stderr.count("\n") == 1
    assert run(data, *everything, "--replace").returncode == 0
    assert run(data, "--format", "html", "--output", "x", "--all", "--folder", "y").returncode == 2
    assert run(data, "--format", "docx", "--output", "x", "--all").returncode == 2
