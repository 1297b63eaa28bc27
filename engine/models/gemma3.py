"""Gemma 3 (text): Gemma 2 without soft caps, with query and key norms and two rotary bases."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family
from engine.models.gemma import gelu_mlp, norm_offset
from engine.models.gemma2 import names
from engine.models.skeleton import attention, causal_decoder, rms_norm, ropes_by_layer_type, rotary, slides
from engine.rope import Rope

LOCAL_THETA = 10_000.0  # the base of sliding layers in every published model
FULL_THETA = 1_000_000.0


def ropes(config: Config) -> tuple[Rope, Rope]:
    """The rotary embeddings of sliding and of full layers; newer files nest them by layer type."""
    nested = ropes_by_layer_type(config, sliding_theta=LOCAL_THETA, full_theta=FULL_THETA)
    if nested is not None:
        return nested
    local_theta = config.number("rope_local_base_freq", LOCAL_THETA)
    theta = config.number("rope_theta", FULL_THETA)
    return rotary(config, theta=local_theta, scaling=None), rotary(config, theta=theta)


def is_sliding(config: Config, layer: int) -> bool:
    """Whether a layer sees its window only: five of six, unless the file says else."""
    listed = slides(config, layer)
    return (layer + 1) % config.integer("sliding_window_pattern", 6) != 0 if listed is None else listed


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    offset = norm_offset(config)
    local, full = ropes(config)
    # GGUF files do not hold the scalar: it is the head size, but for the 27B model (62 layers).
    implied = config.width // config.heads if config.is_gguf and config.layers == 62 else config.head_dim
    scale = config.number("query_pre_attn_scalar", implied, low=1e-6) ** -0.5

    def block(layer: int) -> Block:
        sliding = is_sliding(config, layer)
        return Block(
            self_attn=attention(
                config,
                layer,
                rope=local if sliding else full,
                scale=scale,
                q_norm=rms_norm(config, config.head_dim, offset=offset),
                k_norm=rms_norm(config, config.head_dim, offset=offset),
                softcap=config.optional_number("attn_logit_softcapping"),
                window=config.integer("sliding_window", 4096) if sliding else None,
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


FAMILY = Family(name="gemma3", model_types=("gemma3_text", "gemma3"), gguf=("gemma3",), build=build, names=names)
