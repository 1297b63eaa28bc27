"""OLMo: Llama with LayerNorms that have neither weight nor bias, and clipped queries, keys and values."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block, LayerNorm
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, gated_mlp, rotary


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config, interleaved=config.is_gguf)
    clip = config.optional_number("clip_qkv")
    has_bias = config.flag("attention_bias", False)

    def norm() -> LayerNorm:
        return LayerNorm(config.width, 1e-5, weight=False, bias=False)

    def block(layer: int) -> Block:
        return Block(
            self_attn=attention(config, layer, rope=rope, clip=clip, qkv_bias=has_bias, output_bias=has_bias),
            mlp=gated_mlp(config),
            input_layernorm=norm(),
            post_attention_layernorm=norm(),
        )

    return causal_decoder(config, block, norm=norm())


FAMILY = Family(
    name="olmo",
    model_types=("olmo",),
    gguf=("olmo",),
    build=build,
)
