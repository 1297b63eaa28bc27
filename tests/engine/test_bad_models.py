"""Models that do not fit, whose numbers are none, or that never end: told in a sentence; what was loaded goes on."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine import device
from engine.api import (
    GenerateRequest,
    LoadRequest,
    NumericalError,
    OutOfMemoryError,
    ReplyFinished,
    SamplerSettings,
    StopReason,
)
from engine.engine import Engine


@pytest.fixture
def llama(fixtures: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "llama"
    shutil.copytree(fixtures / "models" / "llama", folder, copy_function=shutil.copyfile)
    return folder


def reply(engine: Engine, **settings: object) -> ReplyFinished:
    (*_, finished) = engine.run(GenerateRequest(1, "Once upon a time", max_tokens=8, **settings))  # type: ignore[arg-type]
    assert isinstance(finished, ReplyFinished)
    return finished


GREEDY = SamplerSettings(temperature=0.0)


@pytest.mark.skipif(os.name != "posix", reason="what is mapped is asked of the system")
def test_a_model_that_does_not_fit_is_told_with_figures_and_the_old_one_goes_on(
    fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine()
    list(engine.run(LoadRequest(1, str(fixtures / "gguf" / "llama-q8_0.gguf"))))
    expected = reply(engine, sampler=GREEDY).text
    large = Path(shutil.copyfile(fixtures / "gguf" / "llama-q8_0.gguf", tmp_path / "large.gguf"))
    monkeypatch.setattr(device, "available_bytes", lambda _device: 100 << 20)
    with pytest.raises(OutOfMemoryError, match=r"large needs 0\.\d GiB with a context of \d+ tokens, but 0\.1 GiB"):
        list(engine.run(LoadRequest(2, str(large))))
    assert not [one.path for one in psutil.Process().memory_maps() if "large.gguf" in one.path]
    assert reply(engine, sampler=GREEDY).text == expected
    engine.close()


def test_what_fits_is_part_of_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "available_bytes", lambda _device: 1 << 30)
    needs = {"cache_bytes_per_token": 1 << 18, "context": 4096, "device": torch.device("cpu")}
    with pytest.raises(OutOfMemoryError, match=r"A context of 2816 tokens would fit"):
        device.check_memory("m", weight_bytes=0, **needs)  # type: ignore[arg-type]
    with pytest.raises(OutOfMemoryError, match="Choose a smaller model"):
        device.check_memory("m", weight_bytes=4 << 30, **needs)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["model.norm.weight", "model.layers.0.self_attn.v_proj.weight", "lm_head.weight"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_weights_that_are_no_numbers_end_the_reply(llama: Path, name: str, bad: float, temperature: float) -> None:
    tensors = load_file(llama / "model.safetensors")
    tensors[name].view(-1)[0] = bad
    save_file(tensors, llama / "model.safetensors")
    engine = Engine()
    list(engine.run(LoadRequest(1, str(llama))))
    for _ in range(2):
        with pytest.raises(NumericalError, match="is not a number any more"):
            reply(engine, sampler=SamplerSettings(temperature=temperature, seed=1))
    engine.close()


@pytest.mark.parametrize(
    ("limit", "reason", "tokens"), [(None, StopReason.CONTEXT_FULL, 64), (5, StopReason.MAX_TOKENS, 5)]
)
def test_an_endless_reply_ends_at_its_limit(
    fixtures: Path, limit: int | None, reason: StopReason, tokens: int
) -> None:
    engine = Engine()
    list(engine.run(LoadRequest(1, str(fixtures / "gguf" / "llama-q8_0.gguf"), context_length=64)))
    assert engine.model is not None
    never_ends = SamplerSettings(seed=1, logit_bias=tuple((one, -1e4) for one in engine.model.tokenizer.end_ids))
    (*_, finished) = engine.run(GenerateRequest(1, "Once upon a time", sampler=never_ends, max_tokens=limit))
    assert isinstance(finished, ReplyFinished)
    assert finished.stop_reason is reason
    read = finished.timings.prompt_tokens if limit is None else 0
    assert len(finished.token_ids) + read == tokens
    engine.close()
