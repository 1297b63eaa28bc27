"""Model files of a few hundred bytes whose headers are whole: for measuring and testing what looks for models."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

_UINT32, _FLOAT32, _STRING, _ARRAY = 4, 6, 8, 9
_F32 = 0
VOCABULARY = 32


def tiny_gguf(path: Path, *, seed: int = 0, context: int = 4096, **keys: Any) -> Path:
    """A Llama of one layer; `seed` makes its weights, `keys` replace or add metadata (`general__type` for a dot)."""
    metadata: dict[str, Any] = {
        "general.architecture": "llama",
        "general.license": "mit",
        "llama.block_count": 1,
        "llama.context_length": context,
        "llama.embedding_length": 16,
        "llama.feed_forward_length": 32,
        "llama.attention.head_count": 2,
        "llama.attention.head_count_kv": 1,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": [f"t{number}" for number in range(VOCABULARY)],
        "tokenizer.ggml.scores": [0.0] * VOCABULARY,
        "tokenizer.chat_template": "{{ messages[0].content }}",
        **{key.replace("__", "."): value for key, value in keys.items()},
    }
    data = struct.pack("<I", seed) * (VOCABULARY * 16)
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, len(metadata))
    header += b"".join(_text(key) + _value(value) for key, value in metadata.items())
    header += _text("token_embd.weight") + struct.pack("<IQQIQ", 2, 16, VOCABULARY, _F32, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + b"\0" * (-len(header) % 32) + data)
    return path


def tiny_folder(folder: Path, *, seed: int = 0, **settings: Any) -> Path:
    """A Llama of one layer as config.json and safetensors; `settings` replace or add to config.json."""
    config = {
        "model_type": "llama",
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_attention_heads": 2,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": 4096,
        **settings,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / "model.safetensors").write_bytes(tiny_safetensors(seed))
    return folder


def tiny_safetensors(seed: int = 0) -> bytes:
    """A safetensors file of one tensor."""
    data = struct.pack("<I", seed) * (VOCABULARY * 16)
    entry = {"dtype": "F32", "shape": [VOCABULARY, 16], "data_offsets": [0, len(data)]}
    header = json.dumps({"model.embed_tokens.weight": entry}).encode()
    return struct.pack("<Q", len(header)) + header + data


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _text(value)
    if isinstance(value, float):
        return struct.pack("<If", _FLOAT32, value)
    if isinstance(value, list):
        kind = _STRING if isinstance(value[0], str) else _FLOAT32
        items = b"".join(_text(item) if kind == _STRING else struct.pack("<f", item) for item in value)
        return struct.pack("<IIQ", _ARRAY, kind, len(value)) + items
    return struct.pack("<II", _UINT32, value)
