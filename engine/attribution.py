"""Which part of a prompt a reply rests on: each part is left out in turn, and the reply scored again.

Attribution by removal (leave one out; "occlusion" in arXiv:1311.2901): the change is log p(reply | all) minus
log p(reply | all but the part), by teacher forcing, so it is exact for what it says, and says nothing of parts that
stand in for each other. A message is left out with its turn; where the template needs it, it stays without its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from engine.api import GenerateRequest, Message, RequestError, TemplateError
from engine.cache import KVCache
from engine.layers import never
from engine.model import Model
from engine.prompt import plan_prompt
from engine.scoring import score

# Behind marks that end a sentence and what closes with it, or at the end of a line. Marks are tried from their first
# on only: a million of them would take a million squared steps.
_SENTENCE = re.compile(r".*?(?:(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?=\s|$)|[。！？]+[”’」』）]*|\n|$)\s*", re.DOTALL)
UNLIMITED = 1 << 40  # tokens: what is left out makes a prompt shorter, and no turn must go for it


@dataclass(frozen=True, slots=True)
class Part:
    """Characters `start` to `end` of message `message`."""

    message: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Change:
    """How many nats likelier each token of the reply is with the part than without it."""

    part: Part
    changes: tuple[float, ...]
    is_emptied: bool

    @property
    def total(self) -> float:
        """Of the whole reply; negative where it is likelier without the part."""
        return sum(self.changes)


def message_parts(messages: Sequence[Message]) -> list[Part]:
    """A part for each message that says something."""
    return [Part(number, 0, len(message.content)) for number, message in enumerate(messages) if message.content]


def sentence_parts(messages: Sequence[Message]) -> list[Part]:
    """A part for each sentence, with the space behind it."""
    return [
        Part(number, *found.span())
        for number, message in enumerate(messages)
        for found in _SENTENCE.finditer(message.content)
        if found[0].strip()
    ]


class Attribution:
    """A reply to some messages: `logprobs` of its tokens with all parts, then `without` each."""

    def __init__(
        self,
        model: Model,
        request: GenerateRequest,
        *,
        limit: int,
        cache: KVCache | None = None,
        interrupted: Callable[[], bool] = never,
    ) -> None:
        """`request.begun_ids` is the reply; `limit` the context's length.

        Messages that are too old for it are no parts. `cache` holds a beginning of the prompt and is used up.
        """
        if isinstance(request.prompt, str) or not request.begun_ids:
            raise RequestError("Only a reply to messages can be attributed to them.")
        self._model, self._request, self._interrupted = model, request, interrupted
        plan = plan_prompt(request, model.tokenizer, limit=limit)
        self._cache = cache or model.decoder.new_cache(limit + 1)
        self._messages, self._dropped = request.prompt, set(plan.dropped)
        self.logprobs = self._score(plan.ids)

    def parts(self, divide: Callable[[Sequence[Message]], list[Part]]) -> list[Part]:
        """What can be left out: from the last to the first, so that what stands before each is still cached."""
        begun = len(self._messages) - 1 if self._request.continue_last else len(self._messages)
        found = divide(self._messages[:begun])
        return [part for part in reversed(found) if part.message not in self._dropped]

    def without(self, part: Part) -> Change:
        """Leave one part out and score the reply again. Raises `Interrupted`, `TemplateError`."""
        message = self._messages[part.message]
        content = message.content[: part.start] + message.content[part.end :]
        kept = {number: one for number, one in enumerate(self._messages) if number not in self._dropped}
        shortened = {**kept, part.message: Message(message.role, content)}
        is_emptied = False
        if content.strip():
            ids = self._ids(shortened.values())
        else:
            try:
                ids = self._ids(one for number, one in kept.items() if number != part.message)
            except (TemplateError, RequestError):
                ids, is_emptied = self._ids(shortened.values()), True
        found = self._score(ids)
        changes = tuple(all_there - left for all_there, left in zip(self.logprobs, found, strict=True))
        return Change(part, changes, is_emptied)

    def _ids(self, messages: Iterable[Message]) -> Sequence[int]:
        request = replace(self._request, prompt=tuple(messages))
        return plan_prompt(request, self._model.tokenizer, limit=UNLIMITED).ids

    def _score(self, ids: Sequence[int]) -> tuple[float, ...]:
        everything = [*ids, *self._request.begun_ids]
        parts = score(self._model, everything, first=len(ids), cache=self._cache, interrupted=self._interrupted)
        return tuple(value for part in parts for value in part.logprobs.tolist())
