"""Steps of fixed shapes apart from their logits, which are compared with dynamic steps for every family."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.cache import KVCache, LayerCache, StateCache
from engine.cache_blocks import Q8_0
from engine.rope import make_rope
from engine.static import FixedKeys, can_be_static

LONGROPE = {"short_factor": [1.0, 1.5, 2.0, 3.0], "long_factor": [2.0, 4.0, 6.0, 8.0], "factor": 4.0}


@pytest.mark.parametrize(
    "scaling",
    [
        {"rope_type": "dynamic", "factor": 2.0},
        {"rope_type": "longrope", "original_max_position_embeddings": 64, **LONGROPE},
    ],
    ids=lambda scaling: scaling["rope_type"],
)
@pytest.mark.parametrize("length", [1, 64, 65, 200])
def test_a_rope_gives_the_same_tables_for_a_length_on_the_device(scaling: dict[str, Any], length: int) -> None:
    rope = make_rope(theta=1e4, dim=8, scaling=scaling, max_positions=64)
    positions = torch.tensor([length - 1])
    expected = rope.tables(positions, length=length, dtype=torch.float32)
    found = rope.tables(positions, length=positions[0] + 1, dtype=torch.float32)
    for one, other in zip(found, expected, strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def filled(length: int, limit: int = 32) -> LayerCache:
    cache = LayerCache(limit=limit)
    cache.append(torch.ones(1, 2, length, 4), torch.ones(1, 2, length, 4))
    return cache


def test_memory_behind_the_text_is_zero_whatever_was_there() -> None:
    cache = filled(5)
    assert cache.keys is not None
    cache.keys[:, :, 5:] = float("nan")
    keys, _ = FixedKeys(cache, torch.tensor([5])).append(torch.full((1, 2, 1, 4), 2.0), torch.ones(1, 2, 1, 4))
    assert keys[0, 0, :, 0].tolist() == [1.0] * 5 + [2.0] + [0.0] * (keys.shape[2] - 6)


def test_a_cache_that_is_empty_or_holds_blocks_takes_dynamic_steps() -> None:
    plain, state = filled(5), StateCache()
    state.store((torch.zeros(1, 4, 2),), 5)
    assert can_be_static(KVCache([plain, state]))
    assert not can_be_static(KVCache([LayerCache(limit=32)]))
    for key_width, value_width in ((32, 32), (32, 4), (4, 32)):
        blocks = LayerCache(limit=32, dtype=Q8_0)
        blocks.append(torch.ones(1, 2, 5, key_width), torch.ones(1, 2, 5, value_width))
        assert not can_be_static(KVCache([plain, blocks]))
