"""A short name for a model's content and all that shapes its KV cache; saved caches carry it.

Cheap: it takes the header as read, and a few places of the weights, never all of them.
"""

from __future__ import annotations

import hashlib
import json

from engine.attention import Mixer
from engine.loaders.strings import Strings
from engine.model import Model

SAMPLES, SAMPLE_BYTES = 64, 4096  # of each file; with the header, 3 ms for the starter model, 7 the first time
LONGEST_LIST = 1024  # settings have shorter ones; what is longer is the tokenizer's


def cache_fingerprint(model: Model) -> str:
    """Equal where one model's cache can continue another's: same weights, settings, dtypes and kind of device."""
    checkpoint = model.checkpoint
    mixers = [m for m in model.decoder.modules() if isinstance(m, Mixer)]
    facts = {
        "config": {
            key: v
            for key, v in checkpoint.config.items()
            if not isinstance(v, list | Strings) or len(v) < LONGEST_LIST
        },
        "tensors": [(info.name, info.shape, info.type_name) for info in checkpoint.tensors.values()],
        "dtype": str(model.decoder.dtype),
        "device": model.device.type,
        "layers": [f"{type(m).__name__} {m.cache_widths} {m.cache_dtype}" for m in mixers],
    }
    digest = hashlib.blake2b(json.dumps(facts, sort_keys=True, default=str).encode(), digest_size=16)
    for file in checkpoint.files:
        digest.update(file.size_bytes.to_bytes(8, "little"))
        last = max(file.size_bytes - SAMPLE_BYTES, 0)
        for start in (last * sample // (SAMPLES - 1) for sample in range(SAMPLES)):
            digest.update(file.map[start : start + SAMPLE_BYTES])
    return digest.hexdigest()
