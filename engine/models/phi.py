"""Phi 1 and 2: attention and network in parallel behind one LayerNorm, biases everywhere, partial rotation."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import MLP, LayerNorm, ParallelBlock
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, per_layer
from engine.models.skeleton import attention, causal_decoder, rotary


def names(config: Config) -> Names:
    """The output projection is called dense, those of the network fc1 and fc2."""
    layers = per_layer(
        config,
        {"self_attn.o_proj": "self_attn.dense", "mlp.up_proj": "mlp.fc1", "mlp.down_proj": "mlp.fc2"},
    )
    return {"norm": Origin("final_layernorm"), **layers}


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config, dim=config.rope_dimension(0.5))
    eps = config.number("layer_norm_eps", 1e-5, high=1.0)

    def block(layer: int) -> ParallelBlock:
        return ParallelBlock(
            self_attn=attention(config, layer, rope=rope, qkv_bias=True, output_bias=True),
            mlp=MLP(
                config.width,
                config.integer("intermediate_size"),
                config.activation("hidden_act", "gelu_new"),
            ),
            input_layernorm=LayerNorm(config.width, eps),
        )

    return causal_decoder(config, block, norm=LayerNorm(config.width, eps), head_bias=True)


FAMILY = Family(
    name="phi",
    model_types=("phi",),
    gguf=("phi2",),
    build=build,
    names=names,
)
