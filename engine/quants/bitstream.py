"""Small unsigned numbers packed one behind the other, the lowest bits first."""

from __future__ import annotations

import torch
from torch import Tensor


def unpack(words: Tensor, bits: int) -> Tensor:
    """Numbers of `bits` bits from the little-endian integers [..., n] -> uint8 [..., 8 * n * word bytes // bits].

    A number may reach from one word into the next.
    """
    stream = words.contiguous().view(torch.uint8)
    if 8 % bits == 0:
        shifts = torch.arange(0, 8, bits, dtype=torch.uint8, device=words.device)
        return ((stream[..., None] >> shifts) & ((1 << bits) - 1)).flatten(-2)
    places = torch.arange(8, dtype=torch.uint8, device=words.device)
    single = ((stream[..., None] >> places) & 1).flatten(-2)
    count = single.shape[-1] // bits
    numbers = single[..., : count * bits].reshape(*single.shape[:-1], count, bits)
    return (numbers << places[:bits]).sum(-1, dtype=torch.uint8)
