"""What a reply was made of, as it is stored beside its text and exported: enough to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from engine.api import GenerateRequest, ModelLoaded, ReplyFinished


def reply_record(finished: ReplyFinished, request: GenerateRequest, model: ModelLoaded | None) -> dict[str, Any]:
    """Model, settings, seed, token ids with log-probabilities (natural), and timings of one reply."""
    record: dict[str, Any] = {
        "sampler": asdict(request.sampler),
        "max_tokens": request.max_tokens,
        "seed": finished.seed,
        "stop_reason": finished.stop_reason,
        "token_ids": finished.token_ids,
        "logprobs": [round(value, 5) for value in finished.logprobs],
        "timings": asdict(finished.timings),
    }
    if model is not None:
        record |= {
            "model_name": model.info.name,
            "model_path": model.info.path,
            "quantisation": model.info.quantisation,
            "context_length": model.context_length,
            "device": model.device,
        }
    return record


def recorded_token_ids(record: Mapping[str, Any]) -> tuple[int, ...]:
    """The tokens that a reply was made of; empty where the record does not hold them."""
    ids = record.get("token_ids")
    if not isinstance(ids, list) or not all(type(token) is int for token in ids):
        return ()
    return tuple(ids)
