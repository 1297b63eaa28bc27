"""Compiled kernels against their torch twin: the same numbers for every block type, shape and instruction set."""

from __future__ import annotations

import instruction_sets
import pytest
import torch
from test_quants import sane_blocks
from torch import Tensor

from engine import kernels
from engine.kernels.plans import Matrix
from engine.layers import Linear
from engine.quants import BLOCK_TYPES, PackedTensor
from engine.quants.linear import QuantizedLinear

pytestmark = pytest.mark.skipif(not kernels.available(), reason="no C compiler was there at installation")

TYPES = [name for name in BLOCK_TYPES if kernels.available() and kernels.supports(name)]
TOKENS = (1, 2, 3, 4, 5, 8, 17, 64)


def packed_matrix(name: str, rows: int, columns: int) -> PackedTensor:
    kind = BLOCK_TYPES[name]
    blocks = sane_blocks(name, rows * columns // kind.block_size, seed=rows)
    return PackedTensor((rows, columns), kind, blocks.view(rows, -1))


def rounded(x: Tensor) -> Tensor:
    """The twin of the kernels' rounding: 16 bits in groups of 32, back as float32."""
    groups = x.view(*x.shape[:-1], -1, 32)
    most = groups.abs().amax(-1, keepdim=True)
    scaled = torch.where(most > 0, groups * (127 * 256 / most), 0)
    return (scaled.round() * (most / (127 * 256))).view(x.shape)


def twin(weight: PackedTensor, x: Tensor) -> Tensor:
    return (rounded(x).double() @ weight.dequantize().double().T).float()


def largest_difference(weight: PackedTensor, x: Tensor) -> float:
    """Relative to the size of the terms that are summed up, as rounding errors are."""
    terms = rounded(x).abs() @ weight.dequantize().abs().T
    return float(((kernels.linear(weight, x) - twin(weight, x)).abs() / terms).max())


@pytest.mark.parametrize("name", TYPES)
def test_a_kernel_equals_its_torch_twin(name: str) -> None:
    for rows, groups in ((1, 1), (7, 3), (16, 2), (33, 5), (96, 4)):
        columns = max(BLOCK_TYPES[name].block_size, 32) * groups
        weight = packed_matrix(name, rows, columns)
        for tokens in TOKENS:
            x = torch.randn(tokens, columns, generator=torch.manual_seed(tokens))
            assert largest_difference(weight, x) < 2e-5, (name, rows, columns, tokens)


@pytest.mark.parametrize("name", TYPES)
def test_rounding_activations_hardly_matters(name: str) -> None:
    weight = packed_matrix(name, 64, 1024)
    x = torch.randn(8, 1024, generator=torch.manual_seed(0))
    exact = torch.nn.functional.linear(x, weight.dequantize())
    error = (kernels.linear(weight, x) - exact).norm() / exact.norm()
    assert float(error) < 5e-5


DENSE = (torch.float32, torch.float16, torch.bfloat16)


def dense_difference(dtype: torch.dtype) -> float:
    """The largest over odd and even shapes, relative to the size of the terms."""
    worst = 0.0
    for rows, columns in ((1, 1), (3, 7), (4, 16), (9, 33), (64, 96), (33, 257)):
        weight = torch.randn(rows, columns, generator=torch.manual_seed(rows)).to(dtype)
        for tokens in TOKENS:
            x = torch.randn(tokens, columns, generator=torch.manual_seed(tokens))
            expected = x.double() @ weight.double().T
            terms = x.abs() @ weight.float().abs().T
            worst = max(worst, float(((kernels.linear(weight, x) - expected).abs() / terms).max()))
    return worst


@pytest.mark.parametrize("dtype", DENSE, ids=str)
def test_dense_weights_are_multiplied_in_float32(dtype: torch.dtype) -> None:
    assert dense_difference(dtype) < 2e-6


@pytest.mark.parametrize("dtype", DENSE[1:], ids=str)
def test_a_dense_projection_of_16_bits_is_not_converted(dtype: torch.dtype) -> None:
    projection = Linear(96, 40, bias=True)
    projection.weight = torch.nn.Parameter(torch.randn(40, 96).to(dtype), requires_grad=False)
    projection.bias = torch.nn.Parameter(torch.randn(40).to(dtype), requires_grad=False)
    x = torch.randn(2, 3, 96)
    with torch.inference_mode():
        expected = torch.nn.functional.linear(x, projection.weight.float(), projection.bias.float())
        assert kernels.takes_dense(projection.weight, x)
        assert torch.allclose(projection(x), expected, atol=1e-5)
        assert not kernels.takes_dense(projection.weight, x.to(torch.bfloat16))


@pytest.mark.parametrize("tokens", [1, 3, 40])
def test_results_do_not_depend_on_the_number_of_threads(tokens: int) -> None:
    weight = packed_matrix("Q4_1", 1000, 576)
    x = torch.randn(tokens, 576, generator=torch.manual_seed(0))
    before = kernels.threads()
    try:
        results = []
        for count in (1, 2, 4, 3):
            kernels.set_threads(count)
            results.append(kernels.linear(weight, x))
    finally:
        kernels.set_threads(before)
    assert all(torch.equal(result, results[0]) for result in results)


@pytest.mark.parametrize("tokens", [1, 8])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_activations_that_are_no_numbers_are_not_hidden(bad: float, tokens: int) -> None:
    x = torch.zeros(tokens, 64)
    x[0, 3] = bad
    assert kernels.linear(packed_matrix("Q4_0", 4, 64), x)[0].isnan().all()


def test_a_slice_of_rows_works_like_the_whole() -> None:
    weight = packed_matrix("Q8_0", 40, 64)
    x = torch.randn(2, 64, generator=torch.manual_seed(0))
    assert torch.equal(kernels.linear(weight.narrow_rows(8, 16), x), kernels.linear(weight, x)[:, 8:24])


def test_quantized_linear_adds_its_bias_and_keeps_leading_dimensions() -> None:
    weight = packed_matrix("Q4_1", 40, 64)
    bias = torch.arange(40.0)
    projection = QuantizedLinear(weight, bias)
    x = torch.randn(2, 3, 64, generator=torch.manual_seed(0))
    y = projection(x)
    assert y.shape == (2, 3, 40)
    assert torch.allclose(y.view(6, 40), twin(weight, x.view(6, 64)) + bias, atol=1e-4)


@pytest.mark.parametrize("instructions", instruction_sets.ALL)
def test_every_instruction_set_of_this_machine_equals_the_twin(instructions: str) -> None:
    worst = instruction_sets.value_on(
        instructions,
        "import torch, test_kernels as t\n"
        "def worst(n):\n"
        "    return max(t.largest_difference(t.packed_matrix(n, 33, 512), torch.randn(k, 512)) for k in (1, 3, 21))\n"
        "value = {n: worst(n) for n in t.TYPES} | {str(d): t.dense_difference(d) for d in t.DENSE}",
    )
    assert set(worst) == {*TYPES, *map(str, DENSE)}
    assert max(worst.values()) < 2e-5


@pytest.mark.parametrize("name", TYPES)
def test_rows_are_looked_up_as_the_twin_dequantises_them(name: str) -> None:
    weight = packed_matrix(name, 40, 512)
    ids = torch.tensor([[3, 39, 0], [3, 7, 21]])
    looked_up, expected = kernels.rows(Matrix.of(weight), ids), weight.rows(ids)
    assert torch.allclose(looked_up, expected, rtol=1e-6, atol=1e-6 * float(expected.abs().max()))


@pytest.mark.parametrize("bad", [-1, 40, 2**40])
def test_an_id_that_is_no_row_is_refused(bad: int) -> None:
    with pytest.raises(IndexError, match="not within the matrix's 40 rows"):
        kernels.rows(Matrix.of(packed_matrix("Q4_1", 40, 64)), torch.tensor([0, bad]))
