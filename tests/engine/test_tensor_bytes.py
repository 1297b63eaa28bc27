"""The engine runs where numpy is not installed: nothing that Fireside installs brings it, only its tests do."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from reference_data import REPOSITORY

from engine.tensor_bytes import tensor_bytes

WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = None
import engine, torch
from engine.tensor_bytes import tensor_bytes
print(tensor_bytes(torch.tensor([[1, 2], [3, 4]], dtype=torch.int16)).hex())
"""


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.uint8, torch.int32])
def test_bytes_come_row_after_row(dtype: torch.dtype) -> None:
    numbers = torch.arange(12).reshape(3, 4).to(dtype)
    assert torch.equal(torch.frombuffer(tensor_bytes(numbers), dtype=dtype), numbers.flatten())
    assert tensor_bytes(numbers.T) == tensor_bytes(numbers.T.contiguous())
    assert tensor_bytes(numbers[:0]) == b""


def test_they_come_without_numpy() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_NUMPY], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "0100020003000400"


def test_nothing_else_asks_for_numpy() -> None:
    sources = [path for folder in ("engine", "app") for path in (REPOSITORY / folder).rglob("*.py")]
    asking = [path for path in sources if ".numpy(" in path.read_text(encoding="utf-8")]
    assert sources and asking == []
