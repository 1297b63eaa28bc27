"""Whether a model fits, what it needs, and what would fit where it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.core.fit import Memory, Verdict, alternatives, best, estimate, may_draft
from app.core.known_model import KnownModel, Place
from app.core.settings import LoadSettings
from engine.api import ModelInfo

GIB = 1 << 30


def info(
    gib: float, *, values: int = 65_536, context: int = 32_768, parameters: int = 8_000_000_000, template: bool = True
) -> ModelInfo:
    size = int(gib * GIB)
    return ModelInfo(
        "m", "/m", "llama", parameters, 32, context, 32_000, "Q4_K", "bpe", template, size, size, values, GIB // 4
    )


def model(name: str, facts: ModelInfo | None, problem: str | None = None) -> KnownModel:
    size = 0 if facts is None else facts.size_bytes
    return KnownModel(name, (Place(Path("/models") / name, "folders"),), size, info=facts, problem=problem)


def test_need_is_weights_cache_and_working_space() -> None:
    fit = estimate(info(4), Memory(16 * GIB), LoadSettings(context_length=8192))
    assert fit.need_bytes == 4 * GIB + 8192 * 65_536 * 2 + GIB // 4
    assert (fit.verdict, fit.context, fit.fitting_context) == (Verdict.WELL, 8192, 32_768)


def test_a_draft_is_half_as_large_at_most_and_has_the_same_vocabulary() -> None:
    large = model("large", info(8))
    assert may_draft(model("small", info(4)), large)
    assert not may_draft(model("as large", info(5)), large)
    assert not may_draft(model("other", replace(info(1), vocabulary=1)), large)
    assert not may_draft(model("broken", info(1), problem="cut off"), large)
    assert not may_draft(model("unread", None), large)


def test_little_room_is_tight_and_less_is_not_enough() -> None:
    assert estimate(info(4), Memory(5 * GIB)).verdict is Verdict.TIGHT
    fit = estimate(info(4), Memory(4 * GIB + GIB // 2))
    assert fit.verdict is Verdict.NOT
    assert fit.fitting_context == GIB // 4 // (65_536 * 2) // 256 * 256
    assert estimate(info(4), Memory(3 * GIB)).fitting_context == 0


def test_a_smaller_cache_type_needs_less() -> None:
    needs = [
        estimate(info(4), Memory(16 * GIB), LoadSettings(cache_type=kind)).need_bytes
        for kind in ("f32", "auto", "f16", "q8_0")
    ]
    assert needs[0] > needs[1] == needs[2] > needs[3]


def test_the_context_is_never_longer_than_the_models() -> None:
    assert estimate(info(1, context=2048), Memory(16 * GIB), LoadSettings(context_length=99_999)).context == 2048


def test_what_would_fit_is_offered_the_least_change_first() -> None:
    large, small = model("m-Q8", info(8)), model("m-Q4", info(4))
    other = model("other", info(2, parameters=1_000_000_000))
    wanted = LoadSettings(context_length=16_384)
    offered = alternatives(large, [large, small, other], Memory(int(9.5 * GIB)), wanted)
    assert [(one.model.name, one.settings.cache_type, one.settings.context_length) for one in offered] == [
        ("m-Q8", "q8_0", 16_384),
        ("m-Q8", "auto", 10_240),
        ("m-Q4", "auto", 16_384),
    ]
    assert all(one.fit.verdict is not Verdict.NOT for one in offered)
    assert [one.model.name for one in alternatives(large, [small], Memory(7 * GIB), wanted)] == ["m-Q4"]


def test_the_best_is_the_largest_that_fits_and_can_chat() -> None:
    models = [
        model("small", info(1, parameters=1)),
        model("good", info(4, parameters=4)),
        model("base", info(5, parameters=9, template=False)),
        model("huge", info(40, parameters=40)),
        model("broken", info(3, parameters=50), problem="It is cut off."),
        model("unread", None),
    ]
    chosen = best(models, Memory(16 * GIB))
    assert chosen is not None
    assert chosen.name == "good"
    assert best(models[3:5], Memory(16 * GIB)) is models[3]
    assert best([], Memory(1)) is None
