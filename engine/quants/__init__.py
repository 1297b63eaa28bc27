"""Block formats of quantised weights: their layouts, and weights that stay packed.

To add a block type: its function and entry in a file here; to add a file, its `TYPES` below. The packings of
safetensors are listed in `packings`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.api import RequestError, UnsupportedModelError
from engine.quants import codebooks, k_quants, legacy, nonlinear, ternary
from engine.quants.block import BlockType
from engine.quants.packed import Packed, PackedTensor

__all__ = ["BLOCK_TYPES", "BlockType", "Packed", "PackedTensor", "by_ggml_id", "dequantize"]

_ALL = (*legacy.TYPES, *k_quants.TYPES, *nonlinear.TYPES, *codebooks.TYPES, *ternary.TYPES)
BLOCK_TYPES: Mapping[str, BlockType] = {kind.name: kind for kind in _ALL}
by_ggml_id: Mapping[int, BlockType] = {kind.ggml_id: kind for kind in _ALL}


def dequantize(type_name: str, blocks: Tensor) -> Tensor:
    """Values of uint8 blocks [N, type_size] as float32 [N, block_size].

    Raises `UnsupportedModelError` for an unknown type, `RequestError` for blocks of another size.
    """
    kind = BLOCK_TYPES.get(type_name)
    if kind is None:
        raise UnsupportedModelError(
            f"The block type {type_name!r:.40} is not known; known are: {', '.join(BLOCK_TYPES)}."
        )
    if blocks.dtype != torch.uint8 or blocks.dim() != 2 or blocks.shape[1] != kind.type_size:
        raise RequestError(
            f"{type_name} blocks are uint8 [N, {kind.type_size}], not {blocks.dtype} {list(blocks.shape)}."
        )
    return kind.dequantize(blocks)
