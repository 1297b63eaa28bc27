"""GLM-4 (0414): Llama with norms behind the branches too, partial interleaved rotation, fused gate and up."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family, Names, fused, per_layer
from engine.models.skeleton import attention, causal_decoder, gated_mlp, pre_norm_block, rms_norm, rotary


def names(config: Config) -> Names:
    """Checkpoints keep gate and up in one matrix, and call the outer norms post_self_attn and post_mlp."""
    hidden = config.integer("intermediate_size")
    return per_layer(
        config,
        {
            "attention_out_norm": "post_self_attn_layernorm",
            "mlp_out_norm": "post_mlp_layernorm",
            **dict(fused("mlp.gate_up_proj", [("mlp.gate_proj", hidden), ("mlp.up_proj", hidden)])),
        },
    )


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config, dim=config.rope_dimension(0.5), interleaved=True)
    has_bias = config.flag("attention_bias", False)

    def block(layer: int) -> Block:
        return pre_norm_block(
            config,
            attention(config, layer, rope=rope, qkv_bias=has_bias),
            gated_mlp(config),
            attention_out_norm=rms_norm(config),
            mlp_out_norm=rms_norm(config),
        )

    return causal_decoder(config, block)


FAMILY = Family(
    name="glm4",
    model_types=("glm4",),
    gguf=("glm4",),
    build=build,
    names=names,
)
