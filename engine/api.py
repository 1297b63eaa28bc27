"""What crosses between the engine and whoever uses it: requests in, events out, errors.

Everything here is frozen, holds no tensor and no Qt object, and imports no torch, so that a window can
load this module before the heavy ones. `engine.engine` produces the events; the worker and the command
line consume them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum


class FiresideError(Exception):
    """Base of every error a person may see: one sentence saying what, where and what to do."""


class ModelFileError(FiresideError):
    """A model file or folder is missing, damaged or not what it claims to be."""


class ModelChangedError(ModelFileError):
    """The file of the loaded model was replaced, cut or removed; it must be loaded again."""


class UnsupportedModelError(FiresideError):
    """The file is sound, but its architecture, quantisation or tokenizer is not known here."""


class OutOfMemoryError(FiresideError):
    """The model, its cache or a request does not fit; the message holds need, have and what would fit."""


class TokenizerError(FiresideError):
    """The tokenizer data is inconsistent, or the tokenizer failed on a text."""


class TemplateError(FiresideError):
    """The chat template is broken, refuses these messages, or exceeded its limits."""


class ContextFullError(FiresideError):
    """The newest message alone does not fit into the model's context."""


class NumericalError(FiresideError):
    """Logits became NaN or infinite: the weights are damaged or the dtype is too narrow."""


class RequestError(FiresideError):
    """The request itself makes no sense: a setting out of range, no model loaded, no messages."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `role` is system, user, assistant or tool.

    `token_ids` are those that a reply was made of, where they are known: it is read as it was written, also where
    encoding its text again would cut it differently, so what is cached of it stays valid. They never change the text.
    `more` is a JSON object of what else a template may read of it: `tool_calls`, `tool_call_id`, `name`.
    """

    role: str
    content: str
    token_ids: tuple[int, ...] = field(default=(), compare=False)
    more: str = ""


@dataclass(frozen=True, slots=True)
class SamplerSettings:
    """How the next token is drawn. Each field's off value is named beside it; `engine.sampling` says in which order.

    A temperature of 0 takes the likeliest token, whatever truncates. Mirostat takes the place of what truncates:
    top-k, typical, top-p, min-p, top-n-sigma and XTC.
    """

    temperature: float = 0.7  # 0: always the likeliest token
    top_k: int = 40  # 0: off
    top_p: float = 0.95  # 1: off
    min_p: float = 0.05  # 0: off
    repetition_penalty: float = 1.0  # 1: off
    repetition_window: int = 256  # tokens that the repetition, presence and frequency penalties look back at; 0: none
    seed: int | None = None  # None: a fresh one, reported in the reply's record
    presence_penalty: float = 0.0  # 0: off
    frequency_penalty: float = 0.0  # 0: off
    logit_bias: tuple[tuple[int, float], ...] = ()  # token ids with what is added to their logits; empty: off
    dry_multiplier: float = 0.0  # 0: DRY is off
    dry_base: float = 1.75
    dry_allowed_length: int = 2  # tokens that may be repeated freely
    dry_breakers: tuple[str, ...] = ("\n", ":", '"', "*")  # no sequence goes on over these
    typical_p: float = 1.0  # 1: off
    top_n_sigma: float = 0.0  # 0: off
    xtc_probability: float = 0.0  # 0: XTC is off
    xtc_threshold: float = 0.1
    temperature_range: float = 0.0  # 0: the temperature is not dynamic
    temperature_exponent: float = 1.0
    mirostat_tau: float = 0.0  # bits of surprise; 0: mirostat is off
    mirostat_eta: float = 0.1

    def __post_init__(self) -> None:
        checks = (
            (0.0 <= self.temperature < math.inf, "temperature must be 0 or more"),
            (self.top_k >= 0, "top-k must be 0 or more"),
            (0.0 < self.top_p <= 1.0, "top-p must be above 0 and at most 1"),
            (0.0 <= self.min_p <= 1.0, "min-p must be between 0 and 1"),
            (0.0 < self.repetition_penalty < math.inf, "the repetition penalty must be above 0"),
            (self.repetition_window >= 0, "the repetition window must be 0 or more"),
            (self.seed is None or 0 <= self.seed < 2**63, "the seed must be between 0 and 2^63 - 1"),
            (math.isfinite(self.presence_penalty), "the presence penalty must be a number"),
            (math.isfinite(self.frequency_penalty), "the frequency penalty must be a number"),
            (
                all(token >= 0 and math.isfinite(bias) for token, bias in self.logit_bias),
                "the logit bias must give token ids of 0 or more a number each",
            ),
            (0.0 <= self.dry_multiplier < math.inf, "DRY's multiplier must be 0 or more"),
            (1.0 <= self.dry_base < math.inf, "DRY's base must be 1 or more"),
            (self.dry_allowed_length >= 1, "DRY's allowed length must be 1 or more"),
            (0.0 < self.typical_p <= 1.0, "typical must be above 0 and at most 1"),
            (0.0 <= self.top_n_sigma < math.inf, "top-n-sigma must be 0 or more"),
            (0.0 <= self.xtc_probability <= 1.0, "XTC's probability must be between 0 and 1"),
            (0.0 < self.xtc_threshold <= 1.0, "XTC's threshold must be above 0 and at most 1"),
            (0.0 <= self.temperature_range < math.inf, "the temperature's range must be 0 or more"),
            (0.0 < self.temperature_exponent < math.inf, "the temperature's exponent must be above 0"),
            (0.0 <= self.mirostat_tau < math.inf, "mirostat's tau must be 0 or more"),
            (0.0 < self.mirostat_eta <= 1.0, "mirostat's eta must be above 0 and at most 1"),
        )
        for holds, complaint in checks:
            if not holds:
                raise RequestError(f"Sampler setting out of range: {complaint}.")


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """Load the model at `path`; the one in use stays until the new one is ready.

    `cache_type` is what keys and values are kept in: auto, f32, f16 or q8_0. `draft_path` names a smaller model of
    the same vocabulary that guesses ahead. `name` is what the model is called where the file's own name says nothing.
    `chat_template` is auto (the model's own, else one that suits its vocabulary) or the name of a built-in one, see
    `engine.builtin_templates`.
    """

    request_id: int
    path: str
    device: str = "auto"
    threads: int | None = None
    context_length: int | None = None
    cache_type: str = "auto"
    draft_path: str | None = None
    name: str | None = None
    chat_template: str = "auto"


@dataclass(frozen=True, slots=True)
class UnloadRequest:
    """Let go of the model and its memory; what was read of conversations is saved before."""

    request_id: int


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """Continue `prompt`: messages go through the chat template, a plain string does not.

    `cache_path` is the file where what was read of this conversation is kept between runs; None: it is not. With
    `continue_last` the last message is a reply of which the model writes on; only the new text comes back.

    `begun_ids` are tokens that the reply begins with, in any case: a branch of another reply to the same prompt, cut
    behind a token and gone on from another one. They are read, not drawn, and only what is new comes back.

    `tools` is a JSON array of functions that the template tells the model of; `TemplateError` where it knows none.
    """

    request_id: int
    prompt: tuple[Message, ...] | str
    sampler: SamplerSettings = field(default_factory=SamplerSettings)
    max_tokens: int | None = None  # None: up to the context's end
    stop: tuple[str, ...] = ()
    json_schema: str | None = None  # JSON text that constrains the reply
    cache_path: str | None = None
    continue_last: bool = False
    begun_ids: tuple[int, ...] = ()
    tools: str | None = None


@dataclass(frozen=True, slots=True)
class EmbedRequest:
    """One vector for each text, answered by `Embedded` in their order: what `engine.embedding` makes of it."""

    request_id: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadAheadRequest:
    """Read what will stand in a prompt in any case, however the last message of `of`, a draft, may go on.

    `of` is what would be asked if the draft were sent as it is; its reply then finds read what was read here. Nothing
    is told but `ReadAhead` at the end, also where nothing can be read: no model, no room, a template that refuses.
    One that another request takes the place of before it begins ends without a word.
    """

    request_id: int
    of: GenerateRequest


ModelRequest = LoadRequest | UnloadRequest | GenerateRequest | EmbedRequest | ReadAheadRequest


@dataclass(frozen=True, slots=True)
class CountTokensRequest:
    """Count the tokens of a prompt that may be sent, and of `texts` by themselves; a running reply goes on meanwhile.

    `max_tokens` are those of the reply that would follow, as in `GenerateRequest`.
    """

    request_id: int
    prompt: tuple[Message, ...] = ()
    texts: tuple[str, ...] = ()
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model is, read from its header alone."""

    name: str
    path: str
    family: str
    parameters: int
    layers: int
    context_length: int
    vocabulary: int
    quantisation: str
    tokenizer: str
    has_chat_template: bool
    size_bytes: int
    memory_bytes: int  # weights, cache for the full context and working space
    cache_values_per_token: int = 0  # numbers that one token keeps in the cache, whatever they are kept in
    working_space_bytes: int = 0  # beside weights and cache
    licence: str | None = None
    recommended: tuple[tuple[str, float], ...] = ()  # fields of SamplerSettings with its makers' values


@dataclass(frozen=True, slots=True)
class ModelHeader:
    """What a file says of itself, also where this engine cannot run it: `problem` says why, None when it can.

    `is_model` is False for what only goes with a model: an adapter, a projector for images, a bare vocabulary.
    """

    info: ModelInfo
    problem: str | None = None
    is_model: bool = True


class StopReason(StrEnum):
    """Why a reply ended."""

    END_TOKEN = "end_token"
    STOP_STRING = "stop_string"
    MAX_TOKENS = "max_tokens"
    CONTEXT_FULL = "context_full"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Timings:
    """Where a reply's time went; seconds and token counts."""

    prompt_tokens: int
    reused_tokens: int
    generated_tokens: int
    prefill_s: float
    decode_s: float
    ttft_s: float
    guessed_tokens: int = 0  # by a draft model, or because the text repeated itself
    right_guesses: int = 0  # of them, which cost next to nothing

    @property
    def prefill_tok_s(self) -> float:
        """Prompt tokens computed (not reused) per second."""
        return (self.prompt_tokens - self.reused_tokens) / self.prefill_s if self.prefill_s > 0 else 0.0

    @property
    def decode_tok_s(self) -> float:
        """Tokens per second after the first one."""
        return max(self.generated_tokens - 1, 0) / self.decode_s if self.decode_s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """Base of everything the engine reports; `request_id` says about which request."""

    request_id: int


@dataclass(frozen=True, slots=True)
class LoadProgressed(Event):
    """A model is loading; `fraction` runs from 0 to 1."""

    fraction: float


@dataclass(frozen=True, slots=True)
class ModelLoaded(Event):
    """The model is ready; `context_length` is what the cache may grow to. A remote one runs at `host`.

    `chat_template` is the name of the built-in template in use, empty for the model's own; `suited_template` that of
    the one that suits its vocabulary.
    """

    info: ModelInfo
    device: str
    context_length: int
    load_s: float
    notice: str | None = None  # one sentence for the status line, such as slower fallback kernels
    host: str = ""
    chat_template: str = ""
    suited_template: str = ""


@dataclass(frozen=True, slots=True)
class ModelUnloaded(Event):
    """No model is loaded any more."""


@dataclass(frozen=True, slots=True)
class PrefillProgressed(Event):
    """The prompt is being read: `done_tokens` of `prompt_tokens`, `dropped_messages` left out as too old."""

    done_tokens: int
    prompt_tokens: int
    reused_tokens: int
    dropped_messages: int


@dataclass(frozen=True, slots=True)
class TokenGenerated(Event):
    """One more token; `text` is what became certain to show (it may be empty), `logprob` is natural.

    `alternatives` is its record, as `engine.alternatives` packs it.
    """

    token_id: int
    text: str
    logprob: float
    alternatives: bytes = b""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a reply depends on beside its settings, in short names that can be compared; empty: not known."""

    prompt: str = ""  # digest of its token ids
    reused: str = ""  # how many of them were read before: those of older replies token by token
    fingerprint: str = ""  # of the model's weights and settings, see `engine.fingerprint`
    engine_version: str = ""
    device: str = ""
    dtype: str = ""  # of the activations
    cache_type: str = ""  # f32, f16, bf16, q8_0
    kernels: str = ""  # the instruction set, or torch


@dataclass(frozen=True, slots=True)
class ReplyFinished(Event):
    """The reply is complete; `text` is all of it, `seed` the one that was used.

    `alternatives` holds the record of each token, as `engine.alternatives` packs them; `made` says how it came about.
    Where only a remote server knows the ids, those in `alternatives` are places in `pieces`, which are what they
    spell: one for each of `logprobs`, then what else could have come.
    """

    text: str
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    stop_reason: StopReason
    timings: Timings
    seed: int
    alternatives: bytes = b""
    made: Circumstances = field(default_factory=Circumstances)
    pieces: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Embedded(Event):
    """The vector of one text, little-endian float32 of length 1, and how many tokens the text has.

    `is_last` says that no other text follows.
    """

    vector: bytes
    tokens: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class ReadAhead(Event):
    """A `ReadAheadRequest` is over; `known_tokens` are those that a reply to it would find read."""

    known_tokens: int


@dataclass(frozen=True, slots=True)
class TokensCounted(Event):
    """What a `CountTokensRequest` found: `prompt_tokens` of all messages, `text_tokens` of each text.

    `leaves_out`: the oldest turns would be left out; `fits` is False when the newest message alone is too long.
    """

    prompt_tokens: int
    text_tokens: tuple[int, ...]
    leaves_out: bool
    fits: bool


@dataclass(frozen=True, slots=True)
class RequestFailed(Event):
    """The request ended without a result; `message` is fit to be shown, `kind` names the error class."""

    message: str
    kind: str
