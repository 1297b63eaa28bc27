"""StableLM: Llama with LayerNorms, partial rotation and, in some sizes, a LayerNorm for each head."""

from __future__ import annotations

from torch import nn

from engine.decoder import Decoder
from engine.layers import Block, ParallelBlock, PerHeadLayerNorm
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, per_layer
from engine.models.skeleton import attention, causal_decoder, gated_mlp, layer_norm, rotary


def names(config: Config) -> Names:
    """The norms of the heads are stored one by one."""
    if not config.flag("qk_layernorm", False):
        return {}
    stacked = {
        f"self_attn.{p}_norm": Origin(
            f"self_attn.{p}_layernorm.norms.0",
            stacked=tuple(f"self_attn.{p}_layernorm.norms.{i}" for i in range(1, heads)),
        )
        for p, heads in (("q", config.heads), ("k", config.kv_heads))
    }
    return per_layer(config, stacked)


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config, dim=config.rope_dimension(0.25))
    eps = config.number("layer_norm_eps", 1e-5, high=1.0)
    has_head_norms = config.flag("qk_layernorm", False)
    is_parallel = config.flag("use_parallel_residual", False)
    has_bias = config.flag("use_qkv_bias", config.is_gguf and config.flag("attention_bias", False))

    def head_norm(heads: int) -> nn.Module | None:
        return PerHeadLayerNorm(heads, config.head_dim, eps) if has_head_norms else None

    def block(layer: int) -> nn.Module:
        attn = attention(
            config,
            layer,
            rope=rope,
            qkv_bias=has_bias,
            q_norm=head_norm(config.heads),
            k_norm=head_norm(config.kv_heads),
        )
        if is_parallel:
            return ParallelBlock(self_attn=attn, mlp=gated_mlp(config), input_layernorm=layer_norm(config))
        return Block(
            self_attn=attn,
            mlp=gated_mlp(config),
            input_layernorm=layer_norm(config),
            post_attention_layernorm=layer_norm(config),
        )

    return causal_decoder(config, block, norm=layer_norm(config))


FAMILY = Family(name="stablelm", model_types=("stablelm",), gguf=("stablelm",), build=build, names=names)
