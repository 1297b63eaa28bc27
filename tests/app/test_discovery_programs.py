"""Models of LM Studio, Jan, GPT4All, llama.cpp, text-generation-webui and KoboldCpp, where each keeps them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from model_trees import content, found, hub_repository, machine, names

from app.core.discovery import gpt4all, jan, llama_cpp, lm_studio
from app.core.discovery.koboldcpp import model_of_preset
from app.core.discovery.own_folders import own_folders
from app.core.discovery.walk import Walk
from app.core.library import model_path
from benchmarks.tiny_models import tiny_folder, tiny_gguf
from engine.api import ModelFileError


def test_lm_studio_is_found_by_its_pointer_its_old_and_its_new_place(tmp_path: Path) -> None:
    here = machine(tmp_path)
    assert lm_studio.models_folder(here, Walk()) == tmp_path / ".lmstudio" / "models"
    (tmp_path / ".cache" / "lm-studio").mkdir(parents=True)
    assert lm_studio.models_folder(here, Walk()) == tmp_path / ".cache" / "lm-studio" / "models"
    (tmp_path / ".lmstudio-home-pointer").write_text(f"{tmp_path}/moved\n")
    assert lm_studio.models_folder(here, Walk()) == tmp_path / "moved" / "models"
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / "settings.json").write_text(json.dumps({"downloadsFolder": str(tmp_path / "big")}))
    assert lm_studio.models_folder(here, Walk()) == tmp_path / "big"


def test_lm_studios_files_folders_and_companions(tmp_path: Path) -> None:
    models = tmp_path / ".lmstudio" / "models" / "ada"
    tiny_gguf(models / "m-GGUF" / "m-Q4_K_M.gguf")
    tiny_gguf(models / "m-GGUF" / "mmproj-model-f16.gguf")
    tiny_gguf(models / "big" / "big-00001-of-00002.gguf")
    tiny_gguf(models / "big" / "big-00002-of-00002.gguf")
    tiny_folder(models / "m-MLX-4bit")
    (models / "m-GGUF" / "next.gguf.part").write_bytes(b"GGUF")
    assert names(lm_studio.SOURCE, machine(tmp_path)) == ["big", "m-MLX-4bit", "m-Q4_K_M"]


def test_jan_says_in_a_file_where_each_model_lies(tmp_path: Path) -> None:
    data = tmp_path / ".local" / "share" / "Jan" / "data"
    inside = tiny_gguf(data / "llamacpp" / "models" / "ada" / "m" / "model.gguf")
    (inside.parent / "model.yml").write_text(
        f"name: 'Ada M'\nmodel_path: llamacpp/models/ada/m/model.gguf\nsize_bytes: 5\nmodel_sha256: {'a' * 64}\n"
    )
    outside = tiny_gguf(tmp_path / "elsewhere" / "x.gguf")
    written = {
        "x": f"model_path: {outside}",
        "gone": "model_path: llamacpp/none.gguf",
        "evil": "model_path: ../../x.gguf",
        "odd": "][",
    }
    for name, line in written.items():
        folder = data / "llamacpp" / "models" / name
        folder.mkdir()
        (folder / "model.yml").write_text(line)
    models = {one.name: one for one in found(jan.SOURCE, machine(tmp_path))}
    assert {name: one.path for name, one in models.items()} == {"Ada M": inside, "x": outside}
    assert models["Ada M"].sha256 == "a" * 64


def test_jan_can_be_moved(tmp_path: Path) -> None:
    settings = tmp_path / ".local" / "share" / "Jan" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"data_folder": str(tmp_path / "moved")}))
    assert jan.data_folder(machine(tmp_path), Walk()) == tmp_path / "moved"


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("linux", ".local/share/nomic.ai/GPT4All"),
        ("darwin", "Library/Application Support/nomic.ai/GPT4All"),
        ("win32", "AppData/Local/nomic.ai/GPT4All"),
    ],
)
def test_gpt4all_keeps_files_in_one_folder_on_each_system(platform: str, place: str, tmp_path: Path) -> None:
    folder = tmp_path / place
    tiny_gguf(folder / "Llama-3.gguf")
    tiny_gguf(folder / "incomplete-Mistral.gguf")
    (folder / "gpt-4.rmodel").write_text("{}")
    tiny_gguf(tmp_path / ".cache" / "gpt4all" / "python.gguf")
    assert names(gpt4all.SOURCE, machine(tmp_path, platform)) == ["Llama-3", "python"]


def test_gpt4alls_settings_may_name_another_folder(tmp_path: Path) -> None:
    tiny_gguf(tmp_path / "my models" / "m.gguf")
    settings = tmp_path / ".config" / "nomic.ai" / "GPT4All.ini"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[General]\nmodelPath={tmp_path}/my models/\nserverChat=false\n")
    assert names(gpt4all.SOURCE, machine(tmp_path)) == ["m"]


def test_llama_cpps_own_cache_in_either_layout(tmp_path: Path) -> None:
    tiny_gguf(tmp_path / ".cache" / "llama.cpp" / "org_m-GGUF_m-Q4_K_M.gguf")
    assert names(llama_cpp.SOURCE, machine(tmp_path)) == ["org_m-GGUF_m-Q4_K_M"]
    hub = tmp_path / "named"
    hub_repository(hub, "org/new", {"new.gguf": content(tiny_gguf, tmp_path / "n.gguf")})
    tiny_gguf(hub / "old.gguf")
    assert names(llama_cpp.SOURCE, machine(tmp_path, LLAMA_CACHE=str(hub))) == ["new", "old"]
    assert llama_cpp.cache_folder(machine(tmp_path, "darwin")) == tmp_path / "Library/Caches/llama.cpp"


def test_of_an_installed_webui_only_its_models_are_looked_at(tmp_path: Path) -> None:
    installed = tmp_path / "text-generation-webui"
    tiny_gguf(installed / "user_data" / "models" / "m.gguf")
    tiny_folder(installed / "user_data" / "models" / "org_name")
    tiny_folder(installed / "user_data" / "loras" / "adapter")
    (installed / "server.py").write_text("")
    assert names(own_folders([installed]), machine(tmp_path)) == ["m", "org_name"]


def test_a_preset_of_koboldcpp_stands_for_its_model(tmp_path: Path) -> None:
    model = tiny_gguf(tmp_path / "m.gguf")
    preset = tmp_path / "p.kcpps"
    for written in ({"model_param": str(model)}, {"model": ["m.gguf"]}):
        preset.write_text(json.dumps(written))
        assert model_path(preset) == model
    preset.write_text(json.dumps({"model_param": "https://example.org/m.gguf"}))
    with pytest.raises(ModelFileError, match="names no model file on this machine"):
        model_of_preset(preset)
