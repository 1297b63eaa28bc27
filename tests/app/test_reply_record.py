"""The record of a reply holds what is needed to make it again, and nothing that JSON cannot hold."""

from __future__ import annotations

import json

from app.core.reply_record import reply_record
from engine.api import (
    Circumstances,
    GenerateRequest,
    ModelInfo,
    ModelLoaded,
    ReplyFinished,
    SamplerSettings,
    StopReason,
    Timings,
)

INFO = ModelInfo(
    name="m1", path="m1.gguf", family="llama", parameters=1, layers=1, context_length=64, vocabulary=9,
    quantisation="Q4_0", tokenizer="bpe", has_chat_template=True, size_bytes=1, memory_bytes=1,
)  # fmt: skip


def test_a_record_names_model_settings_seed_tokens_and_version() -> None:
    timings = Timings(3, 0, 2, 0.1, 0.2, 0.1)
    made = Circumstances(fingerprint="cd" * 16, device="cpu")
    finished = ReplyFinished(1, "Green.", (5, 6), (-0.123456, -1.0), StopReason.END_TOKEN, timings, seed=7, made=made)
    request = GenerateRequest(1, (), SamplerSettings(temperature=0.5), max_tokens=9)
    record = reply_record(finished, request, ModelLoaded(0, INFO, "cpu", 64, 0.1), model_sha256="ab" * 32)
    kept = json.loads(json.dumps(record))
    assert kept["format_version"] == 1
    assert kept["engine_version"]
    assert Circumstances(**kept["made"]) == made
    assert (kept["model_name"], kept["model_sha256"], kept["quantisation"]) == ("m1", "ab" * 32, "Q4_0")
    assert (kept["seed"], kept["stop_reason"], kept["max_tokens"]) == (7, "end_token", 9)
    assert (kept["token_ids"], kept["logprobs"]) == ([5, 6], [-0.12346, -1.0])
    assert (kept["sampler"]["temperature"], kept["timings"]["generated_tokens"]) == (0.5, 2)


def test_a_record_without_a_model_says_so_by_naming_none() -> None:
    finished = ReplyFinished(1, "", (), (), StopReason.CANCELLED, Timings(0, 0, 0, 0.0, 0.0, 0.0), seed=7)
    assert "model_name" not in reply_record(finished, GenerateRequest(1, "x"), None)
