"""What a reply depends on beside its messages and settings, in short names that can be compared."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence

import torch

from engine import kernels
from engine.api import Circumstances
from engine.attention import Mixer
from engine.cache_blocks import Q8_0
from engine.model import Model
from engine.version import installed_version

_NAMES = {torch.float32: "f32", torch.float16: "f16", torch.bfloat16: "bf16", Q8_0: "q8_0"}


def circumstances(model: Model, fingerprint: str, prompt: Sequence[int], *, reused: int) -> Circumstances:
    """Those of a reply to the tokens of `prompt`, of which so many were `reused`."""
    return Circumstances(
        prompt=hashlib.blake2b(array("q", prompt).tobytes(), digest_size=16).hexdigest(),
        reused=str(reused),
        fingerprint=fingerprint,
        engine_version=installed_version() or "",
        device=str(model.device),
        dtype=str(model.decoder.dtype).removeprefix("torch."),
        cache_type=cache_type(model),
        kernels=kernels.instruction_set() if model.device.type == "cpu" else "torch",
    )


def cache_type(model: Model) -> str:
    """What keys and values are kept in; of a model without any, what it computes in."""
    kept = (m.cache_dtype or model.decoder.dtype for m in model.decoder.modules() if isinstance(m, Mixer))
    dtype = next(kept, model.decoder.dtype)
    return _NAMES.get(dtype, str(dtype))
