"""All model families. To add one: a file here, its name in `FAMILIES`, an entry in the parity tests."""

from __future__ import annotations

from engine.api import UnsupportedModelError
from engine.models import gemma, gemma2, gemma3, gpt2, llama, mistral, mixtral, qwen2, qwen3
from engine.models.family import Family

FAMILIES: tuple[Family, ...] = (
    llama.FAMILY,
    mistral.FAMILY,
    mixtral.FAMILY,
    qwen2.FAMILY,
    qwen3.FAMILY,
    gemma.FAMILY,
    gemma2.FAMILY,
    gemma3.FAMILY,
    gpt2.FAMILY,
)


def find_family(architecture: str, *, is_gguf: bool) -> Family:
    """The family that goes by this name in this kind of file. Raises `UnsupportedModelError` naming it."""
    for family in FAMILIES:
        if architecture in (family.gguf if is_gguf else family.model_types):
            return family
    known = ", ".join(sorted({name for f in FAMILIES for name in (f.gguf if is_gguf else f.model_types)}))
    raise UnsupportedModelError(
        f"The model architecture {architecture!r:.80} is not supported. Supported are: {known}."
    )
