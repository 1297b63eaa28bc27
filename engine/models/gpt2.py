"""GPT-2: learned positions, LayerNorm with bias, a plain feed-forward network, transposed projections."""

from __future__ import annotations

from engine.attention import Attention
from engine.decoder import Decoder
from engine.layers import MLP, Block, Embedding, LayerNorm
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, fused, per_layer, transposed
from engine.models.skeleton import causal_decoder

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
    width, heads = config.width, config.heads
    eps = config.number("layer_norm_eps", 1e-5, high=1.0)
    hidden = config.integer("intermediate_size", 4 * width)

    def block(layer: int) -> Block:
        return Block(
            self_attn=Attention(
                width=width,
                heads=heads,
                kv_heads=heads,
                head_dim=width // heads,
                layer=layer,
                qkv_bias=True,
                output_bias=True,
            ),
            mlp=MLP(width, hidden, config.activation("hidden_act", "gelu_new")),
            input_layernorm=LayerNorm(width, eps),
            post_attention_layernorm=LayerNorm(width, eps),
        )

    return causal_decoder(
        config,
        block,
        norm=LayerNorm(width, eps),
        tied=True,
        position_embedding=Embedding(config.context_length, width),
    )


FAMILY = Family(name="gpt2", model_types=("gpt2",), gguf=("gpt2",), build=build, names=names, settings=_SETTINGS)
