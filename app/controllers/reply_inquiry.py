"""ReplyInquiry: one question at a time about the reply that is looked at; it ends when another one is looked at."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.controllers.chat import ChatController
from app.controllers.inquiries import Inquiry
from app.controllers.inspector import InspectorController
from app.core.inspected_reply import InspectedReply
from engine.api import GenerateRequest
from engine.inspection.api import InspectionRequest


class ReplyInquiry(QObject):
    """`told(event)`, `failed(sentence)` and `stopped()` come while the reply is looked at, `ended()` always.

    `reply` is the one that is looked at, once its tokens are spelt and if the model in use can be asked about it;
    whoever shows it calls `follow`.
    """

    told = Signal(object)
    failed = Signal(str)
    stopped = Signal()
    ended = Signal()

    def __init__(self, inspector: InspectorController, chat: ChatController) -> None:
        super().__init__()
        self._inspector, self._chat = inspector, chat
        self.reply: InspectedReply | None = None
        self._asking: Inquiry | None = None

    def follow(self) -> bool:
        """Take up the reply that the inspector looks at; whether it is another one."""
        reply = self._inspector.asked_about
        if reply is self.reply:
            return False
        self.stop()
        self.reply = reply
        return True

    def ask(self, make: Callable[[int, GenerateRequest], InspectionRequest]) -> bool:
        """Ask what `make` makes of a number and the reply's request, unless something is asked; whether it was."""
        reply = self.reply
        if reply is None or self._asking is not None or self._chat.is_busy():
            return False
        inquiry = self._asking = self._inspector.inquiries.ask(lambda number: make(number, reply.asked_as(number)))

        def tell(signal: Callable[[], None]) -> None:
            if self.reply is reply:
                signal()

        inquiry.told.connect(lambda event: tell(lambda: self.told.emit(event)))
        inquiry.failed.connect(lambda sentence: tell(lambda: self.failed.emit(sentence)))
        inquiry.stopped.connect(lambda: tell(self.stopped.emit))
        inquiry.ended.connect(self._end)
        return True

    def stop(self) -> None:
        """Ask for an end of what is asked."""
        if self._asking is not None:
            self._asking.cancel()

    def _end(self) -> None:
        self._asking = None
        self.ended.emit()
