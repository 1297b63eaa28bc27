"""Model hashes: the weights' own SHA-256, remembered until the files change."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from app.core.model_hash import ModelHashes

CONTENT = bytes(range(256)) * 9000  # more than two chunks


def test_the_hash_of_one_file_is_the_files(tmp_path: Path) -> None:
    model = tmp_path / "m.gguf"
    model.write_bytes(CONTENT)
    hashes = ModelHashes(tmp_path / "hashes.json")
    assert hashes.known(model) is None
    assert hashes.compute(model) == hashlib.sha256(CONTENT).hexdigest()
    assert ModelHashes(tmp_path / "hashes.json").known(model) == hashlib.sha256(CONTENT).hexdigest()


def test_a_known_hash_is_not_computed_again(tmp_path: Path) -> None:
    model = tmp_path / "m.gguf"
    model.write_bytes(CONTENT)
    hashes = ModelHashes(tmp_path / "hashes.json")
    found = hashes.compute(model)
    assert hashes.compute(model, cancelled=lambda: True) == found


def test_a_changed_file_is_not_known(tmp_path: Path) -> None:
    model = tmp_path / "m.gguf"
    model.write_bytes(CONTENT)
    hashes = ModelHashes(tmp_path / "hashes.json")
    hashes.compute(model)
    os.utime(model, ns=(1, 1))
    assert hashes.known(model) is None
    model.unlink()
    assert hashes.known(model) is None


@pytest.mark.parametrize("chosen", ["folder", "folder/m-00001-of-00002.gguf", "folder/m-00002-of-00002.gguf"])
def test_the_hash_of_shards_is_that_of_the_list_of_their_hashes(tmp_path: Path, chosen: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    ending = "gguf" if chosen.endswith("gguf") else "safetensors"
    names = [f"m-0000{number}-of-00002.{ending}" for number in (2, 1)]
    for name in names:
        (folder / name).write_bytes(name.encode())
    (folder / f"other-00001-of-00002.{'gguf'}").write_bytes(b"of another model")
    lines = "".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in sorted(names))
    found = ModelHashes(tmp_path / "hashes.json").compute(tmp_path / chosen)
    assert found == hashlib.sha256(lines.encode()).hexdigest()


def test_hashing_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    model = tmp_path / "m.gguf"
    model.write_bytes(CONTENT)
    hashes = ModelHashes(tmp_path / "hashes.json")
    assert hashes.compute(model, cancelled=lambda: True) is None
    assert hashes.known(model) is None


def test_a_folder_without_weights_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="holds no weights"):
        ModelHashes(tmp_path / "hashes.json").compute(tmp_path)


def test_a_list_of_odd_content_is_no_list(tmp_path: Path) -> None:
    path = tmp_path / "hashes.json"
    for models in (7, {"m": 7}, {str(tmp_path / "m"): {"sha256": 7}}):
        path.write_text(json.dumps({"version": 1, "models": models}))
        assert ModelHashes(path).known(tmp_path / "m") is None
