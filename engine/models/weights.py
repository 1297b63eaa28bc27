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
from engine.quants import Packed
from engine.quants.embedding import QuantizedEmbedding
from engine.quants.linear import QuantizedLinear
from engine.quants.packed import values
from engine.quants.packings import PACKINGS, packing_of
from engine.quants.source import Source

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
        self.prefixes = [""] if config.is_gguf else _prefixes(checkpoint, embedding)
        self.stems = {name.rpartition(".")[0] for name in checkpoint.tensors}
        packing = None if config.is_gguf else packing_of(config.values)
        self.packing = None if packing is None else PACKINGS[packing[0]]
        shapes = {name: info.shape for name, info in checkpoint.tensors.items()}
        self.packed = Source(
            {} if packing is None else packing[1], shapes, lambda name: values(checkpoint.read(name))
        )

    def fill(self, decoder: Decoder, path: str, module: nn.Module) -> None:
        for name, parameter in _own_parameters(module):
            source = self._source(decoder, path, module, name)
            weight = self._read(source, tuple(parameter.shape))
            if not isinstance(weight, Tensor) and name == "weight":
                if isinstance(module, Linear):
                    bias = self._source(decoder, path, module, "bias")
                    dense = None if module.bias is None else values(self._read(bias, tuple(module.bias.shape)))
                    self._replace(decoder, path, QuantizedLinear(weight, dense))
                    return
                if isinstance(module, Embedding):
                    self._replace(decoder, path, QuantizedEmbedding(weight))
                    return
            setattr(module, name, nn.Parameter(values(weight), requires_grad=False))

    def _source(self, decoder: Decoder, path: str, module: nn.Module, name: str) -> Origin:
        """Where a module's parameter lies: the tensor's whole name, and which part of it."""
        exact = self.names.get(f"{path}.{name}")
        if exact is not None:
            return replace(exact, name=self._stored(exact.name))
        if not self.config.is_gguf:
            origin = self.names.get(path, Origin(path))
            stacked = tuple(self._stored(f"{other}.{name}") for other in origin.stacked)
            return replace(origin, name=self._stored(f"{origin.name}.{name}"), stacked=stacked)
        if path in self.names:
            origin = self.names[path]
            return replace(origin, name=f"{origin.name}.{name}")
        parameter = gguf_name(f"{path}.{name}")
        if parameter is not None:
            return Origin(parameter)
        module_name = gguf_name(path)
        if module_name is None:
            raise ModelFileError(f"{self.checkpoint.path.name}: no GGUF tensor is known for {path!r}.")
        origin = self._unfused(decoder, path, module, module_name)
        return replace(origin, name=f"{origin.name}.{name}")

    def _stored(self, name: str) -> str:
        """The name with the checkpoint's prefix, or with less of it: the output head often stands further out."""
        stem = name.rpartition(".")[0]
        found = (prefix for prefix in self.prefixes if f"{prefix}{stem}" in self.stems)
        return next(found, self.prefixes[0]) + name

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

    def _read(self, source: Origin, shape: tuple[int, ...]) -> Tensor | Packed:
        stored = self._stored_values(source.name)
        if source.stacked:
            stored = torch.stack([values(stored), *(values(self._stored_values(name)) for name in source.stacked)])
        weight = source.take(stored)
        self._check(source.name, tuple(weight.shape), shape)
        if isinstance(weight, Tensor) and (weight.dim() < 2 or weight.dtype == torch.float64):
            weight = weight.float()
        return weight.to(self.device)

    def _stored_values(self, name: str) -> Tensor | Packed:
        if self.packing is not None and not name.endswith(".bias"):
            packed = self.packing(self.packed, name.removesuffix(".weight"))
            if packed is not None:
                return packed
        if name in self.checkpoint.tensors:
            return self.checkpoint.read(name)
        raise ModelFileError(f"{self.checkpoint.path.name}: the tensor {name!r} is missing.")

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


def _prefixes(checkpoint: Checkpoint, embedding: str) -> list[str]:
    """What stands before the embedding's name in this checkpoint, and less and less of it: `a.b.`, `a.`, nothing."""
    suffix = f"{embedding}.weight"
    for name in checkpoint.tensors:
        if name == suffix or name.endswith(f".{suffix}"):
            parts = name.removesuffix(suffix).split(".")[:-1]
            return ["".join(f"{part}." for part in parts[:count]) for count in range(len(parts), -1, -1)]
    raise ModelFileError(f"{checkpoint.path.name}: no tensor named {suffix!r}; is this a language model?")
