"""Nemotron: LayerNorms stored as weight - 1, partial rotation and a squared-ReLU network."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import MLP, Block, LayerNorm
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, rotary


def build(config: Config) -> Decoder:
    """Compose the decoder; GGUF files already hold the full norm weight."""
    rope = rotary(config, dim=config.rope_dimension(0.5))
    eps = config.number("layer_norm_eps" if config.is_gguf else "norm_eps", 1e-5, high=1.0)
    offset = 0.0 if config.is_gguf else 1.0
    has_bias, mlp_bias = config.flag("attention_bias", False), config.flag("mlp_bias", False)

    def norm() -> LayerNorm:
        return LayerNorm(config.width, eps, offset=offset)

    def block(layer: int) -> Block:
        return Block(
            self_attn=attention(config, layer, rope=rope, qkv_bias=has_bias, output_bias=has_bias),
            mlp=MLP(
                config.width,
                config.integer("intermediate_size"),
                config.activation("hidden_act", "relu2"),
                bias=mlp_bias,
            ),
            input_layernorm=norm(),
            post_attention_layernorm=norm(),
        )

    return causal_decoder(config, block, norm=norm())


FAMILY = Family(
    name="nemotron",
    model_types=("nemotron",),
    gguf=("nemotron",),
    build=build,
)
