"""Every family from GGUF, as llama.cpp's own converter writes it (make_gguf.py), against transformers' logits."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest
from safetensors.torch import load_file

from engine.model import load_model
from engine.models import FAMILIES

FAMILY_FILES = Path(__file__).parent / "data" / "families"
CASES = sorted(path.name.removesuffix(".gguf.xz") for path in FAMILY_FILES.glob("*.gguf.xz"))
TOLERANCE = 1e-4  # of the largest logit
SAME_IN_GGUF = {
    "deepseek_v3": "deepseek_v2",
    "mistral": "llama",
    "mixtral": "llama",
}  # there one calls itself the other


@pytest.mark.parametrize("name", CASES)
def test_a_converted_model_gives_the_logits_of_transformers(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.gguf"
    path.write_bytes(lzma.decompress((FAMILY_FILES / f"{name}.gguf.xz").read_bytes()))
    expected = load_file(FAMILY_FILES / f"{name}.safetensors")
    model = load_model(path)
    found = model.forward(expected["ids"])[0, -8:]
    model.close()
    assert float((found - expected["logits"]).abs().max() / expected["logits"].abs().max()) <= TOLERANCE


def test_every_family_has_a_converted_file() -> None:
    for family in FAMILIES:
        assert family.gguf or family.name in SAME_IN_GGUF, family.name
        assert any(name.split("-")[0] in (family.name, *family.model_types) for name in CASES), family.name
