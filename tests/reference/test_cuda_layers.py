"""Layers through the CUDA kernels, which run on the CPU here: the logits are those of the torch code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from cuda_on_cpu import COMPILER, kernels_on_cpu
from test_families import ATTENTION, CASES, GREEDY, TOLERANCE, greedy, make_reference, prompt

from engine.ahead import ahead_for
from engine.alternatives import Drawn
from engine.api import SamplerSettings
from engine.cuda.layer import fuse_for_cuda
from engine.layers import Block
from engine.model import load_model
from engine.static import StaticDecoder

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler")

BOTH, ATTENTION_ONLY, MLP_ONLY, NONE = (True, True), (True, False), (False, True), (False, False)
HALVES = {  # which halves of a layer there are kernels for
    "llama": BOTH,
    "llama-biased": ATTENTION_ONLY,  # biases of gate and up
    "llama-longrope": BOTH,
    "mistral": BOTH,  # a window
    "qwen3": BOTH,  # norms of heads
    "gemma2": BOTH,  # softcap, norms behind the halves
    "granite": BOTH,  # scaled residuals
    "gpt_oss": ATTENTION_ONLY,  # sinks; experts
    "ministral3": MLP_ONLY,  # queries scaled by position
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels")


@torch.no_grad()
@pytest.mark.parametrize("case", HALVES)
def test_steps_of_fixed_shapes_give_the_logits_of_torch(case: str, folder: Path, tmp_path: Path) -> None:
    """12 tokens, then 8 one by one, past the window; the cache's memory is larger than what is read of it."""
    model_type, settings = CASES[case]
    make_reference(model_type, settings, tmp_path, attention=ATTENTION.get(case, "eager"))
    model = load_model(tmp_path)
    ids = prompt(20)
    model.decoder(ids[:, :12], dynamic := model.decoder.new_cache(64))
    model.decoder(ids[:, :12], cache := model.decoder.new_cache(64))
    expected = [model.decoder(ids[:, at : at + 1], dynamic)[0, -1] for at in range(12, 20)]
    with kernels_on_cpu(folder):
        fuse_for_cuda(model.decoder, torch.float32)
        static = StaticDecoder(model.decoder, model.device)
        for at, logits in enumerate(expected, 12):
            static.token.copy_(ids[:, at : at + 1])
            static.advance(cache)
            found = static.compute()
            assert torch.equal(static.compute(), found), "twice does what once does"
            static.settle(cache)
            assert float((found - logits).abs().max() / logits.abs().max()) <= TOLERANCE
    blocks: list[Any] = [module for module in model.decoder.modules() if isinstance(module, Block)]
    halves = {(block.static_attention is not None, block.static_mlp is not None) for block in blocks}
    assert halves == {HALVES[case]}
    model.close()


@torch.no_grad()
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU that torch knows")
@pytest.mark.parametrize("case", CASES)
def test_a_gpu_draws_the_tokens_of_the_cpu(case: str, tmp_path: Path) -> None:
    """Greedy tokens, on the GPU from a recorded step."""
    model_type, settings = CASES[case]
    make_reference(model_type, settings, tmp_path, attention=ATTENTION.get(case, "eager"))
    here, there = load_model(tmp_path, "cpu", "float32"), load_model(tmp_path, "cuda", "float32")
    ids, text = prompt(24), prompt(24)[0].tolist()
    ahead = ahead_for(there.decoder, device=there.device, limit=128)
    assert ahead is not None
    logits = there.decoder(ids.to(there.device), cache := there.decoder.new_cache(128), last_only=True)[0, -1]
    drawn = ahead.tokens(logits, cache, settings=SamplerSettings(temperature=0.0), seed=0, history=text, most=GREEDY)
    assert [Drawn.of(numbers).token_id for numbers in drawn] == greedy(here, ids)
    here.close()
    there.close()
