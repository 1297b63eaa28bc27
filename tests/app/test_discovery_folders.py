"""Own folders, also those of strangers: adapters, links and loops, broken files, 100,000 files, a scan cut short."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from model_trees import look, machine, names

from app.core.discovery import Cancelled, Walk, own_folders
from app.core.discovery.folders import models_below
from benchmarks.tiny_models import tiny_folder, tiny_gguf


def test_companions_of_models_are_not_models(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    tiny_gguf(folder / "m-imatrix-Q4_K_M.gguf", seed=1)
    tiny_gguf(folder / "m.imatrix.gguf", seed=5, general__type="imatrix")
    tiny_gguf(folder / "lora.gguf", seed=2, general__type="adapter")
    tiny_gguf(folder / "vision.gguf", seed=3, general__architecture="clip")
    (tiny_folder(folder / "tuned", seed=4) / "adapter_config.json").write_text("{}")
    survey = look(tmp_path / "f.json", [own_folders([folder])], machine(tmp_path))
    models = [one.name for one in survey.sightings if one.header is not None and one.header.is_model]
    assert models == ["m-imatrix-Q4_K_M"]


def test_a_broken_file_is_listed_with_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    cut = tiny_gguf(folder / "cut.gguf")
    cut.write_bytes(cut.read_bytes()[:-64])
    tiny_gguf(folder / "new.gguf", general__architecture="never-heard-of")
    tiny_folder(folder / "bad", num_attention_heads=0)
    survey = look(tmp_path / "f.json", [own_folders([folder])], machine(tmp_path))
    problems = {one.name: one.problem or "" for one in survey.sightings}
    assert "cut off" in problems["cut"]
    assert "'never-heard-of' is not supported" in problems["new"]
    assert "num_attention_heads" in problems["bad"]
    unknown = next(one for one in survey.sightings if one.name == "new")
    assert unknown.header is not None  # what can be said of it is said
    assert unknown.header.info.family == "never-heard-of"


def test_a_file_that_grows_is_not_listed_yet(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    path = tiny_gguf(folder / "m.gguf")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1000])

    def go_on() -> None:
        with path.open("ab") as file:
            file.write(whole[-1000:-500])

    download = threading.Timer(0.2, go_on)
    download.start()
    survey = look(tmp_path / "f.json", [own_folders([folder])], machine(tmp_path))
    download.join()
    assert survey.sightings == ()
    path.write_bytes(whole)
    assert len(look(tmp_path / "f.json", [own_folders([folder])], machine(tmp_path)).sightings) == 1


@pytest.mark.parametrize("ending", [".part", ".crdownload", ".aria2"])
def test_a_name_that_a_browser_reserves_is_not_a_model(ending: str, tmp_path: Path) -> None:
    tiny_gguf(tmp_path / "m.gguf")
    (tmp_path / f"m.gguf{ending}").write_bytes(b"")
    assert names(own_folders([tmp_path]), machine(tmp_path)) == []


def test_links_out_of_the_folder_are_refused_and_loops_are_not_walked(tmp_path: Path) -> None:
    folder, outside = tmp_path / "models", tmp_path / "outside"
    tiny_gguf(folder / "inside" / "m.gguf")
    (folder / "inside" / "alias.gguf").symlink_to(folder / "inside" / "m.gguf")
    tiny_gguf(outside / "secret.gguf")
    (folder / "away.gguf").symlink_to(outside / "secret.gguf")
    (folder / "away").symlink_to(outside)
    (folder / "inside" / "loop").symlink_to(folder)
    (folder / "self.gguf").symlink_to(folder / "self.gguf")
    walk = Walk()
    assert sorted(one.name for one in models_below(walk, folder)) == ["alias", "m"]
    assert walk.notices == [
        f"“{folder / 'away.gguf'}” is a link that leads out of its folder; it was not followed. "
        "Add the folder it leads to."
    ]
    survey = look(tmp_path / "f.json", [own_folders([folder])], machine(tmp_path))
    assert len(survey.sightings) == 1  # two names of one file are one


def test_the_chosen_folder_may_be_a_link_itself(tmp_path: Path) -> None:
    tiny_gguf(tmp_path / "disk" / "m.gguf")
    (tmp_path / "models").symlink_to(tmp_path / "disk")
    assert names(own_folders([tmp_path / "models"]), machine(tmp_path)) == ["m"]


def test_a_scan_ends_after_so_many_files_and_says_so(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}.txt").touch()
    tiny_gguf(tmp_path / "z" / "m.gguf")
    walk = Walk(most_entries=40)
    assert list(models_below(walk, tmp_path)) == []
    assert len(walk.notices) == 1
    assert "More than 40 files" in walk.notices[0]


def test_a_scan_can_be_cut_short(tmp_path: Path) -> None:
    tiny_gguf(tmp_path / "models" / "m.gguf")
    with pytest.raises(Cancelled):
        look(tmp_path / "f.json", [own_folders([tmp_path / "models"])], machine(tmp_path), cancelled=lambda: True)
    assert not (tmp_path / "f.json").exists()


def test_nothing_is_written_in_the_folders_of_others(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    tiny_gguf(folder / "a" / "m.gguf")
    tiny_folder(folder / "b")

    def state() -> list[tuple[str, int, int]]:
        return [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(folder.rglob("*"))]

    before = state()
    look(tmp_path / "f.json", [own_folders([folder])], machine(tmp_path))
    assert state() == before


@pytest.mark.skipif(os.name == "nt", reason="such names are impossible there")
def test_odd_names_are_no_trouble(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    tiny_gguf(folder / "new\nline \u202e模型.gguf", seed=1)
    tiny_gguf(folder / os.fsdecode(b"\xff\xfe.gguf"), seed=2)
    survey = look(tmp_path / "f.json", [own_folders([folder])], machine(tmp_path))
    assert len(survey.sightings) == 2
    assert all(one.problem is None for one in survey.sightings)
