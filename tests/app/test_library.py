"""The library remembers opened models in place and says what is wrong with those it cannot open."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.library import Library, model_name, model_path
from engine.api import ModelFileError
from engine.starter import starter_model_path


def test_a_fresh_library_offers_the_starter_model(tmp_path: Path) -> None:
    library = Library(tmp_path / "models.json")
    default = library.default()
    assert default is not None
    assert default.is_starter
    assert default.path == starter_model_path()


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
