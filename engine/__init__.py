"""Fireside's engine: loads a language model and runs it; usable from a script or notebook, without a window.

Names are loaded on first use, so that importing `engine.api` alone does not import torch.
"""

from __future__ import annotations

import importlib
import os
import warnings
from typing import TYPE_CHECKING

# Before torch loads OpenMP: its threads would spin between torch's operations and take the cores from our own
# kernels (measured on 2 cores: 27 tokens a second instead of 47).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

warnings.filterwarnings("ignore", message="Failed to initialize NumPy")  # torch looks for it; nothing here needs it

if TYPE_CHECKING:
    from engine.engine import Engine as Engine
    from engine.model import Model as Model
    from engine.model import load_model as load_model

__all__ = ["Engine", "Model", "load_model"]

_HOMES = {"Engine": "engine.engine", "Model": "engine.model", "load_model": "engine.model"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
