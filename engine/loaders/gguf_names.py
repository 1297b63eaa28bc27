"""The one table from a decoder's weight names to GGUF tensor names.

The names are those of the GGUF specification, section "Standardized tensor names".
"""

from __future__ import annotations

GLOBAL = {
    "embed_tokens": "token_embd",
    "embedding_norm": "token_embd_norm",
    "position_embedding": "position_embd",
    "norm": "output_norm",
    "lm_head": "output",
}
LAYER = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "attention_out_norm": "post_attention_norm",
    "mlp_out_norm": "post_ffw_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.sinks": "attn_sinks.weight",
    "self_attn.q_a_proj": "attn_q_a",
    "self_attn.q_a_layernorm": "attn_q_a_norm",
    "self_attn.q_b_proj": "attn_q_b",
    "self_attn.kv_a_proj": "attn_kv_a_mqa",
    "self_attn.kv_a_layernorm": "attn_kv_a_norm",
    "self_attn.k_up": "attn_k_b",
    "self_attn.v_up": "attn_v_b",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.router": "ffn_gate_inp",
    "mlp.selection_bias": "exp_probs_b.bias",
    "mlp.shared_expert.gate_proj": "ffn_gate_shexp",
    "mlp.shared_expert.up_proj": "ffn_up_shexp",
    "mlp.shared_expert.down_proj": "ffn_down_shexp",
    "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
}
EXPERT = {"gate_proj": "ffn_gate_exps", "up_proj": "ffn_up_exps", "down_proj": "ffn_down_exps"}


def gguf_name(module: str) -> str | None:
    """The GGUF tensor, without `.weight` or `.bias`, that holds a module's weights; None if there is no rule.

    A parameter that is neither (`layers.3.self_attn.sinks`) names its tensor whole.
    One expert's projection (`layers.3.mlp.experts.5.up_proj`) names the tensor stacked over all experts.
    """
    if module in GLOBAL:
        return GLOBAL[module]
    parts = module.split(".", 2)
    if len(parts) < 3 or parts[0] != "layers":
        return None
    _, layer, inner = parts
    if inner.startswith("mlp.experts."):
        stacked = EXPERT.get(inner.rsplit(".", 1)[1])
        return None if stacked is None else f"blk.{layer}.{stacked}"
    name = LAYER.get(inner)
    return None if name is None else f"blk.{layer}.{name}"
