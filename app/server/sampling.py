"""How a reply is drawn: the sampler settings and limits of a request, common to chat and plain completions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.server.fields import Fields
from engine.api import SamplerSettings

MOST_STOPS, LONGEST_STOP = 16, 256
MOST_BIASES = 1024
MOST_CHOICES = 8
LARGEST_SEED = 2**63 - MOST_CHOICES  # each choice has a seed of its own
MOST_TOKENS = 1 << 24
SMALLEST_TOP_P = 1e-6  # 0 is allowed in the API, where it means the likeliest token alone
STANDARD = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}  # where neither request nor model says more

WHOLE = frozenset(["top_k", "repetition_window"])


def sampling_of(fields: Fields) -> dict[str, Any]:
    """What a request says of `SamplerSettings`, by their names. Raises `ApiError`."""
    top_p = fields.number("top_p", least=0, most=1)
    said: dict[str, Any] = {
        "temperature": fields.number("temperature", least=0, most=100),
        "top_k": _top_k(fields),
        "top_p": None if top_p is None else max(top_p, SMALLEST_TOP_P),
        "min_p": fields.number("min_p", least=0, most=1),
        "seed": fields.whole("seed", None, least=0, most=LARGEST_SEED),
        "presence_penalty": fields.number("presence_penalty", least=-2, most=2),
        "frequency_penalty": fields.number("frequency_penalty", least=-2, most=2),
        "repetition_penalty": fields.number("repetition_penalty", least=0.01, most=10),
        "logit_bias": _logit_bias(fields),
    }
    return {name: value for name, value in said.items() if value is not None}


def settings_for(
    said: Mapping[str, Any], recommended: Sequence[tuple[str, float]] = (), *, choice: int
) -> SamplerSettings:
    """The settings of one choice: as said, else as the model's makers recommend, else as OpenAI's API documents."""
    advice = {name: int(value) if name in WHOLE else value for name, value in recommended}
    settings = SamplerSettings(**{**STANDARD, **advice, **said})
    return settings if settings.seed is None else replace(settings, seed=settings.seed + choice)


def stops(fields: Fields) -> tuple[str, ...]:
    """The texts that end a reply."""
    value = fields.take("stop", [])
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or len(listed) > MOST_STOPS:
        raise fields.wrong("stop", f"must be a text or at most {MOST_STOPS} of them")
    if not all(isinstance(stop, str) and 0 < len(stop) <= LONGEST_STOP for stop in listed):
        raise fields.wrong("stop", f"must hold texts of 1 to {LONGEST_STOP} characters")
    return tuple(listed)


def token_limit(fields: Fields, *names: str) -> int | None:
    """The most tokens of a reply: the first of `names` that is there."""
    limits = [fields.whole(name, None, least=1, most=MOST_TOKENS) for name in names]
    return next((limit for limit in limits if limit is not None), None)


def _top_k(fields: Fields) -> int | None:
    value = fields.whole("top_k", None, least=-1, most=1 << 20)
    return 0 if value == -1 else value  # vLLM's word for off


def _logit_bias(fields: Fields) -> tuple[tuple[int, float], ...] | None:
    biases = fields.take("logit_bias")
    if biases is None:
        return None
    if not isinstance(biases, dict) or len(biases) > MOST_BIASES:
        raise fields.wrong("logit_bias", f"must be an object of at most {MOST_BIASES} token ids")
    found = []
    for token, bias in biases.items():
        is_number = isinstance(bias, int | float) and not isinstance(bias, bool)
        if not (token.isascii() and token.isdecimal() and len(token) < 10 and is_number and -100 <= bias <= 100):
            raise fields.wrong("logit_bias", "must give token ids a number from -100 to 100 each")
        found.append((int(token), float(bias)))
    return tuple(found)
