"""Latent attention from a model's settings: sizes, weight names, and the part itself; for DeepSeek's families."""

from __future__ import annotations

from torch import Tensor

from engine.attention import LatentAttention
from engine.models.config import Config
from engine.models.family import Origin, grouped
from engine.rope import Rope, yarn_magnitude


def head_sizes(config: Config) -> tuple[int, int, int]:
    """Sizes of a head: the part of a key that is not rotated, the rotated part, the value.

    GGUF's `key_length` is that of the whole key, or of the latent key beside a `key_length_mla`.
    """
    if not config.is_gguf:
        return config.integer("qk_nope_head_dim"), config.integer("qk_rope_head_dim"), config.integer("v_head_dim")
    rotated = config.integer("rope_dimension")
    key = config.integer("latent_key_dim", config.get("head_dim"), low=rotated + 1)
    return key - rotated, rotated, config.integer("latent_value_dim", config.get("value_head_dim"))


def up_projections(config: Config, source: str) -> dict[str, str | Origin]:
    """Keys' and values' ways out of the latent: for each head, its keys' rows and then its values'."""
    plain, _, value = head_sizes(config)
    keys, values = (grouped(config.heads, [plain, value], part) for part in range(2))

    def split(weight: Tensor) -> Tensor:
        return weight.view(config.heads, -1, weight.shape[-1])

    return {
        "self_attn.k_up.weight": Origin(source, lambda weight: split(keys(weight)).transpose(1, 2)),
        "self_attn.v_up.weight": Origin(source, lambda weight: split(values(weight))),
    }


def latent_attention(config: Config, layer: int, rope: Rope) -> LatentAttention:
    """One layer's attention."""
    plain, rotated, value = head_sizes(config)
    scaling = Config(config.rope_scaling or {}, where=config.where)
    magnitude = yarn_magnitude(scaling.number("factor", 1.0), scaling.number("mscale_all_dim", 0.0))
    return LatentAttention(
        width=config.width,
        heads=config.heads,
        layer=layer,
        query_rank=config.integer("q_lora_rank") if config.get("q_lora_rank") else None,
        latent=config.integer("kv_lora_rank"),
        plain_dim=plain,
        rotated_dim=rotated,
        value_dim=value,
        eps=config.number("rms_norm_eps", 1e-6, high=1.0) if config.is_gguf else 1e-6,  # transformers' constant
        rope=rope,
        scale=(plain + rotated) ** -0.5 * magnitude**2,
        bias=config.flag("attention_bias", False),
    )
