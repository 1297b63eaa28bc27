"""EngineThread: requests in order, cancelling before and while they run, and an end that leaves no thread."""

from __future__ import annotations

import threading

from fakes import FakeEngine
from pytestqt.qtbot import QtBot

from app.worker import EngineThread
from engine.api import Event, GenerateRequest, LoadRequest, ReplyFinished, RequestFailed, StopReason, TokenGenerated
from engine.inspection.api import InspectionStopped, SpellRequest


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
    assert [event.text for event in events if isinstance(event, TokenGenerated)] == texts
    assert isinstance(events[-1], ReplyFinished)
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
