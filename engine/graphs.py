"""CUDA graphs: work recorded once and replayed, so that no step waits for Python to launch its kernels one by one.

What is recorded must use the same memory each time, wait for nothing, and do the same when it is done twice.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

Work = Callable[[], None]
Capture = Callable[[Work], Work]  # records work, and gives what does it again

WARM_UPS = 2  # libraries set themselves up at the first use, which no graph can record


def capture_for(device: torch.device) -> Capture | None:
    """How work on `device` is recorded; None where it cannot be."""
    return record_cuda_graph if device.type == "cuda" and torch.cuda.is_available() else None


def record_cuda_graph(work: Work) -> Work:
    """Record `work`, which is done twice on a stream of its own before (torch's notes on CUDA semantics)."""
    current = torch.cuda.current_stream()
    own = torch.cuda.Stream(current.device)  # type: ignore[no-untyped-call] # torch leaves it untyped
    own.wait_stream(current)
    with torch.cuda.stream(own):
        for _ in range(WARM_UPS):
            work()
    current.wait_stream(own)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


class Replayed:
    """Does a piece of work again and again: from a recording where one can be made, as it is otherwise."""

    def __init__(self, work: Work, capture: Capture | None) -> None:
        self._work, self._capture = work, capture
        self._replay: Work | None = None

    def __call__(self, *, is_same: bool) -> None:
        """Once more; it is recorded anew unless its memory `is_same` as last time."""
        if not is_same:
            self._replay = None  # before the next recording, which can then have its memory
        if self._replay is None and self._capture is not None:
            self._replay = self._recorded(self._capture)
        (self._replay or self._work)()

    def _recorded(self, capture: Capture) -> Work | None:
        try:
            return capture(self._work)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError:  # an operation that a graph cannot hold: from now on without
            self._capture = None
            return None
