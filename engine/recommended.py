"""The sampler settings that a model's makers recommend: generation_config.json, or `general.sampling.*` of a GGUF.

Few GGUF files hold theirs, so families whose makers publish one advice are known by their `general.basename`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.api import ModelFileError, RequestError, SamplerSettings
from engine.loaders import Checkpoint, GgufCheckpoint
from engine.loaders.json_text import parse_json

# Names of SamplerSettings by those of transformers' GenerationConfig, and of gguf-py's `Keys.General`.
GENERATION_CONFIG = {
    "temperature": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "typical_p": "typical_p",
    "repetition_penalty": "repetition_penalty",
}
GGUF_KEYS = {
    "general.sampling.temp": "temperature",
    "general.sampling.top_k": "top_k",
    "general.sampling.top_p": "top_p",
    "general.sampling.min_p": "min_p",
    "general.sampling.penalty_repeat": "repetition_penalty",
    "general.sampling.penalty_last_n": "repetition_window",
    "general.sampling.xtc_probability": "xtc_probability",
    "general.sampling.xtc_threshold": "xtc_threshold",
    "general.sampling.mirostat_tau": "mirostat_tau",
    "general.sampling.mirostat_eta": "mirostat_eta",
}

LLAMA_3 = {"temperature": 0.6, "top_p": 0.9}
# By `general.basename`, in lower case, of models that chat. Sources: the model cards' examples and advice (SmolLM2,
# SmolLM3), and generation_config.json beside the weights (the others). SmolLM2's penalty is ours: as the card says, 6
# of 84 replies of 300 tokens of the 135M went round in circles (the same four tokens or more, three times), with it
# none. Over 64 tokens the question's own words were penalised too, and 23 of 49 answers were right, over 16 33, with
# none 30.
BY_BASENAME: Mapping[str, Mapping[str, float]] = {
    "smollm2": {"temperature": 0.2, "top_p": 0.9, "repetition_penalty": 1.1, "repetition_window": 16},
    "smollm3": {"temperature": 0.6, "top_p": 0.95},
    "qwen3": {"temperature": 0.6, "top_k": 20, "top_p": 0.95},
    "deepseek-r1-distill-llama": {"temperature": 0.6, "top_p": 0.95},
    "deepseek-r1-distill-qwen": {"temperature": 0.6, "top_p": 0.95},
    "gemma-3": {"temperature": 1.0, "top_k": 64, "top_p": 0.95},
    "meta-llama-3": LLAMA_3,
    "meta-llama-3.1": LLAMA_3,
    "llama-3.1": LLAMA_3,
    "llama-3.2": LLAMA_3,
    "llama-3.3": LLAMA_3,
}

LARGEST = 1e9


def recommended_settings(checkpoint: Checkpoint) -> tuple[tuple[str, float], ...]:
    """Fields of `SamplerSettings` with the values that come with the model; those out of range are left out."""
    if isinstance(checkpoint, GgufCheckpoint):
        return _of_gguf(checkpoint.config)
    try:
        found = parse_json(checkpoint.side_file("generation_config.json") or b"{}")
    except (ModelFileError, ValueError):
        return ()
    if not isinstance(found, dict) or found.get("do_sample") is False:  # then the values are transformers' own
        return ()
    return _known(found, GENERATION_CONFIG)


def _of_gguf(config: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    has_mirostat = config.get("general.sampling.mirostat") == 2  # its version; a tau alone is a default
    known = _known(config, GGUF_KEYS)
    stored = tuple((name, value) for name, value in known if has_mirostat or not name.startswith("mirostat"))
    basename = config.get("general.basename")
    if stored or not isinstance(basename, str) or "tokenizer.chat_template" not in config:
        return stored
    return tuple(BY_BASENAME.get(basename.casefold(), {}).items())


def _known(found: Mapping[str, Any], names: Mapping[str, str]) -> tuple[tuple[str, float], ...]:
    """The values that `SamplerSettings` accepts, as the kind of number that the field holds."""
    accepted: list[tuple[str, float]] = []
    defaults = SamplerSettings()
    for key, name in names.items():
        value = found.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST < value < LARGEST:
            continue  # NaN is in no range
        if isinstance(getattr(defaults, name), int):
            if value != int(value):
                continue
            value = int(value)
        else:
            value = round(float(value), 6)  # a GGUF holds float32
        try:
            replace(defaults, **{name: value})  # type: ignore[arg-type]  # it refuses what is out of range
        except RequestError:
            continue
        accepted.append((name, value))
    return tuple(accepted)
