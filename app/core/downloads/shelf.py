"""Shelf: the downloads that are under way or done, in a JSON file, so that a restart loses none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from app.core.downloads.hub import HubFile, Offer, file_address, is_safe_path
from app.core.downloads.transfer import HeaderCheck, Transfer, discard_part, part_of
from app.core.downloads.web import Web
from app.core.json_file import JsonFile

FILE_VERSION = 1


class State(StrEnum):
    """What a download does. Only a person's click makes a paused or failed one go on."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Download:
    """One offer being fetched; `problem` says why it failed."""

    offer: Offer
    state: State = State.WAITING
    problem: str = ""

    @property
    def key(self) -> str:
        """Names it among the others."""
        return f"{self.offer.repository}/{self.offer.name}"


class Shelf:
    """Downloads in the order in which they were asked for; files lie at `folder`/ORGANISATION/NAME/FILE."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._file = JsonFile(path, version=FILE_VERSION, what="The list of downloads")
        self.notice, self._folder = self._file.notice, folder
        rows = self._file.content.get("downloads")
        read = [one for row in (rows if isinstance(rows, list) else []) if (one := _download(row)) is not None]
        self._downloads = {one.key: one for one in read}

    def all(self) -> tuple[Download, ...]:
        """Every download."""
        return tuple(self._downloads.values())

    def next_waiting(self) -> Download | None:
        """The one whose turn it is, unless one is running."""
        states = [one.state for one in self.all()]
        waiting = (one for one in self.all() if one.state is State.WAITING)
        return None if State.RUNNING in states else next(waiting, None)

    def add(self, offer: Offer) -> Download:
        """Queue an offer; what was fetched of it before is used. Raises OSError when the list cannot be written."""
        return self._put(Download(offer))

    def set_state(self, key: str, state: State, problem: str = "") -> None:
        """Note what a download does now. Raises OSError."""
        if key in self._downloads:
            self._put(replace(self._downloads[key], state=state, problem=problem))

    def remove(self, key: str) -> None:
        """Forget a download, and what was fetched of it unless it is complete. Raises OSError."""
        download = self._downloads.pop(key)
        if download.state is not State.DONE:
            for file in download.offer.files:
                target = self.target(download.offer, file)
                target.unlink(missing_ok=True)
                discard_part(target)
        self._write()

    def fetched_bytes(self, download: Download) -> int:
        """How much of it is on the disk."""
        return sum(_size(self.target(download.offer, file)) for file in download.offer.files)

    def target(self, offer: Offer, file: HubFile) -> Path:
        """Where a file goes."""
        return self._folder.joinpath(*offer.repository.split("/"), *file.path.split("/"))

    def model_path(self, offer: Offer) -> Path:
        """What is opened when all files are there: the first GGUF file, or the folder of the weights."""
        first = self.target(offer, offer.files[0])
        return first if first.suffix.lower() == ".gguf" else first.parent

    def fetch(
        self,
        download: Download,
        web: Web,
        *,
        check_header: HeaderCheck,
        progress: Callable[[int, int], None],
        cancelled: threading.Event,
    ) -> None:
        """Fetch what is missing of a download, file by file, on the caller's thread. Raises as `Transfer.run`."""
        offer, done = download.offer, 0
        for file in offer.files:
            before, target = done, self.target(offer, file)
            check = check_header if target.suffix.lower() in (".gguf", ".safetensors") else None
            Transfer(web, file_address(web, offer, file), file, target, check).run(
                progress=lambda here, before=before: progress(before + here, offer.size_bytes),  # type: ignore[misc]
                is_cancelled=cancelled.is_set,
            )
            done += file.size_bytes

    def _put(self, download: Download) -> Download:
        self._downloads[download.key] = download
        self._write()
        return download

    def _write(self) -> None:
        self._file.write({"downloads": [asdict(one) for one in self.all()]})


def _size(target: Path) -> int:
    for path in (target, part_of(target)):
        try:
            return path.stat().st_size
        except OSError:
            continue
    return 0


def _download(row: Any) -> Download | None:
    """A download as it was kept; one that ran when the application ended is paused now."""
    try:
        offer = row["offer"]
        files = tuple(HubFile(str(one["path"]), int(one["size_bytes"]), str(one["digest"])) for one in offer["files"])
        state = State(row["state"])
        texts = (str(offer["repository"]), str(offer["commit"]), str(offer["name"]), str(offer["quantisation"]))
        problem = str(row["problem"])
    except (KeyError, TypeError, ValueError):
        return None
    if not files or not all(map(is_safe_path, (texts[0], *(file.path for file in files)))):
        return None
    is_halted = state in (State.RUNNING, State.WAITING)
    return Download(Offer(*texts, files=files), State.PAUSED if is_halted else state, problem)
