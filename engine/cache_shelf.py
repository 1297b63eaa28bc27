"""KV caches that are not in use: a few in memory, and one file for each text that has a place for one.

What lies here is never changed any more: taking it up again means a fork, so that the disk is written on a thread of
its own while the next reply streams. A disk that fails costs time, never a reply.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.cache import KVCache, common_prefix
from engine.cache_file import Refusal, load_cache, save_cache, saved_ids
from engine.layers import Interrupted, never

logger = logging.getLogger(__name__)

MOST_BYTES = 512 << 20  # kept in memory; 22,000 tokens of SmolLM2-135M, 4,000 of an 8B model
POLL_S = 0.02  # between two looks whether the disk is still waited for
LEAST_TOKENS = 32  # what is lost or won below that is read again as quickly


class CacheShelf:
    """`put` a cache away; `find` the one that begins most like a new text."""

    def __init__(self, fingerprint: Callable[[], str], layout: Callable[[], KVCache]) -> None:
        """`fingerprint` of the model, and a cache of it that has read a token; both asked for when first needed."""
        self._fingerprint, self._layout = fingerprint, layout
        self._held: list[KVCache] = []  # the longest unused first
        self._writers: dict[Path, threading.Thread] = {}

    def put(self, cache: KVCache) -> None:
        """Keep a cache in memory as long as there is room; what begins another one takes none."""
        self._held = [held for held in self._held if common_prefix(held.ids, cache.ids) < len(held.ids)]
        self._held.append(cache)
        while sum(held.nbytes for held in self._held) > MOST_BYTES:
            del self._held[0]

    def save(self, cache: KVCache, path: Path) -> None:
        """Write it to its file in the background, unless the file holds all of it."""
        if cache.length >= LEAST_TOKENS:
            self._wait(path)
            fingerprint = self._fingerprint()
            writer = threading.Thread(
                target=_write, args=(cache, path, fingerprint), name="cache writer", daemon=True
            )
            self._writers[path] = writer
            writer.start()

    def find(
        self,
        ids: Sequence[int],
        path: Path | None,
        *,
        known: int,
        longer_than: int,
        interrupted: Callable[[], bool] = never,
    ) -> KVCache | None:
        """The cache that shares the longest beginning with `ids`, if that is `longer_than` what is held.

        `known` of them replies have read already, which a file must surpass by the least. Raises `Interrupted` when
        `interrupted` says so while the disk is at work.
        """
        best = max(self._held, key=lambda held: held.common(ids), default=None)
        if best is not None and best.common(ids) > longer_than:
            known = longer_than = best.common(ids)
        else:
            best = None
        least = max(longer_than, known + LEAST_TOKENS)
        return (path and self._loaded(path, ids, least, interrupted)) or best

    def use(self, cache: KVCache) -> None:
        """Let go of others before this one, if it is held."""
        if cache in self._held:
            self._held.remove(cache)
            self._held.append(cache)

    def clear(self) -> None:
        """Forget what is in memory."""
        self._held.clear()

    def close(self) -> None:
        """Forget what is in memory, when all files are written."""
        self.clear()
        for path in list(self._writers):
            self._wait(path)

    def _loaded(
        self, path: Path, ids: Sequence[int], longer_than: int, interrupted: Callable[[], bool]
    ) -> KVCache | None:
        self._wait(path, interrupted)
        saved = saved_ids(path, self._fingerprint())
        if isinstance(saved, list) and common_prefix(saved, ids) <= longer_than:
            return None
        started = time.perf_counter()
        if isinstance(saved, Refusal):
            found: KVCache | Refusal = saved
        else:
            found = load_cache(path, self._fingerprint(), self._layout(), interrupted=interrupted)
        if isinstance(found, Refusal):
            if found is not Refusal.MISSING:
                logger.info("the saved cache %s is not used: %s", path.name, found)
            return None
        logger.info("%d tokens taken from %s in %.3f s", found.length, path.name, time.perf_counter() - started)
        return found if found.common(ids) > longer_than else None

    def _wait(self, path: Path, interrupted: Callable[[], bool] = never) -> None:
        """Until the file of a text is written."""
        writer = self._writers.get(path)
        while writer is not None and writer.is_alive():
            writer.join(POLL_S)
            if interrupted():
                raise Interrupted
        self._writers.pop(path, None)


def _write(cache: KVCache, path: Path, fingerprint: str) -> None:
    try:
        saved = saved_ids(path, fingerprint)
        if isinstance(saved, list) and common_prefix(saved, cache.ids) == len(cache.ids):
            return
        save_cache(cache, path, fingerprint)
    except (OSError, ValueError) as error:  # a path with a NUL character is a ValueError
        logger.warning("the cache of a conversation cannot be saved as %s: %s", path.name, error)
