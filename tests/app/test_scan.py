"""A scan reads a header once, joins what is the same model, and remembers what is gone."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from model_trees import content, hub_repository, look, machine, ollama_model

from app.core.discovery import SOURCES, own_folders
from app.core.fingerprint import fingerprint
from app.core.known_model import gather
from app.core.sighting import read_sightings
from app.worker import read_model_header
from benchmarks.tiny_models import tiny_folder, tiny_gguf
from engine.api import ModelHeader


class Counting:
    """Reads headers and remembers which."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, path: Path) -> ModelHeader:
        self.read.append(path.name)
        return read_model_header(path)


def test_a_header_is_read_again_only_when_the_file_changed(tmp_path: Path) -> None:
    folder = own_folders([tmp_path / "models"])
    model = tiny_gguf(tmp_path / "models" / "m.gguf")
    tiny_folder(tmp_path / "models" / "f")
    counting = Counting()
    first = look(tmp_path / "f.json", [folder], machine(tmp_path), read_header=counting)
    second = look(tmp_path / "f.json", [folder], machine(tmp_path), read_header=counting)
    assert sorted(counting.read) == ["f", "m.gguf"]
    assert second == first
    tiny_gguf(model, context=8192)
    os.utime(model, ns=(1, 1))
    third = look(tmp_path / "f.json", [folder], machine(tmp_path), read_header=counting)
    assert counting.read[2:] == ["m.gguf"]
    contexts = {one.name: one.header.info.context_length for one in third.sightings if one.header}
    assert contexts == {"f": 4096, "m": 8192}


@pytest.mark.parametrize("damage", ["", "{", '{"version": 9}', '{"version": 1, "models": [{"path": 1}, 5]}'])
def test_a_damaged_list_of_what_was_found_is_made_anew(damage: str, tmp_path: Path) -> None:
    tiny_gguf(tmp_path / "models" / "m.gguf")
    file = tmp_path / "f.json"
    file.write_text(damage)
    assert len(look(file, [own_folders([tmp_path / "models"])], machine(tmp_path)).sightings) == 1
    assert len(read_sightings(file)) == 1


def test_one_model_in_three_programs_is_one_with_three_places(tmp_path: Path) -> None:
    weights = content(tiny_gguf, tmp_path / "made.gguf", seed=5)
    lm_studio = tiny_gguf(tmp_path / ".lmstudio" / "models" / "ada" / "m" / "m.gguf", seed=5)
    ollama_model(tmp_path / ".ollama" / "models", "registry.ollama.ai/library/m/latest", {"model": weights})
    hub_repository(tmp_path / ".cache" / "huggingface" / "hub", "ada/m", {"m.gguf": weights})
    tiny_gguf(tmp_path / ".cache" / "llama.cpp" / "other.gguf", seed=6)
    survey = look(tmp_path / "f.json", SOURCES, machine(tmp_path))
    models = gather(survey.sightings, missing=survey.missing, starter=None)
    assert [(model.name, [place.source for place in model.places]) for model in models] == [
        ("m", ["hugging_face", "lm_studio", "ollama"]),
        ("other", ["llama_cpp"]),
    ]
    assert models[0].sha256 is not None  # the names of two of its blobs say it
    lm_studio.unlink()
    shutil.rmtree(tmp_path / ".cache")
    survey = look(tmp_path / "f.json", SOURCES, machine(tmp_path))
    (model, gone) = gather(survey.sightings, missing=survey.missing, starter=None)
    assert [place.source for place in model.places if place.is_there] == ["ollama"]
    assert model.is_loadable
    assert (gone.name, gone.is_there, gone.is_loadable) == ("other", False, False)
    assert "not there any more" in (gone.problem or "")


def test_a_known_hash_has_the_last_word(tmp_path: Path) -> None:
    for name in ("a", "b"):
        tiny_gguf(tmp_path / "models" / f"{name}.gguf")
    folder = own_folders([tmp_path / "models"])
    alike = look(tmp_path / "f.json", [folder], machine(tmp_path)).sightings
    assert len(gather(alike, missing=(), starter=None)) == 1
    different = [replace(one, sha256=one.name * 64) for one in alike]
    assert len(gather(different, missing=(), starter=None)) == 2
    by_hash = look(tmp_path / "f.json", [folder], machine(tmp_path), sha256_of=lambda path: path.stem * 64)
    assert [one.sha256 for one in by_hash.sightings] == ["a" * 64, "b" * 64]


def test_what_a_switched_off_source_had_is_forgotten(tmp_path: Path) -> None:
    tiny_gguf(tmp_path / "models" / "m.gguf")
    look(tmp_path / "f.json", [own_folders([tmp_path / "models"])], machine(tmp_path))
    survey = look(tmp_path / "f.json", [], machine(tmp_path))
    assert (survey.sightings, survey.missing) == ((), frozenset())


def test_fingerprints_tell_models_apart_by_any_part_of_their_weights(tmp_path: Path) -> None:
    size = 4 << 20
    path = tmp_path / "m"
    marks = set()
    for place in (0, size // 9, size - 1, None):
        content = bytearray(size)
        if place is not None:
            content[place] = 1
        path.write_bytes(content)
        marks.add(fingerprint([path]))
    path.write_bytes(bytes(size + 1))
    marks.add(fingerprint([path]))
    assert len(marks) == 5
