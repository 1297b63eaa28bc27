"""A loaded model: configuration, tokenizer, decoder; and what its header alone says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine import kernels
from engine.api import ModelFileError, ModelInfo, UnsupportedModelError
from engine.attention import Mixer
from engine.builtin_templates import chosen_template
from engine.cuda.layer import fuse_for_cuda
from engine.cuda.products import can_compile
from engine.decoder import Decoder
from engine.device import WORKING_SPACE_BYTES, check_memory, pick_cache_dtype, pick_device, pick_dtype
from engine.experts import gather_experts
from engine.fused import fuse
from engine.loaders import Checkpoint, GgufCheckpoint, open_checkpoint
from engine.loaders.gguf_config import hugging_face_config
from engine.loaders.licence import licence_of
from engine.models import find_family
from engine.models.config import Config
from engine.models.family import Family
from engine.models.weights import load_weights
from engine.quants.linear import QuantizedLinear
from engine.quants.packings import packing_of
from engine.recommended import recommended_settings
from engine.tokenizers import Tokenizer, load_tokenizer
from engine.torch_products import use_torch_products


@dataclass
class Model:
    """A model ready to run. `forward` is the reference path; the engine's own path may round activations."""

    info: ModelInfo
    config: Config
    tokenizer: Tokenizer
    decoder: Decoder
    device: torch.device
    checkpoint: Checkpoint

    def forward(self, ids: Tensor, *, padding: Tensor | None = None) -> Tensor:
        """Logits float32 [B, S, V] of ids [B, S], without cache and without rounding activations.

        `padding` [B, S] is True where a token counts. Raises `ModelChangedError` when the file was cut meanwhile.
        """
        with exact_arithmetic(self.decoder):
            logits = self.decoder(ids.to(self.device), padding=padding)
        self.checkpoint.check_whole()
        return logits

    def close(self) -> None:
        """Let go of the mapped file."""
        self.checkpoint.close()


class exact_arithmetic:  # noqa: N801 - used like a function in a with statement
    """While active, quantised projections of a decoder dequantise instead of rounding activations."""

    def __init__(self, decoder: Decoder) -> None:
        self._projections = [m for m in decoder.modules() if isinstance(m, QuantizedLinear)]

    def __enter__(self) -> None:
        for projection in self._projections:
            projection.use_kernel = False

    def __exit__(self, *_exception: object) -> None:
        for projection in self._projections:
            projection.use_kernel = True


@dataclass(frozen=True)
class Blueprint:
    """A model's header, read and understood, before any weight is."""

    checkpoint: Checkpoint
    family: Family
    config: Config
    decoder: Decoder  # on the meta device

    @property
    def cache_bytes_per_token(self) -> int:
        """Bytes that one token takes in the KV cache."""
        return sum(m.cache_bytes_per_token for m in self.decoder.modules() if isinstance(m, Mixer))

    def info(self, tokenizer: Tokenizer) -> ModelInfo:
        """What a person may want to know about the model."""
        return self.outline(tokenizer.name, has_chat_template=tokenizer.chat_template is not None)

    def outline(self, tokenizer_name: str, *, has_chat_template: bool) -> ModelInfo:
        """As `info`, for whoever has not built the tokenizer."""
        checkpoint, context = self.checkpoint, self.config.context_length
        mixers = [m for m in self.decoder.modules() if isinstance(m, Mixer)]
        return ModelInfo(
            name=file_name(checkpoint),
            path=str(checkpoint.path),
            family=self.family.name,
            parameters=sum(parameter.numel() for parameter in self.decoder.parameters()),
            layers=self.config.layers,
            context_length=context,
            vocabulary=self.decoder.vocabulary,
            quantisation=self._quantisation(),
            tokenizer=tokenizer_name,
            has_chat_template=has_chat_template,
            size_bytes=checkpoint.size_bytes,
            memory_bytes=checkpoint.size_bytes + self.cache_bytes_per_token * context + WORKING_SPACE_BYTES,
            recommended=recommended_settings(checkpoint),
            cache_values_per_token=sum(sum(mixer.cache_widths) for mixer in mixers),
            working_space_bytes=WORKING_SPACE_BYTES,
            licence=licence_of(checkpoint),
        )

    def _quantisation(self) -> str:
        """The packing's name, or the type that most of the weights have, by bytes."""
        packing = None if self.config.is_gguf else packing_of(self.config.values)
        return most_common_type(self.checkpoint) if packing is None else packing[0]


def open_blueprint(path: str | Path) -> Blueprint:
    """Read the header of the model at `path` and compose its decoder without weights.

    Raises `ModelFileError` or `UnsupportedModelError`.
    """
    checkpoint = open_checkpoint(path)
    try:
        return understand(checkpoint)
    except BaseException:
        checkpoint.close()
        raise


def understand(checkpoint: Checkpoint) -> Blueprint:
    """Compose the decoder that an open checkpoint describes. Raises as `open_blueprint`."""
    is_gguf = isinstance(checkpoint, GgufCheckpoint)
    values = _gguf_values(checkpoint) if is_gguf else _text_config(checkpoint.config)
    family = find_family(checkpoint.architecture if is_gguf else str(values["model_type"]), is_gguf=is_gguf)
    if not is_gguf:
        values = {family.settings.get(key, key): value for key, value in values.items()}
    config = Config(values, where=checkpoint.path.name, is_gguf=is_gguf)
    try:
        decoder = family.build(config)
    except (OverflowError, RuntimeError) as error:  # torch refuses absurd sizes even on the meta device
        raise ModelFileError(f"{config.where}: the model's settings make no model: {error}.") from error
    return Blueprint(checkpoint, family, config, decoder.eval())


def load_model(
    path: str | Path,
    device: str = "auto",
    dtype: str | None = None,
    threads: int | None = None,
    *,
    context: int | None = None,
    cache_type: str = "auto",
    chat_template: str = "auto",
    progress: Callable[[float], None] = lambda _fraction: None,
) -> Model:
    """Load the model at `path`: a GGUF file or a folder with config.json and safetensors.

    `dtype` is that of the activations, `cache_type` (auto, f32, f16, q8_0) what keys and values are kept in.
    `context` is what memory is estimated for (None: 4096 at most). `chat_template` is auto or the name of a built-in.
    Raises the typed errors of `engine.api`.
    """
    place = pick_device(device)
    activations, cache_dtype = pick_dtype(dtype, place), pick_cache_dtype(cache_type)
    if threads is not None:
        set_threads(threads)
    blueprint = open_blueprint(path)
    try:
        tokenizer = load_tokenizer(blueprint.checkpoint)
        for mixer in (m for m in blueprint.decoder.modules() if isinstance(m, Mixer)):
            mixer.cache_dtype = cache_dtype
        info = blueprint.info(tokenizer)
        tokenizer.chat_template = chosen_template(chat_template, tokenizer.chat_template)
        check_memory(
            info.name,
            weight_bytes=0 if place.type == "cpu" else blueprint.checkpoint.size_bytes,
            cache_bytes_per_token=blueprint.cache_bytes_per_token,
            context=min(context or 4096, info.context_length),
            device=place,
        )
        decoder = blueprint.decoder
        load_weights(
            decoder, blueprint.checkpoint, blueprint.family, blueprint.config, device=place, progress=progress
        )
        decoder.dtype = activations
        decoder.to(place)
        if place.type == "cpu":
            fuse(decoder)
        else:
            gather_experts(decoder)
            use_torch_products(decoder, activations)
        if place.type == "cuda" and can_compile(place):
            fuse_for_cuda(decoder, activations)
        blueprint.checkpoint.check_whole()
    except BaseException:
        blueprint.checkpoint.close()
        raise
    return Model(info, blueprint.config, tokenizer, decoder, place, blueprint.checkpoint)


def set_threads(count: int) -> None:
    """Use `count` threads in torch and in the compiled kernels."""
    torch.set_num_threads(count)
    if kernels.available():
        kernels.set_threads(count)


def _gguf_values(checkpoint: Checkpoint) -> dict[str, object]:
    tensors = checkpoint.tensors
    values = hugging_face_config(checkpoint.config, tensors)
    embedding = tensors.get("token_embd.weight")
    if embedding is None:
        raise ModelFileError(
            f"{checkpoint.path.name}: there is no tensor 'token_embd.weight'; is this a language model?"
        )
    values["vocab_size"] = embedding.shape[0]
    if "rope_freqs.weight" in tensors:
        values["rope_scaling"] = {"rope_type": "divisors", "divisors": checkpoint.read("rope_freqs.weight")}
    scaling = values.get("rope_scaling")
    if isinstance(scaling, dict) and scaling["rope_type"] == "longrope":
        for length in ("short", "long"):
            name = f"rope_factors_{length}.weight"
            if name in tensors:
                scaling[f"{length}_factor"] = torch.as_tensor(checkpoint.read(name)).tolist()
    return values


def _text_config(config: dict[str, object]) -> dict[str, object]:
    """The settings of the text model: those of a vision model lie one level deeper.

    Raises `UnsupportedModelError` where the architecture or the weights' packing is unknown.
    """
    inner = config.get("text_config")
    values = {**config, **inner} if isinstance(inner, dict) else dict(config)
    if not isinstance(values.get("model_type"), str):
        raise UnsupportedModelError("config.json does not name a model_type, so its architecture is unknown.")
    packing_of(values)
    return values


def file_name(checkpoint: Checkpoint) -> str:
    """The file's or folder's own name: what the person chose it by; names inside files are often internal ones."""
    path = checkpoint.path
    return path.stem if path.suffix == ".gguf" else path.name


def most_common_type(checkpoint: Checkpoint) -> str:
    """The type that most of the weights have, by bytes."""
    sizes: Counter[str] = Counter()
    for info in checkpoint.tensors.values():
        sizes[info.type_name] += info.size_bytes
    return sizes.most_common(1)[0][0] if sizes else "none"
