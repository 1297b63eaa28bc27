"""MPT: ALiBi, LayerNorms without bias, no biases at all."""

from __future__ import annotations

from collections.abc import Mapping

from engine.attention import Alibi
from engine.decoder import Decoder
from engine.layers import MLP, Block
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, fused, per_layer
from engine.models.skeleton import alibi_slopes, attention, causal_decoder, layer_norm

_SETTINGS = {
    "d_model": "hidden_size",
    "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads",
    "max_seq_len": "max_position_embeddings",
    "layer_norm_epsilon": "layer_norm_eps",
}


def names(config: Config) -> Names:
    """The checkpoint's own names; q, k and v are consecutive rows."""
    return {
        "embed_tokens": Origin("wte"),
        "norm": Origin("norm_f"),
        **per_layer(
            config,
            {
                **dict(fused("attn.Wqkv", [(f"self_attn.{p}_proj", config.width) for p in "qkv"])),
                "self_attn.o_proj": "attn.out_proj",
                "mlp.up_proj": "ffn.up_proj",
                "mlp.down_proj": "ffn.down_proj",
                "input_layernorm": "norm_1",
                "post_attention_layernorm": "norm_2",
            },
            source="blocks.{}",
        ),
    }


def build(config: Config) -> Decoder:
    """Compose the decoder; GGUF holds the settings of attention flat, config.json nests them."""
    nested = config.get("attn_config")
    inner = Config({**config.values, **(nested if isinstance(nested, Mapping) else {})}, where=config.where)
    alibi = Alibi(alibi_slopes(config.heads, largest=inner.number("alibi_bias_max", 8.0)))
    clip = inner.optional_number("clip_qkv")
    hidden = config.integer("intermediate_size", 4 * config.width)

    def block(layer: int) -> Block:
        return Block(
            self_attn=attention(config, layer, kv_heads=config.heads, alibi=alibi, clip=clip),
            mlp=MLP(config.width, hidden, config.activation("hidden_act", "gelu"), bias=False),
            input_layernorm=layer_norm(config, bias=False),
            post_attention_layernorm=layer_norm(config, bias=False),
        )

    return causal_decoder(config, block, norm=layer_norm(config, bias=False), tied=True)


FAMILY = Family(name="mpt", model_types=("mpt",), gguf=("mpt",), build=build, names=names, settings=_SETTINGS)
