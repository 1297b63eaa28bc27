"""Gemma 1: Llama with norms stored as weight - 1, scaled embeddings and tied output."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block, GatedMLP
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, rms_norm, rotary


def norm_offset(config: Config) -> float:
    """What is added to norm weights: GGUF files already hold the sum."""
    return 0.0 if config.is_gguf else 1.0


def gelu_mlp(config: Config) -> GatedMLP:
    """The gated network; named by `hidden_activation`; `hidden_act` is wrong in some files."""
    return GatedMLP(
        config.width,
        config.integer("intermediate_size"),
        config.activation("hidden_activation", "gelu_pytorch_tanh"),
    )


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope, offset = rotary(config), norm_offset(config)

    def block(layer: int) -> Block:
        return Block(
            self_attn=attention(config, layer, rope=rope),
            mlp=gelu_mlp(config),
            input_layernorm=rms_norm(config, offset=offset),
            post_attention_layernorm=rms_norm(config, offset=offset),
        )

    return causal_decoder(
        config,
        block,
        norm=rms_norm(config, offset=offset),
        tied=True,
        embedding_scale=config.width**0.5,
    )


FAMILY = Family(name="gemma", model_types=("gemma",), gguf=("gemma",), build=build)
