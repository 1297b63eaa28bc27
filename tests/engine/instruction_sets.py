"""Runs a piece of Python with the kernels of one instruction set; they are chosen once a process."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from typing import Any

import pytest

IS_ARM = platform.machine().lower() in ("arm64", "aarch64")
ALL = ("portable", "neon", "dotprod") if IS_ARM else ("portable", "avx2", "avx512")


def value_on(instructions: str, script: str) -> Any:
    """What `script` leaves in `value`, sent as JSON. Skips the test where this processor lacks the instructions."""
    script = (
        "import json, sys; sys.path[:0] = ['tests', 'tests/engine']\n"
        f"{script}\n"
        "from engine import kernels\n"
        "print(json.dumps([kernels.instruction_set(), value]))"
    )
    environment = {**os.environ, "FIRESIDE_INSTRUCTION_SET": instructions}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    used, value = json.loads(done.stdout)
    if used == "torch":
        pytest.skip(f"this processor has no {instructions}")
    assert used == instructions
    return value
