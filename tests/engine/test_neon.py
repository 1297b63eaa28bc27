"""The kernels for 64-bit ARM, cross-compiled and emulated, against the torch twins that all kernels have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import foreign_kernels
import pytest
import test_fused
import test_kernels
import torch
from foreign_kernels import Foreign
from torch import nn

from engine import kernels
from engine.fused import fuse

COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"
PROCESSORS = {"neon": "cortex-a53", "dotprod": "max"}  # a Cortex-A53 has no dot products
MISSING = foreign_kernels.missing(COMPILER, EMULATOR)

pytestmark = [
    test_kernels.pytestmark,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


def on(processor: str, driver: Path) -> list[str]:
    return [EMULATOR, "-cpu", processor, str(driver)]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return foreign_kernels.build(COMPILER, ["-O2", "-Werror", "-static"], tmp_path_factory.mktemp("arm"))


@pytest.fixture(scope="module", params=PROCESSORS)
def arm(request: pytest.FixtureRequest, driver: Path) -> Iterator[Foreign]:
    """The kernels of this process are those of the emulated one."""
    with foreign_kernels.running(on(PROCESSORS[request.param], driver), request.param) as library:
        yield library


@pytest.mark.parametrize("name", test_kernels.TYPES)
def test_packed_weights_give_the_twins_numbers(arm: Foreign, name: str) -> None:
    for weight, x in foreign_kernels.products(name):
        assert test_kernels.largest_difference(weight, x) < 2e-5, (weight.shape, x.shape)


@pytest.mark.parametrize("dtype", test_kernels.DENSE, ids=str)
def test_dense_weights_give_the_twins_numbers(arm: Foreign, dtype: torch.dtype) -> None:
    assert test_kernels.dense_difference(dtype) < 2e-6


@pytest.mark.parametrize("case", test_fused.CASES)
def test_the_halves_of_a_layer_give_the_twins_numbers(arm: Foreign, case: str) -> None:
    block = test_fused.make_block(**test_fused.CASES[case])
    fuse(nn.ModuleList([block]))
    assert block.fused_attention is not None
    assert block.fused_mlp is not None
    assert test_fused.largest_difference(block) < 1


def test_keys_and_values_may_lie_in_blocks(arm: Foreign) -> None:
    assert test_fused.difference_in_blocks() < 2e-3


@pytest.mark.parametrize("name", ["Q4_0", "Q4_K", "Q5_0", "Q6_K", "Q8_0"])
def test_results_do_not_depend_on_the_number_of_threads(arm: Foreign, name: str) -> None:
    weight = test_kernels.packed_matrix(name, 150, 512)
    for tokens in (1, 3, 40):
        x = torch.randn(tokens, 512, generator=torch.manual_seed(0))
        results = []
        for count in (1, 2, 3):
            arm.fireside_set_threads(count)
            results.append(kernels.linear(weight, x))
        assert all(torch.equal(result, results[0]) for result in results)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("tokens", [1, 16])
def test_activations_that_are_no_numbers_are_not_hidden(arm: Foreign, bad: float, tokens: int) -> None:
    test_kernels.test_activations_that_are_no_numbers_are_not_hidden(bad, tokens)


def test_the_largest_bytes_do_not_overflow(arm: Foreign) -> None:
    values = {"Q4_0": slice(2, 18), "Q5_0": slice(2, 22), "Q6_K": slice(0, 192), "Q8_0": slice(2, 34)}
    for name, places in values.items():
        weight = test_kernels.packed_matrix(name, 17, 256)
        for byte in (127, 128, 255):
            weight.blocks.view(-1, weight.type.type_size)[:, places] = byte
            for tokens in (1, 12):
                for x in (torch.ones(tokens, 256), -torch.ones(tokens, 256)):
                    assert test_kernels.largest_difference(weight, x) < 2e-5, (name, byte, tokens)


@pytest.mark.parametrize(("processor", "best"), [("cortex-a53", b"neon"), ("max", b"dotprod")])
def test_the_best_instructions_of_a_processor_are_chosen(driver: Path, processor: str, best: bytes) -> None:
    with Foreign(on(processor, driver), "") as library:
        assert library.fireside_instruction_set() == best


def test_dot_products_are_refused_where_the_processor_has_none(driver: Path) -> None:
    assert not foreign_kernels.runs(on("cortex-a53", driver), "dotprod")
