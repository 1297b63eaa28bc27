"""Kernels of this machine's instruction sets touch nothing past what they were given and do nothing that C leaves
undefined: either ends the process they run in here. The shapes are those around every block and threshold."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import foreign_kernels
import instruction_sets
import pytest
import test_fused
import test_kernels
import torch
from foreign_kernels import Foreign
from torch import nn

from engine import kernels
from engine.fused import fuse
from engine.kernels.plans import Matrix
from engine.quants import BLOCK_TYPES

HAS_COMPILER = sys.platform == "linux" and not foreign_kernels.missing("gcc")

pytestmark = [test_kernels.pytestmark, pytest.mark.skipif(not HAS_COMPILER, reason="needs Linux and gcc")]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    flags = ["-O1", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]
    return foreign_kernels.build("gcc", flags, tmp_path_factory.mktemp("guarded"))


@pytest.fixture(scope="module", params=instruction_sets.ALL)
def guarded(request: pytest.FixtureRequest, driver: Path) -> Iterator[Foreign]:
    """The kernels of this process are those of the one that is guarded."""
    if not foreign_kernels.runs([str(driver)], request.param):
        pytest.skip(f"this processor has no {request.param}")
    with foreign_kernels.running([str(driver)], request.param) as library:
        library.fireside_set_threads(2)
        yield library


@pytest.mark.parametrize("name", test_kernels.TYPES)
def test_rows_end_where_their_last_block_does(guarded: Foreign, name: str) -> None:
    for weight, x in foreign_kernels.products(name):
        assert test_kernels.largest_difference(weight, x) < 2e-5, (weight.shape, x.shape)


@pytest.mark.parametrize("name", test_kernels.TYPES)
def test_a_block_may_hold_any_bytes(guarded: Foreign, name: str) -> None:
    weight = test_kernels.packed_matrix(name, 17, BLOCK_TYPES[name].block_size * 3)
    weight.blocks.random_(256, generator=torch.manual_seed(0))
    for tokens in (1, 12):
        assert kernels.linear(weight, torch.ones(tokens, weight.shape[1])).shape == (tokens, 17)


@pytest.mark.parametrize("name", test_kernels.TYPES)
def test_the_last_row_can_be_looked_up(guarded: Foreign, name: str) -> None:
    weight = test_kernels.packed_matrix(name, 17, BLOCK_TYPES[name].block_size * 3)
    found = kernels.rows(Matrix.of(weight), torch.tensor([16, 0]))
    assert torch.allclose(found, weight.dequantize()[[16, 0]], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", test_kernels.DENSE, ids=str)
def test_dense_rows_end_with_their_last_column(guarded: Foreign, dtype: torch.dtype) -> None:
    assert test_kernels.dense_difference(dtype) < 2e-6


@pytest.mark.parametrize("case", ["plain", "no groups, wide heads", "window", "float32", "dense among packed"])
def test_a_layer_stays_within_its_cache(guarded: Foreign, case: str) -> None:
    block = test_fused.make_block(**test_fused.CASES[case])
    fuse(nn.ModuleList([block]))
    assert test_fused.largest_difference(block) < 1


def test_a_layer_stays_within_a_cache_of_blocks(guarded: Foreign) -> None:
    assert test_fused.difference_in_blocks() < 2e-3
