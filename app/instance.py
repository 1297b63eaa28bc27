"""One window for each data folder, and the files that the desktop wants opened in it.

A second start hands its file to the first window and ends. What crosses between the two is the path of the file, or
nothing; the sender then hangs up.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from PySide6.QtCore import QEvent, QLockFile, QObject, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication

from app.core.paths import DataFolder

CONNECT_MS = 1000
LONGEST_PATH = 1 << 15  # bytes; the longest of any system


class SingleInstance(QObject):
    """Holds the folder's lock while it lives; signals come when another start asked for the window.

    `raiseRequested` comes with each, then `openRequested(Path)` when a file is to be opened in it.
    """

    raiseRequested = Signal()
    openRequested = Signal(object)

    def __init__(self, folder: DataFolder) -> None:
        super().__init__()
        self._name = f"fireside-{hashlib.sha256(str(folder.root).encode()).hexdigest()[:16]}"
        self._lock = QLockFile(str(folder.lock))
        self._lock.setStaleLockTime(0)  # stale only when its process is gone
        self.is_first = self._lock.tryLock(100)
        self._server = QLocalServer(self)
        if self.is_first:
            QLocalServer.removeServer(self._name)
            self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
            self._server.newConnection.connect(self._answer)
            self._server.listen(self._name)

    def raise_first(self, file: Path | None = None) -> bool:
        """Ask the window that is already open to come to the front, and to open `file`; whether it heard."""
        socket = QLocalSocket(self)
        socket.connectToServer(self._name)
        if not socket.waitForConnected(CONNECT_MS):
            return False
        if file is not None:
            socket.write(os.fsencode(file))
            socket.waitForBytesWritten(CONNECT_MS)
        socket.disconnectFromServer()
        return True

    def close(self) -> None:
        """Let another window open on the folder."""
        self._server.close()
        self._lock.unlock()

    def _answer(self) -> None:
        connection = self._server.nextPendingConnection()
        connection.setReadBufferSize(LONGEST_PATH)
        connection.disconnected.connect(lambda: self._take(connection))
        if connection.state() is QLocalSocket.LocalSocketState.UnconnectedState:
            self._take(connection)  # it was quicker

    def _take(self, connection: QLocalSocket) -> None:
        path = os.fsdecode(bytes(connection.readAll().data()))
        connection.deleteLater()
        self.raiseRequested.emit()
        if path:
            self.openRequested.emit(Path(path))


class DesktopApplication(QApplication):
    """`openRequested(Path)` when macOS hands a file to it, instead of starting another with the file's name."""

    openRequested = Signal(object)

    def event(self, event: QEvent) -> bool:
        """Take the file out of the event."""
        if isinstance(event, QFileOpenEvent) and event.file():
            self.openRequested.emit(Path(event.file()))
            return True
        return super().event(event)
