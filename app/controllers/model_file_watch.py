"""ModelFileWatch: tells when the file of the loaded model was changed or removed on the disk."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from app.core.model_hash import weight_files
from app.core.scan import state_of
from app.core.sighting import FileState

SETTLE_MS = 500  # after the system told of something, until it is looked at: much of it is no change of the content


class ModelFileWatch(QObject):
    """`changed()` comes once for each `watch`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._path: Path | None = None
        self._state: tuple[FileState, ...] | None = None
        self._watcher = QFileSystemWatcher(self)
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLE_MS)
        self._settling.timeout.connect(self._look)
        self._watcher.fileChanged.connect(lambda _path: self._settling.start())

    def watch(self, path: Path | None) -> None:
        """Watch the files of the model at `path` from now on, and no others; None: nothing."""
        watched = self._watcher.files()
        if watched:
            self._watcher.removePaths(watched)
        self._settling.stop()
        self._path, self._state = path, None if path is None else state_of(path)
        if path is not None and self._state is not None:
            self._watcher.addPaths([str(file) for file in weight_files(path)])

    def _look(self) -> None:
        if self._path is not None and state_of(self._path) != self._state:
            self.watch(None)
            self.changed.emit()
