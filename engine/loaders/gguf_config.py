"""GGUF metadata as config.json keys, so that a family reads one kind of settings.

The keys follow the GGUF specification's list of standardised metadata
(github.com/ggml-org/ggml, docs/gguf.md) and llama.cpp's src/llama-arch.cpp.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

_KEYS = {
    "block_count": "num_hidden_layers",
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.value_length": "value_head_dim",
    "attention.key_length_mla": "latent_key_dim",
    "attention.value_length_mla": "latent_value_dim",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "attention.layer_norm_epsilon": "layer_norm_eps",
    "attention.sliding_window": "sliding_window",
    "attention.clamp_kqv": "clip_qkv",
    "attention.max_alibi_bias": "alibi_bias_max",
    "attention.scale": "attention_multiplier",
    "attention.q_lora_rank": "q_lora_rank",
    "attention.kv_lora_rank": "kv_lora_rank",
    "rope.dimension_count": "rope_dimension",
    "rope.freq_base": "rope_theta",
    "expert_count": "num_local_experts",
    "expert_used_count": "num_experts_per_tok",
    "expert_feed_forward_length": "moe_intermediate_size",
    "expert_shared_feed_forward_length": "shared_expert_intermediate_size",
    "expert_shared_count": "n_shared_experts",
    "expert_group_count": "n_group",
    "expert_group_used_count": "topk_group",
    "expert_weights_scale": "routed_scaling_factor",
    "expert_weights_norm": "norm_topk_prob",
    "leading_dense_block_count": "first_k_dense_replace",
    "attn_logit_softcapping": "attn_logit_softcapping",
    "final_logit_softcapping": "final_logit_softcapping",
    "logit_scale": "logit_scale",
    "embedding_scale": "embedding_multiplier",
    "residual_scale": "residual_multiplier",
    "use_parallel_residual": "use_parallel_residual",
    "ssm.conv_kernel": "conv_kernel",
    "ssm.inner_size": "inner_size",
    "ssm.state_size": "state_size",
    "ssm.time_step_rank": "time_step_rank",
    "shortconv.l_cache": "conv_L_cache",
}
_SCALING_KEYS = {
    "rope.scaling.factor": "factor",
    "rope.scaling.original_context_length": "original_max_position_embeddings",
    "rope.scaling.attn_factor": "attention_factor",
    "rope.scaling.yarn_beta_fast": "beta_fast",
    "rope.scaling.yarn_beta_slow": "beta_slow",
}


def hugging_face_config(metadata: Mapping[str, Any], tensors: Container[str]) -> dict[str, Any]:
    """Metadata of a GGUF file under config.json's names; unknown keys keep their name without the prefix."""
    architecture = metadata.get("general.architecture", "")
    prefix = f"{architecture}."
    config: dict[str, Any] = {}
    scaling: dict[str, Any] = {}
    for key, value in metadata.items():
        if not key.startswith(prefix):
            continue
        name = key.removeprefix(prefix)
        if name in _SCALING_KEYS:
            scaling[_SCALING_KEYS[name]] = value
        elif name == "rope.scaling.type":
            scaling["rope_type"] = value
        elif name == "rope.scaling.yarn_log_multiplier" and isinstance(value, float):
            scaling["mscale"] = scaling["mscale_all_dim"] = 10 * value  # stored as a tenth (llama.cpp's converter)
        else:
            config[_KEYS.get(name, name)] = value
    if "rope_factors_short.weight" in tensors:
        scaling["rope_type"] = "longrope"
    if scaling.get("rope_type", "none") not in ("none", ""):
        config["rope_scaling"] = scaling
    pattern = config.get("attention.sliding_window_pattern")
    if isinstance(pattern, list):
        config["layer_types"] = ["sliding_attention" if is_sliding else "full_attention" for is_sliding in pattern]
    vocabulary = metadata.get("tokenizer.ggml.tokens")
    if "vocab_size" not in config and isinstance(vocabulary, Sequence):
        config["vocab_size"] = len(vocabulary)
    config["tie_word_embeddings"] = "output.weight" not in tensors
    config["attention_bias"] = "blk.0.attn_q.bias" in tensors
    config["mlp_bias"] = "blk.0.ffn_up.bias" in tensors
    config["lm_head_bias"] = "output.bias" in tensors
    config["use_qk_norm"] = "blk.0.attn_q_norm.weight" in tensors
    config["has_two_norms"] = "blk.0.attn_norm_2.weight" in tensors
    return config
