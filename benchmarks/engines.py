"""Fireside, llama.cpp and transformers behind one small surface: load, read a prompt, write tokens, answer a chat.

Each is used in its fastest public way on the CPU and gets the same file, ids and threads. What a benchmark asks of
them is in the modules beside; none of the libraries is imported before its engine is opened.
"""

from __future__ import annotations

import gc
import os
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor

TEXT = "The quick brown fox jumps over the lazy dog. "
WARM_UP_TOKENS = 64
GGML_TYPES = {"f16": 1, "q8_0": 8}  # ggml.h, enum ggml_type


class Contestant(Protocol):
    """An engine with a model loaded; `load_s` is how long that took, without the imports."""

    load_s: float

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text."""

    def prefill(self, ids: list[int]) -> float:
        """Forget everything, read `ids`; seconds."""

    def decode(self, count: int) -> float:
        """Write `count` tokens after what was read; seconds. An end token does not end it."""


class KeepsText(Contestant, Protocol):
    """A contestant that can put aside what it has read."""

    def save(self, path: Path) -> None:
        """Write the KV cache to `path`."""

    def restore(self, path: Path) -> None:
        """Go on behind the text whose cache lies at `path`."""


class Chats(Contestant, Protocol):
    """A contestant that answers messages through the model's chat template and reuses what it has read."""

    def answer(self, messages: Sequence[dict[str, str]], most_tokens: int) -> tuple[float, str]:
        """The likeliest reply, and the seconds until its first text."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a contestant is run."""

    engine: str
    cache_type: str = "f16"
    has_flash_attention: bool = False


SETTINGS = {
    "fireside": Setting("fireside"),
    "fireside q8_0": Setting("fireside", cache_type="q8_0"),
    "fireside grouped": Setting("fireside"),
    "fireside grouped q8_0": Setting("fireside", cache_type="q8_0"),
    "llama.cpp plain": Setting("llama.cpp"),
    "llama.cpp flash": Setting("llama.cpp", has_flash_attention=True),
    "llama.cpp q8_0": Setting("llama.cpp", cache_type="q8_0", has_flash_attention=True),  # it needs flash attention
    "transformers": Setting("transformers", cache_type="f32"),
}
LLAMA_CPP = ("llama.cpp plain", "llama.cpp flash")  # what "llama.cpp" is the better of


class Fireside:
    """Through the engine, as the window runs it, but for prompt lookup: llama.cpp has none by default either."""

    def __init__(self, options: Namespace, setting: Setting, context: int) -> None:
        from engine.api import LoadRequest
        from engine.engine import Engine

        # f16 is the engine's own choice; Any: a dictionary of arguments
        cache: dict[str, Any] = {} if setting.cache_type == "f16" else {"cache_type": setting.cache_type}
        self.engine = Engine()
        started = time.perf_counter()
        request = LoadRequest(0, str(options.model), "cpu", threads=options.threads, context_length=context, **cache)
        for _ in self.engine.run(request):
            pass
        self.load_s = time.perf_counter() - started
        assert self.engine.model is not None
        self.model = self.engine.model

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text."""
        return self.model.tokenizer.encode(text)

    def prefill(self, ids: list[int]) -> float:
        """Forget everything, read `ids`; seconds."""
        return self.engine.measure(ids, 1).prefill_s

    def decode(self, count: int) -> float:
        """Write the `count` likeliest tokens; seconds."""
        from engine.greedy import write_likeliest
        from engine.reader import torch_threads

        reader = self.engine.reader
        assert reader is not None
        started = time.perf_counter()
        with torch_threads(1):  # as a reply is drawn
            write_likeliest(reader, [*reader.ids, 0], count)
        return time.perf_counter() - started

    def save(self, path: Path) -> None:
        """What was read, as the engine keeps it between runs."""
        from engine.cache_file import save_cache
        from engine.fingerprint import cache_fingerprint

        assert self.engine.reader is not None
        save_cache(self.engine.reader.cache, path, cache_fingerprint(self.model))

    def restore(self, path: Path) -> None:
        """What was read, as it was saved."""
        from engine.cache import KVCache
        from engine.cache_file import load_cache
        from engine.fingerprint import cache_fingerprint

        reader = self.engine.reader
        assert reader is not None
        reader.rewind([0, 0])
        reader.forward([0])  # a cache shows its layout when it holds a token
        found = load_cache(path, cache_fingerprint(self.model), reader.cache)
        assert isinstance(found, KVCache), found
        reader.cache = found

    def answer(self, messages: Sequence[dict[str, str]], most_tokens: int) -> tuple[float, str]:
        """The likeliest reply, and the seconds until its first token."""
        from engine.api import GenerateRequest, Message, ReplyFinished, SamplerSettings

        prompt = tuple(Message(message["role"], message["content"]) for message in messages)
        sampler = SamplerSettings(temperature=0.0)
        for event in self.engine.run(GenerateRequest(1, prompt, sampler=sampler, max_tokens=most_tokens)):
            if isinstance(event, ReplyFinished):
                return event.timings.ttft_s, event.text
        raise RuntimeError("the engine ended without a reply")

    def read_ahead(self, messages: Sequence[dict[str, str]]) -> None:
        """Read what is certain of a chat whose last message is still being written, as the window does."""
        from engine.api import GenerateRequest, Message, ReadAheadRequest

        prompt = tuple(Message(message["role"], message["content"]) for message in messages)
        for _ in self.engine.run(ReadAheadRequest(1, GenerateRequest(1, prompt))):
            pass


class LlamaCpp:
    """llama-cpp-python; its tokens are given, not chosen, which spares it the search for the likeliest."""

    def __init__(self, options: Namespace, setting: Setting, context: int, *, has_all_logits: bool = False) -> None:
        """`has_all_logits`: they are kept for every token, not for the last alone."""
        forget_our_environment()
        import llama_cpp

        self.library = llama_cpp
        cache_type = GGML_TYPES[setting.cache_type]
        started = time.perf_counter()
        self.llama = llama_cpp.Llama(
            str(options.model),
            n_ctx=context,
            n_batch=512,
            n_threads=options.threads,
            n_threads_batch=options.threads,
            flash_attn=setting.has_flash_attention,
            type_k=cache_type,
            type_v=cache_type,
            logits_all=has_all_logits,
            verbose=False,
        )
        self.load_s = time.perf_counter() - started

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text."""
        ids: list[int] = self.llama.tokenize(text.encode(), add_bos=False)
        return ids

    def prefill(self, ids: list[int]) -> float:
        """Forget everything, read `ids`; seconds."""
        self.llama.reset()
        started = time.perf_counter()
        self.llama.eval(ids)
        return time.perf_counter() - started

    def decode(self, count: int) -> float:
        """Read `count` tokens one by one, which is the work of writing them; seconds."""
        started = time.perf_counter()
        for token in range(count):
            self.llama.eval([token])
        return time.perf_counter() - started

    def logits(self, ids: list[int]) -> Tensor:
        """Of the token behind each of `ids` [T, V], read anew; where all are kept."""
        import torch

        self.prefill(ids)
        return torch.from_numpy(self.llama.scores[: len(ids)].copy())

    def save(self, path: Path) -> None:
        """In llama.cpp's own format."""
        count = self.llama.n_tokens
        tokens = (self.library.llama_token * count)(*self.llama.input_ids[:count].tolist())
        written = self.library.llama_state_seq_save_file(self.llama.ctx, bytes(path), 0, tokens, count)
        if not written:
            raise OSError(f"llama.cpp could not write {path.name}.")

    def restore(self, path: Path) -> None:
        """From llama.cpp's own format."""
        self.llama.reset()
        room = self.llama.n_ctx()
        tokens, count = (self.library.llama_token * room)(), self.library.ctypes.c_size_t()
        read = self.library.llama_state_seq_load_file(self.llama.ctx, bytes(path), 0, tokens, room, count)
        if not read:
            raise OSError(f"llama.cpp could not read {path.name}.")
        self.llama.n_tokens = count.value

    def answer(self, messages: Sequence[dict[str, str]], most_tokens: int) -> tuple[float, str]:
        """The likeliest reply, and the seconds until its first text."""
        started = time.perf_counter()
        first_text_s, parts = 0.0, []
        for chunk in self.llama.create_chat_completion(
            list(messages), max_tokens=most_tokens, temperature=0.0, stream=True
        ):
            text = chunk["choices"][0]["delta"].get("content")
            if text:
                first_text_s = first_text_s or time.perf_counter() - started
                parts.append(text)
        return first_text_s, "".join(parts)


class Transformers:
    """transformers in float32, from the same file."""

    def __init__(self, options: Namespace, setting: Setting, context: int) -> None:
        del setting, context  # its cache has the type of the activations and grows by itself
        forget_our_environment()
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.set_num_threads(options.threads)
        folder, name = str(options.model.parent), options.model.name
        started = time.perf_counter()
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
        self.load_s = time.perf_counter() - started
        self.model = model.eval()  # type: ignore[no-untyped-call]
        self.tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
        self.torch = torch
        self.past: object = None

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text."""
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def prefill(self, ids: list[int]) -> float:
        """Forget everything, read `ids`; seconds."""
        self.past = None
        started = time.perf_counter()
        self._read(ids)
        return time.perf_counter() - started

    def decode(self, count: int) -> float:
        """Read `count` tokens one by one, which is the work of writing them; seconds."""
        started = time.perf_counter()
        for token in range(count):
            self._read([token])
        return time.perf_counter() - started

    def _read(self, ids: list[int]) -> None:
        with self.torch.inference_mode():
            out = self.model(self.torch.tensor([ids]), past_key_values=self.past, use_cache=True, logits_to_keep=1)
        self.past = out.past_key_values


ENGINES: dict[str, type[Fireside] | type[LlamaCpp] | type[Transformers]] = {
    "fireside": Fireside,
    "llama.cpp": LlamaCpp,
    "transformers": Transformers,
}


def open_engine(name: str, options: Namespace, context: int) -> Fireside | LlamaCpp | Transformers:
    """The contestant `name` of `SETTINGS`, with room for `context` tokens."""
    setting = SETTINGS[name]
    return ENGINES[setting.engine](options, setting, context)


def warm_up(engine: Contestant) -> list[int]:
    """Let everything that happens once happen; returns the ids of a line of text, to make a prompt of."""
    line = engine.encode(TEXT)
    engine.prefill((line * WARM_UP_TOKENS)[:WARM_UP_TOKENS])
    engine.decode(8)
    gc.collect()
    gc.freeze()  # a collection in the middle would walk all that the libraries have left
    return line


def forget_our_environment() -> None:
    """The OpenMP policy that Fireside sets for itself would slow the others: 35 tokens a second instead of 90."""
    os.environ.pop("OMP_WAIT_POLICY", None)
