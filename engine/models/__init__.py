"""All model families. To add one: a file here, its name in `FAMILIES`, an entry in the parity tests."""

from __future__ import annotations

from engine.api import UnsupportedModelError
from engine.models import (
    bloom,
    cohere,
    cohere2,
    deepseek_v2,
    deepseek_v3,
    ernie4_5,
    exaone4,
    falcon,
    gemma,
    gemma2,
    gemma3,
    glm4,
    gpt2,
    gpt_neox,
    gpt_oss,
    granite,
    granitemoe,
    hunyuan,
    lfm2,
    llama,
    mamba,
    ministral3,
    mistral,
    mixtral,
    mpt,
    nemotron,
    olmo,
    olmo2,
    phi,
    phi3,
    phimoe,
    qwen2,
    qwen2_moe,
    qwen3,
    qwen3_moe,
    smollm3,
    stablelm,
    starcoder2,
)
from engine.models.family import Family

FAMILIES: tuple[Family, ...] = (
    bloom.FAMILY,
    cohere.FAMILY,
    cohere2.FAMILY,
    deepseek_v2.FAMILY,
    deepseek_v3.FAMILY,
    ernie4_5.FAMILY,
    exaone4.FAMILY,
    falcon.FAMILY,
    gemma.FAMILY,
    gemma2.FAMILY,
    gemma3.FAMILY,
    glm4.FAMILY,
    gpt2.FAMILY,
    gpt_neox.FAMILY,
    gpt_oss.FAMILY,
    granite.FAMILY,
    granitemoe.FAMILY,
    hunyuan.FAMILY,
    lfm2.FAMILY,
    llama.FAMILY,
    mamba.FAMILY,
    ministral3.FAMILY,
    mistral.FAMILY,
    mixtral.FAMILY,
    mpt.FAMILY,
    nemotron.FAMILY,
    olmo.FAMILY,
    olmo2.FAMILY,
    phi.FAMILY,
    phi3.FAMILY,
    phimoe.FAMILY,
    qwen2.FAMILY,
    qwen2_moe.FAMILY,
    qwen3.FAMILY,
    qwen3_moe.FAMILY,
    smollm3.FAMILY,
    stablelm.FAMILY,
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
