"""Fetches one file so that a cut costs nothing: into NAME.part, resumed by ranges, renamed when size and hash hold.

Beside it lies NAME.part.json with the server's tag of the file: what has changed there begins anew.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from app.core.downloads.hub import HubFile
from app.core.downloads.web import Web, WebError
from engine.api import FiresideError, UnsupportedModelError

if TYPE_CHECKING:
    import httpx2

SPARE_BYTES = 200 << 20  # left free on the disk
HEADER_BYTES = (1 << 20, 24 << 20)  # what is there when the header is looked at; large vocabularies need the second
SETTINGS_BESIDE = ("config.json", "tokenizer.json", "tokenizer_config.json")
PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)  # before trying again; each byte that arrives starts the series anew
_CHUNK = 1 << 20

Progress = Callable[[int], None]  # bytes of this file that are there
Cancelled = Callable[[], bool]
HeaderCheck = Callable[[Path], object]  # raises `FiresideError` for a file that is no usable model


class DownloadError(FiresideError):
    """The file cannot be had: wrong length, wrong hash, no room."""


class Paused(Exception):  # noqa: N818 - nothing went wrong
    """A person asked to stop; what is there stays."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One file on its way from `address` to `target`."""

    web: Web
    address: str
    file: HubFile
    target: Path
    check_header: HeaderCheck | None = None

    @property
    def part(self) -> Path:
        """Where it grows."""
        return part_of(self.target)

    @property
    def tag(self) -> Path:
        """What the server said about it."""
        return _tag_of(self.target)

    def run(self, *, progress: Progress, is_cancelled: Cancelled) -> None:
        """Fetch what is missing. Raises `DownloadError`, `WebError`, `Paused`, OSError, what `check_header` does."""
        if self.target.is_file() and self.target.stat().st_size == self.file.size_bytes:
            progress(self.file.size_bytes)
            return
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self._want_room()
        attempt = 0
        while (at := self._length()) < self.file.size_bytes:
            if is_cancelled():
                raise Paused
            try:
                self._fetch_rest(at, progress, is_cancelled)
            except WebError as error:
                attempt = 0 if self._length() > at else attempt + 1
                if not error.is_passing or attempt > len(PAUSES_S):
                    raise
                _pause(PAUSES_S[max(attempt - 1, 0)], is_cancelled)
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    raise self._no_room() from error
                raise
        self._finish(is_cancelled)
        progress(self.file.size_bytes)

    def discard(self) -> None:
        """Remove what was fetched so far. Raises OSError."""
        discard_part(self.target)

    def _length(self) -> int:
        try:
            return self.part.stat().st_size
        except FileNotFoundError:
            return 0

    def _fetch_rest(self, at: int, progress: Progress, is_cancelled: Cancelled) -> None:
        tag = self._known_tag()
        headers = {"Accept-Encoding": "identity"}
        if at and tag:
            headers |= {"Range": f"bytes={at}-", "If-Range": tag}
        with self.web.stream(self.address, headers) as response:
            if response.status_code == 416:
                self.discard()
                raise WebError("The server knows no such part of the file; it is fetched anew.", is_passing=True)
            begin = _begin(response, at)
            self._refuse_other_length(response, begin)
            self._keep_tag(response)
            with self.part.open("r+b" if self.part.exists() else "wb") as file:
                file.truncate(begin)
                file.seek(begin)
                self._append(file, response, progress, is_cancelled)

    def _append(self, file: BinaryIO, response: httpx2.Response, progress: Progress, is_cancelled: Cancelled) -> None:
        at = file.tell()
        checks = [size for size in HEADER_BYTES if size > at] if self.check_header is not None else []
        try:
            for piece in self.web.pieces(response):
                at += len(piece)
                if at > self.file.size_bytes:
                    file.truncate(0)
                    raise DownloadError(f"The server sends more of “{self.target.name}” than it announced.")
                file.write(piece)
                progress(at)
                if checks and at >= min(checks[0], self.file.size_bytes):
                    file.flush()
                    self._look_at_header(is_last=len(checks) == 1 or at >= self.file.size_bytes)
                    checks.pop(0)
                if is_cancelled():
                    raise Paused
        finally:
            file.flush()
            os.fsync(file.fileno())

    def _look_at_header(self, *, is_last: bool) -> None:
        """Read the header as if the rest were there, in a file of holes. An early look may find it incomplete.

        Safetensors have the settings beside them that came before; other shards of the model are not asked for.
        """
        assert self.check_header is not None
        with tempfile.TemporaryDirectory(prefix="fireside-") as folder:
            shown = Path(folder) / self.target.parent.name / self.target.name
            shown.parent.mkdir()
            for name in SETTINGS_BESIDE:
                if (beside := self.target.with_name(name)).is_file():
                    shutil.copyfile(beside, shown.with_name(name))
            shutil.copyfile(self.part, shown)
            os.truncate(shown, self.file.size_bytes)
            try:
                self.check_header(shown)
            except UnsupportedModelError:
                self.discard()
                raise
            except FiresideError:
                if is_last:
                    self.discard()
                    raise

    def _finish(self, is_cancelled: Cancelled) -> None:
        """Give the file its name, if it is what was announced."""
        if self._length() != self.file.size_bytes or _digest(self.part, self.file, is_cancelled) != self.file.digest:
            self.discard()
            raise DownloadError(
                f"“{self.target.name}” arrived damaged: its hash is not the one that was announced. Fetch it again."
            )
        self.part.replace(self.target)
        self.tag.unlink(missing_ok=True)

    def _want_room(self) -> None:
        missing = self.file.size_bytes - self._length()
        if shutil.disk_usage(self.target.parent).free < missing + SPARE_BYTES:
            raise self._no_room()

    def _no_room(self) -> DownloadError:
        missing = self.file.size_bytes - self._length() + SPARE_BYTES
        return DownloadError(
            f"“{self.target.name}” needs {missing / 1e9:.1f} GB more than {self.target.parent} has room for. "
            "Make room, then resume; what was fetched stays."
        )

    def _refuse_other_length(self, response: httpx2.Response, begin: int) -> None:
        length = response.headers.get("content-length", "")
        if length.isdecimal() and begin + int(length) != self.file.size_bytes:
            raise DownloadError(
                f"The server has {begin + int(length)} bytes of “{self.target.name}”, but announced "
                f"{self.file.size_bytes}; look at the model's page."
            )

    def _known_tag(self) -> str | None:
        try:
            kept: Any = json.loads(self.tag.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        is_same = isinstance(kept, dict) and kept.get("digest") == self.file.digest
        tag = kept.get("tag") if is_same else None
        return tag if isinstance(tag, str) else None

    def _keep_tag(self, response: httpx2.Response) -> None:
        tag = response.headers.get("etag", "")
        tag = "" if tag.startswith("W/") else tag  # a weak one does not promise the same bytes
        self.tag.write_text(json.dumps({"digest": self.file.digest, "tag": tag}), encoding="utf-8")


def part_of(target: Path) -> Path:
    """Where a file grows until it is whole."""
    return target.with_name(f"{target.name}.part")


def discard_part(target: Path) -> None:
    """Remove what was fetched of a file that is not whole. Raises OSError."""
    part_of(target).unlink(missing_ok=True)
    _tag_of(target).unlink(missing_ok=True)


def _tag_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part.json")


def _begin(response: httpx2.Response, at: int) -> int:
    """Where the body begins in the file."""
    if response.status_code != 206:
        return 0
    begin = response.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
    if not begin.isdecimal() or int(begin) > at:
        raise WebError("The server sent another part of the file than it was asked for.")
    return int(begin)


def _digest(path: Path, file: HubFile, is_cancelled: Cancelled) -> str:
    """SHA-256, or git's SHA-1 of a blob, whichever was announced."""
    if len(file.digest) == 64:
        sum_ = hashlib.sha256()
    else:
        sum_ = hashlib.sha1(f"blob {file.size_bytes}\0".encode(), usedforsecurity=False)
    with path.open("rb") as content:
        while piece := content.read(_CHUNK):
            sum_.update(piece)
            if is_cancelled():
                raise Paused
    return sum_.hexdigest()


def _pause(seconds: float, is_cancelled: Cancelled) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not is_cancelled():
        time.sleep(0.05)
