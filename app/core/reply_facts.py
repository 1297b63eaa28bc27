"""What is known of how a reply was made, read from its record; tolerant, since records are imported, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """None and empty texts stand for what the record does not say."""

    model_name: str = ""
    quantisation: str = ""
    model_sha256: str = ""
    model_path: str = ""
    host: str = ""  # of the server of a remote model
    device: str = ""
    context_length: int | None = None
    chat_template: str = ""  # the name of a built-in one
    prompt_tokens: int | None = None
    reused_tokens: int | None = None
    generated_tokens: int | None = None
    prefill_s: float | None = None
    decode_s: float | None = None
    ttft_s: float | None = None
    guessed_tokens: int | None = None
    right_guesses: int | None = None
    seed: int | None = None
    max_tokens: int | None = None
    stop_reason: str = ""
    engine_version: str = ""
    sampler: Mapping[str, str] = field(default_factory=dict)

    @property
    def decode_tok_s(self) -> float | None:
        """Tokens per second after the first one."""
        if self.generated_tokens is None or self.generated_tokens < 2 or not self.decode_s:
            return None
        return (self.generated_tokens - 1) / self.decode_s


def reply_facts(record: Mapping[str, Any]) -> ReplyFacts:
    """The facts in a record."""
    timings = record.get("timings")
    timings = timings if isinstance(timings, Mapping) else {}
    sampler = record.get("sampler")
    sampler = sampler if isinstance(sampler, Mapping) else {}
    return ReplyFacts(
        model_name=_text(record.get("model_name")),
        quantisation=_text(record.get("quantisation")),
        model_sha256=_text(record.get("model_sha256")),
        model_path=_text(record.get("model_path")),
        host=_text(record.get("host")),
        device=_text(record.get("device")),
        context_length=_whole(record.get("context_length")),
        chat_template=_text(record.get("chat_template")),
        prompt_tokens=_whole(timings.get("prompt_tokens")),
        reused_tokens=_whole(timings.get("reused_tokens")),
        generated_tokens=_whole(timings.get("generated_tokens")),
        prefill_s=_number(timings.get("prefill_s")),
        decode_s=_number(timings.get("decode_s")),
        ttft_s=_number(timings.get("ttft_s")),
        guessed_tokens=_whole(timings.get("guessed_tokens")),
        right_guesses=_whole(timings.get("right_guesses")),
        seed=_whole(record.get("seed")),
        max_tokens=_whole(record.get("max_tokens")),
        stop_reason=_text(record.get("stop_reason")),
        engine_version=_text(record.get("engine_version")),
        sampler={
            str(name): f"{value:.4g}" if isinstance(value, float) else str(value)
            for name, value in sampler.items()
            if isinstance(value, str | int | float) and value != ""
        },
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
