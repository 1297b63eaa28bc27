"""The library remembers opened models in place and says what is wrong with those it cannot open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from model_trees import look, machine

from app.__main__ import main
from app.core.discovery import Machine, own_folders
from app.core.fit import Memory
from app.core.library import Library, model_name, model_path
from app.core.settings import LoadSettings
from benchmarks.tiny_models import tiny_gguf
from engine.api import ModelFileError
from engine.starter import starter_model_path


def test_a_fresh_library_offers_the_starter_model(tmp_path: Path) -> None:
    library = Library(tmp_path / "models.json")
    default = library.default()
    assert default is not None
    assert default.is_starter
    assert default.path == starter_model_path()


def test_a_remembered_place_that_the_system_refuses_is_not_there(tmp_path: Path) -> None:
    place = str(tmp_path / ("x" * 5000))
    (tmp_path / "models.json").write_text(json.dumps({"version": 1, "models": [place]}))
    (model,) = (one for one in Library(tmp_path / "models.json").models() if not one.is_starter)
    assert not model.places[0].is_there
    assert model.problem is not None


def test_the_model_used_last_is_the_default_until_it_is_gone(tmp_path: Path) -> None:
    model = tmp_path / "a.gguf"
    model.write_bytes(b"GGUF")
    library = Library(tmp_path / "models.json")
    library.remember(model)
    again = Library(tmp_path / "models.json")
    default = again.default()
    assert default is not None
    assert default.path == model
    model.unlink()
    fallback = again.default()
    assert fallback is not None
    assert fallback.is_starter
    assert [known.problem is not None for known in again.models()] == [False, True]


def test_without_a_starter_the_best_model_that_was_found_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.library.starter_model_path", lambda: None)
    tiny_gguf(tmp_path / "models" / "small.gguf", seed=1)
    large = tiny_gguf(tmp_path / "models" / "large.gguf", seed=2, llama__feed_forward_length=64)
    library = Library(tmp_path / "models.json")
    assert library.default() is None
    survey = look(tmp_path / "f.json", [library.source(), own_folders([tmp_path / "models"])], machine(tmp_path))
    library.see_all(survey.sightings, missing=survey.missing)
    default = library.default(Memory(8 << 30))
    assert default is not None
    assert default.path == large


def test_a_forgotten_model_is_left_out_until_it_is_opened_again(tmp_path: Path) -> None:
    model = tiny_gguf(tmp_path / "models" / "m.gguf")
    sources = [own_folders([tmp_path / "models"])]
    library = Library(tmp_path / "models.json")
    survey = look(tmp_path / "f.json", sources, machine(tmp_path))
    library.see_all(survey.sightings, missing=survey.missing)
    known = library.at(model)
    assert known is not None
    library.forget(known)
    again = Library(tmp_path / "models.json")
    again.see_all(survey.sightings, missing=survey.missing)
    assert again.at(model) is None
    assert model.exists()
    again.remember(model)
    assert again.at(model) is not None


def test_a_model_keeps_the_settings_it_is_loaded_with(tmp_path: Path) -> None:
    library, path = Library(tmp_path / "models.json"), tmp_path / "m.gguf"
    library.set_load_settings(path, LoadSettings(context_length=8192, cache_type="q8_0"))
    assert Library(tmp_path / "models.json").load_settings(path) == LoadSettings(
        context_length=8192, cache_type="q8_0"
    )
    library.set_load_settings(path, None)
    assert Library(tmp_path / "models.json").load_settings(path) is None


def test_the_command_line_tells_what_is_on_this_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "here", lambda: machine(tmp_path))
    tiny_gguf(tmp_path / ".cache" / "llama.cpp" / "m.gguf")
    tiny_gguf(tmp_path / ".cache" / "llama.cpp" / "odd.gguf", general__architecture="odd")
    assert main(["--data-dir", str(tmp_path / "data"), "models", "--json"]) == 0
    by_name = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert by_name["m"]["loadable"]
    assert by_name["m"]["family"] == "llama"
    assert by_name["m"]["places"] == [{"path": by_name["m"]["path"], "source": "llama_cpp", "is_there": True}]
    assert by_name["m"]["fit"]["verdict"] == "well"
    assert not by_name["odd"]["loadable"]
    assert "not supported" in by_name["odd"]["problem"]
    assert by_name["SmolLM2-135M-Instruct.Q4_1"]["licence"] == "apache-2.0"


def test_a_file_inside_a_model_folder_means_the_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert model_path(tmp_path / "model.safetensors") == tmp_path
    assert model_path(tmp_path / "config.json") == tmp_path


@pytest.mark.parametrize(("name", "match"), [("missing.gguf", "not there"), ("note.txt", "not a model file")])
def test_what_cannot_be_a_model_is_named(name: str, match: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("hello")
    with pytest.raises(ModelFileError, match=match):
        model_path(tmp_path / name)


def test_a_hub_cache_folder_is_shown_under_its_repository_name() -> None:
    assert model_name(Path("/x/models--org--name/snapshots/abc")) == "org/name"
