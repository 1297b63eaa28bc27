"""OLMo 2: Llama with norms behind the branches instead of before them, and on all queries and keys."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family, Names, per_layer
from engine.models.skeleton import (
    attention,
    causal_decoder,
    gated_mlp,
    rms_norm,
    ropes_by_layer_type,
    rotary,
    window_of,
)


def names(config: Config) -> Names:
    """Hugging Face calls the norms behind the branches post_attention and post_feedforward."""
    return per_layer(
        config,
        {
            "attention_out_norm": "post_attention_layernorm",
            "mlp_out_norm": "post_feedforward_layernorm",
        },
    )


def build(config: Config) -> Decoder:
    """Compose the decoder; OLMo 3 adds sliding layers, which turn without the rope's scaling."""
    nested = ropes_by_layer_type(config, sliding_theta=500_000.0, full_theta=500_000.0)
    local, full = nested or (rotary(config, scaling=None), rotary(config))
    has_bias = config.flag("attention_bias", False)

    def block(layer: int) -> Block:
        window = window_of(config, layer)
        return Block(
            self_attn=attention(
                config,
                layer,
                rope=full if window is None else local,
                qkv_bias=has_bias,
                output_bias=has_bias,
                q_norm=rms_norm(config, config.heads * config.head_dim),
                k_norm=rms_norm(config, config.kv_heads * config.head_dim),
                window=window,
            ),
            mlp=gated_mlp(config),
            input_layernorm=None,
            post_attention_layernorm=None,
            attention_out_norm=rms_norm(config),
            mlp_out_norm=rms_norm(config),
        )

    return causal_decoder(config, block)


FAMILY = Family(
    name="olmo2",
    model_types=("olmo2", "olmo3"),
    gguf=("olmo2",),
    build=build,
    names=names,
)
