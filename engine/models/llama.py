"""Llama 1 to 3 and everything that copies its shape: SmolLM2, TinyLlama, Yi, DeepSeek-LLM, ..."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Attention, Block, Embedding, GatedMLP, Linear, RMSNorm
from engine.models.config import Config
from engine.models.family import Family
from engine.rope import make_rope


def build(config: Config) -> Decoder:
    """Compose the decoder; its weights are still on the meta device."""
    width, eps = config.width, config.number("rms_norm_eps", 1e-6, high=1.0)
    rope = make_rope(
        theta=config.rope_theta,
        dim=config.integer("rope_dimension", config.head_dim),
        scaling=config.rope_scaling,
        max_positions=config.context_length,
        interleaved=config.is_gguf,
    )

    def block(layer: int) -> Block:
        return Block(
            self_attn=Attention(
                width=width,
                heads=config.heads,
                kv_heads=config.kv_heads,
                head_dim=config.head_dim,
                layer=layer,
                rope=rope,
                qkv_bias=config.flag("attention_bias", False),
                output_bias=config.flag("attention_bias", False),
            ),
            mlp=GatedMLP(
                width,
                config.integer("intermediate_size"),
                config.activation(),
                bias=config.flag("mlp_bias", False),
            ),
            input_layernorm=RMSNorm(width, eps),
            post_attention_layernorm=RMSNorm(width, eps),
        )

    return Decoder(
        embed_tokens=Embedding(config.vocabulary, width),
        layers=[block(layer) for layer in range(config.layers)],
        norm=RMSNorm(width, eps),
        lm_head=None if config.flag("tie_word_embeddings", False) else Linear(width, config.vocabulary),
    )


FAMILY = Family(name="llama", model_types=("llama",), gguf=("llama",), build=build)
