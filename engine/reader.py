"""Reader: a model and what it has read; owns the live KV cache, and takes up others where they save reading.

The engine has one for its model, and one for a draft model. Not thread-safe.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from engine.ahead import AheadDecoder
from engine.alternatives import Drawn
from engine.api import SamplerSettings, TokenizerError
from engine.cache import KVCache
from engine.cache_shelf import LEAST_TOKENS, MOST_BYTES, CacheShelf
from engine.device import wait_for
from engine.fingerprint import cache_fingerprint
from engine.layers import Interrupted, never
from engine.model import Model
from engine.sampling import HISTORY, Sampler

CHUNKS = (16, 256)  # tokens read at a time, at least and at most: multiples of 16 change no bit of what kernels give
DEVICE_CHUNKS = (256, 2048)  # off the CPU: fewer leave a GPU waiting for Python most of the time
FIRST_WORK = 4e10  # weights times tokens of the first chunk: 0.3 s on two cores
WARM_UP_TOKENS = 64
AHEAD_CHUNKS = 4  # of the least chunks: 0.1 s of a small model, which is lost when something else is asked meanwhile
CHUNK_S = (0.2, 0.5)  # read more at a time below the one, less above the other: progress shows twice a second


class Reader:
    """`rewind` to a text, `read` the rest of it, then `forward` token by token or `draw_ahead`; `cut` takes back."""

    def __init__(
        self,
        model: Model,
        *,
        limit: int,
        ahead: AheadDecoder | None = None,
        chunk_s: tuple[float, float] = CHUNK_S,
        threads: int | None = None,
    ) -> None:
        """`limit`: the most tokens that a cache may hold; `ahead`: what draws on the model's device.

        `chunk_s` are the seconds that a chunk should take; `threads` are torch's, None: as many as it has now.
        """
        self.model, self.limit, self._ahead = model, limit, ahead
        self.logits: torch.Tensor | None = None
        self.threads = torch.get_num_threads() if threads is None else threads
        self._chunk_s = chunk_s
        self._chunks = CHUNKS if model.device.type == "cpu" else DEVICE_CHUNKS
        self._chunk = _chunk_near(FIRST_WORK / max(model.info.parameters, 1), self._chunks)
        self.cache = model.decoder.new_cache(limit)
        self._path: Path | None = None
        self._sent: int | None = None  # tokens of the cache that replies asked for, behind them a draft's; None: all
        self._aside: tuple[KVCache, Path | None, int | None] | None = None  # those three, while a draft has its own
        self._fingerprint = ""
        self._layout: KVCache | None = None
        self._shelf = CacheShelf(self.fingerprint, self._one_token)

    @property
    def ids(self) -> Sequence[int]:
        """The tokens that are read; not to be changed."""
        return self.cache.ids

    @property
    def is_exact(self) -> bool:
        """Whether `cut` reaches every position."""
        return self.cache.is_exact

    def rewind(self, ids: Sequence[int], path: Path | None = None, *, keeps_end: bool = True) -> int:
        """Hold the longest known beginning of `ids`, at least one token short of all; returns its length.

        `path` is where the cache of this text is kept between runs; None: nowhere. The end of the old text, if it is
        long, is kept for a return, which takes a copy of the beginning; without `keeps_end` it is dropped at once.
        """
        wanted = ids[:-1]
        ahead = self._put_back()
        is_other, has_file = path != self._path, self._path is not None
        sent = self._leave_draft(0 if is_other and has_file else self.cache.common(wanted))
        live, known = self.cache, self.cache.common(wanted)
        best = known if ahead is None else max(known, ahead.common(wanted))
        found = self._shelf.find(wanted, path if is_other else None, known=known, longer_than=best)
        if is_other:
            self._save()
            self._path = path
        is_branch = keeps_end and live.length - known >= LEAST_TOKENS and live.nbytes <= MOST_BYTES
        is_put = sent >= LEAST_TOKENS and (is_other or found is not None or is_branch)
        if is_put:
            self._shelf.put(live)
        if found is not None:
            self._shelf.use(found)
            self.cache = found.fork(found.common(wanted))
        elif ahead is not None and best > known:
            self.cache = ahead
            self.cut(best)
        elif is_put or (is_other and has_file):
            self.cache = live.fork(known)
        else:
            self.cut(known)
        return self.cache.length

    def read(self, ids: Sequence[int], cancelled: Callable[[], bool], *, most: int | None = None) -> Iterator[int]:
        """Read what of `ids` is not read yet, in chunks; yields how many are, before each chunk.

        `most` is the largest chunk, None: what suits the model. Afterwards `logits` [1, V] are those behind the last
        token, or None when it was cancelled.
        """
        self.logits = None
        while (done := self.cache.length) < len(ids):
            yield done
            if cancelled():
                return
            started = time.perf_counter()
            chunk = min(self._chunk, most or self._chunk)
            is_last = len(ids) < done + chunk + self._chunks[0]  # fewer tokens are multiplied differently
            self.logits = self.forward(ids[done : None if is_last else done + chunk], interrupted=cancelled)
            if self.logits is None:
                return
            wait_for(self.model.device)
            if chunk == self._chunk:
                self._adapt_chunk(time.perf_counter() - started)

    def read_ahead(self, ids: Sequence[int], path: Path | None, cancelled: Callable[[], bool]) -> int:
        """Read what a text of `path` will begin with, if it is sent; returns how much of it is held.

        Replies find all that they would find without it, and no file holds what none of them has asked for. Raises
        `Interrupted` when it is `cancelled` while the disk is at work.
        """
        if self.cache.common(ids) < len(ids):
            self._rewind_ahead(ids, path, cancelled)
            sent = self.cache.length if self._sent is None else self._sent
            for _ in self.read(ids, cancelled, most=AHEAD_CHUNKS * self._chunks[0]):
                self.cache.hold(sent)
                if self._aside is not None and self.cache.nbytes > MOST_BYTES:  # as much as others may take beside it
                    break
            self.cache.hold(sent)
        return self.cache.common(ids)

    def warm_up(self) -> None:
        """Read and draw a few tokens and forget them: CUDA sets itself up at the first of each, for 2 s."""
        for _ in self.read([0] * WARM_UP_TOKENS, never):
            pass
        for _ in self.draw_ahead(SamplerSettings(), seed=0, most=2):
            pass
        self.forget()

    def forward(
        self, ids: Sequence[int], *, every: bool = False, interrupted: Callable[[], bool] = never
    ) -> torch.Tensor | None:
        """Logits [1, V] behind the last of `ids`, or [T, V] behind `every` one; None when `interrupted` said so.

        The cache is extended, forgotten if the step fails, and as before if it is interrupted. Raises TokenizerError
        for a token that the embedding lacks.
        """
        cache = self.cache
        before = len(cache.ids)
        rows = self.model.decoder.vocabulary
        if max(ids) >= rows:
            raise TokenizerError(
                f"The tokenizer knows a token {max(ids)}, but the model's embedding has {rows} rows; the file is "
                "damaged, or its tokenizer belongs to another model. Get another copy."
            )
        try:
            compiled = self.model.decoder.compiled_token if len(ids) == 1 else None
            if compiled is not None:
                logits = compiled(ids[0], cache)
            else:
                with torch_threads(1 if len(ids) == 1 else self.threads):
                    tokens = torch.tensor([ids], device=self.model.device)
                    logits = self.model.decoder(tokens, cache, last_only=not every, interrupted=interrupted)[0]
        except Interrupted:
            cache.truncate(before)
            return None
        except BaseException:
            self.forget()
            raise
        cache.ids += ids
        return logits

    def draw_on(
        self, sampler: Sampler, *, history: Sequence[int], position: int, ends: Collection[int], most: int
    ) -> list[Drawn]:
        """At most `most` tokens behind the last of `history`, which is not read yet, up to one of `ends`.

        None where the kernels cannot draw them. The cache is extended by all but the last, or forgotten if it fails.
        """
        cache, compiled = self.cache, self.model.decoder.compiled_token
        if compiled is None:
            return []
        try:
            drawn = sampler.reply(compiled, cache, history=history, position=position, ends=ends, most=most)
        except BaseException:
            self.forget()
            raise
        if drawn:
            cache.ids += [history[-1], *(token.token_id for token in drawn[:-1])]
        return drawn

    def draw_ahead(self, settings: SamplerSettings, *, seed: int, most: int) -> Iterator[Drawn]:
        """At most `most` tokens behind those of `read`; none where it cannot be done.

        The cache is extended, or forgotten if a step fails.
        """
        cache, logits = self.cache, self.logits
        if self._ahead is None or logits is None or not self._ahead.can_continue(cache):
            return
        history = cache.ids[-HISTORY:]
        drawn = self._ahead.tokens(logits[-1], cache, settings=settings, seed=seed, history=history, most=most)
        try:
            for numbers in drawn:
                token = Drawn.of(numbers)
                if cache.length > len(cache.ids):
                    cache.ids.append(token.token_id)
                yield token
        except GeneratorExit:
            raise
        except BaseException:
            self.forget()
            raise

    def cut(self, position: int) -> int:
        """Forget what was read from `position` on, or from where it can be cut before; how much is still held."""
        return self.cache.truncate(position)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Inside, nothing was read before; afterwards all is as it was.

        The same text is not the same to the last bit when parts of it were read token by token, as a reply is.
        """
        kept = self.cache, self._shelf, self._path, self._sent, self._aside
        self.cache, self._path, self._sent = self.model.decoder.new_cache(self.limit), None, None
        self._aside = None
        self._shelf = CacheShelf(self.fingerprint, self._one_token)
        try:
            yield
        finally:
            self.cache, self._shelf, self._path, self._sent, self._aside = kept
            if self._ahead is not None:
                self._ahead.release()

    def forget(self) -> None:
        """Let go of all that was read, in memory."""
        self._put_back()
        self.cache, self._sent = self.model.decoder.new_cache(self.limit), None
        self._shelf.clear()
        if self._ahead is not None:
            self._ahead.release()

    def close(self) -> None:
        """Save what has a place, and let go of everything."""
        self._put_back()
        self._save()
        self.forget()
        self._shelf.close()

    def _rewind_ahead(self, ids: Sequence[int], path: Path | None, cancelled: Callable[[], bool]) -> None:
        """As `rewind`, for a text that may never be sent.

        Where it goes another way than what replies have read, it has a cache of its own, and theirs is put aside.
        """
        ahead, ahead_path, ahead_sent = self.cache, self._path, self._sent
        is_known = self._put_back() is not None and ahead_path == path
        live, known = self.cache, self.cache.common(ids)
        best = max(known, ahead.common(ids)) if is_known else known
        place = None if is_known or path == self._path else path
        found = self._shelf.find(ids, place, known=known, longer_than=best, interrupted=cancelled)
        sent = live.length if self._sent is None else self._sent
        if path == self._path and sent <= known == best and found is None:
            self.cut(known)
            self._sent = sent
            return
        self._aside = live, self._path, self._sent
        self._path = path
        if found is not None or best == known:
            source = live if found is None else found
            self.cache = source.fork(source.common(ids))
            self._sent = self.cache.length
        else:
            self.cache, self._sent = ahead, ahead_sent
            self.cut(best)

    def _put_back(self) -> KVCache | None:
        """Take up again what replies have read, where a draft had a cache of its own: that is returned."""
        if self._aside is None:
            return None
        ahead = self.cache
        (self.cache, self._path, self._sent), self._aside = self._aside, None
        return ahead

    def _leave_draft(self, known: int = 0) -> int:
        """Cut off what was read ahead, but for what is among the first `known` tokens, which a reply asks for now.

        Returns how many tokens replies had asked for before.
        """
        sent = self.cache.length if self._sent is None else self._sent
        if self._sent is not None:
            self.cut(max(sent, known))
            self._sent = None
        return sent

    def _save(self) -> None:
        if self._path is not None:
            self._leave_draft()
            self._shelf.save(self.cache, self._path)

    def _adapt_chunk(self, took_s: float) -> None:
        least, most = self._chunks
        if took_s < self._chunk_s[0]:
            self._chunk = min(2 * self._chunk, most)
        elif took_s > self._chunk_s[1]:
            self._chunk = max(self._chunk // 2, least)

    def fingerprint(self) -> str:
        """The model's, see `engine.fingerprint`."""
        self._fingerprint = self._fingerprint or cache_fingerprint(self.model)
        return self._fingerprint

    def _one_token(self) -> KVCache:
        """A cache that has read one token: the layout that a saved one must have."""
        if self._layout is None:
            self._layout = self.model.decoder.new_cache(self.limit)
            self.model.decoder(torch.zeros(1, 1, dtype=torch.long, device=self.model.device), self._layout)
        return self._layout


def _chunk_near(tokens: float, chunks: tuple[int, int]) -> int:
    """The largest chunk up to `tokens` of the least, twice as many and so on, within `chunks`."""
    least, most = chunks
    chunk = most
    while chunk > max(tokens, least):
        chunk //= 2
    return chunk


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Give torch `count` threads. For one token its operations are too small to share (54 against 26 tok/s)."""
    before = torch.get_num_threads()
    if count == before:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
