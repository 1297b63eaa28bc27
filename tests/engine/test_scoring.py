"""Teacher forcing: in chunks as in one go, in windows as by hand, and stopped where a person stops it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from reference_data import FIXTURES

from engine import scoring
from engine.alternatives import unpack
from engine.api import GenerateRequest, LoadRequest, NumericalError, ReplyFinished, RequestError, SamplerSettings
from engine.engine import Engine
from engine.layers import Interrupted
from engine.model import Model, load_model
from engine.scoring import perplexity, score, score_in_windows, windows

IDS = torch.randint(3, 320, (90,), generator=torch.Generator().manual_seed(0)).tolist()


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    made = load_model(FIXTURES / "models" / "llama")
    yield made
    made.close()


def logprobs(parts: Iterator[scoring.Scores]) -> list[float]:
    return [value for part in parts for value in part.logprobs.tolist()]


def expected(model: Model, ids: list[int]) -> torch.Tensor:
    """Of all tokens but the first, in one go by the reference path."""
    targets = torch.tensor(ids[1:])[:, None]
    return model.forward(torch.tensor([ids]))[0, :-1].log_softmax(-1).gather(-1, targets)[:, 0]


@pytest.mark.parametrize("first", [1, 2, 37, 89])
def test_chunks_give_what_one_go_gives(model: Model, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "READ", 16)
    found = logprobs(score(model, IDS, first=first))
    assert found == pytest.approx(expected(model, IDS)[first - 1 :].tolist(), abs=1e-4)


def test_a_cache_is_used_as_far_as_it_holds_the_text(model: Model) -> None:
    cache = model.decoder.new_cache(100)
    scoring.read(model, [*IDS[:50], 7, 8, 9], cache)
    assert logprobs(score(model, IDS, first=60, cache=cache)) == pytest.approx(
        expected(model, IDS)[59:].tolist(), abs=1e-4
    )
    assert cache.ids == IDS[:-1]


def test_a_reply_is_scored_as_it_was_drawn() -> None:
    engine = Engine()
    list(engine.run(LoadRequest(0, str(FIXTURES / "models" / "llama"))))
    reply = list(engine.run(GenerateRequest(1, "The first", SamplerSettings(temperature=1.0, seed=1), 30)))[-1]
    assert isinstance(reply, ReplyFinished)
    assert engine.model is not None
    assert engine.reader is not None
    prompt = list(engine.reader.ids[: reply.timings.prompt_tokens])
    parts = score(engine.model, [*prompt, *reply.token_ids], first=len(prompt))
    records = unpack(b"".join(part.packed() for part in parts))
    for found, drawn in zip(records, unpack(reply.alternatives), strict=True):
        assert (found.token_id, found.rank, found.survivors) == (drawn.token_id, drawn.rank, 0)
        assert found.logprob == pytest.approx(drawn.logprob, abs=1e-3)
        assert found.entropy == pytest.approx(drawn.entropy, abs=1e-3)
    engine.close()


@pytest.mark.parametrize(("context", "stride"), [(32, 16), (32, 31), (200, None), (16, 1)])
def test_windows_score_every_token_once_and_give_the_perplexity(
    model: Model, context: int, stride: int | None
) -> None:
    parts = list(score_in_windows(model, IDS, context=context, stride=stride))
    assert [token for part in parts for token in part.ids] == IDS[1:]
    nll = -sum(value for part in parts for value in part.logprobs.tolist()) / 89
    assert nll == pytest.approx(perplexity(model, IDS, context=context, stride=stride).nll, abs=1e-4)


def test_windows_overlap_by_what_the_stride_leaves() -> None:
    assert list(windows(10, context=4, stride=2)) == [(0, 1, 4), (2, 4, 6), (4, 6, 8), (6, 8, 10)]
    assert list(windows(3, context=4, stride=None)) == [(0, 1, 3)]


def test_scoring_stops_between_two_layers(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "READ", 16)
    asked = iter([False] * 5)  # before and between the layers of the first chunk, and once in the second
    cache = model.decoder.new_cache(100)
    with pytest.raises(Interrupted):
        list(score(model, IDS, cache=cache, interrupted=lambda: next(asked, True)))
    assert cache.length == len(cache.ids) == 16


@pytest.mark.parametrize(("ids", "first"), [([5], 1), ([5, 6], 0), ([5, 6], 2), ([], 1)])
def test_what_cannot_be_scored_is_refused(model: Model, ids: list[int], first: int) -> None:
    with pytest.raises(RequestError, match="nothing to score"):
        list(score(model, ids, first=first))


def test_output_that_is_no_number_is_an_error() -> None:
    model = load_model(FIXTURES / "models" / "llama")
    assert model.decoder.norm is not None
    model.decoder.norm.weight.data.fill_(float("nan"))
    model.decoder.fused_head = None  # it has copied the weight
    with pytest.raises(NumericalError, match="not a number"):
        list(score(model, IDS))
    model.close()
