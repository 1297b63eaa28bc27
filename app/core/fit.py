"""Fit: whether a model fits into this machine's memory, estimated from its header; and what would fit instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import psutil

from app.core.known_model import KnownModel
from app.core.settings import LoadSettings
from engine.api import ModelInfo

USUAL_CONTEXT = 4096  # tokens; what the engine takes unless it is told more
ROOMY = 0.8  # of the free memory; beyond it other programs begin to be pushed out
LEAST_CONTEXT = 512  # tokens; less is no conversation
LARGEST_ON_CPU = (
    6_000_000_000  # bytes; a memory of 25 GB/s reads them four times a second, about as fast as people do
)
UNSEEN_BYTES = 600 << 20  # working space of a model whose header is not here
STEP = 256  # tokens by which the cache grows

# Bytes that one number takes in the cache; auto keeps as many as the weights have (decision 7).
_CACHE_BYTES = {"f32": 4.0, "f16": 2.0, "q8_0": 34 / 32}


class Verdict(StrEnum):
    """How a model fits."""

    WELL = "well"
    TIGHT = "tight"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Memory:
    """What is free where the model would go: `device` is cpu, cuda or mps."""

    free_bytes: int
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class Fit:
    """`need_bytes` for a context of `context` tokens; `fitting_context` is the longest that fits, 0 if none does."""

    verdict: Verdict
    need_bytes: int
    have_bytes: int
    context: int
    fitting_context: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """Something that would fit: this model with other settings, or another file of it."""

    model: KnownModel
    settings: LoadSettings
    fit: Fit


def free_ram() -> Memory:
    """What programs can still take of the processor's memory without pushing others out."""
    return Memory(int(psutil.virtual_memory().available))


def estimate(info: ModelInfo, memory: Memory, settings: LoadSettings | None = None) -> Fit:
    """How a model fits with these settings: weights, cache for the context, and working space."""
    settings = settings or LoadSettings()
    longest = info.context_length or USUAL_CONTEXT
    context = min(settings.context_length or USUAL_CONTEXT, longest)
    per_token = cache_bytes_per_token(info, settings.cache_type)
    fixed = info.size_bytes + info.working_space_bytes
    need = int(fixed + per_token * context)
    spare = memory.free_bytes - fixed
    fitting = longest if per_token == 0 and spare >= 0 else min(int(spare / per_token), longest) if per_token else 0
    fitting = fitting if fitting == longest else fitting // STEP * STEP
    verdict = Verdict.NOT
    if need <= memory.free_bytes:
        verdict = Verdict.WELL if need <= ROOMY * memory.free_bytes else Verdict.TIGHT
    return Fit(verdict, need, memory.free_bytes, context, fitting if fitting >= min(LEAST_CONTEXT, longest) else 0)


def rough_verdict(size_bytes: int, memory: Memory) -> Verdict:
    """How a model fits of which only the size is known; a tenth of it stands for the cache."""
    need = size_bytes * 11 // 10 + UNSEEN_BYTES
    if need > memory.free_bytes:
        return Verdict.NOT
    return Verdict.WELL if need <= ROOMY * memory.free_bytes else Verdict.TIGHT


def cache_bytes_per_token(info: ModelInfo, cache_type: str) -> float:
    """What one token takes in the cache."""
    usual = "f32" if info.quantisation == "F32" else "f16"
    return info.cache_values_per_token * _CACHE_BYTES[usual if cache_type == "auto" else cache_type]


def alternatives(
    model: KnownModel, others: Iterable[KnownModel], memory: Memory, settings: LoadSettings
) -> list[Alternative]:
    """What would fit where `settings` do not: a smaller cache, less context, a smaller file; in this order."""
    if model.info is None:
        return []
    found: list[Alternative] = []
    small_cache = replace(settings, cache_type="q8_0")
    candidates = [small_cache] if settings.cache_type != "q8_0" else []
    for tried in (settings, small_cache):
        shorter = estimate(model.info, memory, tried).fitting_context
        if 0 < shorter < estimate(model.info, memory, tried).context:
            candidates.append(replace(tried, context_length=shorter))
            break
    for tried in candidates:
        fit = estimate(model.info, memory, tried)
        if fit.verdict is not Verdict.NOT:
            found.append(Alternative(model, tried, fit))
    smaller = [
        Alternative(other, settings, fit)
        for other in others
        if other.is_loadable
        and other.info is not None
        and _is_smaller_file(other.info, model.info)
        and (fit := estimate(other.info, memory, settings)).verdict is not Verdict.NOT
    ]
    return [*found, *sorted(smaller, key=lambda one: -one.model.size_bytes)[:1]]


def _is_smaller_file(other: ModelInfo, info: ModelInfo) -> bool:
    """Whether it is the same model in a stronger quantisation, as far as headers say."""
    is_same = (other.family, other.layers, other.vocabulary) == (info.family, info.layers, info.vocabulary)
    return (
        is_same
        and other.size_bytes < info.size_bytes
        and abs(other.parameters - info.parameters) < info.parameters / 50
    )


def may_draft(draft: KnownModel, model: KnownModel) -> bool:
    """Whether a model may guess ahead for another, as far as headers say: one vocabulary, half as large at most."""
    if draft.info is None or model.info is None or not draft.is_loadable:
        return False
    ours, theirs = ((info.tokenizer, info.vocabulary) for info in (draft.info, model.info))
    return ours == theirs and 2 * draft.info.size_bytes <= model.info.size_bytes


def best(models: Iterable[KnownModel], memory: Memory) -> KnownModel | None:
    """The model to begin with: the largest that fits well and can chat, else the smallest of all."""
    usable = [model for model in models if model.is_loadable and model.info is not None]
    fitting = [
        model
        for model in usable
        if model.info is not None
        and model.info.has_chat_template
        and estimate(model.info, memory).verdict is Verdict.WELL
        and (memory.device != "cpu" or model.size_bytes <= LARGEST_ON_CPU)
    ]
    if fitting:
        return max(fitting, key=lambda model: (model.info.parameters if model.info else 0, model.size_bytes))
    return min(usable, key=lambda model: model.size_bytes, default=None)
