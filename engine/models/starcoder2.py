"""StarCoder2: LayerNorms, biases everywhere, a plain network, grouped heads with a sliding window."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import MLP, Block, LayerNorm
from engine.models.config import Config
from engine.models.family import Family, Names, per_layer
from engine.models.skeleton import attention, causal_decoder, rotary, window_of


def names(config: Config) -> Names:
    """The projections of the network are called c_fc and c_proj."""
    return per_layer(config, {"mlp.up_proj": "mlp.c_fc", "mlp.down_proj": "mlp.c_proj"})


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config)
    has_bias = config.flag("use_bias", True)
    eps = config.number("layer_norm_eps" if config.is_gguf else "norm_epsilon", 1e-5, high=1.0)

    def block(layer: int) -> Block:
        return Block(
            self_attn=attention(
                config,
                layer,
                rope=rope,
                qkv_bias=has_bias,
                output_bias=has_bias,
                window=window_of(config, layer, every_layer=True),
            ),
            mlp=MLP(
                config.width,
                config.integer("intermediate_size"),
                config.activation("hidden_act", "gelu_pytorch_tanh"),
                bias=has_bias,
            ),
            input_layernorm=LayerNorm(config.width, eps),
            post_attention_layernorm=LayerNorm(config.width, eps),
        )

    return causal_decoder(config, block, norm=LayerNorm(config.width, eps), tied=True)


FAMILY = Family(
    name="starcoder2",
    model_types=("starcoder2",),
    gguf=("starcoder2",),
    build=build,
    names=names,
)
