"""BLOOM: ALiBi instead of positions, a norm behind the embedding, LayerNorms and biases."""

from __future__ import annotations

from engine.attention import Alibi
from engine.decoder import Decoder
from engine.layers import MLP, Block
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, per_layer
from engine.models.gpt_neox import qkv_by_head
from engine.models.skeleton import alibi_slopes, attention, causal_decoder, layer_norm

_SETTINGS = {
    "n_embed": "hidden_size",
    "n_layer": "num_hidden_layers",
    "n_head": "num_attention_heads",
    "layer_norm_epsilon": "layer_norm_eps",
    "seq_length": "max_position_embeddings",
}


def names(config: Config) -> Names:
    """The checkpoint's own names."""
    return {
        "embed_tokens": Origin("word_embeddings"),
        "embedding_norm": Origin("word_embeddings_layernorm"),
        "norm": Origin("ln_f"),
        **per_layer(
            config,
            {
                **qkv_by_head(config, "self_attention.query_key_value"),
                "self_attn.o_proj": "self_attention.dense",
                "mlp.up_proj": "mlp.dense_h_to_4h",
                "mlp.down_proj": "mlp.dense_4h_to_h",
                "input_layernorm": "input_layernorm",
                "post_attention_layernorm": "post_attention_layernorm",
            },
            source="h.{}",
        ),
    }


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    alibi = Alibi(alibi_slopes(config.heads))

    def block(layer: int) -> Block:
        return Block(
            self_attn=attention(config, layer, kv_heads=config.heads, alibi=alibi, qkv_bias=True, output_bias=True),
            mlp=MLP(config.width, 4 * config.width, config.activation("hidden_act", "gelu_new")),
            input_layernorm=layer_norm(config),
            post_attention_layernorm=layer_norm(config),
        )

    return causal_decoder(config, block, norm=layer_norm(config), tied=True, embedding_norm=layer_norm(config))


FAMILY = Family(name="bloom", model_types=("bloom",), gguf=("bloom",), build=build, names=names, settings=_SETTINGS)
