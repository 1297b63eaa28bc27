"""Engine: holds a loaded model and its KV cache, and turns a request into a stream of events.

Not thread-safe: one thread owns it (the worker of the window, or the command line); `count` alone is for any thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from engine import kernels
from engine.ahead import ahead_for
from engine.api import (
    ContextFullError,
    CountTokensRequest,
    EmbedRequest,
    Event,
    FiresideError,
    GenerateRequest,
    LoadProgressed,
    LoadRequest,
    ModelChangedError,
    ModelLoaded,
    ModelRequest,
    ModelUnloaded,
    OutOfMemoryError,
    PrefillProgressed,
    ReadAhead,
    ReadAheadRequest,
    RequestError,
    SamplerSettings,
    StopReason,
    Timings,
    TokensCounted,
    UnloadRequest,
)
from engine.builtin_templates import suited_template
from engine.circumstances import circumstances
from engine.counting import count_tokens
from engine.decoding import Decoding
from engine.device import give_back_memory
from engine.distribution import likeliest
from engine.draft import Draft, check_vocabulary
from engine.embedding import embed
from engine.grammar import JsonGrammar, JsonVocabulary
from engine.greedy import GREEDY, write_likeliest
from engine.inspection.api import InspectionRequest
from engine.layers import Interrupted, never
from engine.lookup import Guesser, PromptLookup
from engine.model import Model, load_model
from engine.penalties import breaker_ids
from engine.prompt import LastPrompt, opened_thinking
from engine.reader import Reader, torch_threads
from engine.reading_ahead import certain_ids
from engine.reply import Reply

DEFAULT_CONTEXT = 4096  # tokens the cache may grow to unless the request says more
GUEST_CHUNK_S = (0.04, 0.1)  # a prompt of another's is read in smaller pieces: the window's reply waits for each

Cancelled = Callable[[], bool]


@dataclass
class _Guest:
    """What another than the window has read of its prompts, and the threads that torch had when it was left."""

    reader: Reader
    draft: Reader | None
    prompts: LastPrompt
    threads: int


class Engine:
    """Runs requests on one model. `run` yields events and raises `FiresideError` when a request fails.

    A request made `as_guest` may be left between two events while another one runs, and gone on with later.
    """

    def __init__(self) -> None:
        self.model: Model | None = None
        self.context_length = 0
        self.reader: Reader | None = None
        self._draft: Reader | None = None
        self._json: JsonVocabulary | None = None  # of this model, made when first needed
        self._breakers: dict[tuple[str, ...], frozenset[int]] = {}  # of this model: looking through it takes 60 ms
        self._prompts: LastPrompt | None = None
        self._guest: _Guest | None = None  # made when first needed
        self.loaded_by: LoadRequest | None = None  # what loaded the model in use

    def run(
        self, request: ModelRequest | InspectionRequest, cancelled: Cancelled = never
    ) -> Generator[Event, None, None]:
        """The events of one request, the last of which says what came of it (`ModelLoaded`, `ReplyFinished`, …)."""
        try:
            if isinstance(request, LoadRequest):
                yield from self._load(request)
            elif isinstance(request, UnloadRequest):
                self.close()
                give_back_memory()
                yield ModelUnloaded(request.request_id)
            elif isinstance(request, GenerateRequest):
                with torch_threads(1):  # drawing a token is too little to share
                    yield from self._of_whole_files(self._generate(request, cancelled))
            elif isinstance(request, ReadAheadRequest):
                yield from self._of_whole_files(self._read_ahead(request, cancelled))
            elif isinstance(request, EmbedRequest):
                yield from self._of_whole_files(self._embed(request, cancelled))
            else:
                from engine.inspection.answers import answer  # only for those who look

                yield from self._of_whole_files(answer(self, request, cancelled))
        except ModelChangedError:
            self._forget()
            raise
        except (torch.OutOfMemoryError, MemoryError) as error:
            self._forget()
            raise OutOfMemoryError(
                "There is not enough memory to go on; close other programs or use a smaller model or context."
            ) from error

    def count(self, request: CountTokensRequest) -> TokensCounted:
        """Count tokens; the one method that another thread may call, also while `run` is at work."""
        model = self.model
        if model is None:
            raise RequestError("No model is loaded yet; open one first.")
        return count_tokens(request, model.tokenizer, limit=self.context_length)

    def spell(self, token_ids: Sequence[int]) -> tuple[bytes, ...]:
        """The bytes of tokens; for any thread, as `count`. Raises `RequestError` without a model."""
        model = self.model
        if model is None:
            raise RequestError("No model is loaded yet; open one first.")
        return tuple(map(model.tokenizer.token_bytes, token_ids))

    @contextmanager
    def as_guest(self) -> Iterator[None]:
        """Inside, requests read with caches of their own and leave those of the window alone; not for loading."""
        if self.reader is None:
            yield
            return
        host = self.reader, self._draft, self._prompts, torch.get_num_threads()
        guest = self._guest or self._new_guest(self.reader)
        self._guest = guest
        self.reader, self._draft, self._prompts = guest.reader, guest.draft, guest.prompts
        _set_torch_threads(guest.threads)
        try:
            yield
        finally:
            guest.threads = torch.get_num_threads()
            self.reader, self._draft, self._prompts, threads = host
            _set_torch_threads(threads)

    def measure(self, prompt: list[int], new_tokens: int) -> Timings:
        """Time a prompt and greedy tokens after it, as a reply would be made; nothing is reused.

        Where there is a draft model it guesses ahead.
        """
        reader = self.reader
        assert reader is not None, "load a model first"
        reader.forget()
        started = time.perf_counter()
        for _ in reader.read(prompt, never):
            pass
        assert reader.logits is not None
        text, first = list(prompt), None
        if self._draft is None:
            for ahead in reader.draw_ahead(GREEDY, seed=0, most=new_tokens):
                text.append(ahead.token_id)
                first = first or time.perf_counter()
        if first is None:
            text.append(int(likeliest(reader.logits[-1])))
            first = time.perf_counter()
        write_likeliest(reader, text, len(prompt) + new_tokens - len(text), draft=self._draft)
        ended = time.perf_counter()
        return Timings(len(prompt), 0, new_tokens, first - started, ended - first, first - started)

    def close(self) -> None:
        """Save what was read for those who asked for it, and let go of the model and its memory."""
        if self._guest is not None:
            for reader in (self._guest.reader, self._guest.draft):
                if reader is not None:
                    reader.close()
        for reader in (self.reader, self._draft):
            if reader is not None:
                reader.close()
                reader.model.close()
        self._guest = self._json = None
        self.model = self.reader = self._draft = self._prompts = self.loaded_by = None

    def _load(self, request: LoadRequest) -> Iterator[Event]:
        started = time.perf_counter()
        yield LoadProgressed(request.request_id, 0.0)
        model = self._loaded(request, request.path)
        draft = None
        if request.draft_path is not None:
            try:
                draft = self._loaded(request, request.draft_path)
                check_vocabulary(draft, model)
            except BaseException:
                model.close()
                raise
        self.close()
        if request.name is not None:
            model.info = replace(model.info, name=request.name)
        self._breakers.clear()
        self.model, self.loaded_by = model, request
        wanted = request.context_length or DEFAULT_CONTEXT
        self.context_length = min(wanted, model.info.context_length)
        limit = self.context_length
        self.reader = Reader(model, limit=limit, ahead=ahead_for(model.decoder, device=model.device, limit=limit))
        self._draft = None if draft is None else Reader(draft, limit=limit)
        self._prompts = LastPrompt(model.tokenizer, limit=limit)
        if model.device.type != "cpu":
            self.reader.warm_up()
        yield LoadProgressed(request.request_id, 1.0)
        yield ModelLoaded(
            request.request_id,
            info=model.info,
            device=str(model.device),
            context_length=self.context_length,
            load_s=time.perf_counter() - started,
            notice=_notice(model),
            chat_template=_builtin_in_use(request, model),
            suited_template=suited_template(model.tokenizer.control_tokens).name,
        )

    def _loaded(self, request: LoadRequest, path: str) -> Model:
        return load_model(
            path,
            request.device,
            threads=request.threads,
            context=request.context_length,
            cache_type=request.cache_type,
            chat_template=request.chat_template,
        )

    def _new_guest(self, host: Reader) -> _Guest:
        model, limit = host.model, self.context_length
        reader = Reader(
            model,
            limit=limit,
            ahead=ahead_for(model.decoder, device=model.device, limit=limit),
            chunk_s=GUEST_CHUNK_S,
            threads=host.threads,
        )
        draft = None if self._draft is None else Reader(self._draft.model, limit=limit, threads=host.threads)
        return _Guest(reader, draft, LastPrompt(model.tokenizer, limit=limit), host.threads)

    def _embed(self, request: EmbedRequest, cancelled: Cancelled) -> Iterator[Event]:
        if self.model is None:
            raise RequestError("No model is loaded yet; open one first.")
        try:
            yield from embed(self.model, request, limit=self.context_length, cancelled=cancelled)
        except Interrupted:
            return

    def _generate(self, request: GenerateRequest, cancelled: Cancelled) -> Iterator[Event]:
        reader = self.reader
        if self.model is None or reader is None or self._prompts is None:
            raise RequestError("No model is loaded yet; open one first.")
        if self.model.checkpoint.changed_on_disk():
            raise ModelChangedError(
                f"“{self.model.info.name}” was changed or removed on the disk since it was loaded; load it again."
            )
        if request.max_tokens is not None and request.max_tokens < 1:
            raise RequestError("The token limit must be 1 or more.")
        _check_bias(request.sampler, self.model)
        started = time.perf_counter()
        prompt, dropped = self._prompts.of(request)
        ids = [*prompt, *request.begun_ids]
        grammar = self._grammar(request, self.model)
        if len(ids) >= self.context_length:
            raise ContextFullError("The beginning of the reply fills the context: load the model with a longer one.")
        path = None if request.cache_path is None else Path(request.cache_path)
        reused = reader.rewind(ids, path, keeps_end=not request.begun_ids)
        for done in reader.read(ids, cancelled):
            yield PrefillProgressed(request.request_id, done, len(ids), reused, dropped)
        prefilled = time.perf_counter()
        breakers = self.breakers(request.sampler, self.model)
        room = self.context_length - len(ids)
        opening = opened_thinking(request, ids, self.model.tokenizer)
        reply = Reply(self.model, request, ids, room=room, breakers=breakers, grammar=grammar, opening=opening)
        logits = reader.logits
        if logits is None or cancelled():
            reply.stop_reason = StopReason.CANCELLED
        else:
            yield PrefillProgressed(request.request_id, len(ids), len(ids), reused, dropped)
        guesser, has_draft = self._guesser(ids, reply), self._draft is not None
        decoding = Decoding(reader, reply, guesser, length=len(ids), has_draft=has_draft)
        if logits is not None:
            yield from decoding.events(logits, cancelled)
        ended = time.perf_counter()
        first_token_at = reply.first_token_at or ended
        timings = Timings(
            prompt_tokens=len(ids),
            reused_tokens=reused,
            generated_tokens=len(reply.ids),
            prefill_s=prefilled - started,
            decode_s=ended - first_token_at,
            ttft_s=first_token_at - started,
            guessed_tokens=decoding.guessed,
            right_guesses=decoding.right_guesses,
        )
        yield from reply.finish(timings, circumstances(self.model, reader.fingerprint(), prompt, reused=reused))

    def _read_ahead(self, request: ReadAheadRequest, cancelled: Cancelled) -> Iterator[Event]:
        """What goes wrong here is for the reply to tell."""
        reader, known = self.reader, 0
        if reader is not None and not reader.model.checkpoint.changed_on_disk():
            path = None if request.of.cache_path is None else Path(request.of.cache_path)
            with suppress(FiresideError, Interrupted):
                ids = certain_ids(request.of, reader.model.tokenizer, limit=reader.limit, cancelled=cancelled)
                known = reader.read_ahead(ids, path, cancelled)
        yield ReadAhead(request.request_id, known)

    def _of_whole_files(self, events: Iterator[Event]) -> Iterator[Event]:
        """Events until a file is cut under the model; then `ModelChangedError`, also in place of another error."""
        try:
            for event in events:
                self._check_files()
                yield event
        except Exception:
            self._check_files()
            raise

    def _check_files(self) -> None:
        for reader in (self.reader, self._draft):
            if reader is not None:
                reader.model.checkpoint.check_whole()

    def _guesser(self, ids: list[int], reply: Reply) -> Guesser:
        if self._draft is None:
            return PromptLookup(ids)
        return Draft(self._draft, ids, reply.sampler, vocabulary=reply.vocabulary)

    def breakers(self, settings: SamplerSettings, model: Model) -> frozenset[int]:
        """Where DRY's sequences end; nowhere when it is off."""
        texts = settings.dry_breakers
        if settings.dry_multiplier and texts not in self._breakers:
            self._breakers = {texts: breaker_ids(model.tokenizer, texts)}
        return self._breakers.get(texts, frozenset())

    def _grammar(self, request: GenerateRequest, model: Model) -> JsonGrammar | None:
        if request.json_schema is None:
            return None
        self._json = self._json or JsonVocabulary(model.tokenizer, model.decoder.vocabulary)
        return JsonGrammar(request.json_schema, self._json)

    def _forget(self) -> None:
        for reader in (self.reader, self._draft):
            if reader is not None:
                reader.forget()


def _set_torch_threads(count: int) -> None:
    if count != torch.get_num_threads():
        torch.set_num_threads(count)


def _check_bias(settings: SamplerSettings, model: Model) -> None:
    for token, _ in settings.logit_bias:
        if token >= model.decoder.vocabulary:
            raise RequestError(
                f"The logit bias names token {token}, but {model.info.name} has {model.decoder.vocabulary} tokens; "
                "take it out, or choose the model that it was made for."
            )


def _builtin_in_use(request: LoadRequest, model: Model) -> str:
    """The name of the built-in chat template that a model is used with; empty for its own."""
    if request.chat_template != "auto":
        return request.chat_template
    tokenizer = model.tokenizer
    return suited_template(tokenizer.control_tokens).name if tokenizer.chat_template is None else ""


def _notice(model: Model) -> str | None:
    if model.device.type == "cpu" and not kernels.available():
        return f"Replies are slower than they could be: {kernels.unavailable_reason()}"
    return None
