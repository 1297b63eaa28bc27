"""Weights from a checkpoint into a decoder: finds each tensor, checks its shape, keeps packed ones packed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from engine.api import ModelFileError
from engine.decoder import Decoder
from engine.layers import Embedding, Linear
from engine.loaders import Checkpoint
from engine.loaders.gguf_names import gguf_name
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, expert, rows
from engine.quants import PackedTensor, packed_linear
from engine.quants.embedding import QuantizedEmbedding
from engine.quants.linear import QuantizedLinear

Progress = Callable[[float], None]


def load_weights(
    decoder: Decoder,
    checkpoint: Checkpoint,
    family: Family,
    config: Config,
    *,
    device: torch.device,
    progress: Progress = lambda _fraction: None,
) -> None:
    """Give every module its weights, mapped from the file where the device allows.

    Raises `ModelFileError` for a missing tensor or a wrong shape, naming it.
    """
    loader = _Loader(checkpoint, family, config, device)
    modules = [(path, module) for path, module in decoder.named_modules() if _own_parameters(module)]
    for done, (path, module) in enumerate(modules):
        loader.fill(decoder, path, module)
        progress((done + 1) / len(modules))


def _own_parameters(module: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return list(module.named_parameters(recurse=False))


class _Loader:
    def __init__(self, checkpoint: Checkpoint, family: Family, config: Config, device: torch.device) -> None:
        self.checkpoint, self.config, self.device = checkpoint, config, device
        self.names: Names = (family.gguf_names if config.is_gguf else family.names)(config)
        embedding = self.names.get("embed_tokens", Origin("embed_tokens")).name
        self.prefix = "" if config.is_gguf else _prefix(checkpoint, embedding)

    def fill(self, decoder: Decoder, path: str, module: nn.Module) -> None:
        origin = self._origin(decoder, path, module)
        if isinstance(module, Linear):
            weight, bias = self._projection(origin, module)
            if not isinstance(weight, Tensor):
                self._replace(decoder, path, QuantizedLinear(weight, bias))
                return
            module.weight = nn.Parameter(weight, requires_grad=False)
            if bias is not None:
                module.bias = nn.Parameter(bias, requires_grad=False)
            return
        for name, parameter in _own_parameters(module):
            stored = origin.name if name not in ("weight", "bias") and not self.config.is_gguf else None
            tensor = f"{stored}.{name}" if stored else f"{origin.name}.{'weight' if name == 'sinks' else name}"
            weight = self._read(tensor, origin, tuple(parameter.shape))
            if isinstance(module, Embedding) and not isinstance(weight, Tensor):
                self._replace(decoder, path, QuantizedEmbedding(weight))
                return
            if not isinstance(weight, Tensor):
                weight = weight.dequantize()
            setattr(module, name, nn.Parameter(weight, requires_grad=False))

    def _origin(self, decoder: Decoder, path: str, module: nn.Module) -> Origin:
        if not self.config.is_gguf:
            origin = self.names.get(path, Origin(path))
            return replace(origin, name=self._stored(origin.name))
        if path in self.names:
            return self.names[path]
        name = gguf_name(path)
        if name is None:
            raise ModelFileError(f"{self.checkpoint.path.name}: no GGUF tensor is known for {path!r}.")
        return self._unfused(decoder, path, module, name)

    def _stored(self, name: str) -> str:
        """The name with the checkpoint's prefix; the output head often stands outside of it."""
        inside = f"{self.prefix}{name}"
        tensors = self.checkpoint.tensors
        is_outside = f"{inside}.weight" not in tensors and f"{name}.weight" in tensors
        return name if is_outside else inside

    def _unfused(self, decoder: Decoder, path: str, module: nn.Module, name: str) -> Origin:
        """GGUF files of some families hold q, k and v, or gate and up, as consecutive rows of one tensor."""
        parent, _, leaf = path.rpartition(".")
        if ".experts." in path:
            return Origin(name, expert(int(parent.rpartition(".")[2])))
        tensors = self.checkpoint.tensors
        block = ".".join(name.split(".")[:2])
        if leaf in ("q_proj", "k_proj", "v_proj") and f"{block}.attn_qkv.weight" in tensors:
            attention = decoder.get_submodule(parent)
            sizes = [_out_features(attention.get_submodule(part)) for part in ("q_proj", "k_proj", "v_proj")]
            index = ("q_proj", "k_proj", "v_proj").index(leaf)
            start = sum(sizes[:index])
            return Origin(f"{block}.attn_qkv", rows(start, start + sizes[index]))
        if leaf in ("gate_proj", "up_proj") and f"{block}.ffn_gate.weight" not in tensors:
            up = tensors.get(f"{block}.ffn_up.weight")
            size = getattr(module, "out_features", 0)
            if up is not None and up.shape[0] == 2 * size:
                start = 0 if leaf == "gate_proj" else size
                return Origin(f"{block}.ffn_up", rows(start, start + size))
        return Origin(name)

    def _projection(self, origin: Origin, module: Linear) -> tuple[Tensor | PackedTensor, Tensor | None]:
        shape = (module.out_features, module.in_features)
        bias = None
        if module.bias is not None:
            bias = self._dense(f"{origin.name}.bias", origin, (module.out_features,))
        packed = packed_linear(self.config.values, self.checkpoint.tensors, self.checkpoint.read, origin.name)
        if packed is None:
            return self._read(f"{origin.name}.weight", origin, shape), bias
        weight = origin.take(packed)
        self._check(f"{origin.name}.weight", tuple(weight.shape), shape)
        return weight.to(self.device), bias

    def _dense(self, name: str, origin: Origin, shape: tuple[int, ...]) -> Tensor:
        weight = self._read(name, origin, shape)
        return weight if isinstance(weight, Tensor) else weight.dequantize()

    def _read(self, name: str, origin: Origin, shape: tuple[int, ...]) -> Tensor | PackedTensor:
        if name not in self.checkpoint.tensors:
            raise ModelFileError(f"{self.checkpoint.path.name}: the tensor {name!r} is missing.")
        stored = self.checkpoint.read(name)
        if origin.stacked:
            leaf = name.rpartition(".")[2]
            rest = [self.checkpoint.read(f"{self._stored(other)}.{leaf}") for other in origin.stacked]
            stored = torch.stack([part for part in (stored, *rest) if isinstance(part, Tensor)])
        weight = origin.take(stored)
        self._check(name, tuple(weight.shape), shape)
        if isinstance(weight, Tensor) and (weight.dim() < 2 or weight.dtype == torch.float64):
            weight = weight.float()
        return weight.to(self.device)

    def _check(self, name: str, found: tuple[int, ...], expected: tuple[int, ...]) -> None:
        if found != expected:
            raise ModelFileError(
                f"{self.checkpoint.path.name}: the tensor {name!r} has shape {list(found)}, "
                f"but the model's settings ask for {list(expected)}."
            )

    @staticmethod
    def _replace(decoder: Decoder, path: str, module: nn.Module) -> None:
        parent, _, leaf = path.rpartition(".")
        setattr(decoder.get_submodule(parent), leaf, module)


def _out_features(module: nn.Module) -> int:
    assert isinstance(module, Linear | QuantizedLinear)
    return module.out_features


def _prefix(checkpoint: Checkpoint, embedding: str) -> str:
    """What stands before the names in this checkpoint, told by where the embedding is."""
    suffix = f"{embedding}.weight"
    for name in checkpoint.tensors:
        if name == suffix or name.endswith(f".{suffix}"):
            return name.removesuffix(suffix)
    raise ModelFileError(f"{checkpoint.path.name}: no tensor named {suffix!r}; is this a language model?")
