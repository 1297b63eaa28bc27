"""Command R: attention and feed-forward in parallel behind one LayerNorm, interleaved rotation, scaled logits."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import LayerNorm, ParallelBlock, PerHeadLayerNorm
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, gated_mlp, rotary


def layer_norm(config: Config) -> LayerNorm:
    """Cohere's LayerNorm has a weight but no bias."""
    return LayerNorm(config.width, config.number("layer_norm_eps", 1e-5, high=1.0), bias=False)


def build(config: Config) -> Decoder:
    """Compose the decoder; the larger model normalises query and key heads."""
    rope = rotary(config, interleaved=True)
    has_bias = config.flag("attention_bias", False)
    has_head_norms = config.flag("use_qk_norm", False)
    eps = config.number("layer_norm_eps", 1e-5, high=1.0)

    def head_norm(heads: int) -> PerHeadLayerNorm | None:
        return PerHeadLayerNorm(heads, config.head_dim, eps) if has_head_norms else None

    def block(layer: int) -> ParallelBlock:
        return ParallelBlock(
            self_attn=attention(
                config,
                layer,
                rope=rope,
                qkv_bias=has_bias,
                output_bias=has_bias,
                q_norm=head_norm(config.heads),
                k_norm=head_norm(config.kv_heads),
            ),
            mlp=gated_mlp(config),
            input_layernorm=layer_norm(config),
        )

    return causal_decoder(
        config,
        block,
        norm=layer_norm(config),
        tied=True,
        logit_scale=config.number("logit_scale", 0.0625),
    )


FAMILY = Family(
    name="cohere",
    model_types=("cohere",),
    gguf=("command-r",),
    build=build,
)
