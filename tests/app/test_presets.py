"""Presets: a person's own come back, survive damage beside them, and travel in files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.presets import BUILT_IN, Preset, PresetFileError, Presets, export_presets, read_presets

WRITER = Preset("w", "Writer", {"temperature": 1.1, "system_prompt": "写吧。"}, emoji="✍️", color="#aa3300")


def own(presets: Presets) -> list[Preset]:
    return [preset for preset in presets if not preset.is_built_in]


def test_own_presets_come_back_behind_the_built_in_ones(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    presets = Presets(path)
    presets.add(WRITER)
    presets.change(Preset("w", "Poet", WRITER.values))
    presets.add(Preset("x", "Other"))
    assert list(Presets(path)) == [*BUILT_IN, Preset("w", "Poet", WRITER.values), Preset("x", "Other")]


def test_a_removed_preset_goes_back_to_its_place(tmp_path: Path) -> None:
    presets = Presets(tmp_path / "presets.json")
    for preset in (Preset("a", "A"), WRITER, Preset("c", "C")):
        presets.add(preset)
    place = presets.remove("w")
    assert presets.get("w") is None
    presets.add(WRITER, place=place)
    assert [preset.id for preset in own(presets)] == ["a", "w", "c"]
    with pytest.raises(KeyError):
        presets.remove("precise")


def test_a_preset_whose_id_is_taken_gets_another(tmp_path: Path) -> None:
    presets = Presets(tmp_path / "presets.json")
    presets.add(WRITER)
    assert presets.add(WRITER).id != "w"
    assert len(own(presets)) == 2
    assert presets.free_name("Writer") == "Writer 2"
    assert presets.free_name(" New  one ") == "New one"


def test_a_damaged_preset_spoils_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    listed = [
        {"id": "w", "name": "Writer", "values": {"top_k": 3, "top_p": 7}, "color": "red", "emoji": 3},
        {"id": "", "name": "x"},
        {"id": "w", "name": "twice"},
        {"id": "precise", "name": "Not built in"},
        {"name": "no id"},
        7,
    ]
    path.write_text(json.dumps({"version": 1, "presets": listed}))
    assert own(Presets(path)) == [Preset("w", "Writer", {"top_k": 3})]
    path.write_text(json.dumps({"version": 1, "presets": "none"}))
    assert own(Presets(path)) == []


@pytest.mark.parametrize("content", ["{", '{"version": 2, "presets": []}', "[]", ""])
def test_a_file_that_is_damaged_or_newer_is_kept_aside_and_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "presets.json"
    path.write_text(content)
    presets = Presets(path)
    assert list(presets) == list(BUILT_IN)
    (kept,) = tmp_path.glob("presets.json.unreadable-*")
    assert kept.read_text() == content
    assert presets.notice is not None
    assert kept.name in presets.notice
    presets.add(WRITER)
    assert kept.read_text() == content


def test_presets_travel_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    export_presets(path, [WRITER, Preset("x", "Other")])
    assert read_presets(path) == (WRITER, Preset("x", "Other"))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"version": 9, "presets": []}', "newer Fireside"),
        (b'{"presets": [{"id": 1}]}', "holds no presets"),
        (b"[]", "holds no presets"),
        (b" " * (5 << 20), "larger than 4 MiB"),
    ],
)
def test_a_file_without_presets_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "in.json"
    path.write_bytes(content)
    with pytest.raises(PresetFileError, match=complaint):
        read_presets(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PresetFileError, match="cannot be read"):
        read_presets(tmp_path / "none.json")
