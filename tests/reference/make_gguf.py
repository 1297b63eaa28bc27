"""Makes `data/families/`: each family as GGUF, converted by llama.cpp's own converter, and transformers' logits.

Run by hand when a family is added: `PYTHONPATH=.:tests python tests/reference/make_gguf.py LLAMA_CPP [CASE...]`,
with the folder of llama.cpp's sources. The tests read what it wrote. Weights are rounded, so that the file holds
exactly what transformers ran, and is small.
"""

from __future__ import annotations

import json
import lzma
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from test_families import ATTENTION, CASES, LONGROPE, make_reference, prompt

HERE = Path(__file__).parent
TARGET = HERE / "data" / "families"
# Cases whose settings a GGUF file can hold; where one cannot be held, the settings that take its place.
MADE: dict[str, dict[str, Any]] = {
    "bloom": {},
    "cohere": {},
    "cohere2": {"layer_types": ["sliding_attention"] * 3 + ["full_attention"]},
    "deepseek_v2-lite": {},
    "deepseek_v3": {},
    "ernie4_5": {},
    "exaone4": {},
    "falcon-7b": {},
    "falcon-40b": {},
    "gemma": {},
    "gemma2": {"query_pre_attn_scalar": 32},
    "gemma3": {"query_pre_attn_scalar": 32, "layer_types": None, "num_hidden_layers": 6, "hidden_size": 32},
    "glm4": {},
    "gpt2": {},
    "gpt_neox": {},
    "gpt_oss": {"swiglu_limit": 7.0},
    "granite": {},
    "granitemoe": {},
    "hunyuan": {},
    "lfm2": {},
    "llama-llama3": {},
    "mamba": {},
    "ministral3": {},
    "mistral": {"sliding_window": None},
    "mixtral": {},
    "mpt": {},
    "nemotron": {},
    "olmo": {},
    "olmo3": {},
    "phi": {"num_key_value_heads": 4, "intermediate_size": 256},
    "phi3-longrope": {},
    "phimoe-longrope": {"rope_parameters": {**LONGROPE, "short_mscale": 1.0, "long_mscale": 1.0}},
    "qwen2": {},
    "qwen2_moe": {"mlp_only_layers": []},
    "qwen3": {},
    "qwen3_moe": {},
    "smollm3": {},
    "stablelm": {},
    "starcoder2": {"sliding_window": None},
}
# Settings that published models name and transformers does not save.
KEYS: dict[str, dict[str, Any]] = {
    "cohere2": {"rotary_pct": 1.0},
    "deepseek_v3": {"scoring_func": "sigmoid"},
    "falcon-7b": {"num_kv_heads": 1},
    "gpt2": {"n_ctx": 256},
    "gpt_neox": {"rotary_pct": 0.5},
    "mpt": {"architectures": ["MPTForCausalLM"]},
    "phimoe-longrope": {"architectures": ["PhiMoEForCausalLM"], "original_max_position_embeddings": 256},
}


def convert(folder: Path, target: Path, keys: dict[str, Any]) -> None:
    """One folder as a GGUF file with the vocabulary of its tokenizer.json."""
    import gguf
    from conversion import ModelBase, get_model_architecture, get_model_class
    from conversion.base import ModelType

    settings = ModelBase.load_hparams(folder, False)
    kind = get_model_class(get_model_architecture(settings, ModelType.TEXT))
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]

    def set_vocab(self: Any) -> None:
        pieces = sorted(vocabulary["vocab"], key=vocabulary["vocab"].get)
        pieces += [f"[{i}]" for i in range(len(pieces), settings["vocab_size"])]
        self.gguf_writer.add_tokenizer_model("gpt2")
        self.gguf_writer.add_tokenizer_pre("gpt-2")
        self.gguf_writer.add_token_list(pieces)
        self.gguf_writer.add_token_types([gguf.TokenType.NORMAL] * len(pieces))
        self.gguf_writer.add_token_merges([" ".join(m) if isinstance(m, list) else m for m in vocabulary["merges"]])

    for one in (kind, getattr(kind, "Ministral3Model", kind)):
        one.set_vocab = set_vocab
    conversion = kind(folder, gguf.LlamaFileType.MOSTLY_F16, target)
    conversion.hparams.update(keys)
    conversion.write()


@torch.no_grad()
def make(name: str) -> None:
    model_type, settings = CASES[name]
    settings = {**settings, **MADE[name]}
    with tempfile.TemporaryDirectory() as folder:
        model = make_reference(
            model_type, settings, Path(folder), attention=ATTENTION.get(name, "eager"), is_coarse=True
        )
        path = Path(folder) / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **KEYS.get(name, {})}))
        converted = Path(folder) / "converted.gguf"
        convert(Path(folder), converted, KEYS.get(name, {}))
        (TARGET / f"{name}.gguf.xz").write_bytes(
            lzma.compress(converted.read_bytes(), preset=9 | lzma.PRESET_EXTREME)
        )
    save_file({"ids": prompt(), "logits": model(prompt()).logits[0, -8:]}, TARGET / f"{name}.safetensors")


if __name__ == "__main__":
    sources = Path(sys.argv[1])
    sys.path[:0] = [str(sources), str(sources / "gguf-py"), str(HERE.parent)]
    TARGET.mkdir(exist_ok=True)
    for case in sys.argv[2:] or MADE:
        make(case)
