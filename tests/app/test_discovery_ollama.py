"""Models of Ollama: manifests and blobs, recommended settings, stubs of the cloud, a folder that may not be read."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from model_trees import content, found, look, machine, names, ollama_model

from app.core.discovery.ollama import SERVICE_FOLDER, SOURCE, models_folders
from app.core.discovery.own_folders import own_folders
from app.core.discovery.walk import Walk
from benchmarks.tiny_models import tiny_gguf

LIBRARY = "registry.ollama.ai/library"


@pytest.fixture
def weights(tmp_path: Path) -> bytes:
    return content(tiny_gguf, tmp_path / "made.gguf", seed=3)


def test_the_folder_is_the_named_one_else_the_persons_and_the_services(tmp_path: Path) -> None:
    assert models_folders(machine(tmp_path, OLLAMA_MODELS="/m")) == (Path("/m"),)
    assert models_folders(machine(tmp_path)) == (tmp_path / ".ollama/models", SERVICE_FOLDER)
    assert models_folders(machine(tmp_path, "darwin")) == (tmp_path / ".ollama/models",)


def test_a_model_has_its_short_name_its_hash_and_what_is_recommended_for_it(tmp_path: Path, weights: bytes) -> None:
    folder = tmp_path / ".ollama" / "models"
    layers = {
        "model": weights,
        "params": json.dumps({"temperature": 0.6, "stop": ["</s>"], "num_ctx": 8192}).encode(),
        "system": b"Be brief.",
        "template": b"{{ .Prompt }}",
    }
    blob = ollama_model(folder, f"{LIBRARY}/llama3.2/3b", layers)
    (one,) = found(SOURCE, machine(tmp_path))
    assert (one.path, one.name, one.sha256) == (blob, "llama3.2:3b", hashlib.sha256(weights).hexdigest())
    assert dict(one.settings) == {"temperature": 0.6, "num_ctx": 8192.0}
    assert one.system_prompt == "Be brief."
    (sighting,) = look(tmp_path / "f.json", [SOURCE], machine(tmp_path)).sightings
    assert sighting.problem is None


def test_names_of_other_hosts_stay_whole(tmp_path: Path, weights: bytes) -> None:
    folder = tmp_path / ".ollama" / "models"
    ollama_model(folder, "hf.co/ada/m-GGUF/Q4_K_M", {"model": weights})
    ollama_model(folder, "registry.ollama.ai/ada/own/latest", {"model": weights + b"\0"})
    assert names(SOURCE, machine(tmp_path)) == ["ada/own:latest", "hf.co/ada/m-GGUF:Q4_K_M"]


def test_stubs_of_the_cloud_unfinished_and_damaged_models_are_left_out(tmp_path: Path, weights: bytes) -> None:
    folder = tmp_path / ".ollama" / "models"
    ollama_model(folder, f"{LIBRARY}/cloud/latest", {"model": weights}, config={"remote_host": "https://x"})
    ollama_model(folder, f"{LIBRARY}/cut/latest", {"model": weights + b"cut"}).unlink()
    (folder / "manifests" / LIBRARY / "broken").mkdir()
    (folder / "manifests" / LIBRARY / "broken" / "latest").write_text("{")
    evil = {"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:../../../etc/passwd"}]}
    (folder / "manifests" / LIBRARY / "broken" / "evil").write_text(json.dumps(evil))
    assert names(SOURCE, machine(tmp_path)) == []


def test_what_only_ollama_can_read_is_listed_with_the_reason(tmp_path: Path, weights: bytes) -> None:
    folder = tmp_path / ".ollama" / "models"
    ollama_model(folder, f"{LIBRARY}/new/latest", {"tensor": b"x", "json": b"{}"})
    ollama_model(folder, f"{LIBRARY}/tuned/latest", {"model": weights, "adapter": b"y"})
    problems = {one.name: one.problem or "" for one in found(SOURCE, machine(tmp_path))}
    assert "form of its own" in problems["new:latest"]
    assert "adapter" in problems["tuned:latest"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission bits")
def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "service"
    (folder / "manifests").mkdir(parents=True)

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    walk = Walk()
    assert list(SOURCE.find(machine(tmp_path, OLLAMA_MODELS=str(folder)), walk)) == []
    where = folder / "manifests"
    assert walk.notices == [f"“{where}” cannot be looked at (Permission denied); check its permissions."]


def test_a_chosen_folder_with_ollamas_layout_is_read_as_such(tmp_path: Path, weights: bytes) -> None:
    ollama_model(tmp_path / "msty" / "models", f"{LIBRARY}/m/latest", {"model": weights})
    assert names(own_folders([tmp_path / "msty"]), machine(tmp_path)) == ["m:latest"]
