"""Where the engine keeps what it has read of each conversation, so that an old one goes on without being read again.

One file a conversation in a folder of its own, which may be deleted at any time; only the engine reads and writes
what is in the files. A disk that fails never fails a reply.
"""

from __future__ import annotations

import logging
from collections.abc import Container
from pathlib import Path

logger = logging.getLogger(__name__)

MOST_BYTES = 2 << 30  # all files together; 90,000 tokens of SmolLM2-135M, 16,000 of an 8B model
ENDING = ".safetensors"


class ReplyCaches:
    """The files in `folder`; those unused for longest are deleted when they take more than `most_bytes`."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._most_bytes = folder, most_bytes

    def place_of(self, conversation_id: str) -> Path:
        """The conversation's file, there or not."""
        return self._folder / f"{conversation_id}{ENDING}"

    def path_of(self, conversation_id: str) -> Path:
        """As `place_of`; the file counts as used now."""
        path = self.place_of(conversation_id)
        try:
            if path.exists():
                path.touch()
            self._make_room()
        except OSError as error:
            logger.warning("the folder %s cannot be tidied: %s", self._folder.name, error)
        return path

    def forget(self, conversation_id: str) -> None:
        """Delete a conversation's file."""
        self._delete(self.place_of(conversation_id))

    def keep_only(self, conversation_ids: Container[str]) -> None:
        """Delete the files of all other conversations, and what a crash left half written."""
        for path in self._files():
            if path.suffix != ENDING or path.stem not in conversation_ids:
                self._delete(path)

    def _make_room(self) -> None:
        used = sorted(((path.stat().st_mtime, path.stat().st_size, path) for path in self._files()), reverse=True)
        total = 0
        for _, size_bytes, path in used:
            total += size_bytes
            if total > self._most_bytes:
                self._delete(path)

    def _files(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if path.is_file()] if self._folder.is_dir() else []

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s cannot be deleted: %s", path.name, error)
