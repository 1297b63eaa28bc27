"""Files are written whole or not at all, under names that every system can hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.files import safe_file_name, write_atomically
from app.core.json_file import JsonFile


@given(st.text())
def test_any_title_makes_a_safe_file_name(title: str) -> None:
    name = safe_file_name(title, "md")
    assert name == Path(name).name
    assert 3 < len(name.encode()) <= 200
    assert not set(name) & set('<>:"/\\|?*\0\n')
    assert name.split(".")[0].casefold() not in {"con", "prn", "aux", "nul", "com1", "lpt1", ""}


@pytest.mark.parametrize("title", ["../../etc/passwd", "CON", "nul.txt", "...", "", "a\u202egpj.exe", "\ud800"])
def test_hostile_titles_make_harmless_names(title: str, tmp_path: Path) -> None:
    path = tmp_path / safe_file_name(title, "json")
    write_atomically(path, "{}")
    assert path.resolve().parent == tmp_path.resolve()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.md"
    write_atomically(path, "old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 99}', "[" * 100_000])
def test_an_unreadable_json_file_is_kept_aside_and_told(content: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content)
    file = JsonFile(path, version=1, what="The settings")
    assert file.content == {}
    assert file.notice is not None
    kept = next(tmp_path.glob("settings.json.unreadable-*"))
    assert kept.read_text() == content
    file.write({"a": 1})
    assert JsonFile(path, version=1, what="The settings").content == {"version": 1, "a": 1}
