"""GPT-OSS: experts with biases and a clamped gate, attention sinks, a window in every second layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.decoder import Decoder
from engine.experts import top_k_then_softmax
from engine.layers import GatedMLP
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, Take, expert, per_layer, transposed
from engine.models.skeleton import attention, causal_decoder, mixture, pre_norm_block, rotary, slides

THETA = 150_000.0
PUBLISHED_ROPE = {
    "rope_type": "yarn",
    "factor": 32.0,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "original_max_position_embeddings": 4096,
}


class ClampedMLP(GatedMLP):
    """down((up + 1) * gate * sigmoid(alpha * gate)), gate and up clamped to `limit` (the gate from above only)."""

    def __init__(self, config: Config) -> None:
        hidden = config.integer("moe_intermediate_size", config.get("intermediate_size"))
        super().__init__(config.width, hidden, torch.sigmoid, bias=True)
        self.alpha, self.limit = config.number("swiglu_alpha", 1.702), config.number("swiglu_limit", 7.0)

    def forward(self, x: Tensor) -> Tensor:
        """[..., E] -> [..., E]."""
        gate = self.gate_proj(x).clamp(max=self.limit)
        up = self.up_proj(x).clamp(-self.limit, self.limit)
        return self.down_proj((up + 1) * gate * self.activation(self.alpha * gate))


def every_second(start: int) -> Take:
    """Rows start, start + 2, ..."""
    return lambda weight: weight[start::2]


def names(config: Config) -> Names:
    """The experts are stacked, gate and up in alternating rows; only the packed ones are stored [out, in]."""
    packing = config.get("quantization_config")
    turn = (lambda inner: inner) if packing else transposed
    stacked: dict[str, str | Origin] = {}
    for i in range(config.integer("num_local_experts", 128, high=1024)):
        for name, start in (("gate_proj", 0), ("up_proj", 1)):
            source = "mlp.experts.gate_up_proj"
            stacked[f"mlp.experts.{i}.{name}.weight"] = Origin(source, expert(i, turn(every_second(start))))
            stacked[f"mlp.experts.{i}.{name}.bias"] = Origin(f"{source}_bias", expert(i, every_second(start)))
        stacked[f"mlp.experts.{i}.down_proj.weight"] = Origin("mlp.experts.down_proj", expert(i, turn(lambda w: w)))
        stacked[f"mlp.experts.{i}.down_proj.bias"] = Origin("mlp.experts.down_proj_bias", expert(i))
    return per_layer(config, stacked)


def gguf_names(config: Config) -> Names:
    """GGUF calls the norm before the experts post_attention_norm."""
    return per_layer(config, {"post_attention_layernorm": "post_attention_norm"}, source="blk.{}")


def build(config: Config) -> Decoder:
    """Compose the decoder. GGUF does not say that the rope's ramp ends between frequencies: it does."""
    scaling = {**(config.rope_scaling or PUBLISHED_ROPE)}
    theta = config.number("rope_theta", scaling.get("rope_theta", THETA), low=1.0)
    rope = rotary(config, theta=theta, scaling={"truncate": False, **scaling} if config.is_gguf else scaling)
    has_bias = config.flag("attention_bias", True)
    experts = mixture(config, top_k_then_softmax, expert=lambda: ClampedMLP(config), router_bias=True)

    def is_sliding(layer: int) -> bool:
        listed = slides(config, layer)
        return layer % 2 == 0 if listed is None else listed

    def block(layer: int) -> nn.Module:
        attn = attention(
            config,
            layer,
            rope=rope,
            qkv_bias=has_bias,
            output_bias=has_bias,
            has_sinks=True,
            window=config.integer("sliding_window", 128) if is_sliding(layer) else None,
        )
        return pre_norm_block(config, attn, experts())

    return causal_decoder(config, block)


FAMILY = Family(
    name="gpt_oss",
    model_types=("gpt_oss",),
    gguf=("gpt-oss",),
    build=build,
    names=names,
    gguf_names=gguf_names,
)
