"""Torch's own int4 and int8 products: the exact values of packings that fit, and no use of them for the others."""

from __future__ import annotations

import pytest
import torch
from test_kernels import packed_matrix
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from engine.quants.compressed import ScaledRows
from engine.quants.embedding import QuantizedEmbedding
from engine.quants.grouped import GroupedTensor
from engine.quants.linear import QuantizedLinear
from engine.quants.mlx import MlxTensor
from engine.quants.packed import Packed
from engine.torch_products import FEW_ROWS, Int4Linear, Int8Linear, pack_numbers, use_torch_products

OUTPUTS, INPUTS, GROUP = 32, 128, 64
HALF, BRAIN, SINGLE = torch.float16, torch.bfloat16, torch.float32


def words(rows: int, columns: int) -> Tensor:
    """Random int32 words of eight numbers each."""
    return torch.randint(-(2**31), 2**31, (rows, columns), generator=torch.manual_seed(3)).int()


def scales(rows: int, columns: int, dtype: torch.dtype) -> Tensor:
    return ((torch.rand(rows, columns, generator=torch.manual_seed(4)) + 0.5) / 8).to(dtype)


def compressed(dtype: torch.dtype, *, zeros: Tensor | None = None) -> Packed:
    shape = (OUTPUTS, INPUTS)
    return ScaledRows(shape, words(OUTPUTS, INPUTS // 8), scales(OUTPUTS, INPUTS // GROUP, dtype), zeros, None, 4)


def grouped(dtype: torch.dtype, *, is_awq: bool = False, zero: int = 8, in_order: bool = True) -> Packed:
    packed = words(INPUTS, OUTPUTS // 8) if is_awq else words(INPUTS // 8, OUTPUTS)
    groups = INPUTS // GROUP
    group = torch.arange(INPUTS) // GROUP
    zeros = torch.full((groups, OUTPUTS), zero)
    order = group if in_order else group.flip(0)
    return GroupedTensor((OUTPUTS, INPUTS), packed, zeros, scales(groups, OUTPUTS, dtype), order, 4, is_awq)


def rows_of_int8(dtype: torch.dtype) -> Packed:
    numbers = torch.randint(-128, 128, (OUTPUTS, INPUTS), generator=torch.manual_seed(5)).to(torch.int8)
    return ScaledRows((OUTPUTS, INPUTS), numbers, scales(OUTPUTS, 1, dtype), None, None, None)


def mlx() -> Packed:
    steps = scales(OUTPUTS, INPUTS // GROUP, BRAIN)
    return MlxTensor((OUTPUTS, INPUTS), words(OUTPUTS, INPUTS // 8).view(torch.uint32), steps, steps * -7.5, 4)


def replaced(weight: Packed, dtype: torch.dtype, bias: Tensor | None = None) -> nn.Module:
    decoder = nn.Sequential(nn.Sequential(QuantizedLinear(weight, bias)))
    use_torch_products(decoder, dtype)
    return decoder.get_submodule("0.0")


FITTING = {
    "Q4_0 in float16": (packed_matrix("Q4_0", OUTPUTS, INPUTS), HALF),
    "Q4_0 in float32": (packed_matrix("Q4_0", OUTPUTS, INPUTS), SINGLE),
    "compressed-tensors": (compressed(BRAIN), BRAIN),
    "GPTQ": (grouped(HALF), HALF),
    "AWQ": (grouped(BRAIN, is_awq=True), BRAIN),
}


@pytest.mark.parametrize("name", FITTING)
def test_a_packing_that_fits_keeps_its_exact_values(name: str) -> None:
    """Each input alone: a row of the transposed weight, rounded as the dequantised weight is."""
    weight, dtype = FITTING[name]
    product = replaced(weight, dtype)
    assert isinstance(product, Int4Linear)
    assert torch.equal(product(torch.eye(INPUTS, dtype=dtype)[None])[0].t(), weight.dequantize().to(dtype))


@pytest.mark.parametrize("name", FITTING)
def test_a_product_of_several_rows_with_a_bias_equals_the_dequantised_one(name: str) -> None:
    weight, dtype = FITTING[name]
    bias = torch.randn(OUTPUTS, generator=torch.manual_seed(2))
    x = torch.randn(1, 5, INPUTS, generator=torch.manual_seed(1)).to(dtype)
    expected = x.float() @ weight.dequantize().t() + bias
    found = replaced(weight, dtype, bias)(x)
    assert found.dtype == dtype
    assert float((found.float() - expected).abs().max() / expected.abs().max()) < 0.01


UNFIT = {
    "a scale that bfloat16 rounds": (packed_matrix("Q4_0", OUTPUTS, INPUTS), BRAIN),
    "a minimum": (packed_matrix("Q4_1", OUTPUTS, INPUTS), HALF),
    "8 bits in groups": (packed_matrix("Q8_0", OUTPUTS, INPUTS), HALF),
    "an offset": (mlx(), BRAIN),
    "zeros": (compressed(BRAIN, zeros=torch.ones(OUTPUTS, INPUTS // GROUP)), BRAIN),
    "another zero": (grouped(HALF, zero=7), HALF),
    "groups out of order": (grouped(HALF, in_order=False), HALF),
    "rows that are no tile": (packed_matrix("Q4_0", 12, INPUTS), HALF),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_packing_that_does_not_fit_stays_as_it_is(name: str) -> None:
    assert type(replaced(*UNFIT[name])) is QuantizedLinear


def test_an_embedding_keeps_the_rows_that_it_looks_up() -> None:
    decoder = nn.Sequential(QuantizedEmbedding(packed_matrix("Q4_0", OUTPUTS, INPUTS)))
    use_torch_products(decoder, HALF)
    assert decoder(torch.tensor([3])).shape == (1, INPUTS)


@pytest.mark.parametrize("dtype", [BRAIN, SINGLE])
def test_int8_rows_are_read_as_they_are_for_few_rows_of_activations(dtype: torch.dtype) -> None:
    weight = rows_of_int8(BRAIN)
    product = replaced(weight, dtype, torch.ones(OUTPUTS))
    assert isinstance(product, Int8Linear)
    for rows in (1, FEW_ROWS, FEW_ROWS + 1):
        x = torch.randn(1, rows, INPUTS, generator=torch.manual_seed(rows)).to(dtype)
        expected = x.float() @ weight.dequantize().t() + 1
        assert float((product(x).float() - expected).abs().max() / expected.abs().max()) < 0.01
    assert type(replaced(rows_of_int8(SINGLE), BRAIN)) is QuantizedLinear


def test_a_product_that_differs_or_fails_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    weight, dtype = FITTING["compressed-tensors"]
    monkeypatch.setattr(
        "engine.torch_products.pack_numbers", lambda numbers, tiles: pack_numbers(15 - numbers, tiles)
    )
    assert type(replaced(weight, dtype)) is QuantizedLinear
    monkeypatch.setattr("engine.torch_products.Int4Linear.forward", lambda *_: torch.empty(0).view(3))
    assert type(replaced(weight, dtype)) is QuantizedLinear


@pytest.mark.parametrize("tiles", [2, 4, 8])
def test_other_devices_get_the_shapes_that_torch_declares_for_them(tiles: int) -> None:
    numbers = torch.zeros(OUTPUTS, INPUTS, dtype=torch.uint8, device="meta")
    packed = pack_numbers(numbers, tiles)
    assert packed.shape == (OUTPUTS // 8, INPUTS // (16 * tiles), 32, tiles // 2)
    with FakeTensorMode():
        there = torch.empty(packed.shape, dtype=packed.dtype, device="cuda")
        steps = torch.empty(INPUTS // GROUP, OUTPUTS, 2, dtype=BRAIN, device="cuda")
        y = Int4Linear(there, steps, None, group=GROUP)(torch.empty(1, 3, INPUTS, dtype=BRAIN, device="cuda"))
    assert (y.shape, y.dtype) == ((1, 3, OUTPUTS), BRAIN)
