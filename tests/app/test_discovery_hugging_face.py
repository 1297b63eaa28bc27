"""Models in the cache of Hugging Face's hub: every way to name it, `main`, links into blobs, unfinished downloads."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from model_trees import content, found, hub_repository, look, machine, names

from app.core.discovery.hugging_face import SOURCE, cache_folder
from app.core.discovery.machine import Machine
from benchmarks.tiny_models import tiny_folder, tiny_gguf, tiny_safetensors


def folder_files(place: Path, **settings: object) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(tiny_folder(place, **settings).iterdir())}


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({}, ".cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({"HF_HOME": "~/hf", "XDG_CACHE_HOME": "/x"}, "hf/hub"),
        ({"HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/hf"}, "/old"),
        ({"HF_HUB_CACHE": "/new", "HUGGINGFACE_HUB_CACHE": "/old"}, "/new"),
    ],
)
def test_the_cache_lies_where_the_variables_say(variables: dict[str, str], place: str) -> None:
    home = Path("/home/ada")
    assert cache_folder(Machine(home, variables, "linux")) == home / place


def test_a_repository_is_one_model_under_its_name_and_its_blobs_say_the_hash(tmp_path: Path) -> None:
    files = folder_files(tmp_path / "made")
    snapshot = hub_repository(tmp_path / "hub", "org/some--name", files)
    (one,) = found(SOURCE, machine(tmp_path, HF_HUB_CACHE=str(tmp_path / "hub")))
    assert (one.path, one.name) == (snapshot, "org/some--name")
    assert one.sha256 == hashlib.sha256(files["model.safetensors"]).hexdigest()
    (sighting,) = look(tmp_path / "f.json", [SOURCE], machine(tmp_path, HF_HUB_CACHE=str(tmp_path / "hub"))).sightings
    assert sighting.problem is None
    assert sighting.header is not None
    assert sighting.header.info.licence == "mit"


def test_main_is_the_snapshot_that_counts_and_without_it_the_newest(tmp_path: Path) -> None:
    hub, files = tmp_path / "hub", folder_files(tmp_path / "made")
    hub_repository(hub, "org/m", files, commit="b" * 40)
    main = hub_repository(hub, "org/m", files, commit="a" * 40)
    here = machine(tmp_path, HF_HUB_CACHE=str(hub))
    assert [one.path for one in found(SOURCE, here)] == [main]
    (hub / "models--org--m" / "refs" / "main").unlink()
    assert len(found(SOURCE, here)) == 1


def test_gguf_files_of_a_repository_are_models_each_also_in_folders(tmp_path: Path) -> None:
    files = {
        "m-Q4.gguf": content(tiny_gguf, tmp_path / "a.gguf", seed=1),
        "q8/m-Q8.gguf": content(tiny_gguf, tmp_path / "b.gguf", seed=2),
        "mmproj-m-f16.gguf": content(tiny_gguf, tmp_path / "c.gguf", seed=3),
    }
    hub_repository(tmp_path / "hub", "org/m-GGUF", files, link=False)  # as on Windows without the right to link
    assert names(SOURCE, machine(tmp_path, HF_HUB_CACHE=str(tmp_path / "hub"))) == ["m-Q4", "m-Q8"]


def test_a_download_in_progress_is_not_listed(tmp_path: Path) -> None:
    hub, files = tmp_path / "hub", folder_files(tmp_path / "made")
    files["model-00001-of-00002.safetensors"] = files.pop("model.safetensors")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    files["model.safetensors.index.json"] = json.dumps(index).encode()
    hub_repository(hub, "org/m", files)
    here = machine(tmp_path, HF_HUB_CACHE=str(hub))
    assert names(SOURCE, here) == ["org/m"]  # nothing is loading it: a person should hear that a part is missing
    (hub / "models--org--m" / "blobs" / "abc.incomplete").write_bytes(b"x")
    assert names(SOURCE, here) == []


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    hub, files = tmp_path / "hub", folder_files(tmp_path / "made")
    files.pop("model.safetensors")
    snapshot = hub_repository(hub, "org/m", files)
    (tmp_path / "secret").write_bytes(tiny_safetensors())
    (snapshot / "model.safetensors").symlink_to(tmp_path / "secret")
    survey = look(tmp_path / "f.json", [SOURCE], machine(tmp_path, HF_HUB_CACHE=str(hub)))
    assert survey.sightings == ()
    assert "leads out of its folder" in survey.notices[0]
