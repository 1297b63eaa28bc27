"""Every dialog of the window and how a person opens it, and what there is to see and to hear in a widget.

A new class of dialog in app/views needs a line in `OPENERS`: `unlisted_dialogs` finds it otherwise.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QTabWidget,
    QTreeWidget,
    QWidget,
)

import app.views
from app.application import Application
from app.views.details_dialog import DetailsDialog
from app.views.file_dialog import FileDialog
from app.views.pictures import PictureDialog, ShownImage
from app.views.remote_question import RemoteQuestion

NO_PICTURE = ShownImage("notes.txt", "image/png", "none", lambda: b"")
OPENERS: dict[str, Callable[[Application], object]] = {
    "BinDialog": lambda application: application.window.action.bin.trigger(),
    "CompareDialog": lambda application: application.window.action.compare.trigger(),
    "DeletedMessagesDialog": lambda application: application.window.action.deleted_messages.trigger(),
    "PictureDialog": lambda application: PictureDialog(NO_PICTURE, application.window).open(),
    "DetailsDialog": lambda application: DetailsDialog([("1", "2")], application.window).open(),
    "EndpointDialog": lambda application: application.remotes.show_dialog(),
    "RemoteQuestion": lambda application: RemoteQuestion(
        "a/b", "1.2.3.4", application.window, is_readable=True
    ).open(),
    "ExportDialog": lambda application: application.window.action.export.trigger(),
    "FileDialog": lambda application: FileDialog("notes.txt", "Some text", None, application.window).open(),
    "ImportDialog": lambda application: application.window.action.import_.trigger(),
    "PresetsDialog": lambda application: application.presets.show_dialog(),
    "SchemaDialog": lambda application: application.window.findChild(QPushButton, "jsonSchema").click(),
    "LibraryDialog": lambda application: application.window.action.library.trigger(),
    "SettingsDialog": lambda application: application.preferences.show_dialog(),
    "ShortcutsDialog": lambda application: application.preferences.show_shortcuts(),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A text of a widget and what it is for it."""

    widget: str
    what: str
    text: str


def unlisted_dialogs() -> set[str]:
    """The dialogs that `OPENERS` does not know, and those that it knows and are not there."""
    for module in pkgutil.iter_modules(app.views.__path__, "app.views."):
        importlib.import_module(module.name)
    return set(OPENERS) ^ {kind.__name__ for kind in _below(QDialog) if kind.__module__.startswith("app.")}


def open_dialog(application: Application, name: str) -> QDialog:
    """Open the dialog as a person does."""
    OPENERS[name](application)
    QApplication.processEvents()
    (dialog,) = (one for one in application.window.findChildren(QDialog) if type(one).__name__ == name)
    assert dialog.isVisible(), name
    return dialog


def faces(view: QWidget) -> Iterator[str]:
    """Show each page that the view has in turn, and name it; the view as it is when it has none."""
    stacks = [part for part in parts(view) if isinstance(part, QStackedWidget)]
    if not stacks:
        yield ""
    for stack in stacks:
        for index in range(stack.count()):
            stack.setCurrentIndex(index)
            QApplication.processEvents()
            yield f"page {index}"


def parts(view: QWidget) -> Iterator[QWidget]:
    """The widget and everything visible inside of it, without what Qt makes for itself and without windows of it."""
    yield view
    for part in view.children():
        if (
            isinstance(part, QWidget)
            and part.isVisible()
            and not part.isWindow()
            and not part.objectName().startswith("qt_")
        ):
            yield from parts(part)


def everything_said(view: QWidget) -> Iterator[Said]:
    """All texts of our own that the visible parts of a view show or tell assistive technology."""
    for part in parts(view):
        for what, text in _texts(part):
            if text:
                yield Said(f"{type(part).__name__} {part.objectName()}", what, text)
        for action in part.actions():
            yield from _said_by_action(action)
        if isinstance(part, QAbstractButton) and (menu := getattr(part, "menu", lambda: None)()) is not None:
            yield from said_by_menu(menu)


def said_by_menu(menu: QMenu) -> Iterator[Said]:
    """What stands in a menu and in those below it."""
    for action in menu.actions():
        yield from _said_by_action(action)
        below = action.menu()
        if isinstance(below, QMenu):
            yield from said_by_menu(below)


def _said_by_action(action: QAction) -> Iterator[Said]:
    for what, text in (("text", action.text()), ("toolTip", action.toolTip())):
        if text:
            yield Said(f"QAction {action.objectName()}", what, text)


def _texts(part: QWidget) -> Iterator[tuple[str, str]]:
    yield "toolTip", part.toolTip()
    yield "accessibleName", part.accessibleName()
    yield "accessibleDescription", part.accessibleDescription()
    if part.isWindow():
        yield "windowTitle", part.windowTitle()
    match part:
        case QLabel() | QAbstractButton():
            is_qts_own = isinstance(part.parent(), QDialogButtonBox) and not part.objectName()
            yield "text", "" if is_qts_own else part.text()
        case QLineEdit() if not isinstance(part.parent(), QAbstractSpinBox):
            yield "placeholder", part.placeholderText()
        case QPlainTextEdit():
            yield "placeholder", part.placeholderText()
        case QSpinBox() | QDoubleSpinBox():
            yield "specialValue", part.specialValueText()
        case QComboBox():
            for index in range(part.count()):
                yield "item", part.itemText(index)
        case QGroupBox():
            yield "title", part.title()
        case QTabWidget():
            for index in range(part.count()):
                yield "tab", part.tabText(index)
        case QTreeWidget():
            for column in range(part.columnCount()):
                yield "header", part.headerItem().text(column)
    if isinstance(part, QAbstractItemView) and not isinstance(part.parent(), QComboBox):
        model = part.model()
        for row in range(model.rowCount() if model is not None else 0):
            yield "row", str(model.index(row, 0).data(Qt.ItemDataRole.DisplayRole) or "")


def _below(kind: type[QDialog]) -> Iterator[type[QDialog]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
