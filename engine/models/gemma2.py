"""Gemma 2: Gemma with a norm after each branch too, soft caps, every other layer sliding."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family, Names, per_layer
from engine.models.gemma import gelu_mlp, norm_offset
from engine.models.skeleton import attention, causal_decoder, rms_norm, rotary


def names(config: Config) -> Names:
    """Hugging Face calls the norm after attention `post_attention_layernorm`."""
    return per_layer(
        config,
        {
            "attention_out_norm": "post_attention_layernorm",
            "post_attention_layernorm": "pre_feedforward_layernorm",
            "mlp_out_norm": "post_feedforward_layernorm",
        },
    )


def is_sliding(config: Config, layer: int) -> bool:
    """Whether a layer sees its window only: the first and then every other one, unless the file says else."""
    kinds = config.get("layer_types")
    if isinstance(kinds, list) and len(kinds) == config.layers:
        return bool(kinds[layer] == "sliding_attention")
    return layer % 2 == 0


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope, offset = rotary(config), norm_offset(config)
    # GGUF files do not hold the scalar: it is the head size, but for the 27B model (llama.cpp, src/models).
    implied = config.width // config.heads if config.is_gguf and config.layers == 46 else config.head_dim
    scale = config.number("query_pre_attn_scalar", implied, low=1e-6) ** -0.5

    def block(layer: int) -> Block:
        return Block(
            self_attn=attention(
                config,
                layer,
                rope=rope,
                scale=scale,
                softcap=config.optional_number("attn_logit_softcapping"),
                window=config.integer("sliding_window", 4096) if is_sliding(config, layer) else None,
            ),
            mlp=gelu_mlp(config),
            input_layernorm=rms_norm(config, offset=offset),
            attention_out_norm=rms_norm(config, offset=offset),
            post_attention_layernorm=rms_norm(config, offset=offset),
            mlp_out_norm=rms_norm(config, offset=offset),
        )

    return causal_decoder(
        config,
        block,
        norm=rms_norm(config, offset=offset),
        tied=True,
        embedding_scale=config.width**0.5,
        logit_softcap=config.optional_number("final_logit_softcapping"),
    )


FAMILY = Family(name="gemma2", model_types=("gemma2",), gguf=("gemma2",), build=build, names=names)
