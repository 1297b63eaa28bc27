"""Attribution by removal: each change is the difference of two direct scores, and what stands before is read once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from reference_data import FIXTURES

from engine.api import GenerateRequest, Message, RequestError
from engine.attribution import Attribution, Part, message_parts, sentence_parts
from engine.layers import Interrupted
from engine.model import Model, load_model
from engine.prompt import prompt_ids
from engine.scoring import score

MESSAGES = (
    Message("system", "Be brief."),
    Message("user", "Green tea? It is hot."),
    Message("assistant", "Yes."),
    Message("user", "And red tea? Why?"),
)
LIMIT = 512


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    made = load_model(FIXTURES / "models" / "llama")
    yield made
    made.close()


@pytest.fixture
def request_(model: Model) -> GenerateRequest:
    return GenerateRequest(1, MESSAGES, begun_ids=tuple(model.tokenizer.encode("Red is warm.")))


def directly(model: Model, messages: tuple[Message, ...], reply: tuple[int, ...]) -> list[float]:
    """The log-probabilities of a reply, with nothing reused."""
    ids, _ = prompt_ids(GenerateRequest(1, messages), model.tokenizer, limit=LIMIT)
    return [value for part in score(model, [*ids, *reply], first=len(ids)) for value in part.logprobs.tolist()]


def test_without_a_message_the_reply_is_scored_as_if_it_had_never_been(
    model: Model, request_: GenerateRequest
) -> None:
    attribution = Attribution(model, request_, limit=LIMIT)
    parts = attribution.parts(message_parts)
    assert [part.message for part in parts] == [3, 2, 1, 0]
    whole = directly(model, MESSAGES, request_.begun_ids)
    assert attribution.logprobs == pytest.approx(whole, abs=1e-4)
    for part in parts:
        change = attribution.without(part)
        rest = tuple(message for number, message in enumerate(MESSAGES) if number != part.message)
        left = directly(model, rest, request_.begun_ids)
        assert change.changes == pytest.approx([a - b for a, b in zip(whole, left, strict=True)], abs=1e-3)
        assert change.total == pytest.approx(sum(whole) - sum(left), abs=1e-3)
        assert not change.is_emptied


def test_without_a_sentence_the_rest_of_its_message_stays(model: Model, request_: GenerateRequest) -> None:
    attribution = Attribution(model, request_, limit=LIMIT)
    part = attribution.parts(sentence_parts)[0]
    assert part == Part(3, 13, 17)
    left = directly(model, (*MESSAGES[:3], Message("user", "And red tea? ")), request_.begun_ids)
    assert attribution.without(part).total == pytest.approx(sum(attribution.logprobs) - sum(left), abs=1e-3)


def test_what_stands_before_a_part_is_not_read_again(
    model: Model, request_: GenerateRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    attribution = Attribution(model, request_, limit=LIMIT)
    computed: list[int] = []
    forward = model.decoder.forward

    def counting(ids, *of, **how):  # type: ignore[no-untyped-def]
        computed.append(ids.shape[1])
        return forward(ids, *of, **how)

    monkeypatch.setattr(model.decoder, "forward", counting)
    last = attribution.parts(message_parts)[0]
    whole, _ = prompt_ids(GenerateRequest(1, MESSAGES), model.tokenizer, limit=LIMIT)
    without, _ = prompt_ids(GenerateRequest(1, MESSAGES[:3]), model.tokenizer, limit=LIMIT)
    attribution.without(last)
    same = next(at for at, (one, other) in enumerate(zip(whole, without, strict=False)) if one != other)
    assert sum(computed) == len(without) + len(request_.begun_ids) - 1 - same
    assert same > len(whole) // 2


def test_a_message_that_the_template_needs_stays_without_its_text(model: Model) -> None:
    request = GenerateRequest(1, MESSAGES[1:2], begun_ids=(50, 60))
    attribution = Attribution(model, request, limit=LIMIT)
    change = attribution.without(Part(0, 0, len(MESSAGES[1].content)))
    assert change.is_emptied
    left = directly(model, (Message("user", ""),), (50, 60))
    assert change.total == pytest.approx(sum(attribution.logprobs) - sum(left), abs=1e-3)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! “Three?” Four", ["One. ", "Two! ", "“Three?” ", "Four"]),
        ("绿茶。红茶！“黑茶？”", ["绿茶。", "红茶！", "“黑茶？”"]),
        ("Version 1.5 is out\nNew line", ["Version 1.5 is out\n", "New line"]),
        ("Wait...what?! Yes.", ["Wait...what?! ", "Yes."]),
        ("." * 100_000 + "x", ["." * 100_000 + "x"]),
        ("\n\n", []),
        ("", []),
    ],
)
def test_a_text_is_cut_into_its_sentences(text: str, sentences: list[str]) -> None:
    parts = sentence_parts([Message("user", text)])
    assert [text[part.start : part.end] for part in parts] == sentences


def test_it_stops_when_asked(model: Model, request_: GenerateRequest) -> None:
    stop: list[bool] = []
    attribution = Attribution(model, request_, limit=LIMIT, interrupted=lambda: bool(stop))
    stop.append(True)
    with pytest.raises(Interrupted):
        attribution.without(attribution.parts(message_parts)[0])


def test_a_plain_prompt_has_no_parts(model: Model) -> None:
    with pytest.raises(RequestError, match="Only a reply to messages"):
        Attribution(model, GenerateRequest(1, "text", begun_ids=(5,)), limit=LIMIT)
