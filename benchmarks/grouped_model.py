"""A model whose heads share keys as in most of today's: the geometry of Qwen2.5-0.5B, with random weights in Q4_0.

The starter model keeps more of a text than others of its size: behind 8,000 tokens, keys and values in float16 are
twice its weights. Here they are two fifths. The tokenizer is that of the model at hand; what it writes has no sense.
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.deep_context import deep_context
from benchmarks.figures import Figures

if TYPE_CHECKING:
    from gguf import GGUFReader, GGUFWriter

LAYERS, WIDTH, HIDDEN = 24, 896, 4864
HEADS, KV_HEADS, HEAD_WIDTH = 14, 2, 64
CONTEXT = 32_768
BLOCK = 32


@dataclass(frozen=True, slots=True)
class BlockType:
    """A type of ggml by its number there, the bytes of a block, and one step as a share of the largest weight."""

    number: int
    block_bytes: int
    step: float


Q4_0, Q8_0 = BlockType(2, 18, 1 / 8), BlockType(8, 34, 1 / 128)


def grouped_context(name: str, options: Namespace) -> Figures:
    """`deep_context` with this model, which is written at first use."""
    path = options.scratch / "grouped.gguf"
    if not path.exists():
        write_grouped_model(path, tokenizer_from=options.model)
    return deep_context(name, Namespace(**{**vars(options), "model": path}))


def write_grouped_model(path: Path, *, tokenizer_from: Path) -> None:
    """About 250 MB; the same bytes each time."""
    import numpy as np
    from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_rope_dimension_count(HEAD_WIDTH)
    words = _copy_tokenizer(GGUFReader(tokenizer_from), writer)
    random = np.random.default_rng(0)

    def add(tensor: str, kind: BlockType, rows: int, columns: int) -> None:
        blocks = random.integers(0, 256, (rows * columns // BLOCK, kind.block_bytes), dtype=np.uint8)
        scale = np.array([kind.step * columns**-0.5], dtype=np.float16)  # a product keeps the size of what goes in
        blocks[:, :2] = scale.view(np.uint8)
        shaped = blocks.reshape(rows, -1)
        writer.add_tensor(tensor, shaped, raw_dtype=GGMLQuantizationType(kind.number))

    def add_norm(tensor: str) -> None:
        writer.add_tensor(tensor, np.ones(WIDTH, dtype=np.float32))

    add("token_embd.weight", Q8_0, words, WIDTH)
    add_norm("output_norm.weight")
    for layer in range(LAYERS):
        prefix = f"blk.{layer}."
        add_norm(f"{prefix}attn_norm.weight")
        add_norm(f"{prefix}ffn_norm.weight")
        add(f"{prefix}attn_q.weight", Q4_0, HEADS * HEAD_WIDTH, WIDTH)
        add(f"{prefix}attn_k.weight", Q4_0, KV_HEADS * HEAD_WIDTH, WIDTH)
        add(f"{prefix}attn_v.weight", Q4_0, KV_HEADS * HEAD_WIDTH, WIDTH)
        add(f"{prefix}attn_output.weight", Q4_0, WIDTH, HEADS * HEAD_WIDTH)
        add(f"{prefix}ffn_gate.weight", Q4_0, HIDDEN, WIDTH)
        add(f"{prefix}ffn_up.weight", Q4_0, HIDDEN, WIDTH)
        add(f"{prefix}ffn_down.weight", Q4_0, WIDTH, HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _copy_tokenizer(reader: GGUFReader, writer: GGUFWriter) -> int:
    """Returns how many tokens it knows."""
    words = 0
    for name, field in reader.fields.items():
        if name.startswith("tokenizer."):
            kinds = field.types
            writer.add_key_value(name, field.contents(), kinds[0], sub_type=kinds[-1] if len(kinds) > 1 else None)
        if name == "tokenizer.ggml.tokens":
            words = len(field.data)
    return words
