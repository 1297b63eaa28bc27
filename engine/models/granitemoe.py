"""Granite-MoE: Granite with a mixture of experts, whose gate and up projections are stored as one."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.experts import top_k_then_softmax
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, expert, per_layer, rows
from engine.models.granite import multipliers, scaled_attention
from engine.models.skeleton import causal_decoder, mixture, pre_norm_block, rotary


def names(config: Config) -> Names:
    """All experts' projections are stacked: gate above up in `input_linear`, down in `output_linear`."""
    hidden = config.integer("intermediate_size")
    stacked: dict[str, str | Origin] = {"mlp.router": "block_sparse_moe.router.layer"}
    for i in range(config.integer("num_local_experts", 8, high=1024)):
        source = "block_sparse_moe.input_linear"
        stacked[f"mlp.experts.{i}.gate_proj"] = Origin(source, expert(i, rows(0, hidden)))
        stacked[f"mlp.experts.{i}.up_proj"] = Origin(source, expert(i, rows(hidden, 2 * hidden)))
        stacked[f"mlp.experts.{i}.down_proj"] = Origin("block_sparse_moe.output_linear", expert(i))
    return per_layer(config, stacked)


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config, interleaved=config.is_gguf)
    experts = mixture(config, top_k_then_softmax, hidden=config.integer("intermediate_size"))
    residual = config.number("residual_multiplier", 1.0)

    def block(layer: int) -> Block:
        attn = scaled_attention(config, layer, rope)
        return pre_norm_block(config, attn, experts(), residual_scale=residual)

    return causal_decoder(config, block, **multipliers(config))


FAMILY = Family(name="granitemoe", model_types=("granitemoe",), gguf=("granitemoe",), build=build, names=names)
