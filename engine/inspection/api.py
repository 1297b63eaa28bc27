"""What crosses when a person looks inside: requests in, events out; as `engine.api`, frozen and without torch.

`of` is always the request that made the reply, with the reply's tokens as `begun_ids`. A request that is cancelled
ends with `InspectionStopped`. Numbers in `bytes` are little-endian float32 or uint32, for `memoryview(…).cast`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from engine.api import Circumstances, Event, GenerateRequest, LoadRequest, SamplerSettings

MOST_KEPT_BYTES = 512 << 20  # of a reply's distributions in a comparison: 2,700 tokens of 49,152, 880 of 151,936


@dataclass(frozen=True, slots=True)
class SpellRequest:
    """The bytes of tokens; answered by `TokensSpelt`."""

    request_id: int
    token_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """How likely the model finds each token of a reply; answered by `ScoreProgressed`, then `TextScored`.

    Where the reply's tokens are not known, `text` is what it says.
    """

    request_id: int
    of: GenerateRequest
    text: str = ""


@dataclass(frozen=True, slots=True)
class ScoreTextRequest:
    """How likely the model finds each token of a document, in windows; answered as `ScoreRequest`."""

    request_id: int
    text: str
    context: int = 512
    stride: int | None = None  # tokens between two windows; None: half of the context


@dataclass(frozen=True, slots=True)
class LookRequest:
    """What led to the token at `position` of a reply, layer by layer, and what each head read; gives `Looked`."""

    request_id: int
    of: GenerateRequest
    position: int


class Parts(StrEnum):
    """What is left out in turn."""

    MESSAGES = "messages"
    SENTENCES = "sentences"


@dataclass(frozen=True, slots=True)
class AttributeRequest:
    """How a reply's log-probability changes without each part of its prompt; `PartAttributed`, then `Attributed`."""

    request_id: int
    of: GenerateRequest
    by: Parts = Parts.MESSAGES


@dataclass(frozen=True, slots=True)
class EndRequest:
    """What else than its end could have come behind the last token of a reply; answered by `EndScored`."""

    request_id: int
    of: GenerateRequest


@dataclass(frozen=True, slots=True)
class PromptRequest:
    """What the model reads for a request; answered by `PromptSeen`."""

    request_id: int
    of: GenerateRequest


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """Make a recorded reply again; answered by `VerifyProgressed` and `Verified`.

    `of` has the recorded seed. `alternatives` are those of the record, for what differs, and so is `made`.
    """

    request_id: int
    of: GenerateRequest
    alternatives: bytes = b""
    made: Circumstances = field(default_factory=Circumstances)


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """One prompt, two models, one after the other; answered by `CompareProgressed`, then `Compared`.

    `of` is a request without `begun_ids`; `loads` may name one file twice, with other settings. The model in use
    makes room, and is back afterwards.
    """

    request_id: int
    of: GenerateRequest
    loads: tuple[LoadRequest, LoadRequest]


@dataclass(frozen=True, slots=True)
class RecutRequest:
    """What other sampler settings would have made of the stored alternatives; answered by `Recut`.

    `sampler` has the seed that the reply was drawn with; `alternatives` are all of the reply's, of which `count`
    tokens from `first` on are cut again.
    """

    request_id: int
    of: GenerateRequest
    alternatives: bytes
    sampler: SamplerSettings
    first: int = 0
    count: int | None = None  # None: all


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """What each step of other sampler settings would have done to one token's alternatives; answered by `Traced`."""

    request_id: int
    of: GenerateRequest
    alternatives: bytes
    sampler: SamplerSettings
    position: int


@dataclass(frozen=True, slots=True)
class InspectionStopped(Event):
    """The request was cancelled; what was told before is all there is."""


@dataclass(frozen=True, slots=True)
class TokensSpelt(Event):
    """The bytes of each token: a character may be cut in two. See `engine.inspection.pieces` for places in a text.

    `end_ids` are those of the tokens that end a reply.
    """

    pieces: tuple[bytes, ...]
    end_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreProgressed(Event):
    """`done_tokens` of `total_tokens` are scored; `records` are those since the last time (`engine.alternatives`)."""

    done_tokens: int
    total_tokens: int
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    ranks: tuple[int, ...]
    entropies: tuple[float, ...]
    alternatives: bytes = b""


@dataclass(frozen=True, slots=True)
class TextScored(Event):
    """All tokens are scored: `nll` is the mean negative log-probability in nats, `tokens` how many were predicted."""

    nll: float
    perplexity: float
    tokens: int


@dataclass(frozen=True, slots=True)
class EndScored(Event):
    """`record` is that of the likeliest token that ends a reply, without samplers (`engine.alternatives`)."""

    record: bytes


@dataclass(frozen=True, slots=True)
class LayerGuess:
    """What the model would say if it ended behind a layer; `rank` and `logprob` are those of the token that came."""

    layer: int
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    entropy: float
    rank: int
    logprob: float


@dataclass(frozen=True, slots=True)
class AttentionSeen:
    """What one token read: shares of the earlier tokens and itself, `tokens` in all.

    `layers` are those that have attention, the others are recurrent. `weights` is float32 [layers, heads, tokens];
    `by_layer` [layers, tokens] is its mean over heads. Where a head has a sink, its shares sum to less than 1.
    """

    layers: tuple[int, ...]
    heads: int
    tokens: int
    weights: bytes
    by_layer: bytes


@dataclass(frozen=True, slots=True)
class Looked(Event):
    """`position` is that of the request; `token_ids` is all that was read, for whoever spells it."""

    position: int
    token_ids: tuple[int, ...]
    guesses: tuple[LayerGuess, ...]
    attention: AttentionSeen


@dataclass(frozen=True, slots=True)
class PartAttributed(Event):
    """Without characters `start` to `end` of message `message`, the reply is less likely by `change` nats.

    A negative change means that it is likelier so. `changes` are those of each token of the reply, which sum to it.
    `is_emptied`: the template needs the message, so it stayed without its text.
    """

    message: int
    start: int
    end: int
    change: float
    changes: tuple[float, ...]
    is_emptied: bool
    done_parts: int
    total_parts: int


@dataclass(frozen=True, slots=True)
class Attributed(Event):
    """All parts were left out in turn; `logprob` is the reply's with all of them."""

    logprob: float
    parts: int


class TokenKind(StrEnum):
    """Where a token of a prompt comes from."""

    TEMPLATE = "template"
    CONTROL = "control"
    MESSAGE = "message"
    REPLY = "reply"  # what the reply begins with


@dataclass(frozen=True, slots=True)
class SeenToken:
    """One token of a prompt; `message` is the number of the one it belongs to, where it does."""

    token_id: int
    piece: bytes
    kind: TokenKind
    message: int | None
    is_cached: bool


@dataclass(frozen=True, slots=True)
class PromptSeen(Event):
    """The prompt as the model reads it. `dropped` messages are too old for the context and not read any more.

    `cache_type` is what keys and values are kept in: f32, f16, bf16, q8_0.
    """

    tokens: tuple[SeenToken, ...]
    dropped: tuple[int, ...]
    cache_type: str
    context_length: int


@dataclass(frozen=True, slots=True)
class VerifyProgressed(Event):
    """So many tokens are the same."""

    same_tokens: int
    total_tokens: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the record says and that is otherwise here; `name` is a field of `Circumstances`."""

    name: str
    recorded: str
    found: str


@dataclass(frozen=True, slots=True)
class Verified(Event):
    """The reply was made again: `differs_at` is the first token that is another one, None when all are the same.

    At that token, `recorded` and `found` are its records (`engine.alternatives`), empty where the reply ended there.
    `differences` may be the reasons.
    """

    differs_at: int | None
    recorded: bytes
    found: bytes
    differences: tuple[Difference, ...]


class CompareStep(StrEnum):
    """What a model is at while it is compared."""

    LOADING = "loading"
    REPLYING = "replying"
    SCORING = "scoring"


@dataclass(frozen=True, slots=True)
class CompareProgressed(Event):
    """`done` of `total` steps are over, and model `which` (0 or 1) is at the next; `text` goes on with its reply."""

    done: int
    total: int
    which: int
    step: CompareStep
    text: str = ""


@dataclass(frozen=True, slots=True)
class ComparedReply:
    """What one model said, token by token, with its own log-probabilities and the other's, in nats.

    `other_logprobs` are those of the tokens that the other model needs for the text: where the vocabularies are the
    same, these. `kl` is the divergence of the other model's next token from this one's, for each token of the reply
    that there was room for; empty where the vocabularies differ.
    """

    path: str
    text: str
    token_ids: tuple[int, ...]
    pieces: tuple[bytes, ...]
    own_logprobs: tuple[float, ...]
    other_logprobs: tuple[float, ...]
    kl: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TextRun:
    """Characters of the first reply beside those of the second that stand in their place."""

    is_same: bool
    first: tuple[int, int]
    second: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Compared(Event):
    """Both replies; `runs` align their texts, `diverges_at` is the first character that differs, None for none."""

    first: ComparedReply
    second: ComparedReply
    runs: tuple[TextRun, ...]
    diverges_at: int | None


@dataclass(frozen=True, slots=True)
class RecutToken:
    """One token under other settings: which one would have come, and each stored alternative's share then.

    `is_certain` is False where tokens that were not stored might have come instead.
    """

    token_id: int
    shares: tuple[float, ...]
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Recut(Event):
    """Each token of the reply under other settings, with the text before it as it was."""

    tokens: tuple[RecutToken, ...]


@dataclass(frozen=True, slots=True)
class CutStep:
    """A step that was on: the stored alternatives that it removed, and those whose logits it changed."""

    name: str
    removed: tuple[int, ...]
    changed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Traced(Event):
    """The steps in the order of the chain, for the token at `position`."""

    position: int
    steps: tuple[CutStep, ...]


InspectionRequest = (
    SpellRequest
    | ScoreRequest
    | ScoreTextRequest
    | LookRequest
    | AttributeRequest
    | EndRequest
    | PromptRequest
    | VerifyRequest
    | CompareRequest
    | RecutRequest
    | TraceRequest
)
