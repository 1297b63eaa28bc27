"""The conversations, files and models that the pictures of the guide show: samples, written by hand."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.core.conversation import Part, PartKind, Status, StoredMessage, text_parts
from app.core.imported import ImportedConversation
from benchmarks.tiny_models import tiny_gguf
from engine.api import ModelHeader, ModelInfo

DAY_S = 86_400.0
GIB = 1 << 30

LAYOUT = """Simple interest grows in a straight line, compound interest as a power:

$$A = P\\left(1 + \\frac{r}{n}\\right)^{nt}$$

With $P = 1000$, $r = 5\\,\\%$ and one payment a year:

| after | simple | compound |
|:--|--:|--:|
| 1 year | 1050.00 | 1050.00 |
| 10 years | 1500.00 | 1628.89 |
| 30 years | 2500.00 | 4321.94 |

```python
def compound(amount: float, rate: float, years: int) -> float:
    \"\"\"What `amount` becomes when each year's interest earns interest, too.\"\"\"
    return amount * (1 + rate) ** years
```

- [x] the formula
- [ ] taxes and fees, which no formula forgives[^1]

[^1]: They depend on where you live.
"""
BREAD = """1. Mix 500 g of flour, 350 g of water, 10 g of salt and 3 g of dry yeast.
2. Let the dough rest for **12 hours**, covered, at room temperature.
3. Fold it, shape it, and let it rise for another hour.
4. Bake it in a hot pot: 30 minutes with the lid, 15 without.
"""
BREAD_SHORTER = "Mix flour, water, salt and yeast; wait a night; fold; wait an hour; bake in a hot pot."
THOUGHT = """The two trains close the gap of 300 km at 80 + 70 = 150 km/h.

300 / 150 = 2 hours. They start at 9:00, so they meet at 11:00."""
TRAINS = "They approach each other at **150 km/h**, so the 300 km are gone after two hours: they meet at **11:00**."
RECORD = {
    "model_name": "SmolLM2 135M Instruct",
    "quantisation": "Q4_1",
    "device": "cpu",
    "context_length": 8192,
    "seed": 2026,
    "sampler": {"temperature": 0.7, "top_k": 40, "top_p": 0.95, "min_p": 0.05, "repetition_penalty": 1.1},
    "stop_reason": "end_token",
    "timings": {
        "prompt_tokens": 48,
        "reused_tokens": 31,
        "generated_tokens": 96,
        "prefill_s": 0.05,
        "decode_s": 0.79,
        "ttft_s": 0.06,
    },
}
MORE_TITLES = (  # title, days ago, folder, tags
    ("Names for a small boat", 0.3, (), ()),
    ("Regular expression for dates", 1.2, ("Work",), ("code",)),
    ("Letter to the landlord", 2.0, ("Work",), ()),
    ("东京三日行程", 3.0, (), ("travel",)),
    ("Why is the sky blue?", 5.0, (), ()),
    ("Birthday poem for Mina", 12.0, (), ()),
    ("Packing list for the mountains", 20.0, (), ("travel",)),
    ("How vaccines work", 45.0, (), ()),
)
NOTES = """# Trip notes

- Train to Kyoto at 8:10, seats 4A and 4B
- The museum is closed on Monday
- Dinner: ask for the quiet room
"""
PRICES = "item,price\n" + "".join(f"sample {number},{number * 1.25:.2f}\n" for number in range(1, 61))
EXPORTED = """[{"title": "Plans for the garden", "mapping": {
"r": {"id": "r", "parent": null, "children": ["a"], "message": null},
"a": {"id": "a", "parent": "r", "children": ["b"], "message": {"id": "a", "author": {"role": "user"},
"create_time": 1751000000.0, "content": {"content_type": "text", "parts": ["What grows in the shade?"]}}},
"b": {"id": "b", "parent": "a", "children": [], "message": {"id": "b", "author": {"role": "assistant"},
"create_time": 1751000009.0, "content": {"content_type": "text", "parts": ["Ferns, hostas and mint."]}}}},
"current_node": "b", "create_time": 1751000000.0, "update_time": 1751000009.0}]"""
MODELS = {  # name of the file: name, family, millions of parameters, layers, context, quantisation, GiB, licence
    "Qwen3-0.6B-Q8_0": ("Qwen3 0.6B", "qwen3", 596, 28, 40_960, "Q8_0", 0.6, "apache-2.0"),
    "gemma-3-1b-it-Q4_K_M": ("Gemma 3 1B", "gemma3", 1000, 26, 32_768, "Q4_K_M", 0.75, "gemma"),
    "Llama-3.2-3B-Instruct-Q4_K_M": ("Llama 3.2 3B", "llama", 3210, 28, 131_072, "Q4_K_M", 1.9, "llama3.2"),
    "Qwen3-32B-Q4_K_M": ("Qwen3 32B", "qwen3", 32_800, 64, 40_960, "Q4_K_M", 18.4, "apache-2.0"),
}


def chats(now: float | None = None) -> tuple[ImportedConversation, ...]:
    """All conversations, the last of them just now."""
    moment = time.time() if now is None else now
    bread = (
        _said("q", None, "user", "How do I bake a simple bread?"),
        _said("a1", "q", "assistant", BREAD_SHORTER),
        _said("a2", "q", "assistant", BREAD),
        _said("q2", "a2", "user", "Can I leave out the yeast?"),
        _said("a3", "q2", "assistant", "Yes, with 100 g of sourdough instead; then step 2 takes about 16 hours."),
    )
    thinking = Part(PartKind.THINKING, THOUGHT, duration_s=4.2)
    trains = (
        _said(
            "q",
            None,
            "user",
            "Two trains are 300 km apart and start at 9:00, one at 80, one at 70 km/h. When do they meet?",
        ),
        StoredMessage("a", "q", "assistant", (thinking, *text_parts(TRAINS)), Status.COMPLETE, 0),
    )
    layout = (
        _said("q", None, "user", "Explain simple and compound interest, with a table and some Python."),
        _said("a", "q", "assistant", LAYOUT),
    )
    made = [
        _chat("bread", "How do I bake a simple bread?", bread, 0.05, moment, is_pinned=True, tags=("kitchen",)),
        _chat("interest", "Simple and compound interest", layout, 0.1, moment),
        _chat("trains", "Two trains", trains, 0.2, moment, tags=("puzzles",)),
    ]
    for number, (title, days, folder, tags) in enumerate(MORE_TITLES):
        short = (_said("q", None, "user", title), _said("a", "q", "assistant", "A sample."))
        made.append(_chat(f"more-{number}", title, short, days, moment, folder=folder, tags=tags))
    return tuple(made)


def write_models(home: Path) -> None:
    """Files that stand for models of LM Studio; `read_header` says what they are."""
    for seed, name in enumerate(MODELS):
        path = tiny_gguf(home / ".lmstudio" / "models" / "samples" / f"{name}.gguf", seed=seed)
        os.truncate(path, round(MODELS[name][6] * GIB))  # a file with a hole: it takes no room on the disk


def read_header(path: Path) -> ModelHeader:
    """The header of a sample model; of any other file, the real one."""
    if path.stem not in MODELS:
        from app.worker import read_model_header

        return read_model_header(path)
    name, family, millions, layers, context, quantisation, size_gib, licence = MODELS[path.stem]
    size_bytes = round(size_gib * GIB)
    info = ModelInfo(
        name=name,
        path=str(path),
        family=family,
        parameters=millions * 1_000_000,
        layers=layers,
        context_length=context,
        vocabulary=151_936,
        quantisation=quantisation,
        tokenizer="gpt2",
        has_chat_template=True,
        size_bytes=size_bytes,
        memory_bytes=size_bytes,
        cache_values_per_token=layers * 2048,
        working_space_bytes=GIB // 4,
        licence=licence,
    )
    return ModelHeader(info)


def _said(key: str, parent: str | None, role: str, text: str) -> StoredMessage:
    return StoredMessage(key, parent, role, text_parts(text), Status.COMPLETE, 0)


def _chat(
    key: str,
    title: str,
    messages: Sequence[StoredMessage],
    days_ago: float,
    now: float,
    *,
    is_pinned: bool = False,
    folder: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
) -> ImportedConversation:
    began = now - days_ago * DAY_S
    dated = tuple(replace(message, created_at=began + 20.0 * at) for at, message in enumerate(messages))
    return ImportedConversation(
        key,
        title,
        began,
        dated[-1].created_at,
        dated,
        dated[-1].id,
        records={message.id: RECORD for message in dated if message.role == "assistant"},
        is_pinned=is_pinned,
        folder=folder,
        tags=tags,
    )
