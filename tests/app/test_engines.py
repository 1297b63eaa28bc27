"""Two engines behind one: each request goes where it belongs, and none written for this machine leaves it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator

import pytest
from fakes import INFO, FakeEngine
from pytestqt.qtbot import QtBot

from app.controllers.engines import Engines
from app.worker import EngineThread
from engine.api import (
    Event,
    GenerateRequest,
    LoadRequest,
    ModelLoaded,
    ModelRequest,
    ReplyFinished,
    RequestFailed,
    StopReason,
    UnloadRequest,
)
from engine.inspection.api import InspectionRequest

REMOTE = "https://host/v1#model"


class SlowEngine(FakeEngine):
    """Loads when it may."""

    def __init__(self, reply: str) -> None:
        super().__init__([[reply]])
        self.may_load = threading.Event()
        self.may_load.set()

    def run(
        self, request: ModelRequest | InspectionRequest, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, None]:
        if isinstance(request, LoadRequest):
            self.may_load.wait(5)
        yield from super().run(request, cancelled)


class Both:
    """The two fakes, the threads, and what they told."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self.here, self.there = SlowEngine("here"), SlowEngine("there")
        self._threads = (EngineThread(lambda: self.here), EngineThread(lambda: self.there))
        self.engines = Engines(*self._threads)
        self.events: list[Event] = []
        self.engines.eventArrived.connect(self.events.append)
        for thread in self._threads:
            thread.start()

    def load(self, path: str, *, wait: bool = True) -> int:
        number = self.engines.next_request_id()
        self.engines.submit(LoadRequest(number, path))
        if wait:
            self.wait_for(number)
        return number

    def ask(self, *, wait: bool = True) -> int:
        number = self.engines.next_request_id()
        self.engines.submit(GenerateRequest(number, "x"))
        if wait:
            self.wait_for(number)
        return number

    def wait_for(self, number: int) -> Event:
        """The last event of a request."""

        def ends() -> list[Event]:
            last = (ModelLoaded, ReplyFinished, RequestFailed)
            return [one for one in self.events if one.request_id == number and isinstance(one, last)]

        self._qtbot.waitUntil(lambda: bool(ends()))
        return ends()[0]

    def close(self) -> None:
        for fake in (self.here, self.there):
            fake.may_load.set()
        assert [thread.shutdown() for thread in self._threads] == [True, True]


@pytest.fixture
def both(qtbot: QtBot) -> Iterator[Both]:
    made = Both(qtbot)
    yield made
    made.close()


def text_of(event: Event) -> str:
    assert isinstance(event, ReplyFinished), event
    return event.text


def test_the_engine_whose_model_was_chosen_last_replies(both: Both) -> None:
    both.load("/m.gguf")
    assert text_of(both.wait_for(both.ask())) == "here"
    both.load(REMOTE)
    assert text_of(both.wait_for(both.ask())) == "there"
    both.engines.use_local()
    assert text_of(both.wait_for(both.ask())) == "here"
    assert both.engines.model is not None
    assert both.engines.model.info.path == INFO.path


def test_a_reply_waits_for_the_model_of_the_other_engine(both: Both) -> None:
    both.load(REMOTE)
    both.here.may_load.clear()
    load = both.load("/m.gguf", wait=False)
    number = both.ask(wait=False)
    assert both.engines.is_model_awaited
    both.here.may_load.set()
    both.wait_for(load)
    assert text_of(both.wait_for(number)) == "here"
    assert both.there.requests == []


def test_what_was_written_for_a_model_here_never_goes_elsewhere_when_it_fails(both: Both) -> None:
    both.load(REMOTE)
    both.here.may_load.clear()
    both.load("/broken.gguf", wait=False)
    number = both.ask(wait=False)
    both.here.may_load.set()
    failed = both.wait_for(number)
    assert isinstance(failed, RequestFailed)
    assert failed.message.startswith("“broken.gguf” is not a model file")
    assert both.there.requests == []
    assert text_of(both.wait_for(both.ask())) == "there"  # what is in use is shown, and this is written for it


def test_a_reply_that_waits_for_its_model_can_be_renewed_until_it_is_sent(both: Both) -> None:
    both.here.may_load.clear()
    load = both.load("/m.gguf", wait=False)
    number = both.ask(wait=False)
    assert both.engines.renew(GenerateRequest(number, "y"))
    assert not both.engines.renew(GenerateRequest(number + 1, "z"))
    both.here.may_load.set()
    both.wait_for(load)
    both.wait_for(number)
    assert [(one.request_id, one.prompt) for one in both.here.requests] == [(number, "y")]
    assert not both.engines.renew(GenerateRequest(number, "z"))


def test_the_model_in_use_answers_where_another_one_of_this_machine_fails(both: Both) -> None:
    both.load("/m.gguf")
    both.here.may_load.clear()
    both.load("/broken.gguf", wait=False)
    number = both.ask(wait=False)
    both.here.may_load.set()
    assert text_of(both.wait_for(number)) == "here"


def test_a_reply_that_waits_for_the_other_engine_can_be_stopped(both: Both) -> None:
    both.load(REMOTE)
    both.here.may_load.clear()
    both.load("/m.gguf", wait=False)
    number = both.ask(wait=False)
    both.engines.cancel(number)
    both.here.may_load.set()
    finished = both.wait_for(number)
    assert isinstance(finished, ReplyFinished)
    assert finished.stop_reason is StopReason.CANCELLED
    assert both.here.requests == both.there.requests == []


def test_a_reply_is_of_the_model_that_was_asked_whatever_was_chosen_meanwhile(both: Both) -> None:
    both.load("/m.gguf")
    local = both.engines.model
    both.here.gate.clear()
    number = both.ask(wait=False)
    both.load(REMOTE)
    assert both.engines.model is not local
    assert both.engines.model_of(number) is local
    both.here.gate.set()
    assert text_of(both.wait_for(number)) == "here"


def test_a_load_that_comes_too_late_takes_nothing_over(both: Both) -> None:
    both.here.may_load.clear()
    late = both.load("/slow.gguf", wait=False)
    both.load(REMOTE)
    both.here.may_load.set()
    both.wait_for(late)
    assert text_of(both.wait_for(both.ask())) == "there"


def test_without_remote_models_the_one_on_this_machine_replies(both: Both) -> None:
    both.load("/m.gguf")
    both.load(REMOTE)
    both.there.gate.clear()
    running = both.ask(wait=False)
    both.engines.stop_using_remote()
    stopped = both.wait_for(running)
    assert isinstance(stopped, ReplyFinished)
    assert stopped.stop_reason is StopReason.CANCELLED
    assert text_of(both.wait_for(both.ask())) == "here"


def test_letting_go_of_the_model_here_leaves_the_remote_one_in_use(both: Both, qtbot: QtBot) -> None:
    both.load("/m.gguf")
    both.load(REMOTE)
    remote = both.engines.model
    both.engines.submit(UnloadRequest(both.engines.next_request_id()))
    qtbot.waitUntil(lambda: both.here.loaded is None)
    assert both.engines.model is remote
