"""The one fake engine: answers with what a test gives it, token by token, as the real one would."""

from __future__ import annotations

import math
import re
import threading
import time
from array import array
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from engine.alternatives import RECORD_BYTES, Alternative, TokenRecord, pack, record_at, unpack
from engine.api import (
    Circumstances,
    CountTokensRequest,
    Embedded,
    EmbedRequest,
    Event,
    GenerateRequest,
    LoadProgressed,
    LoadRequest,
    ModelFileError,
    ModelHeader,
    ModelInfo,
    ModelLoaded,
    ModelRequest,
    ModelUnloaded,
    PrefillProgressed,
    ReadAhead,
    ReadAheadRequest,
    ReplyFinished,
    StopReason,
    Timings,
    TokenGenerated,
    TokensCounted,
    UnloadRequest,
)
from engine.inspection.api import (
    AttentionSeen,
    Attributed,
    AttributeRequest,
    CutStep,
    Difference,
    EndRequest,
    EndScored,
    InspectionRequest,
    InspectionStopped,
    LayerGuess,
    Looked,
    LookRequest,
    PartAttributed,
    PromptRequest,
    PromptSeen,
    Recut,
    RecutRequest,
    RecutToken,
    ScoreProgressed,
    ScoreRequest,
    ScoreTextRequest,
    SeenToken,
    SpellRequest,
    TextScored,
    TokenKind,
    TokensSpelt,
    Traced,
    TraceRequest,
    Verified,
    VerifyProgressed,
    VerifyRequest,
)

INFO = ModelInfo(
    name="Fake model",
    path="/models/fake.gguf",
    family="fake",
    parameters=1,
    layers=1,
    context_length=2048,
    vocabulary=256,
    quantisation="F32",
    tokenizer="none",
    has_chat_template=True,
    size_bytes=1,
    memory_bytes=1,
)


def fake_header(path: Path) -> ModelHeader:
    """What a scan of folders reads, without importing torch."""
    return ModelHeader(replace(INFO, name=path.stem, path=str(path)))


def fake_record(token_id: int) -> bytes:
    """The record of a token that came with 60 of 100, and of two that did not: 1000 and 2000 more."""
    others = ((token_id, 0.6, 1.0), (token_id + 1000, 0.3, 0.0), (token_id + 2000, 0.1, 0.0))
    top = tuple(Alternative(one, math.log(chance), share) for one, chance, share in others)
    return pack(TokenRecord(token_id, math.log(0.6), 0, 1.0, 0.898, 1, 1.0, top))


def fake_shares(tokens: int, head: int) -> list[float]:
    """What a head reads: half of the first token, and half of the one before the last, or of the last."""
    found = [0.0] * tokens
    found[0] += 0.5
    found[tokens - 2 + head] += 0.5
    return found


class FakeEngine:
    """`replies` are given in turn, each as a list of texts or an error to raise; the last one repeats."""

    def __init__(self, replies: Sequence[Sequence[str] | Exception] = (("Hello", " there", "."),)) -> None:
        self.replies = list(replies)
        self.requests: list[GenerateRequest] = []
        self.read_ahead: list[ReadAheadRequest] = []
        self.gate = threading.Event()  # cleared by a test that wants a reply to wait between two tokens
        self.gate.set()
        self.token_s = 0.0
        self.is_closed = False
        self.loaded: LoadRequest | None = None
        self.inspected: list[InspectionRequest] = []
        self.spelling: dict[int, str] = {}  # of the tokens that were given
        self.differs_at: int | None = None  # the token that is another one when a reply is made again

    def run(
        self, request: ModelRequest | InspectionRequest, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, None]:
        """The events of one request."""
        if isinstance(request, UnloadRequest):
            self.loaded = None
            yield ModelUnloaded(request.request_id)
            return
        if isinstance(request, LoadRequest):
            yield LoadProgressed(request.request_id, 0.0)
            if "broken" in request.path:
                raise ModelFileError("“broken.gguf” is not a model file; choose another.")
            self.loaded = request
            yield ModelLoaded(
                request.request_id,
                INFO,
                device="cpu",
                context_length=2048,
                load_s=0.0,
                chat_template=request.chat_template.removeprefix("auto"),
                suited_template="chatml",
            )
            return
        if isinstance(request, ReadAheadRequest):
            self.read_ahead.append(request)
            yield ReadAhead(request.request_id, 10)
            return
        if isinstance(request, EmbedRequest):
            for number, text in enumerate(request.texts):
                vector = array("f", (0.6, 0.8) if number % 2 else (1.0, 0.0)).tobytes()
                yield Embedded(request.request_id, vector, len(text.split()), number == len(request.texts) - 1)
            return
        if not isinstance(request, GenerateRequest):
            self.inspected.append(request)
            yield from self._inspect(request, cancelled)
            return
        self.requests.append(request)
        reply = self.replies[0] if len(self.replies) == 1 else self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        yield PrefillProgressed(request.request_id, 0, 10, 0, 0)
        yield PrefillProgressed(request.request_id, 10, 10, 0, 0)
        shown = []
        first = len(request.begun_ids)
        for number, text in enumerate(reply, first):
            self.spelling[number] = text
            while not self.gate.wait(0.005) and not cancelled():
                pass
            if cancelled():
                break
            if self.token_s:
                time.sleep(self.token_s)
            shown.append(text)
            yield TokenGenerated(request.request_id, number, text, -0.5, fake_record(number))
        yield ReplyFinished(
            request.request_id,
            text="".join(shown),
            token_ids=tuple(range(first, first + len(shown))),
            logprobs=(-0.5,) * len(shown),
            stop_reason=StopReason.CANCELLED if len(shown) < len(reply) else StopReason.END_TOKEN,
            timings=Timings(10, 0, len(shown), 0.01, 0.01, 0.01),
            seed=request.sampler.seed or 0,
            alternatives=b"".join(fake_record(number) for number in range(first, first + len(shown))),
            made=Circumstances(device="cpu"),
        )

    def _inspect(self, request: InspectionRequest, cancelled: Callable[[], bool]) -> Iterator[Event]:
        match request:
            case SpellRequest(number, token_ids):
                ends = tuple(token for token in token_ids if token >= 2000)
                yield TokensSpelt(number, tuple(self._spell(token).encode() for token in token_ids), ends)
            case RecutRequest(number, alternatives=packed, sampler=sampler, first=first, count=count):
                records = unpack(packed)[first : None if count is None else first + count]
                place = 1 if sampler.temperature < 0.5 else 0  # cool: the second one comes
                shares = tuple(float(at == place) for at in range(3))
                cut = [RecutToken(one.top[place].token_id, shares, True) for one in records]
                yield Recut(number, tuple(cut))
            case TraceRequest(number, alternatives=packed, sampler=sampler, position=position):
                left = 1 if sampler.temperature < 0.5 else 0
                ids = [one.token_id for at, one in enumerate(record_at(packed, position).top) if at != left]
                yield Traced(number, position, (CutStep("top-k", tuple(ids), ()),))
            case PromptRequest(number):
                kinds = (TokenKind.CONTROL, TokenKind.TEMPLATE, TokenKind.MESSAGE, TokenKind.MESSAGE, TokenKind.REPLY)
                pieces = (b"<s>", b"user\n", b"Which", b"?", b"Tea")
                messages = (None, None, 0, 0, None)
                seen = zip(range(5), pieces, kinds, messages, (True,) * 4 + (False,), strict=True)
                yield PromptSeen(number, tuple(SeenToken(*each) for each in seen), (), "q8_0", 2048)
            case ScoreTextRequest(number, text):
                words = re.findall(r"\s*\S+", text)[1:]  # nothing stands before the first one
                ids = tuple(range(100, 100 + len(words)))
                self.spelling.update(zip(ids, words, strict=True))
                chances = tuple(math.log(0.95 if at % 2 else 0.05) for at in range(len(words)))
                yield ScoreProgressed(number, len(ids), len(ids), ids, chances, (0,) * len(ids), (0.9,) * len(ids))
                yield TextScored(number, -sum(chances) / len(ids), 4.6, len(ids))
            case AttributeRequest(number, of):
                yield from self._attribute(number, of, cancelled)
            case VerifyRequest(number, of, alternatives=packed):
                at = self.differs_at
                yield VerifyProgressed(number, 0, len(of.begun_ids))
                if at is None:
                    yield Verified(number, None, b"", b"", ())
                    return
                recorded = packed[at * RECORD_BYTES : (at + 1) * RECORD_BYTES]
                found = fake_record(of.begun_ids[at] + 1000)
                yield Verified(number, at, recorded, found, (Difference("device", "cpu", "cuda:0"),))
            case LookRequest(number, of, position):
                came = of.begun_ids[position]
                read = (5000, 5001, *of.begun_ids[:position])
                likely = ((came + 1000, came), (came, came + 1000), (came, came + 2000))
                chances = (math.log(0.5), math.log(0.25))
                guesses = tuple(
                    LayerGuess(layer, ids, chances, 1.0, ids.index(came), chances[ids.index(came)])
                    for layer, ids in enumerate(likely)
                )
                first, second = fake_shares(len(read), 0), fake_shares(len(read), 1)
                heads = array("f", first + second)
                mean = array("f", [(a + b) / 2 for a, b in zip(first, second, strict=True)])
                yield Looked(
                    *(number, position, read, guesses),
                    AttentionSeen((1,), 2, len(read), heads.tobytes(), mean.tobytes()),
                )
            case EndRequest(number):
                top = tuple(Alternative(one, math.log(chance), 0.0) for one, chance in ((2500, 0.6), (500, 0.3)))
                yield EndScored(number, pack(TokenRecord(2500, math.log(0.6), 0, 1.0, 0.898, 0, 0.0, top)))
            case ScoreRequest(number, of, text):
                words = [self._spell(token) for token in of.begun_ids] or re.findall(r" ?\S+", text)
                ids = of.begun_ids or tuple(range(100, 100 + len(words)))
                self.spelling.update(zip(ids, words, strict=True))
                packed = b"".join(fake_record(token) for token in ids)
                figures = ((-0.5,) * len(ids), (0,) * len(ids), (0.9,) * len(ids))
                yield ScoreProgressed(number, len(ids), len(ids), ids, *figures, packed)
                yield TextScored(number, 0.5, 1.6, len(ids))
            case _:
                raise AssertionError(f"the fake engine does not know {type(request).__name__}")

    def _attribute(self, number: int, of: GenerateRequest, cancelled: Callable[[], bool]) -> Iterator[Event]:
        """Without a part the first token is 2 nats less likely; without the first part the second one is likelier."""
        last = len(of.prompt) - 1
        for message in range(last, -1, -1):
            while not self.gate.wait(0.005) and not cancelled():
                pass
            if cancelled():
                yield InspectionStopped(number)
                return
            changes = (2.0 if message else 0.0, -3.0 if not message else 0.0, *(0.0,) * (len(of.begun_ids) - 2))
            length = len(of.prompt[message].content)  # type: ignore[union-attr]  # a chat's prompt is its messages
            figures = (0, length, sum(changes), changes)
            yield PartAttributed(number, message, *figures, not message, last - message + 1, last + 1)
        yield Attributed(number, -6.5, last + 1)

    def _spell(self, token_id: int) -> str:
        return self.spelling.get(token_id) or f" other{token_id}"

    def count(self, request: CountTokensRequest) -> TokensCounted:
        """A word is a token, and the context holds those of `INFO`."""
        lengths = [len(message.content.split()) for message in request.prompt]
        tokens = sum(lengths)
        texts = tuple(len(text.split()) for text in request.texts)
        fits = not lengths or lengths[-1] < INFO.context_length
        return TokensCounted(request.request_id, tokens, texts, tokens >= INFO.context_length - 256, fits)

    def spell(self, token_ids: Sequence[int]) -> tuple[bytes, ...]:
        """The bytes of tokens that were given, and of others."""
        return tuple(self._spell(token).encode() for token in token_ids)

    def as_guest(self) -> AbstractContextManager[None]:
        """It has no caches that one could disturb."""
        return nullcontext()

    def close(self) -> None:
        """Remember that the engine was closed."""
        self.is_closed = True
