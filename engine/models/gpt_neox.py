"""GPT-NeoX and Pythia: LayerNorms, biases, partial rotation, and both halves of a layer side by side."""

from __future__ import annotations

from torch import nn

from engine.decoder import Decoder
from engine.layers import MLP, Block, ParallelBlock
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, grouped, per_layer
from engine.models.skeleton import attention, causal_decoder, layer_norm, rotary

_SETTINGS = {
    "rotary_pct": "partial_rotary_factor",
    "rotary_emb_base": "rope_theta",
}


def qkv_by_head(config: Config, source: str) -> dict[str, Origin]:
    """Queries, keys and values of one head after the other in one projection."""
    sizes = [config.head_dim] * 3
    return {f"self_attn.{p}_proj": Origin(source, grouped(config.heads, sizes, i)) for i, p in enumerate("qkv")}


def names(config: Config) -> Names:
    """The checkpoint's own names."""
    return {
        "embed_tokens": Origin("embed_in"),
        "norm": Origin("final_layer_norm"),
        "lm_head": Origin("embed_out"),
        **per_layer(
            config,
            {
                **qkv_by_head(config, "attention.query_key_value"),
                "self_attn.o_proj": "attention.dense",
                "mlp.up_proj": "mlp.dense_h_to_4h",
                "mlp.down_proj": "mlp.dense_4h_to_h",
            },
        ),
    }


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config, dim=config.rope_dimension(0.25))
    has_bias = config.is_gguf or config.flag("attention_bias", True)
    is_parallel = config.flag("use_parallel_residual", True)

    def block(layer: int) -> nn.Module:
        kind = ParallelBlock if is_parallel else Block
        return kind(
            self_attn=attention(
                config, layer, kv_heads=config.heads, rope=rope, qkv_bias=has_bias, output_bias=has_bias
            ),
            mlp=MLP(config.width, config.integer("intermediate_size"), config.activation("hidden_act", "gelu")),
            input_layernorm=layer_norm(config),
            post_attention_layernorm=layer_norm(config),
        )

    return causal_decoder(config, block, norm=layer_norm(config))


FAMILY = Family(
    name="gpt_neox", model_types=("gpt_neox",), gguf=("gptneox",), build=build, names=names, settings=_SETTINGS
)
