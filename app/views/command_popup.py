"""CommandPopup: the commands that a message which begins with a slash may mean, above the composer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.views.language import in_every_language

MOST_ROWS = 8  # shown at once; more scroll
GAP = 6  # pixels above the composer


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """`/name` runs `run` with what stands behind it; `choices` are what may stand there, `takes` says what must."""

    name: str
    help: str
    run: Callable[[str], None]
    takes: str = ""
    choices: tuple[str, ...] = ()


class CommandPopup(QFrame):
    """Emits `chosen(text)`: what the composer should hold now, and `submitted()` where that is complete."""

    chosen = Signal(str)
    submitted = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setObjectName("commandPopup")
        self._list = QListWidget(self)
        self._list.setObjectName("commandList")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._list.itemClicked.connect(lambda _item: self._take(submits=True))
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self._list)
        self._rows: list[tuple[str, bool]] = []  # what the composer will hold, and whether that is complete
        in_every_language(self, self._say_texts)
        self.hide()

    def show_for(self, text: str, commands: tuple[SlashCommand, ...], beside: QWidget) -> None:
        """Show the commands that `text` begins, above `beside`; hidden without any."""
        rows = _rows(text, commands)
        self._rows = [(written, is_complete) for written, is_complete, _ in rows]
        self._list.clear()
        for _, _, shown in rows:
            self._list.addItem(QListWidgetItem(shown))
        if not rows:
            self.hide()
            return
        self._list.setCurrentRow(0)
        height = self._list.sizeHintForRow(0) * min(len(rows), MOST_ROWS) + 2 * self._list.frameWidth()
        self._list.setFixedHeight(height)
        self.adjustSize()
        self.resize(beside.width(), self.sizeHint().height())
        self.move(beside.mapTo(self._window, QPoint(0, -self.height() - GAP)))
        self.show()
        self.raise_()

    def take_key(self, event: QKeyEvent) -> bool:
        """Whether a key that was pressed in the composer was for the popup."""
        if not self.isVisible():
            return False
        match event.key():
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                step = -1 if event.key() == Qt.Key.Key_Up else 1
                self._list.setCurrentRow((self._list.currentRow() + step) % self._list.count())
            case Qt.Key.Key_Tab:
                self._take(submits=False)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._take(submits=True)
            case Qt.Key.Key_Escape:
                self.hide()
            case _:
                return False
        return True

    def rows(self) -> list[str]:
        """What is offered."""
        return [self._list.item(row).text() for row in range(self._list.count())]

    def _take(self, *, submits: bool) -> None:
        written, is_complete = self._rows[self._list.currentRow()]
        self.hide()
        self.chosen.emit(written)
        if submits and is_complete:
            self.submitted.emit()

    def _say_texts(self) -> None:
        self._list.setAccessibleName(self.tr("Commands"))


def _rows(text: str, commands: tuple[SlashCommand, ...]) -> list[tuple[str, bool, str]]:
    """What the composer would hold, whether it could be sent, and what is shown."""
    if not text.startswith("/") or text.startswith("//") or "\n" in text:
        return []
    name, space, argument = text[1:].partition(" ")
    if not space:
        found = [one for one in commands if one.name.casefold().startswith(name.casefold())]
        return [
            (
                f"/{one.name}{' ' if one.takes else ''}",
                not one.takes,
                f"/{one.name} {one.takes}".strip() + f"   {one.help}",
            )
            for one in found
        ]
    command = next((one for one in commands if one.name.casefold() == name.casefold()), None)
    if command is None or argument in command.choices:
        return []
    wanted = argument.casefold()
    return [(f"/{command.name} {one}", True, one) for one in command.choices if wanted in one.casefold()]
