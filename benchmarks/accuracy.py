"""What speed costs in numbers: perplexity with the compiled kernels against float32, and logits by thread count."""

from __future__ import annotations

from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.engines import Fireside, open_engine
from benchmarks.figures import Figures

if TYPE_CHECKING:
    from torch import Tensor

TEXT_TOKENS = 10_000
CONTEXT, STRIDE = 1024, 1000  # every token but the first is predicted from at least 24
PIECES = {"matrix": 64, "rows": 8}  # tokens read at once: enough for the matrix kernel, and few enough for the other
THREADS = (1, 2, 3)
REPOSITORY = Path(__file__).parents[1]


def accuracy(options: Namespace) -> Figures:
    """Perplexities of this repository's own text, their changes in percent, and the largest change of a logit."""
    from engine.scoring import perplexity

    engine = open_engine("fireside", options, CONTEXT)
    assert isinstance(engine, Fireside)
    ids = engine.encode(own_text())[:TEXT_TOKENS]
    assert len(ids) == TEXT_TOKENS, "the repository's text is too short"
    exact = perplexity(engine.model, ids, context=CONTEXT, stride=STRIDE).perplexity
    figures = {"float32_perplexity": exact}
    for name, tokens in PIECES.items():
        forward = partial(in_pieces, engine, tokens)
        found = perplexity(engine.model, ids, context=CONTEXT, stride=STRIDE, forward=forward).perplexity
        figures[f"{name}_perplexity"] = found
        figures[f"{name}_change"] = abs(found / exact - 1)
    return {**figures, "threads_difference": _difference_by_threads(engine, ids)}


def own_text() -> str:
    """Prose, then code: the licence, the documentation, the engine."""
    patterns = ("LICENSE", "docs/**/*.md", "engine/*.py")
    files = [file for pattern in patterns for file in sorted(REPOSITORY.glob(pattern))]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def in_pieces(engine: Fireside, tokens: int, window: Tensor) -> Tensor:
    """Logits [1, T, V] of ids [1, T], read as the engine reads a prompt, `tokens` at once."""
    import torch

    decoder, length = engine.model.decoder, window.shape[1]
    cache = decoder.new_cache(length)
    return torch.cat([decoder(window[:, at : at + tokens], cache) for at in range(0, length, tokens)], dim=1)


def _difference_by_threads(engine: Fireside, ids: list[int]) -> float:
    """The largest difference of a logit between thread counts, in a prompt and in single tokens after it."""
    import torch

    from engine.model import set_threads

    prompt, reply = torch.tensor([ids[:700]]), ids[700:740]
    found = []
    for count in THREADS:
        set_threads(count)
        decoder = engine.model.decoder
        cache = decoder.new_cache(CONTEXT)
        starts = range(0, prompt.shape[1], PIECES["matrix"])
        read = [decoder(prompt[:, at : at + PIECES["matrix"]], cache) for at in starts]
        written = [decoder(torch.tensor([[token]]), cache) for token in reply]
        found.append(torch.cat(read + written, dim=1))
    return max(float((one - found[0]).abs().max()) for one in found[1:])
