"""The CUDA kernels' own source, run on the CPU (cuda_on_cpu.py), against the torch code that it stands for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from cuda_on_cpu import COMPILER, kernels_on_cpu
from torch import Tensor, nn

from engine.cuda import layer, products
from engine.cuda.driver import CompiledKernels
from engine.layers import Activation, RMSNorm
from engine.quants import BLOCK_TYPES, PackedTensor

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler")

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
IN_ALL = ("Q4_K", "Q6_K")  # types of blocks that are tried with all dtypes: each is compiled by itself


@pytest.fixture(scope="module", autouse=True)
def on_cpu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with kernels_on_cpu(tmp_path_factory.mktemp("kernels")):
        yield


def packed(name: str, outputs: int, inputs: int, seed: int = 0) -> PackedTensor:
    """Random bits, but for scales: those are numbers that a model may have."""
    kind = BLOCK_TYPES[name]
    generator = torch.Generator().manual_seed(seed)
    blocks = torch.randint(0, 256, (outputs * inputs // kind.block_size, kind.type_size), generator=generator).byte()
    for start in SCALES[name]:
        scales = torch.rand(len(blocks), 1, generator=generator).half() * 0.1 - 0.03
        blocks[:, start : start + 2] = scales.view(torch.uint8)
    if name == "MXFP4":
        blocks[:, 0] = 120 + blocks[:, 0] % 8
        blocks[0, 0] = 0  # a subnormal scale
    return PackedTensor((outputs, inputs), kind, blocks.view(outputs, -1))


SCALES = {
    "Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q5_1": (0, 2), "Q8_0": (0,), "Q2_K": (80, 82), "Q3_K": (108,),
    "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,), "IQ4_NL": (0,), "IQ4_XS": (0,), "MXFP4": (),
}  # fmt: skip


def oracle(weight: PackedTensor) -> Tensor:
    return weight.type.dequantize(weight.blocks.reshape(-1, weight.type.type_size)).view(weight.shape)


@pytest.mark.parametrize("name", sorted(products.BLOCKS))
def test_a_matrix_is_unpacked_as_torch_unpacks_it(name: str) -> None:
    weight = packed(name, 5, 512)
    for dtype in DTYPES if name in IN_ALL else DTYPES[:1]:
        assert torch.equal(products.unpacked(weight, dtype), oracle(weight).to(dtype))
    assert torch.equal(weight.rows(torch.tensor([[3, 0]])), oracle(weight)[[3, 0]][None])


@pytest.mark.parametrize("name", sorted(products.BLOCKS))
@pytest.mark.parametrize("rows", [1, 3, 11])
def test_a_product_is_that_with_the_unpacked_matrix(name: str, rows: int) -> None:
    weight, bias = packed(name, 19, 768), torch.randn(19)
    x = torch.randn(1, rows, 768, generator=torch.Generator().manual_seed(rows))
    expected = F.linear(x.double(), oracle(weight).double(), bias.double())
    found = products.linear(weight, x, bias)
    assert found.dtype == torch.float32
    assert (found - expected).abs().max() <= 2e-6 * expected.abs().max() + 2e-5
    for dtype in DTYPES[1:] if name in IN_ALL else ():
        narrow = products.linear(weight, x.to(dtype), bias)
        exact = F.linear(x.to(dtype).double(), oracle(weight).double(), bias.double())
        rounding = torch.finfo(dtype).eps * (
            1.0 if rows <= 8 else 2.0
        )  # of many rows, the matrix's values are rounded, too
        assert (narrow - exact).abs().max() <= rounding * exact.abs().max()


def matrix(weight: PackedTensor | Tensor, bias: Tensor | None = None) -> products.Matrix:
    found = products.Matrix.of(weight, bias)
    assert found is not None
    return found


def near(found: Tensor, expected: Tensor) -> bool:
    return bool((found - expected).abs().max() <= 1e-5 * expected.abs().max())


@pytest.mark.parametrize("split", [1, 2, 4])
def test_matrices_of_a_launch_follow_each_other(split: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three types of blocks in two launches, one bias of three, a residual; rows shared by several warps."""
    monkeypatch.setattr(products, "_split", lambda _outputs, _inputs: split)
    q, k, v = packed("Q4_K", 9, 1024), packed("Q4_K", 4, 1024, seed=1), packed("Q6_K", 5, 1024, seed=2)
    bias, x, residual = torch.randn(4), torch.randn(1, 1024), torch.randn(1, 18)
    product = products.Product((matrix(q), matrix(k, bias), matrix(v)), torch.float32)
    values = torch.cat([F.linear(x, oracle(q)), F.linear(x, oracle(k), bias), F.linear(x, oracle(v))], dim=1)
    assert near(product(x), values)
    assert near(product(x, residual=residual, scale=0.5), residual + 0.5 * values)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dense_matrices_are_read_in_their_own_numbers(dtype: torch.dtype) -> None:
    weight = torch.randn(7, 96).to(dtype)
    x = torch.randn(1, 96)
    assert near(products.Product([matrix(weight)], torch.float32)(x), F.linear(x, weight.float()))
    unaligned = torch.randn(7 * 96 + 1).to(dtype)[1:].view(7, 96)
    assert near(products.Product([matrix(unaligned)], torch.float32)(x), F.linear(x, unaligned.float()))
    assert products.Matrix.of(torch.randn(4, 40), None) is None, "a piece has 32 values"


@pytest.mark.parametrize("activation", [*layer.KERNEL_ACTIVATIONS], ids=lambda one: getattr(one, "__name__", "other"))
def test_gate_and_up_are_multiplied_at_once(activation: Activation) -> None:
    gate, up, x = packed("Q5_0", 11, 512), packed("Q5_0", 11, 512, seed=1), torch.randn(1, 512) * 0.1
    expected = activation(F.linear(x, oracle(gate))) * F.linear(x, oracle(up))
    assert near(products.gated(matrix(gate), matrix(up), x, layer.KERNEL_ACTIVATIONS[activation]), expected)


def test_each_row_takes_the_matrix_that_was_chosen_for_it() -> None:
    experts = packed("MXFP4", 4 * 6, 64)
    stack = PackedTensor((4, 6, 64), experts.type, experts.blocks.view(4, 6, -1))
    x, chosen = torch.randn(3, 64), torch.tensor([2, 0, 2])
    expected = torch.stack(
        [F.linear(row, oracle(experts).view(4, 6, 64)[at]) for row, at in zip(x, chosen, strict=True)]
    )
    assert near(products.chosen_linear(stack, x, chosen), expected)


def test_a_norm_may_be_added_to_what_was_before() -> None:
    norm = RMSNorm(24, 1e-5, offset=1.0)
    norm.weight = nn.Parameter(torch.randn(24), requires_grad=False)
    x, residual = torch.randn(3, 24), torch.randn(3, 24)
    normed = layer.Normed(norm, torch.float32)
    assert near(normed(x), norm(x))
    assert near(normed(x, residual=residual, scale=0.3), residual + 0.3 * norm(x))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU that torch knows")
@pytest.mark.parametrize("name", sorted(products.BLOCKS))
def test_a_gpu_gives_what_the_source_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "CompiledKernels", CompiledKernels)
    weight, device = packed(name, 35, 2048), torch.device("cuda")
    for dtype in DTYPES:
        assert torch.equal(products.unpacked(weight.to(device), dtype).cpu(), oracle(weight).to(dtype))
    for rows in (1, 3, 20):
        x = torch.randn(rows, 2048)
        assert near(products.linear(weight.to(device), x.to(device), None).cpu(), F.linear(x, oracle(weight)))
