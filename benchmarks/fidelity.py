"""How far from float32 what a contestant says of each next token is, in a text that is read in pieces."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from benchmarks.accuracy import in_pieces, own_text
from benchmarks.engines import LLAMA_CPP, SETTINGS, Fireside, LlamaCpp, open_engine
from benchmarks.figures import Figures

if TYPE_CHECKING:
    from torch import Tensor

WINDOW, FIRST = 1600, 400  # tokens of a text, and those that are read before any is judged
STARTS = (0, 30_000, 90_000)  # of the texts: prose, documentation, code
PIECE = 64


def fidelity(name: str, options: Namespace) -> Figures:
    """The mean divergence (Kullback and Leibler, in nats) from float32, and the share of other likeliest tokens."""
    import torch

    engine = open_engine("fireside", options, WINDOW)
    assert isinstance(engine, Fireside)
    rival = LlamaCpp(options, SETTINGS[name], WINDOW, has_all_logits=True) if name in LLAMA_CPP else None
    text = engine.encode(own_text())
    divergences: list[Tensor] = []
    others: list[Tensor] = []
    with torch.inference_mode():
        for start in STARTS:
            ids = text[start : start + WINDOW]
            assert len(ids) == WINDOW, "the repository's text is too short"
            window = torch.tensor([ids])
            exact = engine.model.decoder(window)[0, FIRST:].log_softmax(-1)
            logits = in_pieces(engine, PIECE, window)[0] if rival is None else rival.logits(ids)
            found = logits[FIRST:].log_softmax(-1)
            divergences.append((exact.exp() * (exact - found)).sum(-1))
            others.append(exact.argmax(-1) != found.argmax(-1))
    return {
        "divergence": float(torch.cat(divergences).mean()),
        "other_likeliest": float(torch.cat(others).float().mean()),
    }
