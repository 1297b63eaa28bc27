"""All model families. To add one: a file here, its name in `FAMILIES`, an entry in the parity tests."""

from __future__ import annotations

from engine.api import UnsupportedModelError
from engine.models import (
    cohere,
    cohere2,
    ernie4_5,
    exaone4,
    gemma,
    gemma2,
    gemma3,
    glm4,
    gpt2,
    granite,
    hunyuan,
    llama,
    mistral,
    mixtral,
    nemotron,
    olmo,
    olmo2,
    phi,
    phi3,
    qwen2,
    qwen3,
    smollm3,
    starcoder2,
)
from engine.models.family import Family

FAMILIES: tuple[Family, ...] = (
    cohere.FAMILY,
    cohere2.FAMILY,
    ernie4_5.FAMILY,
    exaone4.FAMILY,
    gemma.FAMILY,
    gemma2.FAMILY,
    gemma3.FAMILY,
    glm4.FAMILY,
    gpt2.FAMILY,
    granite.FAMILY,
    hunyuan.FAMILY,
    llama.FAMILY,
    mistral.FAMILY,
    mixtral.FAMILY,
    nemotron.FAMILY,
    olmo.FAMILY,
    olmo2.FAMILY,
    phi.FAMILY,
    phi3.FAMILY,
    qwen2.FAMILY,
    qwen3.FAMILY,
    smollm3.FAMILY,
    starcoder2.FAMILY,
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
