"""A fixed tensor that follows the computation: copied once to each device, so that no step copies it again."""

from __future__ import annotations

import torch
from torch import Tensor


class Constant:
    """`on(device)` gives the tensor there."""

    def __init__(self, value: Tensor) -> None:
        self.value = value
        self._placed = {value.device: value}

    def on(self, device: torch.device) -> Tensor:
        """The tensor on `device`."""
        placed = self._placed.get(device)
        if placed is None:
            placed = self._placed[device] = self.value.to(device)
        return placed
