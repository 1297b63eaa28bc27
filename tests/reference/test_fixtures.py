"""Logits and greedy tokens against transformers' own, recorded in the reference data, from both kinds of file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from reference_data import FIXTURES, names, read_json
from safetensors.torch import load_file

from engine.api import GenerateRequest, LoadRequest, ReplyFinished, SamplerSettings
from engine.engine import Engine
from engine.model import Model, load_model

TOLERANCE = 1e-4  # of the largest logit
GREEDY = 64
MODELS = [name for name in names("models", "*") if (FIXTURES / "models" / name).is_dir()]
SAME_WEIGHTS = {"llama-f32.gguf", "llama_rope_llama3-f16.gguf", "qwen3-f16.gguf", "mixtral-f16.gguf", "gpt2-f16.gguf"}
SAME_FILES = [name for name in names("gguf", "*.gguf") if name in SAME_WEIGHTS]
QUANTISED = [name.removesuffix(".expected.safetensors") for name in names("gguf", "*.expected.safetensors")]


def check_logits(model: Model, reference: dict[str, torch.Tensor]) -> None:
    for i in range(3):
        expected = reference[f"prompt_{i}.logits"]
        found = model.forward(reference[f"prompt_{i}.input_ids"].view(1, -1).long())[0]
        difference = (found - expected.view(found.shape)).abs().max() / expected.abs().max()
        assert float(difference) <= TOLERANCE


def check_greedy(model: Model, reference: dict[str, torch.Tensor]) -> None:
    """64 tokens through the KV cache, one at a time."""
    for i in range(3):
        ids = reference[f"prompt_{i}.input_ids"].view(1, -1).long()
        expected = reference[f"prompt_{i}.greedy"].flatten().tolist()[-GREEDY:]
        cache = model.decoder.new_cache(ids.shape[1] + GREEDY)
        found = []
        for _ in range(GREEDY):
            ids = model.decoder(ids, cache, last_only=True)[:, -1].argmax(-1, keepdim=True)
            found.append(int(ids))
        assert found == expected


@pytest.mark.parametrize("name", MODELS)
def test_a_folder_gives_the_logits_and_tokens_of_transformers(name: str) -> None:
    folder = FIXTURES / "models" / name
    model = load_model(folder)
    reference = load_file(folder / "reference.safetensors")
    check_logits(model, reference)
    check_greedy(model, reference)
    model.close()


@pytest.mark.parametrize("name", SAME_FILES)
def test_a_gguf_file_gives_the_same(name: str) -> None:
    model = load_model(FIXTURES / "gguf" / name)
    reference = load_file(FIXTURES / "models" / name.rsplit("-", 1)[0] / "reference.safetensors")
    check_logits(model, reference)
    check_greedy(model, reference)
    model.close()


@pytest.mark.parametrize("name", QUANTISED)
def test_quantised_weights_give_the_logits_of_their_dequantised_values(name: str) -> None:
    model = load_model(FIXTURES / "gguf" / f"{name}.gguf")
    expected = load_file(FIXTURES / "gguf" / f"{name}.expected.safetensors")
    source = next(one for one in read_json(FIXTURES / "gguf" / "manifest.json") if one["file"] == f"{name}.gguf")
    for i in range(3):
        if f"prompt_{i}.input_ids" not in expected:
            continue
        ids = expected[f"prompt_{i}.input_ids"].view(1, -1).long()
        positions = expected[f"prompt_{i}.positions"].long()
        logits = expected[f"prompt_{i}.logits"]
        found = model.forward(ids)[0, positions]
        assert float((found - logits).abs().max() / logits.abs().max()) <= TOLERANCE, source["file"]
        rounded = model.decoder(ids)[0, positions]
        assert float((rounded - logits).abs().max() / logits.abs().max()) <= 10 * TOLERANCE, "the compiled kernels"
    model.close()


def test_the_engine_gives_the_same_greedy_tokens(fixtures: Path) -> None:
    """Through requests and events, with chunked prefill and the cache kept between two replies."""
    folder = fixtures / "models" / "llama"
    reference = load_file(folder / "reference.safetensors")
    engine = Engine()
    list(engine.run(LoadRequest(0, str(folder))))
    assert engine.model is not None
    ids = reference["prompt_2.input_ids"].flatten().tolist()
    engine.model.tokenizer.encode_with_specials = lambda *_text, **_options: list(ids)  # type: ignore[method-assign]
    engine.model.tokenizer.special = type(engine.model.tokenizer.special)()
    expected = tuple(reference["prompt_2.greedy"].flatten().tolist()[-GREEDY:])
    for request_id in (1, 2):
        request = GenerateRequest(request_id, "any", sampler=SamplerSettings(temperature=0.0), max_tokens=GREEDY)
        finished = list(engine.run(request))[-1]
        assert isinstance(finished, ReplyFinished)
        assert finished.token_ids == expected
        assert finished.timings.reused_tokens == (0 if request_id == 1 else len(ids) - 1)
    engine.close()
