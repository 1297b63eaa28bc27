"""Two models beside each other on one prompt: what each says, and how likely it finds what the other said.

They are loaded one after the other. The first one's distributions lie in a file meanwhile, as float32: in float16 a
divergence would be off by a thousandth. Where the vocabularies differ, the other's reply is encoded anew.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.api import GenerateRequest
from engine.inspection.api import MOST_KEPT_BYTES, TextRun
from engine.layers import never
from engine.model import Model
from engine.prompt import plan_prompt
from engine.scoring import score_logits, scores
from engine.tokenizers import Tokenizer

_WORDS = re.compile(r"\s+|[A-Za-z0-9_À-ɏ]+|.", re.DOTALL)  # other scripts by characters: Chinese has no spaces


@dataclass(frozen=True)
class Said:
    """A reply, and the tokens before and in it, in its model's own vocabulary."""

    text: str
    prompt: Sequence[int]
    ids: Sequence[int]
    pieces: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A model's log-probabilities of the tokens that it needs for a reply, and its divergence for each of them."""

    logprobs: tuple[float, ...]
    kl: tuple[float, ...] = ()


class Distributions:
    """Log-probabilities float32 [T, V] of one reply, in a file that is gone when it is closed."""

    def __init__(self, tokens: int, vocabulary: int) -> None:
        self._tokens = min(tokens, MOST_KEPT_BYTES // (4 * vocabulary))
        self._folder = tempfile.TemporaryDirectory(prefix="fireside-")
        path = str(Path(self._folder.name) / "distributions")
        self._rows = torch.from_file(path, shared=True, size=max(self._tokens, 1) * vocabulary).view(-1, vocabulary)

    def put(self, at: int, logprobs: Tensor) -> None:
        """Keep those of the tokens from `at` on, as far as there is room."""
        count = max(min(self._tokens - at, len(logprobs)), 0)
        self._rows[at : at + count] = logprobs[:count].cpu()

    def divergence(self, at: int, logprobs: Tensor) -> list[float]:
        """KL(kept || these) in nats for each token from `at` on that is kept."""
        kept = self._rows[at : min(at + len(logprobs), self._tokens)]
        change = kept - logprobs[: len(kept)].cpu()
        return (kept.exp() * change).nan_to_num().sum(-1).clamp_min(0.0).tolist()

    def close(self) -> None:
        """Let go of the file."""
        del self._rows
        self._folder.cleanup()


def judge_own(model: Model, said: Said, kept: Distributions, *, interrupted: Callable[[], bool] = never) -> Judged:
    """A model's judgement of its own reply, whose distributions are `kept`."""
    logprobs = list[float]()
    for ids, logits in score_logits(
        model, [*said.prompt, *said.ids], first=len(said.prompt), interrupted=interrupted
    ):
        kept.put(len(logprobs), logits.log_softmax(-1))
        logprobs += scores(logits, ids).logprobs.tolist()
    return Judged(tuple(logprobs))


def judge_other(
    model: Model,
    request: GenerateRequest,
    said: Said,
    kept: Distributions | None,
    *,
    limit: int,
    interrupted: Callable[[], bool] = never,
) -> Judged:
    """A model's judgement of the other's reply to `request`. `kept` are the other's distributions, if they can be
    compared: then the vocabularies are the same, and so are the tokens of the reply.
    """
    prompt = plan_prompt(request, model.tokenizer, limit=limit).ids
    ids = list(said.ids) if kept is not None else model.tokenizer.encode(said.text, is_start=False)
    logprobs, kl = list[float](), list[float]()
    for chunk, logits in score_logits(model, [*prompt, *ids], first=len(prompt), interrupted=interrupted):
        if kept is not None:
            kl += kept.divergence(len(logprobs), logits.log_softmax(-1))
        logprobs += scores(logits, chunk).logprobs.tolist()
    return Judged(tuple(logprobs), tuple(kl))


def vocabulary_digest(tokenizer: Tokenizer, size: int) -> str:
    """Equal where two models mean the same by every token id, and have as many."""
    digest = hashlib.blake2b(size.to_bytes(8, "little"), digest_size=16)
    for token in range(tokenizer.vocab_size):
        piece = tokenizer.token_bytes(token)
        digest.update(len(piece).to_bytes(4, "little") + piece)
    return digest.hexdigest()


def align(first: str, second: str) -> Iterator[TextRun]:
    """The two texts side by side, in runs that are the same and runs that are not, by words.

    What is the same between two differences and shorter than both of them counts as different: chance gives texts
    that went apart many words in common.
    """
    ours, theirs = _WORDS.findall(first), _WORDS.findall(second)
    at = [[0, *_ends(words)] for words in (ours, theirs)]
    runs: list[TextRun] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        runs.append(TextRun(kind == "equal", (at[0][a], at[0][b]), (at[1][c], at[1][d])))
        while len(runs) >= 3 and not runs[-1].is_same and _length(runs[-2]) < min(map(_length, runs[-3::2])):
            begin, _, end = runs[-3:]
            places = (begin.first[0], end.first[1]), (begin.second[0], end.second[1])
            runs[-3:] = [TextRun(first[slice(*places[0])] == second[slice(*places[1])], *places)]
    yield from runs


def _length(run: TextRun) -> int:
    return max(run.first[1] - run.first[0], run.second[1] - run.second[0])


def _ends(words: Sequence[str]) -> Iterator[int]:
    end = 0
    for word in words:
        end += len(word)
        yield end
