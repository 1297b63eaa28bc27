"""Engines: the engine of this machine and that of remote endpoints behind the interface of one.

Requests go to the one whose model is in use. A reply that is asked for while a model is on its way waits for it here,
because its settings depend on the model. It fails with one of the other engine: what is written for a model on this
machine never goes to another one.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.core.remote.endpoints import is_remote
from app.worker import EngineThread, Request
from engine.api import (
    Event,
    GenerateRequest,
    LoadRequest,
    ModelLoaded,
    ModelUnloaded,
    ReplyFinished,
    RequestFailed,
    UnloadRequest,
)
from engine.inspection.api import CompareRequest


class Engines(QObject):
    """`eventArrived(Event)` for the events of both. The threads are started and ended by who made them."""

    eventArrived = Signal(object)

    def __init__(self, local: EngineThread, remote: EngineThread) -> None:
        super().__init__()
        self._local, self._remote = local, remote
        self._in_use = local
        self._models: dict[EngineThread, ModelLoaded | None] = {local: None, remote: None}
        self._awaited: int | None = None  # the newest load that has not ended
        self._held: list[GenerateRequest] = []
        self._asked_remotely: set[int] = set()
        local.eventArrived.connect(self._take_local)
        remote.eventArrived.connect(self._take_remote)

    @property
    def model(self) -> ModelLoaded | None:
        """The model that replies."""
        return self._models[self._in_use]

    @property
    def is_model_awaited(self) -> bool:
        """Whether another model is on its way, which the next reply waits for."""
        return self._awaited is not None

    def model_of(self, request_id: int) -> ModelLoaded | None:
        """The model that answers, or just answered, a request for a reply."""
        return self._models[self._remote if request_id in self._asked_remotely else self._local]

    def next_request_id(self) -> int:
        """A number that no request of this run has had."""
        return self._local.next_request_id()

    def submit(self, request: Request) -> None:
        """Queue a request."""
        if isinstance(request, LoadRequest):
            engine = self._remote if is_remote(request.path) else self._local
            self._awaited = request.request_id
            engine.submit(request)
        elif isinstance(request, UnloadRequest | CompareRequest):
            self._local.submit(request)  # two models are compared that need not be in use
        elif not isinstance(request, GenerateRequest):
            self._in_use.submit(request)  # a remote one says that it cannot be looked into
        elif self._awaited is not None:
            self._held.append(request)
        else:
            self._send(request)

    def cancel(self, request_id: int) -> None:
        """Ask a running or waiting request to end; does nothing when it already has."""
        held = next((one for one in self._held if one.request_id == request_id), None)
        if held is not None:
            self._held.remove(held)
            self._local.submit(held)  # which tells its end, as of any that is cancelled while it waits
        for engine in (self._local, self._remote):
            engine.cancel(request_id)

    def renew(self, request: GenerateRequest) -> bool:
        """Send this in place of the request with its number; whether that one still waits for its model."""
        place = next((at for at, one in enumerate(self._held) if one.request_id == request.request_id), None)
        if place is not None:
            self._held[place] = request
        return place is not None

    def use_local(self) -> None:
        """Let the model on this machine reply again; one that is still in the memory is told as loaded once more."""
        self._awaited, self._in_use = None, self._local
        if self.model is not None:
            self.eventArrived.emit(self.model)
        self._release()

    def stop_using_remote(self) -> None:
        """Let no remote model reply any more, whatever is in use."""
        for request_id in self._asked_remotely:
            self._remote.cancel(request_id)
        if self._in_use is self._remote:
            self.use_local()

    def _send(self, request: GenerateRequest) -> None:
        if self._in_use is self._remote:
            self._asked_remotely.add(request.request_id)
        self._in_use.submit(request)

    def _take_local(self, event: Event) -> None:
        self._take(self._local, event)

    def _take_remote(self, event: Event) -> None:
        self._take(self._remote, event)
        if isinstance(event, ReplyFinished | RequestFailed):
            self._asked_remotely.discard(event.request_id)

    def _take(self, engine: EngineThread, event: Event) -> None:
        match event:
            case ModelLoaded():
                self._models[engine] = event
            case ModelUnloaded():
                self._models[engine] = None
        is_awaited = event.request_id == self._awaited
        if is_awaited and isinstance(event, ModelLoaded):
            self._awaited, self._in_use = None, engine
            self.eventArrived.emit(event)
            self._release()
            return
        if is_awaited and isinstance(event, RequestFailed):
            self._awaited = None
            self.eventArrived.emit(event)
            if engine is self._in_use and self.model is not None:
                self._release()
                return
            held, self._held = self._held, []
            for request in held:
                self.eventArrived.emit(RequestFailed(request.request_id, event.message, event.kind))
            return
        self.eventArrived.emit(event)

    def _release(self) -> None:
        held, self._held = self._held, []
        for request in held:
            self._send(request)
