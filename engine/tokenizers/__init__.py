"""Tokenizers: from GGUF metadata or from tokenizer.json, and back from tokens to text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.tokenizers.gguf import tokenizer_from_gguf
from engine.tokenizers.hugging_face import tokenizer_from_folder
from engine.tokenizers.tokenizer import SpecialTokens, Tokenizer

if TYPE_CHECKING:
    from engine.loaders import Checkpoint

__all__ = ["SpecialTokens", "Tokenizer", "load_tokenizer"]


def load_tokenizer(checkpoint: Checkpoint) -> Tokenizer:
    """The tokenizer that belongs to a model. Raises typed errors when it is missing, damaged or unknown."""
    if checkpoint.format == "gguf":
        return tokenizer_from_gguf(checkpoint.config)
    return tokenizer_from_folder(checkpoint)
