"""The compiled halves of a layer against the torch code of the same layer, step after step through one cache."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import instruction_sets
import pytest
import torch
from test_kernels import packed_matrix
from torch import Tensor, nn

from engine import kernels
from engine.attention import Attention
from engine.cache import KVCache, LayerCache
from engine.cache_blocks import Q8_0
from engine.decoder import Decoder
from engine.draft import MOST_GUESSES
from engine.fused import fuse
from engine.layers import ACTIVATIONS, Block, Embedding, GatedMLP, Linear, RMSNorm, Step
from engine.lookup import GUESSES
from engine.model import load_model
from engine.quants.embedding import QuantizedEmbedding
from engine.quants.linear import QuantizedLinear
from engine.rope import make_rope

pytestmark = pytest.mark.skipif(not kernels.available(), reason="no C compiler was there at installation")

WIDTH, HIDDEN = 96, 160
# Tokens of each step: both sides of every threshold in the kernels, and so long that keys are cut into stretches.
STEPS = (5, 1, 1, 40, 7, 8, 64, 1, 33, 120, 1, 9, 3, 1)
TOLERANCE = {torch.float32: 1e-4, torch.float16: 2e-3}  # by the cache's dtype: a half's last bit is 5e-4 of it
BYTES_TOLERANCE = 1e-2  # of long prompts over halves with AVX-512, where all keys weigh about the same
NUMBERS = dict(re.findall(r"(\w+) = (\d+)", Path(kernels.__file__).with_name("kernels.h").read_text("utf-8")))
LONG_PROMPT = int(NUMBERS["LONG_PROMPT"])  # tokens
PLAIN: dict[str, Any] = {"heads": 4, "kv_heads": 2, "head_dim": 32}
CASES: dict[str, dict[str, Any]] = {
    "plain": PLAIN,
    "one key head": {"heads": 6, "kv_heads": 1, "head_dim": 16},
    "no groups, wide heads": {"heads": 2, "kv_heads": 2, "head_dim": 80},
    "three to a key": {"heads": 3, "kv_heads": 1, "head_dim": 64},
    "seven to a key": {"heads": 14, "kv_heads": 2, "head_dim": 64},
    "eight to a key, wide heads, window": {"heads": 8, "kv_heads": 1, "head_dim": 144, "window": 70},
    "window": {**PLAIN, "window": 20},
    "window smaller than a step": {**PLAIN, "window": 3},
    "normed heads": {**PLAIN, "q_norm": 32, "k_norm": 32},
    "biased": {**PLAIN, "qkv_bias": True},
    "half rotated, in pairs": {**PLAIN, "rope_dim": 16, "interleaved": True},
    "float32": {**PLAIN, "dtype": torch.float32},
    "float32, window, normed": {**PLAIN, "dtype": torch.float32, "window": 20, "q_norm": 32, "k_norm": 32},
    "float32, one key head": {"heads": 6, "kv_heads": 1, "head_dim": 16, "dtype": torch.float32},
    "dense": {**PLAIN, "dtype": torch.bfloat16, "qkv_bias": True},
    "dense among packed": {**PLAIN, "dtype": torch.float16, "is_mixed": True},
    "norms behind": {**PLAIN, "norm_out": True, "activation": "gelu_pytorch_tanh"},
    "norms only behind": {**PLAIN, "norm_out": True, "norm_in": False, "residual_scale": 0.3},
}


def norm(width: int) -> RMSNorm:
    made = RMSNorm(width, 1e-5, offset=1.0)
    made.weight = nn.Parameter(torch.randn(width) / 4, requires_grad=False)
    return made


def projection(rows: int, columns: int, *, bias: bool = False, dtype: torch.dtype | None = None) -> nn.Module:
    """Packed, or dense in `dtype`."""
    if dtype is not None:
        dense = Linear(columns, rows, bias=bias)
        dense.weight = nn.Parameter((torch.randn(rows, columns) / 8).to(dtype), requires_grad=False)
        if bias:
            dense.bias = nn.Parameter((torch.randn(rows) / 4).to(dtype), requires_grad=False)
        return dense
    weight = packed_matrix("Q8_0", rows, columns)
    weight.blocks.view(rows, -1, 34)[:, :, :2] = torch.tensor([0.002], dtype=torch.float16).view(torch.uint8)
    return QuantizedLinear(weight, torch.randn(rows) / 4 if bias else None)


def make_block(
    *,
    heads: int,
    kv_heads: int,
    head_dim: int,
    norm_in: bool = True,
    norm_out: bool = False,
    activation: str = "silu",
    residual_scale: float = 1.0,
    rope_dim: int | None = None,
    interleaved: bool = False,
    **parts: Any,
) -> Block:
    torch.manual_seed(3)
    has_bias = parts.pop("qkv_bias", False)
    dtype, is_mixed = parts.pop("dtype", None), parts.pop("is_mixed", False)
    for name in ("q_norm", "k_norm"):
        parts[name] = norm(parts[name]) if name in parts else None
    rope = make_rope(theta=1e4, dim=rope_dim or head_dim, scaling=None, max_positions=999, interleaved=interleaved)
    attention = Attention(width=WIDTH, heads=heads, kv_heads=kv_heads, head_dim=head_dim, layer=0, rope=rope, **parts)
    for name, count in (("q_proj", heads), ("k_proj", kv_heads), ("v_proj", kv_heads)):
        kept = None if is_mixed and name == "k_proj" else dtype
        setattr(attention, name, projection(count * head_dim, WIDTH, bias=has_bias, dtype=kept))
    attention.o_proj = projection(WIDTH, heads * head_dim, dtype=dtype)
    mlp = GatedMLP(WIDTH, HIDDEN, ACTIVATIONS[activation])
    mlp.gate_proj = projection(HIDDEN, WIDTH, dtype=dtype)
    mlp.up_proj = projection(HIDDEN, WIDTH, dtype=None if is_mixed else dtype)
    mlp.down_proj = projection(WIDTH, HIDDEN, dtype=dtype)
    return Block(
        self_attn=attention,
        mlp=mlp,
        input_layernorm=norm(WIDTH) if norm_in else None,
        post_attention_layernorm=norm(WIDTH) if norm_in else None,
        attention_out_norm=norm(WIDTH) if norm_out else None,
        mlp_out_norm=norm(WIDTH) if norm_out else None,
        residual_scale=residual_scale,
    )


def run(block: Block, *, fused: bool) -> list[Tensor]:
    """The block's output for every step of one text."""
    cache = KVCache([LayerCache(limit=512, dtype=block.self_attn.cache_dtype)])
    generator = torch.Generator().manual_seed(1)
    outputs = []
    for tokens in STEPS:
        x = torch.randn(1, tokens, WIDTH, generator=generator)
        past = cache.length
        step = Step(torch.arange(past, past + tokens), past, torch.float32, cache=cache, is_single=fused)
        outputs.append(block(x, step))
    return outputs


def step_differences(block: Block) -> list[float]:
    """Of each step of the text, as a share of its largest number."""
    pairs = zip(run(block, fused=False), run(block, fused=True), strict=True)
    return [float((one - other).abs().max() / one.abs().max()) for one, other in pairs]


def difference_in_blocks() -> float:
    """The largest from torch's own Q8_0 cache: with and without a window, groups and half-filled vectors."""
    worst = 0.0
    shapes = ((4, 4, 64), (6, 2, 96), (7, 1, 64))
    wide = [{"heads": heads, "kv_heads": kv_heads, "head_dim": depth} for heads, kv_heads, depth in shapes]
    for parts in (PLAIN, CASES["window"], *wide):
        block = make_block(**parts)
        block.self_attn.cache_dtype = Q8_0
        fuse(nn.ModuleList([block]))
        assert block.fused_attention is not None
        worst = max(worst, *step_differences(block))
    return worst


def largest_difference(block: Block) -> float:
    """In units of what the cache's dtype allows."""
    dtype = block.self_attn.cache_dtype or torch.float32
    has_bytes = dtype == torch.float16 and kernels.instruction_set() == "avx512"
    worst = 0.0
    for tokens, difference in zip(STEPS, step_differences(block), strict=True):
        allowed = BYTES_TOLERANCE if has_bytes and tokens >= LONG_PROMPT else TOLERANCE[dtype]
        worst = max(worst, difference / allowed)
    return worst


@pytest.mark.parametrize("case", CASES)
def test_a_fused_layer_equals_the_torch_layer(case: str) -> None:
    block = make_block(**CASES[case])
    fuse(nn.ModuleList([block]))
    assert block.fused_attention is not None
    assert block.fused_mlp is not None
    assert largest_difference(block) < 1


def test_keys_and_values_may_lie_in_blocks() -> None:
    assert difference_in_blocks() < 2e-3  # where a number is rounded to the other side, the last of 8 bits


@pytest.mark.parametrize(("scale", "allowed"), [(1.0, 1e-2), (8.0, 5e-2)])
def test_few_keys_may_have_all_the_weight(scale: float, allowed: float) -> None:
    """Scores deviate by 18 and by 143; by 2 where the scale is that of the other tests, and less in real models."""
    block = make_block(heads=6, kv_heads=2, head_dim=64, scale=scale)
    fuse(nn.ModuleList([block]))
    differences = step_differences(block)
    assert max(differences) < allowed, differences


def test_no_score_is_too_large() -> None:
    block = make_block(heads=6, kv_heads=2, head_dim=64, scale=64.0)
    fuse(nn.ModuleList([block]))
    differences = step_differences(block)
    assert max(differences) < 1, differences  # other keys may win, but they give what they have


def test_scores_may_rise_slowly_past_what_a_float_holds() -> None:
    """By 200 powers of two over 16,000 keys, of which none has much of all weight."""
    past, new, query, powers = 16_000, 40, 100.0, 200.0
    block = make_block(heads=3, kv_heads=1, head_dim=64, qkv_bias=True)
    block.self_attn.q_proj.bias.data.view(3, 64)[:, 31] += query
    fuse(nn.ModuleList([block]))
    turned = past * 1e4 ** (-31 / 32)  # how far the rotary embedding has turned columns 31 and 63
    rise = torch.linspace(-powers, 0, past) * math.log(2) * math.sqrt(64) / query
    outputs = []
    for is_fused in (False, True):
        generator = torch.Generator().manual_seed(1)
        keys, values = (torch.randn(1, 1, past, 64, generator=generator) * size for size in (0.01, 1.0))
        keys[..., 31] += rise * math.cos(turned)
        keys[..., 63] += rise * math.sin(turned)
        cache = KVCache([LayerCache(limit=past + new, dtype=torch.float16)])
        cache.layers[0].append(keys.half(), values.half())
        x = torch.randn(1, new, WIDTH, generator=generator)
        step = Step(torch.arange(past, past + new), past, torch.float32, cache=cache, is_single=is_fused)
        outputs.append(block(x.clone(), step) - x)
    assert float((outputs[0] - outputs[1]).abs().max()) < BYTES_TOLERANCE * float(outputs[0].abs().max())


@pytest.mark.parametrize("bias", [20.0, 200.0])
def test_keys_may_have_much_in_common(bias: float) -> None:
    """Qwen's do, by the bias of a column that hardly rotates: what tells them apart must not be rounded away."""
    block = make_block(heads=6, kv_heads=2, head_dim=64, qkv_bias=True)
    block.self_attn.k_proj.bias.data.view(2, 64)[:, 31] += bias
    fuse(nn.ModuleList([block]))
    differences = step_differences(block)
    assert max(differences) < BYTES_TOLERANCE, differences


@pytest.mark.parametrize("part", ["softcap", "clip"])
def test_a_part_without_a_compiled_form_runs_in_torch(part: str) -> None:
    block = make_block(**PLAIN, **{part: 5.0})
    fuse(nn.ModuleList([block]))
    assert block.fused_attention is None
    assert block.fused_mlp is not None
    assert largest_difference(block) < 1


@pytest.mark.parametrize("instructions", instruction_sets.ALL)
def test_every_instruction_set_gives_the_same(instructions: str) -> None:
    differences = instruction_sets.value_on(
        instructions,
        "import test_fused as t; from torch import nn\n"
        "blocks = {name: t.make_block(**case) for name, case in t.CASES.items()}\n"
        "t.fuse(nn.ModuleList(blocks.values()))\n"
        "value = {name: t.largest_difference(block) for name, block in blocks.items()}",
    )
    assert set(differences) == set(CASES)
    assert max(differences.values()) < 1, differences


def test_the_number_of_threads_changes_no_bit() -> None:
    block = make_block(**PLAIN)
    fuse(nn.ModuleList([block]))
    before = kernels.threads()
    try:
        results = []
        for count in (1, 2, 3):
            kernels.set_threads(count)
            results.append(torch.cat(run(block, fused=True), 1))
    finally:
        kernels.set_threads(before)
    assert all(torch.equal(result, results[0]) for result in results)


@pytest.mark.parametrize("heads", [3, 8])  # to a key: 33 tokens are computed together, or eleven at a time
def test_how_much_of_a_prompt_is_read_at_a_time_changes_no_bit(heads: int) -> None:
    block = make_block(heads=heads, kv_heads=1, head_dim=64)
    fuse(nn.ModuleList([block]))
    x = torch.randn(1, 33, WIDTH, generator=torch.Generator().manual_seed(1))
    results = []
    for cuts in ([33], [16, 17]):
        cache = KVCache([LayerCache(limit=64, dtype=torch.float16)])
        outputs = []
        for part in x.clone().split(cuts, 1):
            past = cache.length
            step = Step(torch.arange(past, past + part.shape[1]), past, torch.float32, cache=cache, is_single=True)
            outputs.append(block(part.contiguous(), step))
        results.append(torch.cat(outputs, 1))
    assert torch.equal(*results)


def test_one_more_token_in_one_call_is_what_the_parts_give(starter: Path) -> None:
    model = load_model(starter)
    one, parts = (model.decoder.new_cache(64) for _ in range(2))
    try:
        for cache in (one, parts):
            model.decoder(torch.tensor([[5, 6, 7]]), cache)
        compiled = model.decoder.compiled_token
        assert compiled is not None
        for token in (8, 9, 10):
            logits = compiled(token, one)
            assert torch.equal(logits, model.decoder(torch.tensor([[token]]), parts)[0])
        assert one.length == parts.length == 6
        with pytest.raises(IndexError):
            compiled(model.decoder.vocabulary, one)
    finally:
        model.close()


def test_guesses_are_judged_as_single_tokens_are() -> None:
    """Beside the token behind which they come."""
    assert 1 + max(MOST_GUESSES, GUESSES) < LONG_PROMPT


def make_decoder(**parts: Any) -> Decoder:
    """One layer, and an embedding in blocks that is the head as well."""
    torch.manual_seed(5)
    embedding = Embedding(100, WIDTH)
    decoder = Decoder(embed_tokens=embedding, layers=[make_block(**PLAIN)], norm=norm(WIDTH), lm_head=None, **parts)
    decoder.embed_tokens = QuantizedEmbedding(packed_matrix("Q8_0", 100, WIDTH))
    fuse(decoder)
    return decoder


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_a_decoder_that_scales_its_embedding_gives_one_more_token_alike(scale: float) -> None:
    decoder = make_decoder(embedding_scale=scale)
    one, parts = decoder.new_cache(64), decoder.new_cache(64)
    compiled = decoder.compiled_token
    assert compiled is not None
    for token in (8, 9, 10):
        logits = compiled(token, one)
        assert torch.equal(logits, decoder(torch.tensor([[token]]), parts)[0])


@pytest.mark.parametrize("part", [{"logit_softcap": 5.0}, {"logit_scale": 0.5}, {"embedding_norm": norm(WIDTH)}])
def test_what_has_no_compiled_form_between_embedding_and_logits_takes_the_parts(part: dict[str, Any]) -> None:
    decoder = make_decoder(**part)
    assert decoder.fused_head is not None
    assert decoder.compiled_token is None
