"""EngineThread: runs the engine on a thread of its own. Requests in, one signal out, a cancel flag per request.

The only file of app/ that imports engine.engine, and it does so on its thread: importing torch takes seconds.
Controllers submit requests; frozen events come back through `eventArrived` in the window's thread, tokens several at
a time. The server's requests are those of guests: one at a time runs beside the window's, and the two take turns
between tokens. What is read ahead of a draft has the engine while nobody else wants it.
"""

from __future__ import annotations

import gc
import itertools
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
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
    ReadAheadRequest,
    ReplyFinished,
    RequestError,
    RequestFailed,
    StopReason,
    Timings,
    TokenGenerated,
    TokensCounted,
    UnloadRequest,
)
from engine.heap import keep_heap_whole, trim_heap
from engine.inspection.api import CompareRequest, InspectionRequest, InspectionStopped

logger = logging.getLogger(__name__)

UNEXPECTED = "UnexpectedError"  # RequestFailed.kind of everything that is not a FiresideError
# Tokens after the first wait so long to be told together, and longer when they come faster than anybody reads: each
# telling wakes the window's thread, which takes 4 ms of a core from the model to show what is new.
GATHER_S, GATHER_MANY_S, MANY = 0.05, 0.09, 5  # seconds, seconds, tokens
SWITCH_S = 0.0005  # how long one thread keeps the interpreter from another that waits for it
CANCELLED = "Cancelled"  # RequestFailed.kind of a load, or of a guest's request, that was cancelled before it began
REPLACED = "ModelReplaced"  # RequestFailed.kind of a guest's request whose model the window put away
REST_S = 5.0  # without a request, after which free memory goes back to the system: 90 to 160 MB after a minute's use
GUEST_SHARE = 0.5  # seconds of the engine that a guest gets for each one of the window's, while both want it

ALONE = (LoadRequest, UnloadRequest, CompareRequest)  # these put the loaded model away, so no guest runs meanwhile

Run = ModelRequest | InspectionRequest
Request = Run | CountTokensRequest
Tell = Callable[[Event], None]
TellAll = Callable[[Sequence[Event]], None]


@dataclass(frozen=True, slots=True)
class TokensGathered(Event):
    """Tokens of a reply that are told together, in order: each told by itself took 60 us of the window's thread."""

    tokens: tuple[TokenGenerated, ...]

    @property
    def text(self) -> str:
        """What became certain to show with them."""
        return "".join(token.text for token in self.tokens)


class EngineLike(Protocol):
    """What the thread needs of an engine; `engine.engine.Engine` is the real one."""

    def run(self, request: Run, cancelled: Callable[[], bool]) -> Generator[Event, None, None]:
        """The events of one request; raises FiresideError when it fails."""

    def count(self, request: CountTokensRequest) -> TokensCounted:
        """Count tokens, on any thread, while `run` is at work or not; raises FiresideError when there is no model."""

    def spell(self, token_ids: Sequence[int]) -> tuple[bytes, ...]:
        """The bytes of tokens, on any thread; raises FiresideError when there is no model."""

    def as_guest(self) -> AbstractContextManager[None]:
        """Inside, a guest's request is begun or gone on with; it may be left between any two events."""

    def close(self) -> None:
        """Let go of the model."""


def create_engine() -> EngineLike:
    """The real engine. Called on the worker's thread, where importing torch disturbs nobody."""
    keep_heap_whole()
    gc.disable()  # while torch is imported, collections find nothing to free: they were 0.25 s of 2.2 s up to here
    try:
        from engine.engine import Engine
    finally:
        gc.enable()
    # Each token comes back from compiled code some sixty times, and each time the window may hold the interpreter for
    # so long: with Python's 5 ms, replies came at 0.80 to 0.85 of their speed without a window, so at 0.93.
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()  # a full collection walks all of torch's objects: it held the window up for 0.11 s in each reply
    return Engine()


class EngineThread(QObject):
    """Owns the engine. What is public but `start` is for any thread, and all of it but `shutdown` returns at once.

    `eventArrived(Event)` tells the window's requests; tokens come as `TokensGathered`.
    """

    eventArrived = Signal(object)
    _told = Signal(object)  # events that come together: one wakes the window's thread, not each

    def __init__(self, make_engine: Callable[[], EngineLike] = create_engine) -> None:
        super().__init__()
        self._make_engine = make_engine
        self._engine: EngineLike | None = None  # made on its thread
        self._requests: queue.SimpleQueue[Run] = queue.SimpleQueue()
        self._guests: queue.SimpleQueue[tuple[Run, TellAll]] = queue.SimpleQueue()
        self._counts: queue.SimpleQueue[CountTokensRequest | None] = queue.SimpleQueue()
        self._aheads: queue.SimpleQueue[ReadAheadRequest] = queue.SimpleQueue()
        self._cancel_flags: dict[int, threading.Event] = {}
        self._ids = itertools.count(1)
        self._host: _Running | None = None  # the request of the window that runs
        self._guest: _Running | None = None
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._counting = threading.Thread(target=self._count, name="counting", daemon=True)
        self._told.connect(self._tell_window)

    def start(self) -> None:
        """Start the threads; requests submitted before wait in the queue."""
        self._thread.start()
        self._counting.start()

    def next_request_id(self) -> int:
        """A number that no request of this run has had."""
        return next(self._ids)

    def submit(self, request: Request) -> None:
        """Queue a request of the window; it runs after those before it, and counting beside them.

        Reading ahead runs when nothing else does, and ends as soon as anything else but counting is asked.
        """
        self._cancel_flags[request.request_id] = threading.Event()
        if isinstance(request, CountTokensRequest):
            self._counts.put(request)
            return
        if isinstance(request, ReadAheadRequest):
            self._aheads.put(request)
        else:
            self._requests.put(request)
        self._wake.set()

    def serve(self, request: Run, tell: Tell) -> None:
        """Queue a guest's request; `tell` gets its events, on the engine's thread."""
        self._cancel_flags[request.request_id] = threading.Event()
        self._guests.put((request, partial(_tell_each, tell)))
        self._wake.set()

    def cancel(self, request_id: int) -> None:
        """Ask a running or waiting request to end; does nothing when it already has."""
        flag = self._cancel_flags.get(request_id)
        if flag is not None:
            flag.set()

    def spell(self, token_ids: Sequence[int]) -> tuple[bytes, ...]:
        """The bytes of tokens. Raises `RequestError` when no model is loaded."""
        return self._loaded_engine().spell(token_ids)

    def shutdown(self, timeout_s: float = 10.0) -> bool:
        """Cancel everything and wait for the thread. False when it is still busy (a load cannot be cut short)."""
        for flag in list(self._cancel_flags.values()):
            flag.set()
        self._closing.set()
        self._wake.set()
        self._counts.put(None)
        for thread in (self._counting, self._thread):
            if thread.is_alive():
                thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        """Work until the window closes. What nobody foresaw ends a guest's request at most; the work begins anew."""
        while True:
            try:
                self._work()
                break
            except BaseException:
                logger.exception("the engine's thread begins anew")
                if self._guest is not None:
                    self._cancel_flags.pop(self._guest.request.request_id, None)
                    self._guest = None
                if self._closing.is_set():
                    break
        if self._engine is not None:
            self._engine.close()

    def _work(self) -> None:
        owed_s = 0.0  # to the guest
        worked_at, is_trimmed = time.monotonic(), False
        while True:
            self._wake.clear()
            self._host = self._host or self._next_of_window()
            if self._host is not None and isinstance(self._host.request, ALONE):
                guest, self._guest = self._guest, None
                self._refuse_guests(guest)
            else:
                self._guest = self._guest or self._next_of_guests()
            if self._host is not None or self._guest is not None:
                worked_at, is_trimmed = time.monotonic(), False
            if self._guest is not None and (self._host is None or owed_s > 0.0):
                took_s, self._guest = self._step(self._guest)
                owed_s = 0.0 if self._host is None else owed_s - took_s
            elif self._host is not None:
                took_s, self._host = self._step(self._host)
                owed_s = 0.0 if self._guest is None else owed_s + GUEST_SHARE * took_s
            elif self._closing.is_set():
                break
            elif not self._read_ahead():
                left_s = None if is_trimmed else max(worked_at + REST_S - time.monotonic(), 0.0)
                if not self._wake.wait(left_s):
                    trim_heap()
                    is_trimmed = True

    def _read_ahead(self) -> bool:
        """Read ahead of the newest draft until anything is asked; whether there was one to read."""
        request = None
        while not self._aheads.empty():
            if request is not None:
                self._cancel_flags.pop(request.request_id)
            request = self._aheads.get()
        if request is None:
            return False
        flag = self._cancel_flags[request.request_id]

        def is_over() -> bool:
            waiting = (self._requests, self._guests, self._aheads)
            return flag.is_set() or any(not asked.empty() for asked in waiting)

        if self._engine is not None and not is_over():
            with self._answering(request, self._told.emit):
                running = _Running(request, self._engine, is_over, self._told.emit, is_guest=False)
                while running.step():
                    pass
        self._cancel_flags.pop(request.request_id)
        return True

    def _next_of_window(self) -> _Running | None:
        while not self._requests.empty():
            request = self._requests.get()
            if (running := self._begun(request, self._told.emit)) is not None:
                return running
        return None

    def _next_of_guests(self) -> _Running | None:
        while not self._guests.empty():
            request, tell = self._guests.get()
            if (running := self._begun(request, tell, is_guest=True)) is not None:
                return running
        return None

    def _begun(self, request: Run, tell: TellAll, *, is_guest: bool = False) -> _Running | None:
        """A request before its first event; None when it was cancelled while it waited."""
        flag = self._cancel_flags[request.request_id]
        with self._answering(request, tell):
            self._engine = self._engine or self._make_engine()
            if not flag.is_set():
                return _Running(request, self._engine, flag.is_set, tell, is_guest=is_guest)
            tell([_cancelled(request, is_guest=is_guest)])
        self._cancel_flags.pop(request.request_id)
        return None

    def _step(self, running: _Running) -> tuple[float, _Running | None]:
        """Bring a request to its next event: the seconds that took, and the request, None when it is over."""
        started, goes_on = time.perf_counter(), False
        with self._answering(running.request, running.tell):
            goes_on = running.step()
        if not goes_on:
            self._cancel_flags.pop(running.request.request_id)
        return time.perf_counter() - started, running if goes_on else None

    def _refuse_guests(self, running: _Running | None) -> None:
        """End what runs and waits for a model before it goes."""
        refused = []
        if running is not None:
            running.close()
            refused.append((running.request, running.tell))
        while not self._guests.empty():
            refused.append(self._guests.get())
        for request, tell in refused:
            self._cancel_flags.pop(request.request_id)
            tell([RequestFailed(request.request_id, "The model was put away meanwhile; ask again.", REPLACED)])

    def _count(self) -> None:
        while (request := self._counts.get()) is not None:
            with self._answering(request, self._told.emit):
                if not self._cancel_flags[request.request_id].is_set():
                    self._told.emit([self._loaded_engine().count(request)])
            self._cancel_flags.pop(request.request_id)

    def _tell_window(self, events: Sequence[Event]) -> None:
        _tell_each(self.eventArrived.emit, _joined(events))

    def _loaded_engine(self) -> EngineLike:
        if self._engine is None:
            raise RequestError("No model is loaded yet; open one first.")
        return self._engine

    @contextmanager
    def _answering(self, request: Request, tell: TellAll) -> Iterator[None]:
        """Tell the error that a request ended with."""
        try:
            yield
        except FiresideError as error:
            tell([RequestFailed(request.request_id, str(error), type(error).__name__)])
        except BaseException as error:  # a panic of compiled code is one, and must not end the thread
            logger.exception("request %d (%s) failed", request.request_id, type(request).__name__)
            sentence = f"Something unexpected went wrong ({type(error).__name__}); the log file has the details."
            tell([RequestFailed(request.request_id, sentence, UNEXPECTED)])


class _Running:
    """A request between two of its events. Tokens are gathered for a moment, then told together."""

    def __init__(
        self, request: Run, engine: EngineLike, cancelled: Callable[[], bool], tell: TellAll, *, is_guest: bool
    ) -> None:
        self.request, self.tell = request, tell
        self._events = engine.run(request, cancelled)
        has_own_caches = is_guest and not isinstance(request, LoadRequest | UnloadRequest)
        self._place = engine.as_guest if has_own_caches else nullcontext
        self._gathered: list[Event] = []
        self._told_at = 0.0

    def step(self) -> bool:
        """Go on to the next event; False when there is none. Raises what the engine raises."""
        try:
            with self._place():
                event = next(self._events, None)
        except BaseException:
            self._tell_gathered()
            raise
        if event is None:
            self._tell_gathered()
            return False
        self._gathered.append(event)
        is_token, now = isinstance(event, TokenGenerated), time.monotonic()
        wait_s = GATHER_S if len(self._gathered) < MANY else GATHER_MANY_S
        if not is_token or now - self._told_at >= wait_s:
            self._tell_gathered()
            self._told_at = now if is_token else 0.0
        return True

    def close(self) -> None:
        """Leave the rest; nothing more is told."""
        with self._place():
            self._events.close()

    def _tell_gathered(self) -> None:
        gathered, self._gathered = self._gathered, []
        if gathered:
            self.tell(gathered)


def _tell_each(tell: Tell, events: Iterable[Event]) -> None:
    for event in events:
        tell(event)


def _joined(events: Sequence[Event]) -> Iterator[Event]:
    """The events of one request, tokens behind each other as one."""
    for is_token, group in itertools.groupby(events, lambda event: isinstance(event, TokenGenerated)):
        if is_token:
            tokens = tuple(event for event in group if isinstance(event, TokenGenerated))
            yield TokensGathered(tokens[0].request_id, tokens)
        else:
            yield from group


def _cancelled(request: Run, *, is_guest: bool) -> Event:
    """What a request is answered that was cancelled while it waited."""
    if is_guest or isinstance(request, LoadRequest | UnloadRequest):
        return RequestFailed(request.request_id, "It was cancelled.", CANCELLED)
    if not isinstance(request, GenerateRequest):
        return InspectionStopped(request.request_id)
    nothing = Timings(0, 0, 0, 0.0, 0.0, 0.0)
    return ReplyFinished(request.request_id, "", (), (), StopReason.CANCELLED, nothing, request.sampler.seed or 0)


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
