"""The reply in the making: gathers its text, tells thinking from answer, and knows what the view has not seen yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from app.core.conversation import Part, PartKind, Status, StoredMessage, text_parts
from app.core.store import Store
from app.core.thinking import split_thinking
from engine.alternatives import certainties
from engine.api import GenerateRequest, ReplyFinished, SamplerSettings

# Before a reply has shown more than the beginning of one of these, nobody can say whether it thinks.
_OPENINGS = ("<think>", "<thinking>", "<|channel|>analysis<|message|>")


class RunningReply:
    """One reply; what `message` says already is continued, and its other parts stay.

    `begun_alternatives` are the records of the tokens that the request begins with, see `engine.alternatives`.
    `settle` gives the settings for the model in use, which may be another one by when the request can be sent.
    """

    def __init__(
        self,
        request: GenerateRequest,
        store: Store,
        conversation_id: str,
        message: StoredMessage,
        begun_alternatives: bytes = b"",
        *,
        settle: Callable[[], SamplerSettings] | None = None,
    ) -> None:
        self.request, self.store, self.conversation_id, self.message = request, store, conversation_id, message
        self.settle, self._begun_alternatives = settle, begun_alternatives
        self.text = message.text
        self.tokens = 0
        self.prompt_tokens = 0
        self._others = tuple(part for part in message.parts if part.kind is not PartKind.TEXT)
        self._started = time.monotonic()
        self._thought_s: float | None = None

    def add(self, text: str, *, tokens: int) -> None:
        """More tokens came, which say this text."""
        self.tokens += tokens
        self.text += text

    def now(self) -> StoredMessage:
        """The message as it is shown while it streams."""
        parts = () if self._is_undecided() else self._split()
        if self._thought_s is None and len(parts) > 1:
            self._thought_s = round(time.monotonic() - self._started, 1)
        return replace(self.message, parts=(*self._others, *parts))

    def unfinished_parts(self) -> tuple[Part, ...]:
        """What is stored while it streams: the text as it came."""
        return (*self._others, *text_parts(self.text))

    def ended(self, status: Status, *, new_text: str | None = None, error: str | None = None) -> StoredMessage:
        """The message in its last state; `new_text` is what the engine wrote, by default all that came so far."""
        if new_text is not None:
            self.text = self.message.text + new_text
        self.now()
        parts = tuple(
            replace(part, duration_s=self._thought_s) if part.kind is PartKind.THINKING else part
            for part in self._split()
        )
        return replace(self.message, parts=(*self._others, *parts), status=status, error=error)

    def whole(self, finished: ReplyFinished) -> ReplyFinished:
        """What the engine told of the end, with the tokens that the reply began with."""
        begun = certainties(self._begun_alternatives)
        return replace(
            finished,
            token_ids=(*self.request.begun_ids, *finished.token_ids),
            logprobs=(*(one.logprob for one in begun), *finished.logprobs),
            alternatives=self._begun_alternatives + finished.alternatives,
        )

    def _split(self) -> tuple[Part, ...]:
        has_thought = any(part.kind is PartKind.THINKING for part in self._others)
        return text_parts(self.text) if has_thought else split_thinking(self.text)

    def _is_undecided(self) -> bool:
        start = self.text.lstrip()
        return bool(start) and any(one.startswith(start) and one != start for one in _OPENINGS)
