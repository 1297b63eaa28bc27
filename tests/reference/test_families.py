"""Every family against transformers, at test time: tiny random models, their logits and 64 greedy tokens."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from reference_data import FIXTURES

from engine.api import FiresideError
from engine.cache import LayerCache, StateCache
from engine.experts import gather_experts
from engine.model import Model, load_model
from engine.models import FAMILIES, find_family
from engine.models.config import Config
from engine.static import StaticDecoder, can_be_static

TOLERANCE = 1e-4  # of the largest logit
GREEDY = 64
ABSURD = int(os.environ.get("FIRESIDE_FUZZ", "500")) // 10  # settings tried for each case
TINY = {
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
OLDER = {"num_key_value_heads": None, "intermediate_size": None}  # settings that a family does not know
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 64}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0 + i / 10 for i in range(8)],
    "long_factor": [2.0 + i for i in range(8)],
    "original_max_position_embeddings": 256,
}
LATENT = {
    "kv_lora_rank": 32,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 12,
    "n_routed_experts": 8,
    "n_shared_experts": 2,
    "num_experts_per_tok": 3,
    "moe_intermediate_size": 24,
    "num_key_value_heads": 4,
    "routed_scaling_factor": 1.5,
}
SLIDING = ["sliding_attention", "full_attention"] * 2

# name of the case -> (model_type, settings beyond TINY)
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {}),
    "llama-biased": (
        "llama",
        {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True, "head_dim": 32},
    ),
    "llama-linear": ("llama", {"rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}}),
    "llama-dynamic": ("llama", {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}}),
    "llama-yarn": ("llama", {"rope_parameters": YARN}),
    "llama-llama3": ("llama", {"rope_parameters": LLAMA3}),
    "llama-longrope": ("llama", {"rope_parameters": LONGROPE}),
    "mistral": ("mistral", {"sliding_window": 12}),
    "mixtral": ("mixtral", {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "qwen2": ("qwen2", {}),
    "qwen2-windowed": ("qwen2", {"use_sliding_window": True, "sliding_window": 12, "layer_types": SLIDING}),
    "qwen3": ("qwen3", {"head_dim": 32}),
    "gemma": ("gemma", {"head_dim": 32}),
    "gemma2": ("gemma2", {"head_dim": 32, "sliding_window": 12, "query_pre_attn_scalar": 24}),
    "gemma3": (
        "gemma3_text",
        {"head_dim": 32, "sliding_window": 12, "layer_types": ["sliding_attention"] * 3 + ["full_attention"]},
    ),
    "gpt2": (
        "gpt2",
        {"n_embd": 64, "n_layer": 4, "n_head": 4, "n_positions": 256, "n_inner": None},
    ),
    "olmo": ("olmo", {"clip_qkv": 0.5}),
    "olmo2": ("olmo2", {}),
    "olmo3": ("olmo3", {"sliding_window": 12, "layer_types": SLIDING}),
    "exaone4": ("exaone4", {"sliding_window": 12, "layer_types": SLIDING}),
    "granite": (
        "granite",
        {
            "embedding_multiplier": 3.0,
            "logits_scaling": 2.0,
            "residual_multiplier": 0.5,
            "attention_multiplier": 0.2,
        },
    ),
    "nemotron": ("nemotron", {"partial_rotary_factor": 0.5}),
    "smollm3": ("smollm3", {"no_rope_layers": [1, 1, 1, 0]}),
    "cohere": ("cohere", {"use_qk_norm": True, "logit_scale": 0.25}),
    "cohere2": ("cohere2", {"sliding_window": 12, "layer_types": SLIDING}),
    "glm4": ("glm4", {"head_dim": 16, "partial_rotary_factor": 0.5, "attention_bias": True}),
    "hunyuan": ("hunyuan_v1_dense", {"head_dim": 16}),
    "ernie4_5": ("ernie4_5", {"head_dim": 16}),
    "starcoder2": ("starcoder2", {"sliding_window": 12}),
    "phi": ("phi", {"partial_rotary_factor": 0.5}),
    "qwen2_moe": (
        "qwen2_moe",
        {
            "num_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 32,
            "shared_expert_intermediate_size": 48,
            "mlp_only_layers": [1],
        },
    ),
    "qwen3_moe": (
        "qwen3_moe",
        {
            "num_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 32,
            "norm_topk_prob": True,
            "head_dim": 16,
        },
    ),
    "granitemoe": (
        "granitemoe",
        {"num_local_experts": 4, "num_experts_per_tok": 2, "attention_multiplier": 0.2, "residual_multiplier": 0.5},
    ),
    "gpt_neox": ("gpt_neox", {"num_key_value_heads": None, "rotary_pct": 0.5}),
    "gpt_neox-sequential": ("gpt_neox", {"num_key_value_heads": None, "use_parallel_residual": False}),
    "falcon-40b": (
        "falcon",
        {"new_decoder_architecture": True, "num_kv_heads": 2, "hidden_size": 64, "bias": False, "alibi": False},
    ),
    "falcon-7b": ("falcon", {**OLDER, "multi_query": True, "alibi": False}),
    "falcon-sequential": (
        "falcon",
        {**OLDER, "multi_query": False, "alibi": False, "parallel_attn": False, "bias": True},
    ),
    "stablelm": ("stablelm", {"use_qkv_bias": True}),
    "stablelm-normed": ("stablelm", {"qk_layernorm": True, "use_parallel_residual": True}),
    "bloom": ("bloom", {**OLDER, "n_head": 4, "n_layer": 4}),
    "bloom-odd": ("bloom", {**OLDER, "n_head": 6, "n_layer": 2, "hidden_size": 96}),
    "mpt": ("mpt", {**OLDER, "d_model": 64, "n_heads": 4, "n_layers": 4, "max_seq_len": 256}),
    "phi3": ("phi3", {"sliding_window": 12}),
    "phi3-longrope": (
        "phi3",
        {"rope_parameters": LONGROPE, "original_max_position_embeddings": 256, "max_position_embeddings": 512},
    ),
    "phimoe": ("phimoe", {"num_local_experts": 4, "attention_bias": True, "lm_head_bias": True}),
    "phimoe-longrope": (
        "phimoe",
        {
            "num_local_experts": 4,
            "rope_parameters": {**LONGROPE, "short_mscale": 1.2, "long_mscale": 1.3},
        },
    ),
    "falcon-rw": ("falcon", {**OLDER, "multi_query": False, "alibi": True, "parallel_attn": False, "bias": True}),
    "ministral3": (
        "ministral3",
        {
            "head_dim": 16,
            "rope_parameters": {
                **YARN,
                "original_max_position_embeddings": 16,
                "llama_4_scaling_beta": 0.1,
                "mscale": 1.0,
                "mscale_all_dim": 1.0,
            },
        },
    ),
    "deepseek_v2": ("deepseek_v2", {**LATENT, "first_k_dense_replace": 1, "q_lora_rank": 24}),
    "deepseek_v2-lite": (
        "deepseek_v2",
        {
            **LATENT,
            "q_lora_rank": None,
            "topk_method": "group_limited_greedy",
            "n_group": 4,
            "topk_group": 2,
            "rope_parameters": {**YARN, "mscale": 0.7, "mscale_all_dim": 0.7},
        },
    ),
    "deepseek_v3": (
        "deepseek_v3",
        {**LATENT, "q_lora_rank": 24, "first_k_dense_replace": 1, "n_group": 4, "topk_group": 2, "num_mtp_layers": 0},
    ),
    "deepseek_v3-yarn": (
        "deepseek_v3",
        {**LATENT, "first_k_dense_replace": 4, "rope_parameters": {**YARN, "mscale": 1.0, "mscale_all_dim": 1.0}},
    ),
    "gpt_oss": (
        "gpt_oss",
        {"head_dim": 16, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 12, "swiglu_limit": 0.3},
    ),
    "lfm2": (
        "lfm2",
        {"layer_types": ["conv", "full_attention", "conv", "conv"], "block_multiple_of": 32},
    ),
    "lfm2-biased": (
        "lfm2",
        {"full_attn_idxs": [2], "conv_bias": True, "conv_L_cache": 4, "block_auto_adjust_ff_dim": False},
    ),
    "mamba": ("mamba", {"num_key_value_heads": None, "state_size": 8, "hidden_size": 48}),
    "mamba-biased": (
        "mamba",
        {"num_key_value_heads": None, "use_bias": True, "use_conv_bias": False, "time_step_rank": 5},
    ),
}


ATTENTION = {"falcon-rw": "sdpa"}  # transformers' eager attention adds Falcon's ALiBi twice


@pytest.fixture(scope="module", params=CASES)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """(transformers' model, ours) with the same random weights."""
    model_type, settings = CASES[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    theirs = make_reference(model_type, settings, folder, attention=ATTENTION.get(request.param, "eager"))
    ours = load_model(folder)
    yield theirs, ours
    ours.close()


def make_reference(
    model_type: str, settings: dict[str, Any], folder: Path, *, attention: str, is_coarse: bool = False
) -> Any:
    """A tiny model of transformers, saved with a tokenizer; norms and biases are random too.

    Coarse weights fit into float16 and compress well.
    """
    torch.manual_seed(5)
    config = transformers.AutoConfig.for_model(model_type, **{**TINY, **settings})
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * (0.3 if parameter.dim() == 1 else 0.08))
            if is_coarse:
                parameter.copy_((parameter * 32).round() / 32)
    model.save_pretrained(folder)
    shutil.copy(FIXTURES / "models" / "llama" / "tokenizer.json", folder)
    return model


def prompt(length: int = 40) -> torch.Tensor:
    return torch.randint(3, 320, (1, length), generator=torch.Generator().manual_seed(length))


@torch.no_grad()
def test_logits_equal_those_of_transformers(pair: Any) -> None:
    theirs, ours = pair
    expected = theirs(prompt()).logits
    found = ours.forward(prompt())
    assert found.shape == expected.shape
    assert float((found - expected).abs().max() / expected.abs().max()) <= TOLERANCE


@torch.no_grad()
def test_64_greedy_tokens_through_the_cache_equal_those_of_transformers(pair: Any) -> None:
    theirs, ours = pair
    expected = theirs.generate(
        prompt(24), max_new_tokens=GREEDY, min_new_tokens=GREEDY, do_sample=False, eos_token_id=None
    )[0, 24:]
    assert greedy(ours, prompt(24)) == expected.tolist()


@torch.no_grad()
def test_a_truncated_cache_gives_the_logits_of_a_fresh_one(pair: Any) -> None:
    """30 tokens, 17 forgotten, the rest of another text: as if nothing had been forgotten."""
    _, ours = pair
    cache = ours.decoder.new_cache(64)
    ids = prompt(30)
    ours.decoder(ids[:, :8], cache)
    ours.decoder(ids[:, 8:], cache)
    kept = cache.truncate(13)
    assert kept == cache.length == (8 if any(isinstance(layer, StateCache) for layer in cache.layers) else 13)
    other = torch.cat([ids[:, :13], prompt(20)], 1)
    found = ours.decoder(other[:, kept:], cache)
    expected = ours.decoder(other)[:, kept:]
    assert float((found - expected).abs().max() / expected.abs().max()) <= TOLERANCE


@torch.no_grad()
def test_static_steps_give_the_logits_of_dynamic_ones(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """10 tokens, then 10 one by one: the window is passed on the way, and the cache's memory moves.

    Experts are gathered, as they are off the CPU.
    """
    _, ours = pair
    monkeypatch.setattr("engine.cache.GROWTH", 8)
    ids = prompt(20)
    ours.decoder(ids[:, :10], dynamic := ours.decoder.new_cache(64))
    ours.decoder(ids[:, :10], cache := ours.decoder.new_cache(64))
    logits = [ours.decoder(ids[:, at : at + 1], dynamic)[0, -1] for at in range(10, 20)]
    gather_experts(ours.decoder)
    assert can_be_static(cache)
    static = StaticDecoder(ours.decoder, ours.device)
    moved = []
    for at, expected in enumerate(logits, 10):
        static.token.copy_(ids[:, at : at + 1])
        moved.append(not static.advance(cache))
        found = static.compute()
        if moved[-1]:
            assert torch.equal(static.compute(), found), "twice does what once does"
        static.settle(cache)
        assert float((found - expected).abs().max() / expected.abs().max()) <= TOLERANCE
    assert cache.length == dynamic.length == 20
    has_keys = any(isinstance(layer, LayerCache) for layer in cache.layers)
    assert moved[0]
    assert any(moved[1:]) == has_keys
    assert not all(moved)
    following = prompt(7)
    found, expected = (ours.decoder(following, one) for one in (cache, dynamic))
    assert float((found - expected).abs().max() / expected.abs().max()) <= TOLERANCE


def greedy(model: Model, ids: torch.Tensor) -> list[int]:
    cache = model.decoder.new_cache(ids.shape[1] + GREEDY)
    found = []
    for _ in range(GREEDY):
        ids = model.decoder(ids, cache, last_only=True)[:, -1].argmax(-1, keepdim=True)
        found.append(int(ids))
    return found


@torch.no_grad()
def test_padding_on_the_left_changes_no_logit(pair: Any) -> None:
    """Two texts in one batch, the shorter padded: each gives what it gives alone."""
    _, ours = pair
    short, long = prompt(10), prompt(16)
    padded = torch.cat([torch.zeros(1, 6, dtype=torch.long), short], 1)
    mask = torch.ones(2, 16, dtype=torch.bool)
    mask[0, :6] = False
    found = ours.forward(torch.cat([padded, long]), padding=mask)
    for row, alone in ((found[0, 6:], ours.forward(short)[0]), (found[1], ours.forward(long)[0])):
        assert float((row - alone).abs().max() / alone.abs().max()) <= TOLERANCE


def test_every_family_has_a_case() -> None:
    covered = {model_type for model_type, _ in CASES.values()}
    for family in FAMILIES:
        assert covered & set(family.model_types), family.name


HOSTILE = (
    *(-1, 0, 1, 3, 10**12, 2**63, 1e308, float("nan"), float("inf"), -0.5, "x", "", None, True),
    *([], {}, [0], [None] * 4, ["x"] * 4, {"a": 1}, {"rope_type": "yarn"}, {"rope_type": "dynamic", "factor": -1}),
    *({"rope_type": "longrope", "short_factor": [0]}, {"rope_type": "linear", "factor": 0}),
)


@pytest.mark.parametrize("is_gguf", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_hostile_settings_make_a_decoder_or_end_with_a_typed_error(name: str, is_gguf: bool) -> None:
    model_type, settings = CASES[name]
    family = find_family(model_type, is_gguf=False)
    sane = transformers.AutoConfig.for_model(model_type, **{**TINY, **settings}).to_dict()
    keys = [*sane, "rope_scaling", "head_dim", "sliding_window", "layer_types", "latent_key_dim"]
    chance = random.Random(name)
    for _ in range(ABSURD):
        values = {**sane, chance.choice(keys): chance.choice(HOSTILE)}
        config = Config(
            {family.settings.get(k, k): value for k, value in values.items()}, where=name, is_gguf=is_gguf
        )
        try:
            family.build(config)
            (family.gguf_names if is_gguf else family.names)(config)
        except FiresideError as error:
            assert str(error).strip()
        except (OverflowError, RuntimeError) as error:  # sizes that torch refuses: open_blueprint tells them
            assert "size" in str(error).lower() or "overflow" in str(error).lower() or "large" in str(error).lower()
