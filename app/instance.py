"""SingleInstance: one window for each data folder; a second start raises the first window and ends."""

from __future__ import annotations

import hashlib

from PySide6.QtCore import QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from app.core.paths import DataFolder

CONNECT_MS = 1000


class SingleInstance(QObject):
    """Holds the folder's lock while it lives; `raiseRequested` when another start asked for the window."""

    raiseRequested = Signal()

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

    def raise_first(self) -> bool:
        """Ask the window that is already open to come to the front; whether it heard."""
        socket = QLocalSocket(self)
        socket.connectToServer(self._name)
        return socket.waitForConnected(CONNECT_MS)

    def close(self) -> None:
        """Let another window open on the folder."""
        self._server.close()
        self._lock.unlock()

    def _answer(self) -> None:
        connection = self._server.nextPendingConnection()
        connection.disconnected.connect(connection.deleteLater)
        connection.disconnectFromServer()
        self.raiseRequested.emit()
