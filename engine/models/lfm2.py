"""LFM2: gated short convolutions in most layers, attention with normalised heads in the others."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, per_layer
from engine.models.skeleton import attention, causal_decoder, gated_mlp, pre_norm_block, rms_norm, rotary
from engine.recurrent import ShortConv

SETTINGS = {"norm_eps": "rms_norm_eps", "block_ff_dim": "intermediate_size", "tie_embedding": "tie_word_embeddings"}
LARGEST_KERNEL = 64


def is_attention(config: Config, layer: int) -> bool:
    """Whether a layer has attention; GGUF says so by giving it key heads."""
    kinds = config.get("num_key_value_heads") if config.is_gguf else config.get("layer_types")
    if isinstance(kinds, list) and len(kinds) == config.layers:
        return bool(kinds[layer]) if config.is_gguf else kinds[layer] != "conv"
    listed = config.get("full_attn_idxs")
    return layer in listed if isinstance(listed, list) else True


def kv_heads(config: Config) -> int | None:
    """K; GGUF lists it for every layer, 0 where there is no attention."""
    listed = config.get("num_key_value_heads")
    return max((n for n in listed if isinstance(n, int)), default=None) if isinstance(listed, list) else None


def hidden_width(config: Config) -> int:
    """F; config.json may give it before an adjustment that checkpoints have behind them."""
    hidden = config.integer("intermediate_size")
    if config.is_gguf or not config.flag("block_auto_adjust_ff_dim", True):
        return hidden
    hidden = int(config.number("block_ffn_dim_multiplier", 1.0, high=100.0) * int(2 * hidden / 3))
    multiple = config.integer("block_multiple_of", 256)
    return -(-hidden // multiple) * multiple


def names(config: Config) -> Names:
    """The checkpoint's own names."""
    return {
        "norm": Origin("embedding_norm"),
        **per_layer(
            config,
            {
                "input_layernorm": "operator_norm",
                "post_attention_layernorm": "ffn_norm",
                "self_attn.o_proj": "self_attn.out_proj",
                "self_attn.q_norm": "self_attn.q_layernorm",
                "self_attn.k_norm": "self_attn.k_layernorm",
                "self_attn.in_proj": "conv.in_proj",
                "self_attn.conv.weight": Origin("conv.conv.weight", lambda weight: weight.squeeze(1)),
                "self_attn.conv.bias": "conv.conv.bias",
                "self_attn.out_proj": "conv.out_proj",
                "mlp.gate_proj": "feed_forward.w1",
                "mlp.up_proj": "feed_forward.w3",
                "mlp.down_proj": "feed_forward.w2",
            },
        ),
    }


def gguf_names(config: Config) -> Names:
    """The final norm goes by the name of one behind the embedding."""
    return {
        "norm": Origin("token_embd_norm"),
        **per_layer(
            config,
            {f"self_attn.{name}": f"shortconv.{name}" for name in ("in_proj", "conv", "out_proj")},
            source="blk.{}",
        ),
    }


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config)
    hidden = hidden_width(config)
    kernel = config.integer("conv_L_cache", 3, high=LARGEST_KERNEL)

    def block(layer: int) -> Block:
        mixer = (
            attention(
                config,
                layer,
                kv_heads=kv_heads(config),
                rope=rope,
                q_norm=rms_norm(config, config.head_dim),
                k_norm=rms_norm(config, config.head_dim),
            )
            if is_attention(config, layer)
            else ShortConv(width=config.width, kernel=kernel, layer=layer, bias=config.flag("conv_bias", False))
        )
        return pre_norm_block(config, mixer, gated_mlp(config, hidden=hidden))

    return causal_decoder(config, block, tied=True)


FAMILY = Family(
    name="lfm2",
    model_types=("lfm2",),
    gguf=("lfm2",),
    build=build,
    settings=SETTINGS,
    names=names,
    gguf_names=gguf_names,
)
