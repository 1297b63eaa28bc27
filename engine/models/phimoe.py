"""Phi 3.5 MoE: Phi 3 with LayerNorms, biases and a mixture of two experts chosen by SparseMixer."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.experts import sparse_mixer
from engine.layers import Block, LayerNorm
from engine.models.config import Config
from engine.models.family import Family
from engine.models.mixtral import names
from engine.models.skeleton import attention, causal_decoder, mixture, rotary, window_of


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config)
    eps = config.number("rms_norm_eps", 1e-5, high=1.0)
    has_bias = config.flag("attention_bias", False)
    jitter = config.number("router_jitter_noise", 0.01, high=1.0)
    experts = mixture(config, lambda _count: sparse_mixer(jitter), hidden=config.integer("intermediate_size"))

    def block(layer: int) -> Block:
        window = window_of(config, layer, every_layer=True)
        return Block(
            self_attn=attention(config, layer, rope=rope, window=window, qkv_bias=has_bias, output_bias=has_bias),
            mlp=experts(),
            input_layernorm=LayerNorm(config.width, eps),
            post_attention_layernorm=LayerNorm(config.width, eps),
        )

    has_head_bias = config.flag("lm_head_bias", False)
    return causal_decoder(config, block, norm=LayerNorm(config.width, eps), head_bias=has_head_bias)


FAMILY = Family(name="phimoe", model_types=("phimoe",), gguf=("phimoe",), build=build, names=names)
