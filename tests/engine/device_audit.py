"""Runs every family's decode step on a device that does not exist, and prints as JSON what is wrong with each.

`FakeTensorMode` knows shapes and devices without computing: it refuses tensors of two devices in one operation, and
whatever needs a value on the host. Copies between devices, which it allows, are refused here. What a CUDA graph is to
hold is written down for several steps, operation by operation, and must be the same each time. torch's CPU builds
cannot slice a `cuda` tensor even so (they have no guard for its devices); there a registered stand-in takes its
place. `test_devices.py` runs this as a process of its own, since the stand-in cannot be taken back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
import transformers
from safetensors.torch import load_file
from test_families import CASES, TINY
from test_packings import FILES, source_of
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from engine.ahead import AheadDecoder
from engine.api import FiresideError, SamplerSettings
from engine.cache import KVCache
from engine.constant import Constant
from engine.decoder import Decoder
from engine.experts import gather_experts
from engine.models import find_family
from engine.models.config import Config
from engine.quants import BLOCK_TYPES
from engine.quants.packings import PACKINGS

DEVICE = "cuda" if torch.backends.cuda.is_built() else "standin"
IN_FLOAT32 = ("llama", "gemma2", "gpt2", "bloom", "gpt_oss", "deepseek_v2", "mamba")  # beside bfloat16


class NoCopies(TorchDispatchMode):
    """Refuses an operation whose result is on another device than its first tensor."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        read = [one.device for one in args if isinstance(one, torch.Tensor)]
        if isinstance(result, torch.Tensor) and read and result.device != read[0]:
            raise RuntimeError(f"{func} copies from {read[0]} to {result.device}")
        return result


class Watch(TorchDispatchMode):
    """Writes operations down: numbers, and of each tensor its shape, and where it lies unless it was made here."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[str, list[str]]] = []
        self._made: dict[int, int] = {}
        self._read: set[int] = set()
        self._alive: list[torch.Tensor] = []  # lest another one gets the place of one that is gone

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operations.append((str(func), [self._described(leaf) for leaf in tree_leaves((args, kwargs or {}))]))
        result = func(*args, **(kwargs or {}))
        for made in tree_leaves(result):
            if isinstance(made, torch.Tensor):
                place = made.untyped_storage()._cdata
                self._alive.append(made)
                if place not in self._read:
                    self._made.setdefault(place, len(self._made))
        return result

    def _described(self, leaf: object) -> str:
        if not isinstance(leaf, torch.Tensor):
            return repr(leaf)
        place = leaf.untyped_storage()._cdata
        if leaf.device.type == "cpu":
            where = "a number of the host"
        elif place in self._made:
            where = f"made {self._made[place]}"
        else:
            self._read.add(place)
            where = f"at {place}"
        return f"{leaf.dtype} {list(leaf.shape)} {leaf.stride()} {leaf.storage_offset()} {where}"


def decode(model_type: str, settings: dict[str, Any], dtype: torch.dtype) -> None:
    lists_layers = any(isinstance(value, list) for value in settings.values())
    layers = {} if lists_layers else {"num_hidden_layers": 2}  # each kind once takes half the time of TINY's four
    values = transformers.AutoConfig.for_model(model_type, **{**TINY, **layers, **settings}).to_dict()
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
        gather_experts(decoder)
        cache = decoder.new_cache(64)
        decoder(torch.empty(1, 20, dtype=torch.long, device=DEVICE), cache, last_only=True)
        token = torch.empty(1, 1, dtype=torch.long, device=DEVICE)
        with NoCopies():
            logits = decoder(token, cache, last_only=True)
        assert logits.device.type == DEVICE
        assert logits.dtype == torch.float32
        assert cache.length == 21
        if dtype == torch.bfloat16:
            draw_ahead(decoder, cache, logits[0, -1])


def draw_ahead(decoder: Decoder, cache: KVCache, logits: torch.Tensor) -> None:
    """Two tokens as a reply draws them: the steps behind them do not differ."""
    steps: list[list[tuple[str, list[str]]]] = []

    def capture(work: Callable[[], None]) -> Callable[[], None]:
        work()  # as the warm-up before a recording: constants come to the device once

        def replay() -> None:
            with NoCopies(), Watch() as watch:
                work()
            steps.append(watch.operations)

        return replay

    ahead = AheadDecoder(decoder, device=torch.device(DEVICE), limit=64, capture=capture)
    ahead._begin(SamplerSettings(repetition_penalty=1.5), [1, 2], cache.length)
    ahead._draw_next(logits, 0, cache.length)
    for _ in range(2):
        ahead._go_on(cache, 0)
    first, second = steps
    assert len(first) == len(second) > 50
    assert any("index_copy_" in name for name, _ in first)
    for found, expected in zip(second, first, strict=True):
        assert found == expected, f"{found} is not {expected}"


def audit() -> dict[str, str]:
    """What is wrong, by case."""
    found = {}
    for name, (model_type, settings) in CASES.items():
        dtypes = (torch.bfloat16, torch.float32) if name in IN_FLOAT32 else (torch.bfloat16,)
        for dtype in dtypes:
            try:
                decode(model_type, settings, dtype)
            except (RuntimeError, AssertionError, TypeError, NotImplementedError, FiresideError) as error:
                found[name] = f"{dtype}: {type(error).__name__}: {error}"
    return found


def unpack_all() -> dict[str, str]:
    """What is wrong with dequantising, by block type and packing; a `Constant` is on the device already."""
    found = {}
    packed: dict[str, Callable[[], torch.Tensor]] = {}
    weights = {}
    for kind in BLOCK_TYPES.values():
        kind.dequantize(torch.zeros(1, kind.type_size, dtype=torch.uint8))  # reads the tables from their file
    for path in FILES:
        name, source = source_of(path, load_file(path))
        weights[path.stem] = PACKINGS[name](source, "proj")

    def placed(constant: Constant, device: torch.device) -> torch.Tensor:
        return torch.empty(constant.value.shape, dtype=constant.value.dtype, device=device)

    with FakeTensorMode(), NoCopies(), patch.object(Constant, "on", placed):
        for name, kind in BLOCK_TYPES.items():
            blocks = torch.empty(64, kind.type_size, dtype=torch.uint8, device=DEVICE)
            packed[name] = partial(kind.dequantize, blocks)
        for name, weight in weights.items():
            assert weight is not None
            there = weight._each(lambda part: torch.empty(part.shape, dtype=part.dtype, device=DEVICE))
            packed[name] = there.dequantize
        for name, dequantize in packed.items():
            try:
                assert dequantize().device.type == DEVICE
            except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
                found[name] = f"{type(error).__name__}: {error}"
    return found


if __name__ == "__main__":
    if DEVICE == "standin":
        _setup_privateuseone_for_python_backend(DEVICE)
    print(json.dumps({"cases": len(CASES), "found": audit() | unpack_all()}))
