"""Attention: how tokens read earlier ones, with grouped keys and values or with latent ones.

Like all parts, it does not know which model family it is in: what a family lacks is None.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from engine.cache import LayerCache, StateCache
from engine.cache_blocks import bytes_of
from engine.constant import Constant
from engine.layers import Linear, RMSNorm, Step
from engine.rope import Rope


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    scale: float,
    mask: Tensor | None,
    softcap: float | None = None,
    sinks: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """Softmax attention of q [B, H, T, D] over k [B, K, S, D] and v [B, K, S, Dv] -> [B, H, T, Dv].

    `mask` is True where a key is visible; `bias` [H, T or 1, S] is added to the scores (ALiBi); `softcap`
    squashes them by tanh (Gemma 2); `sinks` [H] take part in the softmax without a value (GPT-OSS).

    Of a single token, the heads that share keys are taken as rows of one product: no key is copied, and CUDA's
    memory-efficient attention, which takes a mask but no groups, can run it.
    """
    heads, groups = q.shape[1], q.shape[1] // k.shape[1]
    if q.shape[2] == 1 and groups > 1:
        q = q.view(-1, k.shape[1], groups, q.shape[-1])
        bias = None if bias is None else bias.view(k.shape[1], groups, -1)
        sinks = None if sinks is None else sinks.view(k.shape[1], groups)
        attended = _attend(q, k, v, scale=scale, mask=mask, softcap=softcap, sinks=sinks, bias=bias)
        return attended.reshape(-1, heads, 1, v.shape[-1])
    sinks = None if sinks is None else sinks[:, None]
    return _attend(q, k, v, scale=scale, mask=mask, softcap=softcap, sinks=sinks, bias=bias)


def _attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    scale: float,
    mask: Tensor | None,
    softcap: float | None,
    sinks: Tensor | None,
    bias: Tensor | None,
) -> Tensor:
    """As `attend`, with `sinks` [H, T or 1]."""
    if softcap is None and sinks is None:
        if bias is not None:
            bias = bias.to(q.dtype)
            mask = bias if mask is None else torch.where(mask, bias, float("-inf"))
        grouped = q.shape[1] != k.shape[1]
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale, enable_gqa=grouped)
    weights = attention_weights(q, k, scale=scale, mask=mask, softcap=softcap, sinks=sinks, bias=bias)
    return weights.to(v.dtype) @ v.repeat_interleave(q.shape[1] // k.shape[1], dim=1)


def attention_weights(
    q: Tensor,
    k: Tensor,
    *,
    scale: float,
    mask: Tensor | None,
    softcap: float | None = None,
    sinks: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """The shares [B, H, T, S] by which `attend` adds the values up, in float32; `sinks` [H, T or 1]."""
    scores = (q @ k.repeat_interleave(q.shape[1] // k.shape[1], dim=1).transpose(-1, -2)).float() * scale
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(torch.float32).min)  # -inf makes NaN of a padding row
    if sinks is not None:
        column = sinks.float()[None, :, :, None].expand(*scores.shape[:-1], 1)
        return torch.cat((scores, column), dim=-1).softmax(-1)[..., :-1]
    return scores.softmax(-1)


class Mixer(nn.Module):
    """What carries information from token to token in one layer, and so keeps something in the cache."""

    layer: int
    cache_widths: tuple[int, ...]  # numbers in each of the vectors that one token keeps in the cache
    cache_dtype: torch.dtype | None = None  # None: that of the activations

    @property
    def cache_bytes_per_token(self) -> int:
        """What one token takes in the cache."""
        return sum(bytes_of(width, self.cache_dtype or torch.float32) for width in self.cache_widths)

    def new_cache(self, limit: int) -> LayerCache | StateCache:
        """An empty cache of this layer for at most `limit` tokens."""
        return LayerCache(limit=limit, dtype=self.cache_dtype)


class Alibi:
    """Attention with linear biases (arXiv:2108.12409): score + slope * position of the key, for each head.

    `scale` multiplies the bias, which is rounded to `dtype` before (Falcon).
    """

    def __init__(self, slopes: Tensor, *, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> None:
        self._slopes, self.scale = Constant(slopes[:, None, None].to(dtype)), scale

    def bias(self, keys: int, device: torch.device) -> Tensor:
        """What is added to the scores of so many keys: float32 [H, 1, S]."""
        return (self._slopes.on(device) * torch.arange(keys, device=device)).float() * self.scale


class Attention(Mixer):
    """Multi-head attention with grouped keys and values; every optional part is None where a family lacks it.

    `q_norm`, `k_norm` normalise each head (their width is D) or all heads together (H*D), before rotation;
    `rotated_q_norm`, `rotated_k_norm` each head after it. `window` counts visible positions, itself included.
    `clip` bounds q, k and v. `query_scale` gives a factor for the queries by position (Ministral 3).
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        kv_heads: int,
        head_dim: int,
        layer: int,
        rope: Rope | None = None,
        qkv_bias: bool = False,
        output_bias: bool = False,
        scale: float | None = None,
        q_norm: nn.Module | None = None,
        k_norm: nn.Module | None = None,
        rotated_q_norm: nn.Module | None = None,
        rotated_k_norm: nn.Module | None = None,
        window: int | None = None,
        softcap: float | None = None,
        alibi: Alibi | None = None,
        clip: float | None = None,
        has_sinks: bool = False,
        query_scale: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim, self.layer = heads, kv_heads, head_dim, layer
        self.q_proj: nn.Module = Linear(width, heads * head_dim, bias=qkv_bias)
        self.k_proj: nn.Module = Linear(width, kv_heads * head_dim, bias=qkv_bias)
        self.v_proj: nn.Module = Linear(width, kv_heads * head_dim, bias=qkv_bias)
        self.o_proj: nn.Module = Linear(heads * head_dim, width, bias=output_bias)
        self.q_norm, self.k_norm = q_norm, k_norm
        self.rotated_q_norm, self.rotated_k_norm = rotated_q_norm, rotated_k_norm
        self.rope, self.window, self.softcap, self.alibi, self.clip = rope, window, softcap, alibi, clip
        self.query_scale = query_scale
        self.cache_widths = (head_dim,) * (2 * kv_heads)
        self.scale = head_dim**-0.5 if scale is None else scale
        self.sinks = nn.Parameter(torch.empty(heads, device="meta"), requires_grad=False) if has_sinks else None

    def forward(self, x: Tensor, step: Step) -> Tensor:
        """[B, T, E] -> [B, T, E]."""
        batch, tokens, _ = x.shape
        q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        if self.clip is not None:
            q, k, v = (t.clamp(-self.clip, self.clip) for t in (q, k, v))
        q = self._heads(q, self.heads, self.q_norm)
        k = self._heads(k, self.kv_heads, self.k_norm)
        v = v.view(batch, tokens, self.kv_heads, self.head_dim).transpose(1, 2)
        if self.rope is not None:
            cos, sin = step.rotary(self.rope)
            q, k = self.rope.rotate(q, cos, sin), self.rope.rotate(k, cos, sin)
        if self.rotated_q_norm is not None and self.rotated_k_norm is not None:
            q, k = self.rotated_q_norm(q), self.rotated_k_norm(k)
        if self.query_scale is not None:
            q = q * self.query_scale(step.positions)[..., None, :, None].to(q.dtype)
        cache = step.layer_cache(self.layer)
        if cache is not None:
            k, v = cache.append(k, v)
        mask = step.mask(self.window)
        bias = None if self.alibi is None else self.alibi.bias(k.shape[2], x.device)
        if step.observer is not None:
            sinks = None if self.sinks is None else self.sinks[:, None]
            weights = attention_weights(
                q, k, scale=self.scale, mask=mask, softcap=self.softcap, sinks=sinks, bias=bias
            )
            step.observer.attended(self.layer, weights)
        attended = attend(q, k, v, scale=self.scale, mask=mask, softcap=self.softcap, sinks=self.sinks, bias=bias)
        return self.o_proj(attended.transpose(1, 2).reshape(batch, tokens, -1))

    def _heads(self, x: Tensor, heads: int, norm: nn.Module | None) -> Tensor:
        """[B, T, heads*D] -> [B, heads, T, D], normalised over whatever width the norm has."""
        batch, tokens, _ = x.shape
        is_per_head = norm is not None and next(norm.parameters()).shape[-1] == self.head_dim
        if norm is not None and not is_per_head:
            x = norm(x)
        x = x.view(batch, tokens, heads, self.head_dim)
        if norm is not None and is_per_head:
            x = norm(x)
        return x.transpose(1, 2)


class PerHeadLinear(nn.Module):
    """A projection of its own for every head: [B, H, T, in] -> [B, H, T, out], weight [H, out, in]."""

    def __init__(self, heads: int, in_features: int, out_features: int) -> None:
        super().__init__()
        shape = (heads, out_features, in_features)
        self.weight = nn.Parameter(torch.empty(shape, device="meta"), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """In x's dtype."""
        return x @ self.weight.to(x.dtype).transpose(-1, -2)


class LatentAttention(Mixer):
    """Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434): the cache holds one latent for all heads.

    Keys and values are never expanded: `k_up` takes the queries into the latent's space, `v_up` takes what was
    read out of it (section 2.1.3, "absorbed"). The cache keeps the latent [B, 1, S, R], and the one rotated key
    [B, 1, S, P]. `q_a_proj` None means that queries are projected in one step.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        layer: int,
        query_rank: int | None,
        latent: int,
        plain_dim: int,
        rotated_dim: int,
        value_dim: int,
        eps: float,
        rope: Rope,
        scale: float,
        bias: bool,
    ) -> None:
        super().__init__()
        self.heads, self.layer, self.rope, self.scale = heads, layer, rope, scale
        self.latent, self.plain_dim, self.rotated_dim = latent, plain_dim, rotated_dim
        queries = heads * (plain_dim + rotated_dim)
        self.q_a_proj: nn.Module | None = None if query_rank is None else Linear(width, query_rank, bias=bias)
        self.q_a_layernorm = None if query_rank is None else RMSNorm(query_rank, eps)
        self.q_b_proj: nn.Module = Linear(query_rank or width, queries)
        self.kv_a_proj: nn.Module = Linear(width, latent + rotated_dim, bias=bias)
        self.kv_a_layernorm = RMSNorm(latent, eps)
        self.k_up = PerHeadLinear(heads, plain_dim, latent)
        self.v_up = PerHeadLinear(heads, latent, value_dim)
        self.o_proj: nn.Module = Linear(heads * value_dim, width, bias=bias)
        self.cache_widths = (latent, rotated_dim)

    def forward(self, x: Tensor, step: Step) -> Tensor:
        """[B, T, E] -> [B, T, E]."""
        batch, tokens, _ = x.shape
        read = x if self.q_a_proj is None or self.q_a_layernorm is None else self.q_a_layernorm(self.q_a_proj(x))
        q = self.q_b_proj(read).view(batch, tokens, self.heads, -1).transpose(1, 2)
        plain, rotated = q.split((self.plain_dim, self.rotated_dim), dim=-1)
        latent, key = self.kv_a_proj(x)[:, None].split((self.latent, self.rotated_dim), dim=-1)
        cos, sin = step.rotary(self.rope)
        rotated, key = self.rope.rotate(rotated, cos, sin), self.rope.rotate(key, cos, sin)
        latent = self.kv_a_layernorm(latent)
        cache = step.layer_cache(self.layer)
        if cache is not None:
            latent, key = cache.append(latent, key)
        q, k, mask = torch.cat((self.k_up(plain), rotated), dim=-1), torch.cat((latent, key), dim=-1), step.mask(None)
        if step.observer is not None:
            step.observer.attended(self.layer, attention_weights(q, k, scale=self.scale, mask=mask))
        attended = attend(q, k, latent, scale=self.scale, mask=mask)
        return self.o_proj(self.v_up(attended).transpose(1, 2).reshape(batch, tokens, -1))
