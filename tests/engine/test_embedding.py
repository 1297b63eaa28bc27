"""Texts as vectors: the mean of transformers' last hidden states, whatever the pieces they are read in."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import pytest
import torch
from reference_data import FIXTURES
from transformers import AutoModel

from engine import embedding
from engine.api import ContextFullError, Embedded, EmbedRequest, Event, LoadRequest, RequestError
from engine.engine import Engine

TEXTS = ("The first of the many long stories that were told at the fire", "Tea")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine()
    list(made.run(LoadRequest(0, str(FIXTURES / "models" / "llama"), context_length=256)))
    yield made
    made.close()


def vectors(events: list[Event]) -> list[torch.Tensor]:
    return [torch.tensor(array("f", event.vector)) for event in events if isinstance(event, Embedded)]


def test_a_vector_is_the_normalised_mean_of_the_last_hidden_states(engine: Engine) -> None:
    assert engine.model is not None
    reference = AutoModel.from_pretrained(FIXTURES / "models" / "llama", dtype=torch.float32)
    events = list(engine.run(EmbedRequest(1, TEXTS)))
    told = [event for event in events if isinstance(event, Embedded)]
    for text, event, vector in zip(TEXTS, told, vectors(events), strict=True):
        ids = engine.model.tokenizer.encode_with_specials(text, add_special=True, parse_special=False)
        with torch.no_grad():
            states = reference(torch.tensor([ids])).last_hidden_state[0]
        assert event.tokens == len(ids)
        torch.testing.assert_close(vector, torch.nn.functional.normalize(states.mean(0), dim=0), atol=1e-5, rtol=1e-4)
    assert [event.is_last for event in told] == [False, True]


def test_a_text_read_in_pieces_has_the_same_vector(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    (whole,) = vectors(list(engine.run(EmbedRequest(1, TEXTS[:1]))))
    monkeypatch.setattr(embedding, "CHUNK", 4)
    (pieced,) = vectors(list(engine.run(EmbedRequest(1, TEXTS[:1]))))
    torch.testing.assert_close(pieced, whole)


def test_a_text_that_is_empty_or_too_long_is_refused(engine: Engine) -> None:
    with pytest.raises(ContextFullError, match="Text 1 has"):
        list(engine.run(EmbedRequest(1, ("Tea", "tea " * 300))))
    assert engine.model is not None
    if not engine.model.tokenizer.add_bos:
        with pytest.raises(RequestError, match="Text 0 is empty"):
            list(engine.run(EmbedRequest(1, ("",))))


def test_it_ends_when_nobody_wants_it_any_more(engine: Engine) -> None:
    assert vectors(list(engine.run(EmbedRequest(1, TEXTS), lambda: True))) == []
