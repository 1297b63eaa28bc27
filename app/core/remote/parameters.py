"""A GenerateRequest as the body of a chat completion, in the names that vLLM, SGLang and llama.cpp have for it.

What a person left as Fireside has it, and OpenAI's interface does not know, is not sent: official servers refuse it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from engine.api import GenerateRequest, RequestError, SamplerSettings

# What can be done without: what Fireside adds for itself, and what llama.cpp alone calls so. A server that refuses
# one of these is asked again without it.
SPARE = frozenset(["stream_options", "logprobs", "top_logprobs", "repeat_penalty"])
# What is asked for in another form then: newer servers of OpenAI want the first under another name; the second is the
# form of a JSON schema that llama-cpp-python knows, and names where it gets OpenAI's.
RENAMED = frozenset(["max_tokens", "json_object"])
ALTERNATIVES = 5  # of each token: no service of those that tell any is known to refuse so few
CONTINUING = {"continue_final_message": True, "add_generation_prompt": False}  # in the names of vLLM and SGLang

_OWN_NAMES: dict[str, tuple[str, ...]] = {  # where others are used than those of `SamplerSettings`
    "repetition_penalty": ("repetition_penalty", "repeat_penalty"),
    "repetition_window": ("repeat_last_n",),
    "dry_breakers": ("dry_sequence_breakers",),
    "temperature_range": ("dynatemp_range",),
    "temperature_exponent": ("dynatemp_exponent",),
}


def sampler_parameters(sampler: SamplerSettings) -> dict[str, Any]:  # Any: what JSON holds
    """What of the sampler's settings is sent, by the names of `SamplerSettings`."""
    usual = asdict(SamplerSettings())
    chosen = {name: value for name, value in asdict(sampler).items() if value != usual[name]}
    sent: dict[str, Any] = {"temperature": sampler.temperature}
    if sampler.top_p < 1.0:
        sent["top_p"] = sampler.top_p
    chosen.pop("top_p", None)
    return sent | chosen


def body_of(request: GenerateRequest, model: str, *, without: Iterable[str]) -> dict[str, Any]:
    """The JSON that asks `model` for a stream. Raises `RequestError` for what only a local model can do."""
    if isinstance(request.prompt, str) or request.begun_ids:
        raise RequestError("A remote model cannot go on from a token; choose a model on this machine for that.")
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": _role(one.role), "content": one.content} for one in request.prompt],
        "stream": True,
        "stream_options": {"include_usage": True},
        "logprobs": True,
        "top_logprobs": ALTERNATIVES,
    }
    for name, value in sampler_parameters(request.sampler).items():
        if name == "logit_bias":
            body[name] = {str(token): bias for token, bias in value}
        elif name == "mirostat_tau":
            body |= {"mirostat": 2, name: value}
        else:
            body |= dict.fromkeys(_OWN_NAMES.get(name, (name,)), value)
    if request.max_tokens is not None:
        body["max_completion_tokens" if "max_tokens" in without else "max_tokens"] = request.max_tokens
    if request.stop:
        body["stop"] = list(request.stop)
    if request.json_schema is not None:
        schema = _schema(request.json_schema)
        body["response_format"] = (
            {"type": "json_object", "schema": schema}
            if "json_object" in without
            else {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}
        )
    if request.continue_last:
        body |= CONTINUING
    spared = SPARE.intersection(without)
    if "logprobs" in spared:
        spared |= {"top_logprobs"}  # which go with them only
    return {name: value for name, value in body.items() if name not in spared}


def _role(role: str) -> str:
    """Results of tools in imported chats are told as a person would: a server wants to have called a tool itself."""
    return role if role in ("system", "user", "assistant") else "user"


def _schema(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError("The JSON schema of this chat is no JSON; correct it in its settings.") from error
