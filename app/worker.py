"""EngineThread: runs the engine on a thread of its own. Requests in, one signal out, a cancel flag per request.

The only file of app/ that imports engine.engine, and it does so on its thread: importing torch takes seconds.
Controllers submit requests; frozen events come back through `eventArrived` in the window's thread.
"""

from __future__ import annotations

import gc
import itertools
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from app.core.fit import Memory, free_ram
from engine.api import (
    CountTokensRequest,
    Event,
    FiresideError,
    GenerateRequest,
    LoadRequest,
    ModelHeader,
    ModelRequest,
    ReplyFinished,
    RequestError,
    RequestFailed,
    StopReason,
    Timings,
    TokenGenerated,
    TokensCounted,
    UnloadRequest,
)
from engine.inspection.api import InspectionRequest, InspectionStopped

logger = logging.getLogger(__name__)

UNEXPECTED = "UnexpectedError"  # RequestFailed.kind of everything that is not a FiresideError
GATHER_S = 0.03  # tokens after the first wait so long to be told together: each telling wakes the window's thread
SWITCH_S = 0.0005  # how long one thread keeps the interpreter from another that waits for it
CANCELLED = "Cancelled"  # RequestFailed.kind of a load that was cancelled before it began

Run = ModelRequest | InspectionRequest
Request = Run | CountTokensRequest


class EngineLike(Protocol):
    """What the thread needs of an engine; `engine.engine.Engine` is the real one."""

    def run(self, request: Run, cancelled: Callable[[], bool]) -> Iterator[Event]:
        """The events of one request; raises FiresideError when it fails."""

    def count(self, request: CountTokensRequest) -> TokensCounted:
        """Count tokens, on any thread, while `run` is at work or not; raises FiresideError when there is no model."""

    def close(self) -> None:
        """Let go of the model."""


def create_engine() -> EngineLike:
    """The real engine. Called on the worker's thread, where importing torch disturbs nobody."""
    from engine.engine import Engine

    # Each token comes back from compiled code some sixty times, and each time the window may hold the interpreter for
    # so long: with Python's 5 ms, replies came at 0.80 to 0.85 of their speed without a window, so at 0.93.
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()  # a full collection walks all of torch's objects: it held the window up for 0.11 s in each reply
    return Engine()


class EngineThread(QObject):
    """Owns the engine. `submit`, `cancel` and `shutdown` are for the window's thread and return at once."""

    eventArrived = Signal(object)

    def __init__(self, make_engine: Callable[[], EngineLike] = create_engine) -> None:
        super().__init__()
        self._make_engine = make_engine
        self._engine: EngineLike | None = None  # made on its thread
        self._requests: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._counts: queue.SimpleQueue[CountTokensRequest | None] = queue.SimpleQueue()
        self._cancel_flags: dict[int, threading.Event] = {}
        self._ids = itertools.count(1)
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._counting = threading.Thread(target=self._count, name="counting", daemon=True)

    def start(self) -> None:
        """Start the threads; requests submitted before wait in the queue."""
        self._thread.start()
        self._counting.start()

    def next_request_id(self) -> int:
        """A number that no request of this run has had."""
        return next(self._ids)

    def submit(self, request: Request) -> None:
        """Queue a request; it runs after those before it, and counting beside them."""
        self._cancel_flags[request.request_id] = threading.Event()
        if isinstance(request, CountTokensRequest):
            self._counts.put(request)
        else:
            self._requests.put(request)

    def cancel(self, request_id: int) -> None:
        """Ask a running or waiting request to end; does nothing when it already has."""
        flag = self._cancel_flags.get(request_id)
        if flag is not None:
            flag.set()

    def shutdown(self, timeout_s: float = 10.0) -> bool:
        """Cancel everything and wait for the thread. False when it is still busy (a load cannot be cut short)."""
        for flag in list(self._cancel_flags.values()):
            flag.set()
        self._requests.put(None)
        self._counts.put(None)
        for thread in (self._counting, self._thread):
            if thread.is_alive():
                thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (request := self._requests.get()) is not None:
            with self._answering(request):
                self._engine = self._engine or self._make_engine()
                self._serve(self._engine, request)
        if self._engine is not None:
            self._engine.close()

    def _count(self) -> None:
        while (request := self._counts.get()) is not None:
            with self._answering(request):
                engine = self._engine
                if engine is None:
                    raise RequestError("No model is loaded yet; open one first.")
                if not self._cancel_flags[request.request_id].is_set():
                    self.eventArrived.emit(engine.count(request))

    @contextmanager
    def _answering(self, request: Request) -> Iterator[None]:
        """Tell the error that a request ended with, and forget the request."""
        try:
            yield
        except FiresideError as error:
            self._fail(request, str(error), type(error).__name__)
        except Exception as error:
            logger.exception("request %d (%s) failed", request.request_id, type(request).__name__)
            sentence = f"Something unexpected went wrong ({type(error).__name__}); the log file has the details."
            self._fail(request, sentence, UNEXPECTED)
        finally:
            self._cancel_flags.pop(request.request_id, None)

    def _serve(self, engine: EngineLike, request: Run) -> None:
        flag = self._cancel_flags[request.request_id]
        if flag.is_set():
            self._skip(request)
            return
        waiting: list[Event] = []
        told_at = 0.0
        try:
            for event in engine.run(request, flag.is_set):
                waiting.append(event)
                is_token, now = isinstance(event, TokenGenerated), time.monotonic()
                if not is_token or now - told_at >= GATHER_S:
                    self._tell(waiting)
                    told_at = now if is_token else 0.0
        finally:
            self._tell(waiting)

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            self.eventArrived.emit(event)
        events.clear()

    def _skip(self, request: Run) -> None:
        """Answer a request that was cancelled while it waited."""
        if isinstance(request, LoadRequest | UnloadRequest):
            self._fail(request, "It was cancelled.", CANCELLED)
            return
        if not isinstance(request, GenerateRequest):
            self.eventArrived.emit(InspectionStopped(request.request_id))
            return
        nothing = Timings(0, 0, 0, 0.0, 0.0, 0.0)
        self.eventArrived.emit(
            ReplyFinished(request.request_id, "", (), (), StopReason.CANCELLED, nothing, request.sampler.seed or 0)
        )

    def _fail(self, request: Request, message: str, kind: str) -> None:
        self.eventArrived.emit(RequestFailed(request.request_id, message, kind))


def read_model_header(path: Path) -> ModelHeader:
    """What a model's header says, for a list. Reads no weights; imports torch. Raises `FiresideError`."""
    from engine.header import read_header

    return read_header(path)


def free_memory() -> Memory:
    """What is free where a model would go. Asks torch only where it is loaded: importing it takes seconds."""
    if "torch" not in sys.modules:
        return free_ram()
    from engine.device import available_bytes, pick_device

    device = pick_device()
    return Memory(available_bytes(device), device.type)
