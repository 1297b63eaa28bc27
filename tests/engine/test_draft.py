"""A draft model guesses ahead: the reply is the very same whatever it guesses; it stops where it does not pay."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from reference_data import FIXTURES
from test_cache import build

from engine.api import GenerateRequest, LoadRequest, ReplyFinished, RequestError, SamplerSettings
from engine.draft import CATCH_UP, FIRST_GUESSES, JUDGED_ROUNDS, MOST_GUESSES, Draft
from engine.engine import Engine
from engine.model import Model, load_model
from engine.reader import Reader
from engine.sampling import Sampler

MODELS = FIXTURES / "models"
GREEDY = Sampler(SamplerSettings(temperature=0.0), 0)


def tokens(count: int) -> list[int]:
    return random.Random(count).choices(range(3, 300), k=count)


class Clock:
    """Seconds that pass only when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def model() -> Model:
    return load_model(MODELS / "llama")


def draft_of(model: Model, ids: list[int], clock: Clock) -> Draft:
    """A draft that knows what a token costs without guesses: one second."""
    draft = Draft(Reader(model, limit=512), ids, GREEDY, vocabulary=model.decoder.vocabulary, clock=clock)
    while len(ids) > CATCH_UP and not draft._reader.ids[: len(ids) - CATCH_UP]:
        draft.guess(9)
    draft.judge(0, 0)
    clock.now += 1.0
    draft.judge(0, 0)
    return draft


@pytest.mark.parametrize("draft", ["itself", "another model", "a recurrent model"])
@pytest.mark.parametrize(
    "sampler",
    [
        SamplerSettings(temperature=0.0),
        SamplerSettings(temperature=0.8, seed=3),
        SamplerSettings(temperature=1.5, top_k=0, seed=4, repetition_penalty=1.2),
        SamplerSettings(seed=5, presence_penalty=0.5, dry_multiplier=0.8, typical_p=0.9, xtc_probability=0.5),
        SamplerSettings(temperature=1.0, seed=6, mirostat_tau=3.0, logit_bias=((7, 2.0),)),
    ],
    ids=["greedy", "sampled", "penalised", "DRY and XTC", "mirostat"],
)
def test_replies_are_the_same_with_and_without_a_draft(
    draft: str, sampler: SamplerSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if draft == "itself":
        draft_path = MODELS / "llama"
    else:
        draft_path = build("window" if draft == "another model" else "recurrent", tmp_path).checkpoint.path
    monkeypatch.setattr("engine.draft.LONGEST_PAUSE", 0)  # a tiny draft costs as much as a tiny model
    replies, guessed, told = [], list[tuple[int, int]](), list[tuple[int, int]]()
    judge = Draft.judge

    def noted(self: Draft, count: int, right: int) -> None:
        guessed.append((count, right))
        judge(self, count, right)

    monkeypatch.setattr(Draft, "judge", noted)
    for path in (None, str(draft_path)):
        engine = Engine()
        list(engine.run(LoadRequest(0, str(MODELS / "llama"), draft_path=path)))
        for request_id, text in ((1, "ab cd ef " * 12), (2, "ab cd ef " * 12 + "gh")):
            finished = list(engine.run(GenerateRequest(request_id, text, sampler, max_tokens=40)))[-1]
            assert isinstance(finished, ReplyFinished)
            replies.append((finished.token_ids, finished.text, finished.stop_reason))
            told.append((finished.timings.guessed_tokens, finished.timings.right_guesses))
        engine.close()
    assert replies[:2] == replies[2:]
    assert sum(count for count, _ in guessed) > 0
    assert [sum(column) for column in zip(*guessed, strict=True)] == [
        sum(column) for column in zip(*told[2:], strict=True)
    ]
    if draft == "itself":
        assert all(count == right for count, right in guessed[:-1]), "it draws as the model does"


def test_a_reply_held_to_a_schema_is_the_same_with_a_draft(starter: Path) -> None:
    schema = '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}'
    sampler, texts = SamplerSettings(temperature=0.7, seed=1), []
    for path in (None, str(starter)):
        engine = Engine()
        list(engine.run(LoadRequest(0, str(starter), draft_path=path)))
        request = GenerateRequest(1, "The number is", sampler, max_tokens=16, json_schema=schema)
        texts.append(list(engine.run(request))[-1].token_ids)
        engine.close()
    assert texts[0] == texts[1]


def test_a_draft_with_another_vocabulary_is_refused_and_nothing_is_lost(starter: Path) -> None:
    engine = Engine()
    list(engine.run(LoadRequest(0, str(MODELS / "llama"))))
    with pytest.raises(RequestError, match=r"vocabularies differ. Choose a smaller model of the same family"):
        list(engine.run(LoadRequest(1, str(MODELS / "llama"), draft_path=str(starter))))
    assert list(engine.run(GenerateRequest(2, "ab", max_tokens=2)))[-1].token_ids
    engine.close()


def test_the_draft_reads_a_long_text_in_pieces(model: Model) -> None:
    ids = tokens(3 * CATCH_UP + 5)
    draft = Draft(Reader(model, limit=512), ids, GREEDY, vocabulary=model.decoder.vocabulary, clock=Clock())
    for pieces in (1, 2, 3):
        assert draft.guess(9) == []
        assert len(draft._reader.ids) == pieces * CATCH_UP


def test_nothing_is_guessed_before_it_is_known_what_a_token_costs(model: Model) -> None:
    draft = Draft(Reader(model, limit=512), tokens(9), GREEDY, vocabulary=model.decoder.vocabulary)
    assert draft.guess(9) == []
    draft.judge(0, 0)
    assert draft.guess(9) == []
    draft.judge(0, 0)
    assert len(draft.guess(9)) == FIRST_GUESSES
    assert len(draft.guess(2)) == 2
    assert draft.guess(0) == []


def test_guesses_become_longer_while_they_are_right_and_shorter_when_not(model: Model) -> None:
    clock = Clock()
    draft, counts = draft_of(model, tokens(9), clock), []
    for _ in range(7):
        guess = draft.guess(99)
        counts.append(len(guess))
        for token in guess:
            draft.add(token)
        draft.judge(len(guess), len(guess))
    assert counts == [3, 4, 5, 6, 7, MOST_GUESSES, MOST_GUESSES]
    draft.judge(len(draft.guess(99)), 1)
    assert len(draft.guess(99)) == 2


def test_a_draft_that_costs_more_than_it_gains_pauses_longer_each_time(model: Model) -> None:
    clock = Clock()
    draft, pauses = draft_of(model, tokens(9), clock), []
    for _ in range(3):
        for _ in range(JUDGED_ROUNDS):
            guess = draft.guess(99)
            assert guess
            clock.now += 1.5
            draft.add(299 if guess[0] != 299 else 298)
            draft.judge(len(guess), 0)
        pauses.append(0)
        while not draft.guess(99):
            pauses[-1] += 1
            clock.now += 1.0
            draft.add(5)
            draft.judge(0, 0)
    assert pauses == [16, 48, 112]


def test_a_draft_that_pays_goes_on(model: Model) -> None:
    clock = Clock()
    draft = draft_of(model, tokens(9), clock)
    for _ in range(3 * JUDGED_ROUNDS):
        guess = draft.guess(99)
        assert guess
        clock.now += 1.5
        draft.add(guess[0])
        draft.judge(len(guess), 1)


def test_a_wrong_guess_leaves_the_cache_of_the_draft(model: Model) -> None:
    ids = tokens(9)
    draft = draft_of(model, ids, Clock())
    guess = draft.guess(99)
    right, wrong = guess[0], 299 if guess[1] != 299 else 298
    draft.add(right)
    draft.add(wrong)
    draft.judge(len(guess), 1)
    again = draft.guess(99)
    alone = draft_of(model, [*ids, right, wrong], Clock()).guess(len(again))
    assert again == alone
