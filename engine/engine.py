"""Engine: holds a loaded model and its KV cache, and turns a request into a stream of events.

Not thread-safe: one thread owns it (the worker of the window, or the command line).
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from engine import kernels
from engine.api import (
    ContextFullError,
    Event,
    GenerateRequest,
    LoadProgressed,
    LoadRequest,
    Message,
    ModelLoaded,
    NumericalError,
    OutOfMemoryError,
    PrefillProgressed,
    ReplyFinished,
    RequestError,
    StopReason,
    Timings,
    TokenGenerated,
)
from engine.cache import KVCache
from engine.chat import build_prompt
from engine.grammar import JsonGrammar
from engine.lookup import PromptLookup
from engine.model import Model, load_model
from engine.sampling import Sampler
from engine.stopping import StopStrings
from engine.tokenizers.stream import TextStream

PREFILL_CHUNK = 64  # tokens between two looks at the cancel flag
DEFAULT_CONTEXT = 4096  # tokens the cache may grow to unless the request says more
REPLY_RESERVE = 256  # tokens kept free for the reply when old turns are left out

Cancelled = Callable[[], bool]


def never() -> bool:
    """A cancel flag that is never set."""
    return False


class Engine:
    """Runs requests on one model. `run` yields events and raises `FiresideError` when a request fails."""

    def __init__(self) -> None:
        self.model: Model | None = None
        self.context_length = 0
        self._cache: KVCache | None = None
        self._cached_ids: list[int] = []
        self._threads = torch.get_num_threads()

    def run(self, request: LoadRequest | GenerateRequest, cancelled: Cancelled = never) -> Iterator[Event]:
        """The events of one request, the last of which is `ModelLoaded` or `ReplyFinished`."""
        try:
            if isinstance(request, LoadRequest):
                yield from self._load(request)
            else:
                yield from self._generate(request, cancelled)
        except (torch.OutOfMemoryError, MemoryError) as error:
            self._forget()
            raise OutOfMemoryError(
                "There is not enough memory to go on; close other programs or use a smaller model or context."
            ) from error

    def measure(self, prompt: list[int], new_tokens: int) -> Timings:
        """Time a prompt and greedy tokens after it, as a reply would be made; nothing is reused."""
        self._forget()
        cache, _ = self._rewind(prompt)
        started = time.perf_counter()
        for start in range(0, len(prompt), PREFILL_CHUNK):
            logits = self._forward(prompt[start : start + PREFILL_CHUNK], cache)
        token = int(logits.argmax())
        first = time.perf_counter()
        for _ in range(new_tokens - 1):
            token = int(self._forward([token], cache).argmax())
        ended = time.perf_counter()
        return Timings(len(prompt), 0, new_tokens, first - started, ended - first, first - started)

    def close(self) -> None:
        """Let go of the model and its memory."""
        self._forget()
        if self.model is not None:
            self.model.close()
            self.model = None

    def _load(self, request: LoadRequest) -> Iterator[Event]:
        started = time.perf_counter()
        yield LoadProgressed(request.request_id, 0.0)
        model = load_model(request.path, request.device, threads=request.threads, context=request.context_length)
        self.close()
        self.model = model
        self._threads = torch.get_num_threads()
        wanted = request.context_length or DEFAULT_CONTEXT
        self.context_length = min(wanted, model.info.context_length)
        yield LoadProgressed(request.request_id, 1.0)
        yield ModelLoaded(
            request.request_id,
            info=model.info,
            device=str(model.device),
            context_length=self.context_length,
            load_s=time.perf_counter() - started,
            notice=_notice(model),
        )

    def _generate(self, request: GenerateRequest, cancelled: Cancelled) -> Iterator[Event]:
        if self.model is None:
            raise RequestError("No model is loaded yet; open one first.")
        if request.max_tokens is not None and request.max_tokens < 1:
            raise RequestError("The token limit must be 1 or more.")
        started = time.perf_counter()
        ids, dropped = self._prompt_ids(request)
        cache, reused = self._rewind(ids)
        logits = None
        for start in range(reused, len(ids), PREFILL_CHUNK):
            yield PrefillProgressed(request.request_id, start, len(ids), reused, dropped)
            if cancelled():
                break
            chunk = ids[start : start + PREFILL_CHUNK]
            logits = self._forward(chunk, cache)[-1:]
        prefilled = time.perf_counter()
        reply = _Reply(self.model, request, room=self.context_length - len(ids))
        if logits is None or cancelled():
            reply.stop_reason = StopReason.CANCELLED
        else:
            yield PrefillProgressed(request.request_id, len(ids), len(ids), reused, dropped)
        first_token_at = None
        lookup, guess = PromptLookup(ids), list[int]()
        while reply.stop_reason is None and logits is not None:
            right = 0
            for row in logits:
                event = reply.extend(row, ids)
                first_token_at = first_token_at or time.perf_counter()
                if event is not None:
                    yield event
                    lookup.add(event.token_id)
                if cancelled() and reply.stop_reason is None:
                    reply.stop_reason = StopReason.CANCELLED
                if reply.stop_reason is not None or right == len(guess) or reply.ids[-1] != guess[right]:
                    break
                right += 1
            lookup.judge(len(guess), right)
            if reply.stop_reason is None:
                self._forget_from(len(ids) + len(reply.ids) - 1, cache)
                guess = lookup.guess(reply.limit - len(reply.ids) - 1) if cache.is_exact else []
                logits = self._forward([reply.ids[-1], *guess], cache, every=True)
        ended = time.perf_counter()
        first_token_at = first_token_at or ended
        timings = Timings(
            prompt_tokens=len(ids),
            reused_tokens=reused,
            generated_tokens=len(reply.ids),
            prefill_s=prefilled - started,
            decode_s=ended - first_token_at,
            ttft_s=first_token_at - started,
        )
        yield from reply.finish(timings)

    def _prompt_ids(self, request: GenerateRequest) -> tuple[list[int], int]:
        """Prompt ids and the number of messages left out so that they fit (the oldest turns go first)."""
        assert self.model is not None
        tokenizer = self.model.tokenizer
        limit = self.context_length
        if isinstance(request.prompt, str):
            ids = tokenizer.encode_with_specials(request.prompt, add_special=True, parse_special=True)
            if not ids:
                ids = [tokenizer.bos_id if tokenizer.bos_id is not None else 0]
            if len(ids) >= limit:
                raise ContextFullError(f"The prompt has {len(ids)} tokens, but the context holds {limit}.")
            return ids, 0
        if not request.prompt:
            raise RequestError("There is no message to answer.")
        messages = list(request.prompt)
        reserve = min(request.max_tokens or REPLY_RESERVE, limit // 4)
        ids = self._encode(messages, continue_last=request.continue_last)
        if len(ids) + 1 <= limit - reserve:
            return ids, 0
        return self._fit(messages, limit=limit, reserve=reserve, continue_last=request.continue_last)

    def _fit(
        self, messages: list[Message], *, limit: int, reserve: int, continue_last: bool
    ) -> tuple[list[int], int]:
        """Leave out whole turns, oldest first, down to three quarters of the context, system message kept.

        Going below the limit by a quarter lets the next turns reuse the cache instead of trimming each time.
        """
        kept = messages
        dropped = 0
        ids: list[int] = []
        while True:
            first = 1 if kept[0].role == "system" else 0
            turn_end = next((i for i in range(first + 1, len(kept)) if kept[i].role == "user"), None)
            if turn_end is None:
                break
            dropped += turn_end - first
            kept = kept[:first] + kept[turn_end:]
            ids = self._encode(kept, continue_last=continue_last)
            if len(ids) <= min(limit - reserve, limit * 3 // 4):
                return ids, dropped
        ids = ids or self._encode(kept, continue_last=continue_last)
        if len(ids) >= limit:
            raise ContextFullError(
                f"The newest message needs {len(ids)} tokens, but the context holds {limit}. Shorten it, "
                "or load the model with a longer context."
            )
        return ids, dropped

    def _encode(self, messages: Sequence[Message], *, continue_last: bool) -> list[int]:
        assert self.model is not None
        tokenizer = self.model.tokenizer
        return list(build_prompt(tokenizer.chat_template, messages, tokenizer, continue_last=continue_last).ids)

    def _rewind(self, ids: list[int]) -> tuple[KVCache, int]:
        """The cache, cut to its longest common prefix with `ids`; at least one token is left to compute."""
        assert self.model is not None
        if self._cache is None:
            self._cache, self._cached_ids = self.model.decoder.new_cache(self.context_length), []
        common = 0
        for ours, theirs in zip(self._cached_ids, ids[:-1], strict=False):
            if ours != theirs:
                break
            common += 1
        return self._cache, self._forget_from(common, self._cache)

    def _forget_from(self, position: int, cache: KVCache) -> int:
        """Cut the cache at `position`, or where it can be cut before that; how many tokens it still holds."""
        kept = cache.truncate(position)
        del self._cached_ids[kept:]
        return kept

    def _forward(self, ids: list[int], cache: KVCache, *, every: bool = False) -> torch.Tensor:
        """Logits [1, V] behind the last of `ids`, or [T, V] behind `every` one; extends the cache.

        The cache is forgotten if the step fails.
        """
        assert self.model is not None
        try:
            with _torch_threads(1 if len(ids) == 1 else self._threads):
                tokens = torch.tensor([ids], device=self.model.device)
                logits = self.model.decoder(tokens, cache, last_only=not every)
        except BaseException:
            self._forget()
            raise
        self._cached_ids += ids
        return torch.as_tensor(logits[0])

    def _forget(self) -> None:
        self._cache, self._cached_ids = None, []


class _Reply:
    """A reply in the making: draws tokens, decodes and cuts text, knows why it ended."""

    def __init__(self, model: Model, request: GenerateRequest, *, room: int) -> None:
        self.request, self.room = request, room
        seed = request.sampler.seed
        self.seed = secrets.randbits(32) if seed is None else seed
        self.sampler = Sampler(request.sampler, self.seed)
        self.end_ids = model.tokenizer.end_ids
        self.stream, self.stops = TextStream(model.tokenizer), StopStrings(request.stop)
        self.limit = min(room, request.max_tokens or room)
        self.grammar = (
            None
            if request.json_schema is None
            else JsonGrammar(request.json_schema, model.tokenizer, model.decoder.vocabulary)
        )
        self.ids: list[int] = []
        self.logprobs: list[float] = []
        self.parts: list[str] = []
        self.stop_reason: StopReason | None = None
        if self.limit <= 0:
            self.stop_reason = StopReason.CONTEXT_FULL

    def extend(self, logits: torch.Tensor, prompt: list[int]) -> TokenGenerated | None:
        """Draw the next token from logits [V]; None when the reply ended on an end token."""
        total = float(logits.logsumexp(-1))
        if not math.isfinite(total):
            raise NumericalError(
                "The model's output is not a number any more; its file may be damaged. Try another copy."
            )
        position = len(prompt) + len(self.ids)
        if self.grammar is not None:
            logits = self.grammar.restrict(logits)
        token = self.sampler.draw(logits, history=[*prompt[-4096:], *self.ids], position=position)
        if self.grammar is not None:
            self.grammar.accept(token)
        if token in self.end_ids:
            self.stop_reason = StopReason.END_TOKEN
            return None
        logprob = float(logits[token]) - total
        self.ids.append(token)
        self.logprobs.append(logprob)
        text, stopped = self.stops.push(self.stream.push(token))
        self.parts.append(text)
        if stopped:
            self.stop_reason = StopReason.STOP_STRING
        elif self.grammar is not None and self.grammar.is_complete:
            self.stop_reason = StopReason.END_TOKEN
        elif len(self.ids) >= self.limit:
            is_context = self.limit == self.room and self.request.max_tokens != self.room
            self.stop_reason = StopReason.CONTEXT_FULL if is_context else StopReason.MAX_TOKENS
        return TokenGenerated(self.request.request_id, token, text, logprob)

    def finish(self, timings: Timings) -> Iterator[Event]:
        """Show what was held back, then sum the reply up."""
        assert self.stop_reason is not None
        if self.stop_reason is not StopReason.STOP_STRING:
            text, stopped = self.stops.push(self.stream.finish())
            tail = text if stopped else text + self.stops.finish()
            self.parts.append(tail)
        yield ReplyFinished(
            self.request.request_id,
            text="".join(self.parts),
            token_ids=tuple(self.ids),
            logprobs=tuple(self.logprobs),
            stop_reason=self.stop_reason,
            timings=timings,
            seed=self.seed,
        )


@contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    """Give torch `count` threads. For one token its operations are too small to share (54 against 26 tok/s)."""
    before = torch.get_num_threads()
    if count == before:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _notice(model: Model) -> str | None:
    if model.device.type == "cpu" and not kernels.available():
        return f"Replies are slower than they could be: {kernels.unavailable_reason()}"
    return None
