"""Inquiries: questions about a reply to the engine, which answer while nothing else runs.

Replies come first: when one begins, whatever is asked is cancelled, and whoever asked may ask again.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.controllers.chat import ChatController
from app.controllers.engines import Engines
from app.views.known_sentences import said
from engine.api import Event, RequestFailed
from engine.inspection.api import (
    Attributed,
    Compared,
    EndScored,
    InspectionRequest,
    InspectionStopped,
    Looked,
    PromptSeen,
    Recut,
    TextScored,
    TokensSpelt,
    Traced,
    Verified,
)

_LAST = (Attributed, Compared, EndScored, Looked, PromptSeen, Recut, TextScored, TokensSpelt, Traced, Verified)


class Inquiry(QObject):
    """One request. `told(event)` for each event that answers it, then nothing, or `failed(sentence)`, or `stopped()`.

    The sentence is in the language of the window. `ended()` comes behind the last of them.
    """

    told = Signal(object)
    failed = Signal(str)
    stopped = Signal()
    ended = Signal()

    def __init__(self, request_id: int, cancel: Callable[[int], None], parent: QObject) -> None:
        super().__init__(parent)
        self._request_id, self._cancel = request_id, cancel

    def cancel(self) -> None:
        """Ask for an end; `stopped` comes when it has ended, unless the answer came before."""
        self._cancel(self._request_id)


class Inquiries(QObject):
    """Submits inspection requests and hands their events to who asked."""

    def __init__(self, engine: Engines, chat: ChatController) -> None:
        super().__init__()
        self._engine = engine
        self._open: dict[int, Inquiry] = {}
        engine.eventArrived.connect(self._hand_over)
        chat.replyBegan.connect(self.cancel_all)

    def ask(self, make: Callable[[int], InspectionRequest]) -> Inquiry:
        """Ask what `make` makes of a request's number. Connect to the inquiry at once: nothing comes before."""
        request = make(self._engine.next_request_id())
        inquiry = Inquiry(request.request_id, self._engine.cancel, self)
        self._open[request.request_id] = inquiry
        self._engine.submit(request)
        return inquiry

    def cancel_all(self) -> None:
        """Ask everything to end."""
        for request_id in self._open:
            self._engine.cancel(request_id)

    def _hand_over(self, event: Event) -> None:
        inquiry = self._open.get(event.request_id)
        if inquiry is None:
            return
        match event:
            case InspectionStopped():
                inquiry.stopped.emit()
            case RequestFailed(message=sentence):
                inquiry.failed.emit(said(sentence))
            case _:
                inquiry.told.emit(event)
        if isinstance(event, (InspectionStopped, RequestFailed, *_LAST)):
            del self._open[event.request_id]
            inquiry.ended.emit()
            inquiry.deleteLater()
