"""What a reply was made of, as it is stored beside its text and exported: enough to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from app.core.remote.answers import LOWEST, Token
from app.core.remote.parameters import sampler_parameters
from engine.api import Circumstances, GenerateRequest, Message, ModelInfo, ModelLoaded, ReplyFinished
from engine.version import installed_version

FORMAT_VERSION = 1


def reply_record(
    finished: ReplyFinished | None,
    request: GenerateRequest,
    model: ModelLoaded | None,
    *,
    model_sha256: str | None = None,
) -> dict[str, Any]:
    """Model, settings, seed, token ids with log-probabilities (natural), and timings of one reply.

    Of one that failed, where `finished` is None, what it was asked with. `continues` is the text that the reply began
    with, `branched_at` the number of the token that a person chose. `model_sha256` is what `app.core.model_hash`
    knows of the model's files; None while it is not known. `chat_template` is there where it is not the model's own.
    """
    record: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "engine_version": installed_version(),
        "sampler": asdict(request.sampler),
        "max_tokens": request.max_tokens,
        "stop": request.stop,
        "json_schema": request.json_schema,
        "system_prompt": _system_prompt(request.prompt),
        "seed": request.sampler.seed,
    }
    if request.continue_last and not isinstance(request.prompt, str):
        record["continues"] = request.prompt[-1].content
    if request.begun_ids:
        record["branched_at"] = len(request.begun_ids) - 1
    if finished is not None:
        record |= {
            "seed": finished.seed,
            "stop_reason": finished.stop_reason,
            "token_ids": finished.token_ids,
            "logprobs": [round(value, 5) for value in finished.logprobs],
            "timings": asdict(finished.timings),
            "made": asdict(finished.made),
        }
    if model is None:
        return record
    record |= {"model_name": model.info.name, "model_path": model.info.path}
    if model.host:
        return record | _of_server(finished, request, model.host)
    if model.chat_template:
        record["chat_template"] = model.chat_template
    return record | {
        "model_sha256": model_sha256,
        "quantisation": model.info.quantisation,
        "context_length": model.context_length,
        "device": model.device,
    }


def _of_server(finished: ReplyFinished | None, request: GenerateRequest, host: str) -> dict[str, Any]:
    """Of a remote model only what was sent, and what its server told: the tokens as texts in the place of ids.

    `token_texts` are those of the reply, `alternative_texts` the others that its alternatives count behind them.
    """
    known: dict[str, Any] = {
        "host": host,
        "sampler": sampler_parameters(request.sampler),
        "seed": request.sampler.seed,
    }
    if finished is not None:
        known["timings"] = {name: value for name, value in asdict(finished.timings).items() if value}
        texts = [_written(piece) for piece in finished.pieces]
        known["token_texts"] = texts[: len(finished.logprobs)]
        known["alternative_texts"] = texts[len(finished.logprobs) :]
    return known


def _written(piece: bytes) -> str | list[int]:
    """A token as a text, or as its bytes where it is a part of a character."""
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return list(piece)


def _system_prompt(prompt: tuple[Message, ...] | str) -> str:
    if isinstance(prompt, str) or not prompt or prompt[0].role != "system":
        return ""
    return prompt[0].content


def score_record(token_ids: tuple[int, ...], model: ModelInfo) -> dict[str, Any]:
    """What is recorded of a model that read a text: which one it was, and its tokens."""
    return {
        "token_ids": token_ids,
        "model_name": model.name,
        "model_path": model.path,
        "quantisation": model.quantisation,
    }


def token_record(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """What tells of the reply's tokens: its own record, or where that has none, that of a model that read it."""
    scored = record.get("scored")
    return scored if isinstance(scored, dict) and not recorded_token_ids(record) else record


def recorded_token_ids(record: Mapping[str, Any]) -> tuple[int, ...]:
    """The tokens that a reply was made of; empty where the record does not hold them."""
    ids = record.get("token_ids")
    if not isinstance(ids, list) or not all(type(token) is int for token in ids):
        return ()
    return tuple(ids)


def told_tokens(record: Mapping[str, Any]) -> tuple[Token, ...]:
    """The tokens of a remote reply as far as its server told them; what else could have come is kept apart."""
    pieces, logprobs = _pieces(record.get("token_texts")), record.get("logprobs")
    listed = logprobs if isinstance(logprobs, list) else []
    if len(listed) != len(pieces) or not all(isinstance(one, int | float) and LOWEST <= one <= 0.0 for one in listed):
        return ()
    return tuple(Token(*each) for each in zip(pieces, map(float, listed), strict=True))


def told_alternatives(record: Mapping[str, Any]) -> tuple[bytes, ...]:
    """What else could have come in a remote reply, as its alternatives count it behind its tokens."""
    return _pieces(record.get("alternative_texts"))


def _pieces(written: object) -> tuple[bytes, ...]:
    """What `_written` wrote; empty where it is anything else."""
    try:
        return tuple(map(_read, written if isinstance(written, list) else ()))
    except (TypeError, ValueError):
        return ()


def _read(written: object) -> bytes:
    if isinstance(written, str):
        return written.encode()
    if isinstance(written, list):
        return bytes(written)
    raise TypeError(written)


def recorded_circumstances(record: Mapping[str, Any]) -> Circumstances:
    """What the reply depended on beside its settings, as far as the record says."""
    made = record.get("made")
    known = made if isinstance(made, dict) else {}
    names = (field.name for field in fields(Circumstances))
    return Circumstances(**{name: known[name] for name in names if isinstance(known.get(name), str)})
