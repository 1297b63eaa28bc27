"""GPT-2: learned positions, LayerNorm with bias, a plain feed-forward network, transposed projections."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import MLP, Block, Embedding
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, fused, per_layer, transposed
from engine.models.skeleton import attention, causal_decoder, layer_norm

_SETTINGS = {
    "n_embd": "hidden_size",
    "n_layer": "num_hidden_layers",
    "n_head": "num_attention_heads",
    "n_positions": "max_position_embeddings",
    "n_inner": "intermediate_size",
    "activation_function": "hidden_act",
    "layer_norm_epsilon": "layer_norm_eps",
}


def names(config: Config) -> Names:
    """Checkpoints keep q, k and v in one `Conv1D`, whose weight is [in, out]."""
    qkv = dict(fused("attn.c_attn", [(f"self_attn.{p}_proj", config.width) for p in "qkv"]))
    return {
        "embed_tokens": Origin("wte"),
        "position_embedding": Origin("wpe"),
        "norm": Origin("ln_f"),
        **per_layer(
            config,
            {
                **{path: Origin(origin.name, transposed(origin.take)) for path, origin in qkv.items()},
                "self_attn.o_proj": Origin("attn.c_proj", transposed()),
                "mlp.up_proj": Origin("mlp.c_fc", transposed()),
                "mlp.down_proj": Origin("mlp.c_proj", transposed()),
                "input_layernorm": "ln_1",
                "post_attention_layernorm": "ln_2",
            },
            source="h.{}",
        ),
    }


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    hidden = config.integer("intermediate_size", 4 * config.width)

    def block(layer: int) -> Block:
        return Block(
            self_attn=attention(config, layer, kv_heads=config.heads, qkv_bias=True, output_bias=True),
            mlp=MLP(config.width, hidden, config.activation("hidden_act", "gelu_new")),
            input_layernorm=layer_norm(config),
            post_attention_layernorm=layer_norm(config),
        )

    positions = Embedding(config.context_length, config.width)
    return causal_decoder(config, block, norm=layer_norm(config), tied=True, position_embedding=positions)


FAMILY = Family(name="gpt2", model_types=("gpt2",), gguf=("gpt2",), build=build, names=names, settings=_SETTINGS)
