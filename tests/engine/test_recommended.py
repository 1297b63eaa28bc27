"""What a model's makers recommend is read from its files; what makes no sense is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.api import SamplerSettings
from engine.loaders import GgufCheckpoint, open_checkpoint
from engine.loaders.checkpoint import Checkpoint
from engine.recommended import BY_BASENAME, _of_gguf, recommended_settings
from engine.starter import starter_model_path


class _Folder(Checkpoint):
    """A folder's checkpoint that has one side file."""

    def __init__(self, content: bytes | None) -> None:
        self._content = content

    def read(self, name: str) -> None:  # type: ignore[override]
        raise NotImplementedError

    def side_file(self, name: str) -> bytes | None:
        return self._content if name == "generation_config.json" else None


def test_generation_config_is_read() -> None:
    stored = {"do_sample": True, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "eos_token_id": [1, 2], "min_p": 0}
    assert dict(recommended_settings(_Folder(json.dumps(stored).encode()))) == {
        "temperature": 0.6,
        "top_k": 20,
        "top_p": 0.95,
        "min_p": 0.0,
    }


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"{",
        b"[1]",
        b"\xff",
        b"[" * 100_000,
        b'{"do_sample": false, "temperature": 0.6}',
        b'{"temperature": -1, "top_k": 2.5, "top_p": NaN, "min_p": true, "repetition_penalty": 1e400}',
    ],
)
def test_what_makes_no_sense_is_left_out(content: bytes | None) -> None:
    assert recommended_settings(_Folder(content)) == ()


def test_what_the_starter_model_answers_best_with_is_known() -> None:
    starter = starter_model_path()
    assert starter is not None
    with open_checkpoint(starter) as checkpoint:
        found = dict(recommended_settings(checkpoint))
    assert found == {"temperature": 0.2, "top_p": 0.9, "repetition_penalty": 1.1, "repetition_window": 16}


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"general.basename": "Qwen3"}, {"temperature": 0.6, "top_k": 20, "top_p": 0.95}),
        ({"general.basename": "Qwen3", "general.sampling.temp": 0.9}, {"temperature": 0.9}),
        ({"general.basename": "Qwen3-Coder"}, {}),
        ({"general.basename": 3}, {}),
        ({}, {}),
    ],
)
def test_a_family_is_known_by_its_name_unless_the_file_says_more(
    values: dict[str, object], found: dict[str, float]
) -> None:
    assert dict(_of_gguf({"tokenizer.chat_template": "{{ messages }}", **values})) == found
    assert _of_gguf({"general.basename": "Qwen3"}) == ()  # it does not chat


def test_every_setting_of_a_family_is_one_that_the_sampler_takes() -> None:
    for advice in BY_BASENAME.values():
        settings = SamplerSettings(**advice)  # type: ignore[arg-type]
        assert all(type(getattr(SamplerSettings(), name)) is type(value) for name, value in advice.items())
        assert settings != SamplerSettings()


def test_the_keys_of_a_gguf_are_read(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama")
    keys = gguf.Keys.General
    writer.add_float32(keys.SAMPLING_TEMP, 0.6)
    writer.add_int32(keys.SAMPLING_TOP_K, 20)
    writer.add_float32(keys.SAMPLING_PENALTY_REPEAT, -1.0)
    writer.add_int32(keys.SAMPLING_PENALTY_LAST_N, 64)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with GgufCheckpoint(tmp_path / "m.gguf") as checkpoint:
        found = dict(recommended_settings(checkpoint))
    assert found == {"temperature": 0.6, "top_k": 20, "repetition_window": 64}
    assert SamplerSettings(**found) == SamplerSettings(temperature=0.6, top_k=20, repetition_window=64)
