"""What a list of models reads of a file, and how a loaded model is let go of or found to be changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.tiny_models import tiny_folder, tiny_gguf
from engine.api import (
    GenerateRequest,
    LoadRequest,
    ModelChangedError,
    ModelFileError,
    ModelLoaded,
    ModelUnloaded,
    RequestError,
    UnloadRequest,
)
from engine.engine import Engine
from engine.header import read_header
from engine.model import open_blueprint
from engine.tokenizers import load_tokenizer


@pytest.fixture
def model(fixtures: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(fixtures / "gguf" / "llama-q8_0.gguf", tmp_path / "m.gguf"))


def test_a_header_says_the_same_as_a_careful_reading(fixtures: Path, starter: Path) -> None:
    for path in (starter, fixtures / "gguf" / "llama-q8_0.gguf"):
        with open_blueprint(path).checkpoint as checkpoint:
            careful = open_blueprint(path).info(load_tokenizer(checkpoint))
        header = read_header(path)
        assert (header.info, header.problem, header.is_model) == (careful, None, True)


def test_the_licence_is_that_of_the_file_or_of_the_card_beside_it(tmp_path: Path) -> None:
    assert read_header(tiny_gguf(tmp_path / "m.gguf")).info.licence == "mit"
    folder = tiny_folder(tmp_path / "folder")
    (folder / "README.md").write_text("---\nlicense: other\nlicense_name: 'our-own'\n---\nlicense: x\n")
    assert read_header(folder).info.licence == "our-own"
    (folder / "README.md").unlink()
    assert read_header(folder).info.licence is None


def test_a_header_without_a_known_tokenizer_says_so(tmp_path: Path) -> None:
    unknown = read_header(tiny_gguf(tmp_path / "m.gguf", tokenizer__ggml__model="never"))
    assert "tokenizer kind 'never'" in (unknown.problem or "")
    folder = tiny_folder(tmp_path / "folder")
    (folder / "tokenizer.json").unlink()
    assert "tokenizer.json" in (read_header(folder).problem or "")


def test_a_damaged_file_has_no_header(tmp_path: Path) -> None:
    path = tiny_gguf(tmp_path / "m.gguf")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelFileError, match="more than 76 bytes can hold"):
        read_header(path)


def test_an_unloaded_model_is_gone_until_it_is_loaded_again(model: Path) -> None:
    engine = Engine()
    for _ in range(2):
        (*_, loaded) = engine.run(LoadRequest(1, str(model), name="Shown name"))
        assert isinstance(loaded, ModelLoaded)
        assert loaded.info.name == "Shown name"
        assert list(engine.run(UnloadRequest(2))) == [ModelUnloaded(2)]
        with pytest.raises(RequestError, match="No model is loaded"):
            list(engine.run(GenerateRequest(3, "x", max_tokens=1)))


def test_a_file_that_was_replaced_makes_no_reply(model: Path) -> None:
    engine = Engine()
    list(engine.run(LoadRequest(1, str(model))))
    list(engine.run(GenerateRequest(2, "x", max_tokens=1)))
    content = model.read_bytes()
    model.unlink()
    model.write_bytes(content)
    with pytest.raises(ModelChangedError, match="“m” was changed or removed"):
        list(engine.run(GenerateRequest(3, "x", max_tokens=1)))
    list(engine.run(LoadRequest(4, str(model))))
    list(engine.run(GenerateRequest(5, "x", max_tokens=1)))
    engine.close()
