"""Blocks of a big-endian GGUF file as little-endian ones: only the numbers wider than a byte are turned round."""

from __future__ import annotations

from torch import Tensor

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
    "Q8_K": tuple(range(260, 292, 2)),
    "IQ1_S": (0, *range(34, 50, 2)),
    "IQ1_M": (),
    "IQ2_XXS": tuple(range(0, 66, 2)),
    "IQ2_XS": tuple(range(0, 66, 2)),
    "IQ2_S": (0,),
    "IQ3_XXS": (0,),
    "IQ3_S": (0,),
}
_FLOATS: dict[str, tuple[int, ...]] = {"Q8_K": (0,)}  # of the 4-byte numbers


def swapped_blocks(kind: BlockType, blocks: Tensor) -> Tensor:
    """A copy of uint8 `blocks` with its wider numbers turned round."""
    turned = blocks.clone().view(-1, kind.type_size)
    for places, width in ((_SHORTS[kind.name], 2), (_FLOATS.get(kind.name, ()), 4)):
        for start in places:
            turned[:, start : start + width] = turned[:, start : start + width].flip(-1)
    return turned.view(-1)
