"""An embedding whose rows stay packed; tied models use its `head`, the same rows, as their output head."""

from __future__ import annotations

from torch import Tensor, nn

from engine import kernels
from engine.kernels.plans import Matrix
from engine.quants.linear import QuantizedLinear, has_kernel
from engine.quants.packed import Packed


class QuantizedEmbedding(nn.Module):
    """Looks up packed rows by id, dequantising only those."""

    def __init__(self, weight: Packed) -> None:
        super().__init__()
        self.head = QuantizedLinear(weight, None)
        self._rows: Matrix | None = None

    def forward(self, ids: Tensor) -> Tensor:
        """Ids [...] -> float32 [..., E]."""
        matrix = self.matrix() if ids.device.type == "cpu" else None
        return self.head.weight.rows(ids) if matrix is None else kernels.rows(matrix, ids)

    def matrix(self) -> Matrix | None:
        """The rows as the kernels take them; None where there is no kernel for them."""
        weight = self.head.weight
        if not has_kernel(weight) or not self.head.use_kernel:
            return None
        self._rows = self._rows or Matrix.of(weight)
        return self._rows
