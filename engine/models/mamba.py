"""Mamba: selective state spaces in every layer, no attention and no feed-forward networks."""

from __future__ import annotations

from torch import Tensor, nn

from engine.decoder import Decoder
from engine.layers import Step
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, per_layer
from engine.models.skeleton import causal_decoder, rms_norm
from engine.recurrent import SelectiveStateSpace

SETTINGS = {
    "layer_norm_epsilon": "rms_norm_eps",
    "n_layer": "num_hidden_layers",
    "d_model": "hidden_size",
    "intermediate_size": "inner_size",
}
LARGEST_STATE = 1024


class MambaBlock(nn.Module):
    """x + mixer(norm(x))."""

    def __init__(self, mixer: nn.Module, norm: nn.Module) -> None:
        super().__init__()
        self.mixer, self.norm = mixer, norm

    def forward(self, x: Tensor, step: Step) -> Tensor:
        """[B, T, E] -> [B, T, E]."""
        return x + self.mixer(self.norm(x), step)


def names(config: Config) -> Names:
    """The checkpoint's own names; it holds the decay's logarithm."""
    return {
        "embed_tokens": Origin("embeddings"),
        "norm": Origin("norm_f"),
        **per_layer(
            config,
            {
                "mixer.conv1d.weight": Origin("mixer.conv1d.weight", lambda weight: weight.squeeze(1)),
                "mixer.decay": Origin("mixer.A_log", lambda weight: -weight.float().exp()),
                "mixer.skip": "mixer.D",
            },
        ),
    }


def gguf_names(config: Config) -> Names:
    """GGUF's names, which hold the decay itself."""
    table = {
        "norm": "attn_norm",
        "mixer.in_proj": "ssm_in",
        "mixer.conv1d": "ssm_conv1d",
        "mixer.x_proj": "ssm_x",
        "mixer.dt_proj": "ssm_dt",
        "mixer.decay": "ssm_a",
        "mixer.skip": "ssm_d",
        "mixer.out_proj": "ssm_out",
    }
    return per_layer(config, table, source="blk.{}")


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    sizes = {
        "inner": config.integer("inner_size", config.integer("expand", 2) * config.width),
        "state": config.integer("state_size", 16, high=LARGEST_STATE),
        "kernel": config.integer("conv_kernel", 4, high=LARGEST_STATE),
        "time_rank": -(-config.width // 16)
        if config.get("time_step_rank", "auto") == "auto"
        else config.integer("time_step_rank"),
    }
    bias, conv_bias = config.flag("use_bias", False), config.flag("use_conv_bias", True)

    def block(layer: int) -> MambaBlock:
        mixer = SelectiveStateSpace(width=config.width, layer=layer, bias=bias, conv_bias=conv_bias, **sizes)
        return MambaBlock(mixer, rms_norm(config))

    return causal_decoder(config, block, tied=True)


FAMILY = Family(
    name="mamba",
    model_types=("mamba",),
    gguf=("mamba",),
    build=build,
    settings=SETTINGS,
    names=names,
    gguf_names=gguf_names,
)
