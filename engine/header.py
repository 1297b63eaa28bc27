"""What the header of a model file says, for lists of models: no weight is read and no tokenizer built.

`Engine` and the command line read more carefully (`open_blueprint`, `load_tokenizer`); a file that passes here can
still fail there, where its tokenizer is damaged. The application's scan of folders calls this for each new file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.api import ModelHeader, ModelInfo, UnsupportedModelError
from engine.device import WORKING_SPACE_BYTES
from engine.loaders import Checkpoint, GgufCheckpoint, open_checkpoint
from engine.loaders.licence import licence_of
from engine.loaders.strings import Strings
from engine.model import file_name, most_common_type, understand
from engine.tokenizers.gguf import check_kind
from engine.tokenizers.hugging_face import has_chat_template

_COMPANIONS = ("adapter", "mmproj", "projector", "imatrix")  # general.type
_COMPANION_ARCHITECTURES = ("clip", "imatrix", "controlvector")


def read_header(path: str | Path) -> ModelHeader:
    """What the file or folder at `path` is. Raises `ModelFileError` when it is damaged or no model at all."""
    with open_checkpoint(path) as checkpoint:
        if not _is_model(checkpoint):
            return ModelHeader(_raw_info(checkpoint), is_model=False)
        try:
            tokenizer, has_template = _tokenizer(checkpoint)
            blueprint = understand(checkpoint)
            return ModelHeader(blueprint.outline(tokenizer, has_chat_template=has_template))
        except UnsupportedModelError as error:
            return ModelHeader(_raw_info(checkpoint), problem=str(error))


def _is_model(checkpoint: Checkpoint) -> bool:
    if isinstance(checkpoint, GgufCheckpoint):
        is_companion = checkpoint.config.get("general.type") in _COMPANIONS
        return (
            bool(checkpoint.tensors) and not is_companion and checkpoint.architecture not in _COMPANION_ARCHITECTURES
        )
    return not (checkpoint.path / "adapter_config.json").is_file()


def _tokenizer(checkpoint: Checkpoint) -> tuple[str, bool]:
    """A name for the tokenizer, and whether there is a chat template."""
    if isinstance(checkpoint, GgufCheckpoint):
        name = check_kind(checkpoint.config)
        return name, isinstance(checkpoint.config.get("tokenizer.chat_template"), str)
    if not (checkpoint.path / "tokenizer.json").is_file():
        raise UnsupportedModelError(
            "There is no tokenizer.json beside the weights; get the complete folder, or convert the tokenizer with "
            "transformers' AutoTokenizer.save_pretrained."
        )
    return "tokenizer.json", has_chat_template(checkpoint)


def _raw_info(checkpoint: Checkpoint) -> ModelInfo:
    """What can be said of a model that is not understood."""
    config, kind = checkpoint.config, checkpoint.architecture
    is_gguf = isinstance(checkpoint, GgufCheckpoint)
    tokens = config.get("tokenizer.ggml.tokens") if is_gguf else None
    return ModelInfo(
        name=file_name(checkpoint),
        path=str(checkpoint.path),
        family=kind[:80],
        parameters=sum(_elements(info.shape) for info in checkpoint.tensors.values()),
        layers=_count(config.get(f"{kind}.block_count" if is_gguf else "num_hidden_layers")),
        context_length=_count(config.get(f"{kind}.context_length" if is_gguf else "max_position_embeddings")),
        vocabulary=len(tokens) if isinstance(tokens, list | Strings) else _count(config.get("vocab_size")),
        quantisation=most_common_type(checkpoint),
        tokenizer=str(config.get("tokenizer.ggml.model", "unknown"))[:80],
        has_chat_template=isinstance(config.get("tokenizer.chat_template"), str),
        size_bytes=checkpoint.size_bytes,
        memory_bytes=checkpoint.size_bytes + WORKING_SPACE_BYTES,
        working_space_bytes=WORKING_SPACE_BYTES,
        licence=licence_of(checkpoint),
    )


def _elements(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 1 << 40 else 0
