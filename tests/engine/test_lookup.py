"""Guessing ahead: what is guessed, when it is given up, and that no reply changes by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import lookup
from engine.api import GenerateRequest, LoadRequest, ReplyFinished, SamplerSettings
from engine.engine import Engine
from engine.lookup import GUESSES, MATCH, PromptLookup

RUN = list(range(10, 10 + MATCH))


def test_what_followed_a_run_is_guessed_when_the_run_comes_again() -> None:
    text = PromptLookup([*RUN, 1, 2, 3, 4, 5, *RUN[:-1]])
    assert text.guess(9) == []
    text.add(RUN[-1])
    assert text.guess(9) == [1, 2, 3, 4, 5][:GUESSES]
    assert text.guess(1) == [1]
    assert text.guess(0) == []


def test_the_last_time_counts() -> None:
    text = PromptLookup([*RUN, 1, 1, *RUN, 2, 2, *RUN])
    assert text.guess(9) == [2, 2][:GUESSES]


def test_a_run_that_stands_at_the_end_only_guesses_nothing() -> None:
    assert PromptLookup(RUN).guess(9) == []
    assert PromptLookup([]).guess(9) == []


def test_wrong_guesses_pause_longer_each_time_and_a_right_one_ends_that() -> None:
    text = PromptLookup([*RUN, 1, 2, 3, *RUN])
    pauses = []
    for _ in range(3):
        text.judge(2, 0)
        waited = 0
        while not text.guess(9):
            waited += 1
            text.add(99)
            for token in RUN[:]:
                text.add(token)
        pauses.append(waited)
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]
    text.judge(2, 1)
    assert text.guess(9)


@pytest.mark.parametrize("temperature", [0.0, 0.3])
def test_replies_are_the_same_with_and_without_guesses(
    temperature: float, starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine()
    list(engine.run(LoadRequest(0, str(starter))))
    line = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen. "
    sampler = SamplerSettings(temperature=temperature, seed=11)
    request = GenerateRequest(1, line * 4, sampler=sampler, max_tokens=60)
    passes: list[int] = []
    forward = engine.model.decoder.forward if engine.model is not None else None

    def counted(ids, *rest, **options):
        passes.append(ids.shape[1])
        return forward(ids, *rest, **options)

    monkeypatch.setattr(engine.model.decoder, "forward", counted)
    replies = []
    for guesses in (0, GUESSES):
        monkeypatch.setattr(lookup, "GUESSES", guesses)
        passes.clear()
        finished = list(engine.run(request))[-1]
        assert isinstance(finished, ReplyFinished)
        replies.append((finished.token_ids, finished.text, finished.stop_reason))
        assert any(1 < count <= 1 + GUESSES for count in passes) == bool(guesses)
    assert replies[0] == replies[1]
    engine.close()
