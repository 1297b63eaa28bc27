"""EngineThread: requests in order, cancelling before and while they run, and an end that leaves no thread."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from fakes import FakeEngine
from pytestqt.qtbot import QtBot

from app import worker
from app.worker import REPLACED, EngineThread, TokensGathered
from engine.api import (
    CountTokensRequest,
    Event,
    GenerateRequest,
    LoadRequest,
    ModelLoaded,
    ReadAhead,
    ReadAheadRequest,
    ReplyFinished,
    RequestFailed,
    StopReason,
    TokenGenerated,
    TokensCounted,
)
from engine.inspection.api import InspectionStopped, SpellRequest


class Panic(BaseException):
    """As compiled code raises."""


def started(qtbot: QtBot, fake: FakeEngine) -> tuple[EngineThread, list[Event]]:
    engine, events = EngineThread(lambda: fake), list[Event]()
    engine.eventArrived.connect(events.append)
    engine.start()
    return engine, events


def test_requests_run_in_order_and_events_arrive_in_the_windows_thread(qtbot: QtBot) -> None:
    engine, events = started(qtbot, FakeEngine([["a"], ["b"]]))
    threads = set()
    engine.eventArrived.connect(lambda _event: threads.add(threading.current_thread()))
    for number in (1, 2):
        engine.submit(GenerateRequest(number, "x"))
    qtbot.waitUntil(lambda: sum(isinstance(event, ReplyFinished) for event in events) == 2)
    assert [event.text for event in events if isinstance(event, ReplyFinished)] == ["a", "b"]
    assert threads == {threading.main_thread()}
    assert engine.shutdown()


def test_no_token_is_lost_or_out_of_order_when_they_are_told_together(qtbot: QtBot) -> None:
    texts = [f"{number} " for number in range(200)]
    engine, events = started(qtbot, FakeEngine([texts]))
    engine.submit(GenerateRequest(1, "x"))
    qtbot.waitUntil(lambda: any(isinstance(event, ReplyFinished) for event in events))
    gathered = [event for event in events if isinstance(event, TokensGathered)]
    assert [token.text for event in gathered for token in event.tokens] == texts
    assert "".join(event.text for event in gathered) == "".join(texts)
    assert len(gathered) < len(texts)
    assert isinstance(events[-1], ReplyFinished)
    assert engine.shutdown()


@pytest.mark.parametrize(("each_s", "most"), [(0.2, 1), (0.03, 2), (0.004, 23)])
def test_tokens_that_come_fast_are_told_ten_times_a_second(
    monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, each_s: float, most: int
) -> None:
    now = 1.0

    class Paced(FakeEngine):
        def run(self, request: Any, cancelled: Any) -> Any:
            nonlocal now
            for event in super().run(request, cancelled):
                now += each_s
                yield event

    monkeypatch.setattr(worker.time, "monotonic", lambda: now)
    engine, events = started(qtbot, Paced([["a "] * 100]))
    engine.submit(GenerateRequest(1, "x"))
    qtbot.waitUntil(lambda: any(isinstance(event, ReplyFinished) for event in events))
    sizes = [len(event.tokens) for event in events if isinstance(event, TokensGathered)]
    assert sizes[0] == 1  # the first word waits for nothing
    assert max(sizes) == most
    assert sum(sizes) == 100
    assert engine.shutdown()


def test_free_memory_goes_back_once_in_each_rest(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    given_back = list[int]()
    monkeypatch.setattr("app.worker.REST_S", 0.05)
    monkeypatch.setattr("app.worker.trim_heap", lambda: given_back.append(sum_finished()))
    engine, events = started(qtbot, FakeEngine([["a"], ["b"]]))

    def sum_finished() -> int:
        return sum(isinstance(event, ReplyFinished) for event in events)

    for number in (1, 2):
        qtbot.waitUntil(lambda count=number: len(given_back) == count)
        qtbot.wait(150)
        engine.submit(GenerateRequest(number, "x"))
    qtbot.waitUntil(lambda: len(given_back) == 3)
    assert given_back == [0, 1, 2]
    assert engine.shutdown()


def test_a_waiting_request_can_be_cancelled(qtbot: QtBot) -> None:
    fake = FakeEngine([["a"]])
    fake.gate.clear()
    engine, events = started(qtbot, fake)
    engine.submit(GenerateRequest(1, "x"))
    engine.submit(GenerateRequest(2, "y"))
    engine.submit(SpellRequest(4, (1,)))
    engine.submit(LoadRequest(3, "/m.gguf"))
    for number in (2, 3, 4):
        engine.cancel(number)
    fake.gate.set()
    qtbot.waitUntil(lambda: any(isinstance(event, RequestFailed) for event in events))
    finished = {event.request_id: event.stop_reason for event in events if isinstance(event, ReplyFinished)}
    assert finished == {1: StopReason.END_TOKEN, 2: StopReason.CANCELLED}
    assert [event.request_id for event in events if isinstance(event, InspectionStopped)] == [4]
    assert len(fake.requests) == 1
    assert engine.shutdown()


def test_a_shutdown_ends_a_running_reply_and_closes_the_engine(qtbot: QtBot) -> None:
    fake = FakeEngine([["a"] * 1000])
    fake.gate.clear()
    engine, _events = started(qtbot, fake)
    engine.submit(GenerateRequest(1, "x"))
    qtbot.waitUntil(lambda: bool(fake.requests))
    assert engine.shutdown()
    assert fake.is_closed


class Slow(FakeEngine):
    """Reads ahead until it is cancelled, and remembers which requests were begun and ended in which order."""

    def __init__(self) -> None:
        super().__init__([["a"]])
        self.order = list[str]()
        self.is_endless = True

    def run(self, request: Any, cancelled: Any) -> Any:
        if not isinstance(request, ReadAheadRequest):
            self.order.append(f"{type(request).__name__} {request.request_id}")
            yield from super().run(request, cancelled)
            return
        self.order.append(f"begun {request.request_id}")
        while self.is_endless and not cancelled():
            time.sleep(0.001)
        self.order.append(f"over {request.request_id}")
        yield ReadAhead(request.request_id, 10)


def reading(qtbot: QtBot) -> tuple[EngineThread, Slow, list[Event]]:
    """A thread that reads ahead without an end, as request 1."""
    fake = Slow()
    engine, events = started(qtbot, fake)
    engine.submit(LoadRequest(0, "/m.gguf"))
    engine.submit(ReadAheadRequest(1, GenerateRequest(0, "x")))
    qtbot.waitUntil(lambda: "begun 1" in fake.order)
    return engine, fake, events


def test_whatever_is_asked_ends_reading_ahead_but_counting(qtbot: QtBot) -> None:
    engine, fake, events = reading(qtbot)
    engine.submit(CountTokensRequest(2, texts=("a b",)))
    qtbot.waitUntil(lambda: any(isinstance(event, TokensCounted) for event in events))
    assert fake.order[-1] == "begun 1"
    engine.submit(GenerateRequest(3, "x"))
    qtbot.waitUntil(lambda: any(isinstance(event, ReplyFinished) for event in events))
    engine.submit(ReadAheadRequest(4, GenerateRequest(0, "x")))
    qtbot.waitUntil(lambda: fake.order[-1] == "begun 4")
    told = served(engine, 5)
    qtbot.waitUntil(lambda: bool(told) and isinstance(told[-1], ReplyFinished))
    assert fake.order[1:] == ["begun 1", "over 1", "GenerateRequest 3", "begun 4", "over 4", "GenerateRequest 5"]
    assert engine.shutdown()


def test_of_several_drafts_only_the_last_is_read(qtbot: QtBot) -> None:
    engine, fake, events = reading(qtbot)
    fake.gate.clear()
    engine.submit(GenerateRequest(2, "x"))
    for number in (3, 4, 5):
        engine.submit(ReadAheadRequest(number, GenerateRequest(0, "x")))
    fake.is_endless = False
    fake.gate.set()
    qtbot.waitUntil(lambda: events[-1:] == [ReadAhead(5, 10)])
    assert fake.order[1:] == ["begun 1", "over 1", "GenerateRequest 2", "begun 5", "over 5"]
    engine.submit(ReadAheadRequest(6, GenerateRequest(0, "x")))
    engine.cancel(6)
    assert engine.shutdown()


def test_a_draft_that_is_cancelled_or_the_end_of_the_window_ends_its_reading(qtbot: QtBot) -> None:
    engine, fake, events = reading(qtbot)
    engine.cancel(1)
    qtbot.waitUntil(lambda: ReadAhead(1, 10) in events)
    engine.submit(ReadAheadRequest(2, GenerateRequest(0, "x")))
    qtbot.waitUntil(lambda: fake.order[-1] == "begun 2")
    assert engine.shutdown()
    assert fake.order[-1] == "over 2"


def test_before_a_model_is_asked_for_no_engine_is_made_to_read_ahead(qtbot: QtBot) -> None:
    made = list[FakeEngine]()

    def make() -> FakeEngine:
        made.append(FakeEngine())
        return made[0]

    engine = EngineThread(make)
    engine.start()
    engine.submit(ReadAheadRequest(1, GenerateRequest(0, "x")))
    qtbot.wait(50)
    assert made == []
    assert engine.shutdown()


def test_reading_ahead_ends_no_rest_and_begins_none(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    given_back = list[None]()
    monkeypatch.setattr("app.worker.REST_S", 0.3)
    monkeypatch.setattr("app.worker.trim_heap", lambda: given_back.append(None))
    engine, events = started(qtbot, FakeEngine([["a"]]))
    engine.submit(GenerateRequest(1, "x"))
    qtbot.waitUntil(lambda: any(isinstance(event, ReplyFinished) for event in events))
    for number in range(2, 8):
        engine.submit(ReadAheadRequest(number, GenerateRequest(0, "x")))
        qtbot.wait(100)
    assert len(given_back) == 1
    assert sum(isinstance(event, ReadAhead) for event in events) == 6
    assert engine.shutdown()


def served(engine: EngineThread, number: int) -> list[Event]:
    """The events that a guest is told, as they come."""
    events = list[Event]()
    engine.serve(GenerateRequest(number, "guest"), events.append)
    return events


def test_a_guest_is_told_its_own_events_and_the_window_nothing_of_them(qtbot: QtBot) -> None:
    engine, events = started(qtbot, FakeEngine([["a", "b"]]))
    told = served(engine, 1)
    qtbot.waitUntil(lambda: bool(told) and isinstance(told[-1], ReplyFinished))
    assert [event.text for event in told if isinstance(event, TokenGenerated)] == ["a", "b"]
    assert engine.shutdown()
    assert events == []


def test_the_window_and_a_guest_take_turns_two_to_one(qtbot: QtBot) -> None:
    fake = FakeEngine([["guest"] * 10_000, ["window"] * 100])
    fake.token_s = 0.002
    engine, events = started(qtbot, fake)
    told = served(engine, 1)
    qtbot.waitUntil(lambda: bool(told))
    before = len(told)
    engine.submit(GenerateRequest(2, "window"))
    qtbot.waitUntil(lambda: any(isinstance(event, ReplyFinished) for event in events))
    assert 30 <= len(told) - before <= 80
    assert engine.shutdown()


def test_a_guest_waits_while_a_model_is_loaded_and_one_that_ran_or_waited_is_told_why_it_ended(qtbot: QtBot) -> None:
    fake = FakeEngine([["a"] * 10_000, ["b"]])
    fake.token_s = 0.001
    engine, events = started(qtbot, fake)
    running, waiting = served(engine, 1), served(engine, 2)
    qtbot.waitUntil(lambda: bool(running))
    engine.submit(LoadRequest(3, "/m.gguf"))
    qtbot.waitUntil(lambda: any(isinstance(event, ModelLoaded) for event in events))
    for told in (running, waiting):
        assert isinstance(told[-1], RequestFailed)
        assert told[-1].kind == REPLACED
    later = served(engine, 4)
    qtbot.waitUntil(lambda: bool(later) and isinstance(later[-1], ReplyFinished))
    assert engine.shutdown()


def test_a_guest_that_leaves_before_its_turn_is_never_run(qtbot: QtBot) -> None:
    fake = FakeEngine([["a"]])
    fake.gate.clear()
    engine, _events = started(qtbot, fake)
    first, second = served(engine, 1), served(engine, 2)
    engine.cancel(2)
    fake.gate.set()
    qtbot.waitUntil(lambda: bool(second))
    assert isinstance(second[0], RequestFailed)
    assert isinstance(first[-1], ReplyFinished)
    assert len(fake.requests) == 1
    assert engine.shutdown()


def test_a_guest_that_cannot_be_told_anything_costs_the_window_nothing(qtbot: QtBot) -> None:
    """What nobody foresaw ends a round of the thread's work, not the thread, and the reply of the window goes on."""
    fake = FakeEngine([["a"] * 50, ["guest"] * 3, ["b"]])
    fake.token_s = 0.005
    engine, events = started(qtbot, fake)

    def fail(_event: Event) -> None:
        raise Panic

    engine.submit(GenerateRequest(1, "x"))
    qtbot.waitUntil(lambda: any(isinstance(event, TokensGathered) for event in events))
    engine.serve(GenerateRequest(2, "y"), fail)
    qtbot.waitUntil(lambda: len(fake.requests) == 2)
    qtbot.waitUntil(lambda: any(isinstance(event, ReplyFinished) for event in events))
    assert sum(len(event.tokens) for event in events if isinstance(event, TokensGathered)) == 50
    engine.submit(GenerateRequest(3, "x"))
    qtbot.waitUntil(lambda: sum(isinstance(event, ReplyFinished) for event in events) == 2)
    assert engine.shutdown()
