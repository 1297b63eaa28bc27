"""RemoteEngine: answers the engine's requests by asking an endpoint: loading a model connects to nothing yet.

Runs on a worker's thread of its own. What only a model on this machine can do is refused with a sentence.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from app.core.remote.answers import Piece, Token, Usage, piece_of, read_piece
from app.core.remote.connection import Connection, GivenUp
from app.core.remote.endpoints import host_of
from app.core.remote.errors import RemoteAnswerError, RemoteRefusedError, RemoteUnreachableError
from app.core.remote.event_stream import EventStream
from app.core.remote.parameters import CONTINUING, RENAMED, SPARE, body_of
from app.core.remote.told_tokens import numbered
from engine.api import (
    CountTokensRequest,
    Event,
    GenerateRequest,
    LoadRequest,
    ModelInfo,
    ModelLoaded,
    PrefillProgressed,
    ReplyFinished,
    RequestError,
    StopReason,
    Timings,
    TokenGenerated,
    TokensCounted,
)

logger = logging.getLogger(__name__)

NO_TOKEN = -1  # the id of a token whose id no server tells
LONGEST_REPLY = 8 << 20  # letters; no model writes as much
MOST_TOLD = 1 << 17  # tokens that are kept of a reply, with what else could have come
MOST_BYTES = 1 << 30  # of a whole answer, which carries some 800 for each token
DONE = "[DONE]"
NOT_HERE = "Only a model on this machine can be looked into; choose one for that."
_OPEN, _CLOSE = "<think>\n", "\n</think>\n\n"  # how a thinking stands in the text of a reply, see `thinking.py`


class _LosesTextError(Exception):
    """The server leaves out a part of the reply where it tells its tokens."""


@dataclass
class _Reply:
    """What came of a reply so far."""

    started: float = field(default_factory=time.monotonic)
    texts: list[str] = field(default_factory=list)
    letters: int = 0
    tokens: list[Token] = field(default_factory=list)  # as far as the server tells them
    first_at: float | None = None
    last_at: float = 0.0
    steps: int = 0  # pieces that said something; most servers send one for each token
    is_thinking: bool = False
    finish: str = ""
    stop_text: str = ""
    usage: Usage | None = None

    def timings(self) -> Timings:
        """Token counts of the server, where it told them; of the prompt 0 where it did not."""
        usage = self.usage or Usage(0, self.steps, 0)
        ttft_s = (self.first_at or time.monotonic()) - self.started
        decode_s = self.last_at - self.first_at if self.first_at is not None else 0.0
        counts = (usage.prompt_tokens, usage.reused_tokens, usage.generated_tokens or self.steps)
        return Timings(*counts, ttft_s, decode_s, ttft_s)


class RemoteEngine:
    """`key_of` tells the key of a base URL; it may take as long as the system's keyring does."""

    def __init__(self, key_of: Callable[[str], str | None]) -> None:
        self._key_of = key_of
        self._base_url = self._model = ""
        self._without: set[str] = set()  # what the server of this model will not take

    def run(self, request: object, cancelled: Callable[[], bool]) -> Generator[Event, None, None]:
        """The events of a request to load or to generate. Raises `FiresideError`."""
        match request:
            case LoadRequest():
                yield self._take(request)
            case GenerateRequest():
                yield from self._generate(request, cancelled)
            case _:
                raise RequestError(NOT_HERE)

    def count(self, request: CountTokensRequest) -> TokensCounted:
        """Raises `RequestError`: no endpoint counts."""
        raise RequestError("The tokens of a remote model cannot be counted here.")

    def spell(self, token_ids: Sequence[int]) -> tuple[bytes, ...]:
        """Raises `RequestError`: no endpoint tells what its tokens spell."""
        raise RequestError(NOT_HERE)

    def as_guest(self) -> AbstractContextManager[None]:
        """Nothing is shared with guests."""
        return nullcontext()

    def close(self) -> None:
        """Nothing is held between two requests."""

    def _take(self, request: LoadRequest) -> ModelLoaded:
        self._base_url, _, self._model = request.path.partition("#")
        self._without = set()
        info = ModelInfo(
            name=request.name or self._model,
            path=request.path,
            family="",
            parameters=0,
            layers=0,
            context_length=request.context_length or 0,
            vocabulary=0,
            quantisation="",
            tokenizer="",
            has_chat_template=True,
            size_bytes=0,
            memory_bytes=0,
        )
        context_length = request.context_length or 0
        return ModelLoaded(request.request_id, info, "", context_length, 0.0, host=host_of(self._base_url))

    def _generate(self, request: GenerateRequest, cancelled: Callable[[], bool]) -> Iterator[Event]:
        if not self._base_url:
            raise RequestError("No model is loaded yet; open one first.")
        body_of(request, self._model, without=self._without)  # what cannot be asked is told before anything leaves
        key = self._key_of(self._base_url)
        reply = _Reply()
        connection = Connection(self._base_url, key, cancelled)
        try:
            yield from self._ask(request, connection, key, reply)
        except GivenUp:
            yield from _end_thinking(request, reply)
            yield _finished(request, reply, StopReason.CANCELLED)
        finally:
            connection.close()

    def _ask(
        self, request: GenerateRequest, connection: Connection, key: str | None, reply: _Reply
    ) -> Iterator[Event]:
        """Ask until the server takes it: each refusal of what can be done without makes one try more."""
        while True:
            try:
                yield from self._answer(request, connection, key, reply)
                return
            except _LosesTextError:
                self._without.add("logprobs")
            except RemoteRefusedError as error:
                if not error.named.isdisjoint(CONTINUING):
                    raise RemoteRefusedError(
                        f"{connection.host} cannot go on in the middle of a reply; regenerate it instead."
                    ) from error
                spare = (error.named & (SPARE | RENAMED)) - self._without
                if reply.texts or not spare:
                    raise
                logger.info("the endpoint takes no %s", ", ".join(sorted(spare)))
                self._without |= spare

    def _answer(
        self, request: GenerateRequest, connection: Connection, key: str | None, reply: _Reply
    ) -> Iterator[Event]:
        host = connection.host
        with connection.ask(body_of(request, self._model, without=self._without)) as response:
            if "event-stream" in response.headers.get("content-type", ""):
                pieces = _streamed(connection, connection.pieces(response), key)
            else:
                pieces = iter((_whole(host, connection.json(response), key),))
            try:
                for piece in pieces:
                    if piece.lacks_bytes and not reply.texts and "logprobs" not in self._without:
                        # llama-cpp-python 0.3.36 leaves half characters out of the text, too, where it tells tokens.
                        raise _LosesTextError
                    yield from _take_piece(request, piece, reply, host)
            except RemoteUnreachableError:
                if not reply.finish:  # else only the server's figures are missing
                    raise
        if not reply.finish and not reply.texts:
            raise RemoteAnswerError(
                f"{host} ended its answer before the first word, which servers do when the conversation is too long "
                "for the model. Begin a new chat, or try again."
            )
        if not reply.finish:
            raise RemoteUnreachableError(
                f"The connection to {host} ended in the middle of the reply; what arrived is kept. Try again."
            )
        yield from _end_thinking(request, reply)
        yield _finished(request, reply, _stop_reason(request, reply, host))


def _streamed(connection: Connection, content: Iterator[bytes], key: str | None) -> Iterator[Piece]:
    events, size_bytes = EventStream(connection.host), 0
    for raw in content:
        size_bytes += len(raw)
        if size_bytes > MOST_BYTES:
            raise _too_long(connection.host)
        for data in events.feed(raw):
            if data.strip() == DONE:
                yield Piece(finish="stop")
                return
            yield read_piece(connection.host, data, key=key)


def _whole(host: str, content: object, key: str | None) -> Piece:
    """The piece of a server that does not stream."""
    piece = piece_of(host, content, key=key)
    if not (piece.text or piece.thinking or piece.finish):
        raise RemoteAnswerError(f"{host} sent no reply; check the address, which often ends with /v1.")
    return replace(piece, finish=piece.finish or "stop")


def _take_piece(request: GenerateRequest, piece: Piece, reply: _Reply, host: str) -> Iterator[Event]:
    """Add what a piece says, and tell it."""
    if piece.tool:
        raise RemoteAnswerError(
            f"The model at {host} called the tool “{piece.tool}”, but Fireside offers none; ask for words."
        )
    reply.usage = piece.usage or reply.usage
    reply.finish, reply.stop_text = reply.finish or piece.finish, reply.stop_text or piece.stop_text
    has_place = not request.continue_last and (reply.is_thinking or not reply.texts)  # at the beginning of a reply
    thinking = piece.thinking if has_place else ""
    reply.tokens += piece.tokens[: MOST_TOLD - len(reply.tokens)]
    if not thinking and not piece.text:
        return
    text = f"{_OPEN}{thinking}" if thinking and not reply.is_thinking else thinking
    reply.is_thinking = reply.is_thinking or bool(thinking)
    if piece.text:
        text += f"{_CLOSE}{piece.text}" if reply.is_thinking else piece.text
        reply.is_thinking = False
    yield from _tell(request, text, reply, sum(token.logprob for token in piece.tokens))
    if reply.letters > LONGEST_REPLY:
        raise _too_long(host)


def _end_thinking(request: GenerateRequest, reply: _Reply) -> Iterator[Event]:
    """Close a thinking behind which no answer came."""
    if reply.is_thinking:
        reply.is_thinking = False
        yield from _tell(request, _CLOSE.rstrip(), reply, 0.0)


def _tell(request: GenerateRequest, text: str, reply: _Reply, logprob: float) -> Iterator[Event]:
    reply.last_at = time.monotonic()
    if reply.first_at is None:
        reply.first_at = reply.last_at
        yield PrefillProgressed(request.request_id, 0, 0, 0, 0)
    reply.texts.append(text)
    reply.letters += len(text)
    reply.steps += 1
    yield TokenGenerated(request.request_id, NO_TOKEN, text, logprob)


def _finished(request: GenerateRequest, reply: _Reply, reason: StopReason) -> ReplyFinished:
    pieces, alternatives = numbered(reply.tokens)
    return ReplyFinished(
        request.request_id,
        "".join(reply.texts),
        (),
        tuple(token.logprob for token in reply.tokens),
        reason,
        reply.timings(),
        request.sampler.seed or 0,
        alternatives,
        pieces=pieces,
    )


def _stop_reason(request: GenerateRequest, reply: _Reply, host: str) -> StopReason:
    """Why the server ended the reply. Raises `RemoteError` for an end that is none of the model's."""
    match reply.finish:
        case "length":
            return StopReason.MAX_TOKENS
        case "content_filter":
            raise RemoteRefusedError(f"{host} withheld the rest of the reply (content filter); ask in other words.")
        case "abort" | "error" | "insufficient_system_resource":  # the last is DeepSeek's
            raise RemoteAnswerError(f"{host} broke off in the middle of the reply; what arrived is kept. Try again.")
    return StopReason.STOP_STRING if reply.stop_text in request.stop else StopReason.END_TOKEN


def _too_long(host: str) -> RemoteAnswerError:
    return RemoteAnswerError(f"{host} does not end its reply; what arrived is kept. Choose another model there.")
