"""Block formats: equal to ggml's own tables, and to gguf-py for random blocks of every type."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.api import RequestError, UnsupportedModelError
from engine.loaders.byte_order import swapped_blocks
from engine.quants import BLOCK_TYPES, PackedTensor, dequantize
from engine.quants.linear import QuantizedLinear

TABLES = ("Q4_0", "Q4_1", "Q8_0", "Q4_K", "Q6_K")


def sane_blocks(name: str, count: int, seed: int = 0) -> torch.Tensor:
    """Random bytes whose float16 fields are small finite numbers."""
    kind = BLOCK_TYPES[name]
    blocks = torch.randint(0, 256, (count, kind.type_size), dtype=torch.uint8, generator=torch.manual_seed(seed))
    scale = torch.rand(count, 1, generator=torch.manual_seed(seed + 1)) * 0.02 + 0.001
    places = {
        "Q4_1": (0, 2), "Q5_1": (0, 2), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q2_K": (80, 82), "Q3_K": (108,),
        "Q6_K": (208,), "TQ1_0": (52,), "TQ2_0": (64,),
    }  # fmt: skip
    if name == "IQ1_M":
        blocks[:, 55] = blocks[:, 55] & 15 | 32  # the scale's exponent; its parts lie between other bits
        return blocks
    if name == "Q8_K":
        blocks[:, :4] = scale.view(torch.uint8)
    elif name == "MXFP4":
        blocks[:, 0] = 118 + blocks[:, 0] % 8
    else:
        for start in places.get(name, (0,)):
            blocks[:, start : start + 2] = scale.half().view(torch.uint8)
    return blocks


@pytest.mark.parametrize("name", TABLES)
def test_dequantised_values_equal_ggmls(name: str, fixtures: Path) -> None:
    table = load_file(fixtures / "quant_tables" / f"{name}.safetensors")
    assert torch.equal(dequantize(name, table["blocks"]), table["expected"])


@pytest.mark.parametrize("name", [name for name in BLOCK_TYPES if name != "Q8_K"])
def test_dequantised_values_equal_gguf_pys(name: str) -> None:
    blocks = sane_blocks(name, 50)
    expected = gguf.quants.dequantize(blocks.numpy(), gguf.GGMLQuantizationType[name])
    assert np.array_equal(dequantize(name, blocks).numpy(), expected)


def test_mxfp4_holds_every_exponent() -> None:
    blocks = torch.zeros(246, 17, dtype=torch.uint8)  # larger exponents overflow float32
    blocks[:, 0] = torch.arange(246)
    blocks[:, 1:] = 0xA7
    expected = gguf.quants.dequantize(blocks.numpy(), gguf.GGMLQuantizationType.MXFP4)
    assert np.array_equal(dequantize("MXFP4", blocks).numpy(), expected)


def test_q8_k_is_scale_times_signed_byte() -> None:
    blocks = torch.zeros(1, 292, dtype=torch.uint8)
    blocks[0, :4] = torch.tensor([0.5]).view(torch.uint8)
    blocks[0, 4:260] = torch.arange(256, dtype=torch.uint8)
    expected = 0.5 * torch.arange(256, dtype=torch.uint8).view(torch.int8).float()
    assert torch.equal(dequantize("Q8_K", blocks)[0], expected)


def test_sizes_agree_with_gguf_py() -> None:
    for name, kind in BLOCK_TYPES.items():
        assert (kind.block_size, kind.type_size) == gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
        assert kind.ggml_id == gguf.GGMLQuantizationType[name].value


def test_unknown_types_and_wrong_sizes_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="Q9_X"):
        dequantize("Q9_X", torch.zeros(1, 18, dtype=torch.uint8))
    with pytest.raises(RequestError, match=r"\[N, 18\]"):
        dequantize("Q4_0", torch.zeros(1, 17, dtype=torch.uint8))


@pytest.fixture
def packed() -> PackedTensor:
    return PackedTensor((7, 96), BLOCK_TYPES["Q4_1"], sane_blocks("Q4_1", 7 * 3).view(7, 60))


def test_rows_of_a_packed_tensor_are_those_of_the_whole(packed: PackedTensor) -> None:
    whole = packed.dequantize()
    index = torch.tensor([[3, 0], [6, 3]])
    assert torch.equal(packed.rows(index), whole[index])
    assert torch.equal(packed.narrow_rows(2, 3).dequantize(), whole[2:5])


def test_the_exact_path_dequantises_in_chunks(packed: PackedTensor, monkeypatch: pytest.MonkeyPatch) -> None:
    projection = QuantizedLinear(packed, torch.arange(7.0))
    projection.use_kernel = False
    x = torch.randn(2, 5, 96, generator=torch.manual_seed(1))
    expected = torch.nn.functional.linear(x, packed.dequantize(), torch.arange(7.0))
    monkeypatch.setattr("engine.quants.linear.CHUNK_VALUES", 200)
    assert torch.allclose(projection(x), expected, atol=1e-5)


@pytest.mark.parametrize("name", BLOCK_TYPES)
def test_a_block_alone_has_the_values_it_has_among_others(name: str) -> None:
    blocks = sane_blocks(name, 3)
    assert torch.equal(dequantize(name, blocks[:1]), dequantize(name, blocks)[:1])


def test_every_block_type_can_be_turned_into_the_other_byte_order() -> None:
    for name, kind in BLOCK_TYPES.items():
        blocks = sane_blocks(name, 3).flatten()
        turned = swapped_blocks(kind, blocks)
        assert torch.equal(swapped_blocks(kind, turned), blocks), name
        has_wide_numbers = name not in ("MXFP4", "IQ1_M")
        assert torch.equal(turned, blocks) != has_wide_numbers, name
