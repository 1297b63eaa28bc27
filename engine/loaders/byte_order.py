"""Blocks of a big-endian GGUF file as little-endian ones: only the numbers wider than a byte are turned round."""

from __future__ import annotations

from torch import Tensor

from engine.api import UnsupportedModelError
from engine.quants import BlockType

# First bytes of the 2-byte numbers in each block (ggml-common.h).
_SHORTS: dict[str, tuple[int, ...]] = {
    "Q4_0": (0,),
    "Q4_1": (0, 2),
    "Q5_0": (0,),
    "Q5_1": (0, 2),
    "Q8_0": (0,),
    "Q2_K": (80, 82),
    "Q3_K": (108,),
    "Q4_K": (0, 2),
    "Q5_K": (0, 2),
    "Q6_K": (208,),
    "IQ4_NL": (0,),
    "IQ4_XS": (0, 2),
    "TQ1_0": (52,),
    "TQ2_0": (64,),
    "MXFP4": (),
}


def swapped_blocks(kind: BlockType, blocks: Tensor, *, where: str) -> Tensor:
    """A copy of uint8 `blocks` with its 2-byte numbers turned round. Raises `UnsupportedModelError`."""
    if kind.name not in _SHORTS:
        raise UnsupportedModelError(f"{where}: {kind.name} in a big-endian file cannot be read yet.")
    turned = blocks.clone().view(-1, kind.type_size)
    for start in _SHORTS[kind.name]:
        turned[:, start : start + 2] = turned[:, start : start + 2].flip(-1)
    return turned.view(-1)
