"""Decoder: token ids in, logits out; embeddings, blocks, final norm and output head.

It knows no family and no file format: `engine.models` composes it and loads its weights, `engine.engine`
drives it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from engine.attention import Mixer
from engine.cache import KVCache
from engine.layers import Embedding, Interrupted, Observer, Step, never, project

if TYPE_CHECKING:
    from engine.fused import FusedToken

INTERRUPTIBLE = 16  # tokens from which on a stop is heard between two layers; fewer run all layers in one call
INTERRUPTIBLE_WORK = 4e9  # weights times tokens, 0.1 s on two cores: from there on, too, if anything asks for a stop


class Decoder(nn.Module):
    """A stack of blocks between an embedding and an output head.

    `lm_head` None means that the embedding is used again (tied). `embedding_norm` and `position_embedding`
    are None where a family lacks them.
    `embedding_scale` and `logit_scale` multiply, `logit_softcap` squashes. `engine.fused` sets the compiled forms of
    all layers, of norm and head, and of all there is to one token, where there are any.
    """

    def __init__(
        self,
        *,
        embed_tokens: Embedding,
        layers: list[nn.Module],
        norm: nn.Module | None,
        lm_head: nn.Module | None,
        embedding_scale: float = 1.0,
        logit_scale: float = 1.0,
        logit_softcap: float | None = None,
        embedding_norm: nn.Module | None = None,
        position_embedding: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.embed_tokens: nn.Module = embed_tokens
        self.layers = nn.ModuleList(layers)
        self.norm, self.lm_head = norm, lm_head
        self.embedding_norm, self.position_embedding = embedding_norm, position_embedding
        self.embedding_scale, self.logit_scale = embedding_scale, logit_scale
        self.logit_softcap = logit_softcap
        self.vocabulary = embed_tokens.rows
        self.fused_layers: Callable[[Tensor, KVCache], Tensor] | None = None
        self.fused_token: FusedToken | None = None
        self.fused_head: Callable[[Tensor], Tensor] | None = None
        self.dtype = torch.float32
        weights = sum(parameter.numel() for parameter in self.parameters())
        self.interruptible = min(INTERRUPTIBLE, int(INTERRUPTIBLE_WORK / max(weights, 1)))  # tokens

    def new_cache(self, limit: int) -> KVCache:
        """An empty KV cache for this decoder that holds at most `limit` tokens."""
        return KVCache([m.new_cache(limit) for m in self.modules() if isinstance(m, Mixer)])

    @torch.inference_mode()
    def forward(
        self,
        ids: Tensor,
        cache: KVCache | None = None,
        *,
        padding: Tensor | None = None,
        last_only: bool = False,
        interrupted: Callable[[], bool] = never,
        observer: Observer | None = None,
    ) -> Tensor:
        """Logits of ids [B, T] as float32 [B, T, V], or [B, 1, V] with `last_only`.

        `cache` holds what came before and is extended; `padding` [B, S] is True where a token counts
        (positions are then counted over the tokens that count). Raises `Interrupted` when `interrupted` says so.
        """
        fused = self.fused_layers if padding is None and observer is None else None
        by_layer = INTERRUPTIBLE if interrupted is never else self.interruptible
        if fused is not None and cache is not None and ids.shape[1] < by_layer and self._is_single(ids):
            x = fused(self._embed(ids), cache)
            return self.read_out(x[:, -1:] if last_only and x.shape[1] > 1 else x, is_single=True)
        step = self._step(ids, cache, padding=padding, interrupted=interrupted, observer=observer)
        return self.compute(ids, step, last_only=last_only)

    @property
    def compiled_token(self) -> FusedToken | None:
        """One more token as one compiled call, which gives what `forward` gives; None where not all is compiled."""
        return self.fused_token if self.dtype == torch.float32 else None

    @torch.inference_mode()
    def hidden(self, ids: Tensor, cache: KVCache, *, interrupted: Callable[[], bool] = never) -> Tensor:
        """The last layer's output for ids [B, T] through the final norm, [B, T, E]; otherwise as `forward`."""
        x = self._through_layers(ids, self._step(ids, cache, interrupted=interrupted))
        return x if self.norm is None else torch.as_tensor(self.norm(x))

    def compute(self, ids: Tensor, step: Step, *, last_only: bool = False) -> Tensor:
        """Logits of ids [B, T] in a step that was made for them, as `forward` gives them."""
        x = self._through_layers(ids, step)
        if last_only:
            x = x[:, -1:]
        return self.read_out(x, is_single=step.is_single)

    @torch.inference_mode()
    def read_out(self, x: Tensor, *, is_single: bool = False) -> Tensor:
        """Logits [B, T, V] of a layer's output [B, T, E], through the final norm."""
        fused = self.fused_head if is_single else None
        if self.norm is not None and fused is None:
            x = self.norm(x)
        if fused is not None:
            logits = fused(x)
        elif self.lm_head is not None:
            logits = self.lm_head(x)
        elif isinstance(self.embed_tokens, Embedding):
            logits = project(x, self.embed_tokens.weight)
        else:
            logits = self.embed_tokens.get_submodule("head")(x)
        logits = logits.float()
        if self.logit_scale != 1.0:
            logits = logits * self.logit_scale
        if self.logit_softcap is not None:
            logits = torch.tanh(logits / self.logit_softcap) * self.logit_softcap
        return logits

    def _step(
        self,
        ids: Tensor,
        cache: KVCache | None,
        *,
        padding: Tensor | None = None,
        interrupted: Callable[[], bool],
        observer: Observer | None = None,
    ) -> Step:
        past = 0 if cache is None else cache.length
        if padding is None:
            positions = torch.arange(past, past + ids.shape[1], device=ids.device)
        else:
            positions = (padding.long().cumsum(-1) - 1).clamp_min(0)[:, past:]
        is_plain = cache is not None and padding is None and observer is None
        return Step(
            positions,
            past,
            self.dtype,
            cache=cache,
            padding=padding,
            is_single=is_plain and self._is_single(ids),
            interrupted=interrupted,
            observer=observer,
        )

    def _is_single(self, ids: Tensor) -> bool:
        """Whether ids [B, T] are one text in what the compiled layers compute in."""
        return ids.shape[0] == 1 and self.dtype == torch.float32 and ids.device.type == "cpu"

    def _embed(self, ids: Tensor, positions: Tensor | None = None) -> Tensor:
        x: Tensor = self.embed_tokens(ids).to(self.dtype)
        if self.embedding_scale != 1.0:
            x = x * torch.tensor(self.embedding_scale, dtype=x.dtype)
        if self.position_embedding is not None:
            x = x + self.position_embedding(positions).to(self.dtype)
        return x if self.embedding_norm is None else self.embedding_norm(x)

    def _through_layers(self, ids: Tensor, step: Step) -> Tensor:
        """The last layer's output [B, T, E]."""
        x = self._embed(ids, step.positions)
        for number, layer in enumerate(self.layers):
            if step.interrupted():
                raise Interrupted
            x = layer(x, step)
            if step.observer is not None:
                step.observer.passed(number, x)
        return x
