"""DownloadRow: one download with its bar, its speed, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.core.downloads.shelf import Download, State
from app.views.dialog_pages import button
from app.views.known_sentences import said

_STEPS = 1000  # of the bar, whose integers end at 2^31


class DownloadRow(QWidget):
    """Emits what is wanted with the download `key`."""

    pauseRequested = Signal(str)
    resumeRequested = Signal(str)
    removeRequested = Signal(str)
    openRequested = Signal(str)

    def __init__(self, key: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("downloadRow")
        self._name, self._state = QLabel(self), QLabel(self)
        for label in (self._name, self._state):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._state.setObjectName("settingHelp")
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _STEPS)
        self._pause = button(self, "pauseDownload", self.tr("Pause"))
        self._resume = button(self, "resumeDownload", self.tr("Resume"))
        self._remove = button(self, "removeDownload", self.tr("Remove"))
        self._open = button(self, "openDownload", self.tr("Use"))
        for each, signal in (
            (self._pause, self.pauseRequested),
            (self._resume, self.resumeRequested),
            (self._remove, self.removeRequested),
            (self._open, self.openRequested),
        ):
            each.clicked.connect(lambda _checked, signal=signal: signal.emit(key))
            each.setAccessibleName(f"{each.text()}: {key}")
        head = QHBoxLayout()
        head.addWidget(self._name, 1)
        for each in (self._open, self._pause, self._resume, self._remove):
            head.addWidget(each)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 4)
        rows.setSpacing(4)
        rows.addLayout(head)
        rows.addWidget(self._bar)
        rows.addWidget(self._state)

    def show_download(self, download: Download, fetched: int) -> None:
        """What it does now."""
        state = download.state
        self._name.setText(f"{download.offer.name} — {download.offer.repository}")
        self._bar.setAccessibleName(self.tr("Download of {name}").format(name=download.offer.name))
        self._pause.setVisible(state in (State.RUNNING, State.WAITING))
        self._resume.setVisible(state in (State.PAUSED, State.FAILED))
        self._open.setVisible(state is State.DONE)
        self._bar.setVisible(state is not State.DONE)
        amount = self._amount(fetched, download.offer.size_bytes)
        sentences = {
            State.WAITING: self.tr("Waits for its turn."),
            State.RUNNING: amount,
            State.PAUSED: self.tr("Paused at {amount}.").format(amount=amount),
            State.FAILED: said(download.problem),
            State.DONE: self.tr("Here: {size}.").format(size=self._size(download.offer.size_bytes)),
        }
        self._state.setText(sentences[state])
        self._move_bar(fetched, download.offer.size_bytes)

    def show_progress(self, fetched: int, total: int, bytes_s: float) -> None:
        """How far it is and how fast."""
        text = self._amount(fetched, total)
        if bytes_s > 0:
            text = self.tr("{amount}, {speed}/s").format(amount=text, speed=self._size(int(bytes_s)))
        self._state.setText(text)
        self._move_bar(fetched, total)

    def _move_bar(self, fetched: int, total: int) -> None:
        self._bar.setValue(fetched * _STEPS // max(total, 1))

    def _amount(self, fetched: int, total: int) -> str:
        return self.tr("{done} of {total}").format(done=self._size(fetched), total=self._size(total))

    def _size(self, size_bytes: int) -> str:
        return QLocale().formattedDataSize(size_bytes, 1, QLocale.DataSizeFormat.DataSizeSIFormat)
