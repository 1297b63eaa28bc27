"""Runs every family's decode step on a device that does not exist, and prints as JSON what is wrong with each.

`FakeTensorMode` knows shapes and devices without computing: it refuses tensors of two devices in one operation, and
whatever needs a value on the host. Copies between devices, which it allows, are refused here. torch's CPU builds
cannot slice a `cuda` tensor even so (they have no guard for its devices); there a registered stand-in takes its
place. `test_devices.py` runs this as a process of its own, since the stand-in cannot be taken back.
"""

from __future__ import annotations

import json
from typing import Any

import torch
import transformers
from test_families import CASES, TINY
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from engine.api import FiresideError
from engine.models import find_family
from engine.models.config import Config

DEVICE = "cuda" if torch.backends.cuda.is_built() else "standin"


class NoCopies(TorchDispatchMode):
    """Refuses an operation whose result is on another device than its first tensor."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        read = [one.device for one in args if isinstance(one, torch.Tensor)]
        if isinstance(result, torch.Tensor) and read and result.device != read[0]:
            raise RuntimeError(f"{func} copies from {read[0]} to {result.device}")
        return result


def decode(model_type: str, settings: dict[str, Any], dtype: torch.dtype) -> None:
    values = transformers.AutoConfig.for_model(model_type, **{**TINY, **settings}).to_dict()
    family = find_family(model_type, is_gguf=False)
    config = Config({family.settings.get(key, key): value for key, value in values.items()}, where="audit")
    with FakeTensorMode():
        decoder = family.build(config).eval()
        for module in decoder.modules():
            for name, parameter in list(module.named_parameters(recurse=False)):
                kept = dtype if parameter.dim() > 1 else torch.float32
                on_device = torch.empty(parameter.shape, device=DEVICE, dtype=kept)
                setattr(module, name, torch.nn.Parameter(on_device, requires_grad=False))
        decoder.dtype = dtype
        cache = decoder.new_cache(64)
        decoder(torch.empty(1, 20, dtype=torch.long, device=DEVICE), cache, last_only=True)
        token = torch.empty(1, 1, dtype=torch.long, device=DEVICE)
        decoder(token, cache, last_only=True)
        with NoCopies():
            logits = decoder(token, cache, last_only=True)
        assert logits.device.type == DEVICE
        assert logits.dtype == torch.float32
        assert cache.length == 22


def audit() -> dict[str, str]:
    """What is wrong, by case."""
    found = {}
    for name, (model_type, settings) in CASES.items():
        for dtype in (torch.bfloat16, torch.float32):
            try:
                decode(model_type, settings, dtype)
            except (RuntimeError, AssertionError, TypeError, NotImplementedError, FiresideError) as error:
                found[name] = f"{dtype}: {type(error).__name__}: {error}"
    return found


if __name__ == "__main__":
    if DEVICE == "standin":
        _setup_privateuseone_for_python_backend(DEVICE)
    print(json.dumps({"cases": len(CASES), "found": audit()}))
