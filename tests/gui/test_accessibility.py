"""The window and every dialog: named, reached by keyboard with a focus that is seen, legible, and not cut off."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from conftest import OpenWindow
from contrast import contrast
from every_view import OPENERS, faces, open_dialog, parts
from fakes import FakeEngine
from PySide6.QtCore import QDeadlineTimer, QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QSizePolicy,
    QTabBar,
    QTextEdit,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from window_steps import say

from app.application import Application
from app.core.themes import THEME_NAMES

ICON_ONLY = Qt.ToolButtonStyle.ToolButtonIconOnly
WINDOW = "MainWindow"
SPELLING_MS = 5000
INSPECTOR = "InspectorPanel"  # in the window, in the place of the settings
QTS_OWN = QScrollBar | QHeaderView  # parts of other controls, which have their keys
VIEWS = (WINDOW, INSPECTOR, *sorted(OPENERS))
REPLY = (
    "# Foxes\n\nSome *words*, `code` and a [link](https://example.org).\n\n```python\nx = 1\n```\n\n- one\n- two\n"
)
CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit,
    QTabBar, QTextEdit,
)  # fmt: skip


@pytest.fixture
def application(qtbot: QtBot, open_window: OpenWindow) -> Application:
    """A window with a conversation and the panel for its settings."""
    application = open_window(lambda: FakeEngine([[REPLY]]))
    say(qtbot, application, "Who are you?")
    application.window.action.settings.setChecked(True)
    application.window.message_bar.show_error("Something went wrong.", action="Try again", on_action=lambda: None)
    return application


def shown(application: Application, name: str) -> QWidget:
    """The window, or the dialog of this name, laid out."""
    if name == INSPECTOR:
        application.window.action.look_inside.setChecked(True)
        deadline = QDeadlineTimer(SPELLING_MS)
        while application.inspector.tokens is None and not deadline.hasExpired():
            QApplication.processEvents()
        application.inspector.choose(0)
    view = application.window if name in (WINDOW, INSPECTOR) else open_dialog(application, name)
    view.activateWindow()
    for _ in range(3):
        QApplication.processEvents()
    return view


def is_control(part: QWidget) -> bool:
    """Whether a person works with it: no scroll bar, no icon inside of a field, no text that is only read."""
    if not isinstance(part, CONTROLS) or isinstance(part, QTS_OWN) or not part.isEnabled():
        return False
    if isinstance(part.parent(), QAbstractSpinBox | QComboBox | QLineEdit):
        return False
    return not (isinstance(part, QPlainTextEdit | QTextEdit) and part.isReadOnly())


def label_of(part: QWidget) -> str:
    return f"{type(part).__name__} {part.objectName() or getattr(part, 'text', lambda: '')()}"


def region(part: QWidget, view: QWidget, *, margin: int = 0) -> QRect:
    """Where the part is visible in its view."""
    visible = part.visibleRegion().boundingRect()
    return visible.translated(part.mapTo(view, QPoint(0, 0))).adjusted(-margin, -margin, margin, margin)


def colors_in(image: QImage, area: QRect) -> Counter[int]:
    """How often each colour stands in an area."""
    piece = image.copy(area.intersected(image.rect())).convertToFormat(QImage.Format.Format_RGB32)
    return Counter(array("I", bytes(piece.constBits())))


def named(color: int) -> str:
    return f"#{color & 0xFFFFFF:06x}"


def sharpest(found: Counter[int]) -> float:
    """The contrast between the ground, which is the commonest colour, and what stands out most."""
    (ground, _), *_ = found.most_common(1)
    return max(contrast(named(ground), named(color)) for color in found)


def tab_walk(view: QWidget) -> Iterator[QWidget]:
    """Press Tab until the first control has the focus again."""
    start = view.focusWidget()
    assert start is not None
    for _ in range(500):
        before = view.focusWidget()
        assert before is not None
        QTest.keyClick(before, Qt.Key.Key_Tab)
        after = view.focusWidget()
        assert after is not None
        assert after is not before or before is start, f"Tab does not leave {label_of(before)}"
        yield after
        if after is start:
            return
    raise AssertionError("Tab never comes back to where it began")


def faint_parts(view: QWidget) -> Iterator[str]:
    """Texts of less than 4.5:1; icons and edges of fields of less than 3:1; as they are painted."""
    image = view.grab().toImage()
    for part in parts(view):
        area = region(part, view)
        if not part.isEnabled() or area.width() < 6 or area.height() < 6:
            continue
        is_field = isinstance(part, QLineEdit | QComboBox | QAbstractSpinBox) and is_control(part)
        if isinstance(part, QAbstractButton) and not isinstance(part.parent(), QLineEdit):
            is_icon = isinstance(part, QToolButton) and part.toolButtonStyle() is ICON_ONLY
            found, least = colors_in(image, area.adjusted(3, 3, -3, -3)), 3 if is_icon else 4.5
        elif isinstance(part, QLabel) and part.text():
            found, least = colors_in(image, area), 4.5
        elif is_field:
            found, least = colors_in(image, QRect(area.left() - 2, area.center().y(), 5, 1)), 3
        else:
            continue
        if sharpest(found) < least:
            yield f"{label_of(part)}: {sharpest(found):.1f}"


def cut_off(view: QWidget) -> Iterable[str]:
    """What has less room than it needs."""
    for part in parts(view):
        is_elided = part.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
        if isinstance(part, QLabel) and part.text() and not is_elided:
            has_room = (
                part.height() >= part.heightForWidth(part.width()) - 1
                if part.wordWrap()
                else part.width() >= part.sizeHint().width() - 1
            )
            if not has_room:
                yield f"{label_of(part)} {part.size().toTuple()} needs {part.sizeHint().toTuple()}"
        elif isinstance(part, QAbstractButton) and part.text() and not isinstance(part.parent(), QLineEdit):
            hint = part.sizeHint()
            if not is_elided and (part.width() < hint.width() - 1 or part.height() < hint.height() - 1):
                yield f"{label_of(part)} {part.size().toTuple()} needs {hint.toTuple()}"
        elif isinstance(part, QLineEdit | QComboBox) and part.height() < part.minimumSizeHint().height() - 1:
            yield f"{label_of(part)} is {part.height()} high and needs {part.minimumSizeHint().height()}"
        if (
            isinstance(part, QScrollArea)
            and part.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
            and part.widget().width() > part.viewport().width()
        ):
            yield f"{label_of(part)} is {part.viewport().width()} wide, its content {part.widget().width()}"
        if isinstance(part, QAbstractScrollArea) and part.viewport().height() < part.fontMetrics().height():
            yield f"{label_of(part)} is {part.viewport().height()} high inside: less than a line"


@pytest.mark.parametrize("name", VIEWS)
def test_every_control_has_a_name(application: Application, name: str) -> None:
    view = shown(application, name)
    nameless = []
    for face in faces(view):
        for part in parts(view):
            interface = QAccessible.queryAccessibleInterface(part)
            can_focus = part.focusPolicy() != Qt.FocusPolicy.NoFocus and not isinstance(part, QTS_OWN)
            if (is_control(part) or can_focus) and not interface.text(QAccessible.Text.Name):
                nameless.append(f"{face} {label_of(part)}")
    assert nameless == []


@pytest.mark.parametrize("name", VIEWS)
def test_every_control_is_reached_by_tab_and_shows_its_focus(application: Application, name: str) -> None:
    view = shown(application, name)
    missed, unseen = [], []
    for face in faces(view):
        before = view.grab().toImage()
        reached: list[QWidget] = []
        for part in tab_walk(view):
            reached.append(part)
            now = view.grab().toImage()
            area = region(part, view, margin=20 if isinstance(part, QPlainTextEdit) else 0)
            if now.copy(area) == before.copy(area) and len(reached) > 1:
                unseen.append(f"{face} {label_of(part)}")
            before = now
        proxies = {part.focusProxy() or part for part in reached}
        missed += [
            f"{face} {label_of(part)}"
            for part in parts(view)
            if is_control(part) and (part.focusProxy() or part) not in proxies
        ]
    assert (missed, unseen) == ([], [])


@pytest.mark.parametrize("name", VIEWS)
def test_everything_stands_out_from_its_ground_in_every_theme(application: Application, name: str) -> None:
    view = shown(application, name)
    faint = []
    for theme in THEME_NAMES:
        application.preferences.change("theme", theme)
        faint += [f"{theme} {face} {part}" for face in faces(view) for part in faint_parts(view)]
    assert faint == []


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_is_cut_off_in_any_size_and_language(application: Application, name: str) -> None:
    found = []
    for language, percent in (("en", 100), ("en", 150), ("en", 200), ("zh_CN", 200), ("zh_CN", 80)):
        application.preferences.change("text_percent", percent)
        application.preferences.change("language", language)
        view = shown(application, name)
        found += [f"{language} {percent} {face} {part}" for face in faces(view) for part in cut_off(view)]
        if name not in (WINDOW, INSPECTOR):
            view.close()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert found == []


@pytest.mark.parametrize("percent", [100, 200])
def test_the_command_palette_is_named_legible_and_not_cut_off(application: Application, percent: int) -> None:
    application.preferences.change("text_percent", percent)
    application.window.action.palette.trigger()
    palette = application.window.palette_view
    assert palette.isVisible()
    found = []
    for theme in THEME_NAMES:
        application.preferences.change("theme", theme)
        QApplication.processEvents()
        found += [*faint_parts(palette), *cut_off(palette)]
    assert found == []
    for part in parts(palette):
        assert not is_control(part) or QAccessible.queryAccessibleInterface(part).text(QAccessible.Text.Name)


@pytest.mark.parametrize("percent", [100, 200])
def test_nothing_is_cut_off_in_a_narrow_window(application: Application, percent: int) -> None:
    application.preferences.change("text_percent", percent)
    application.window.action.settings.setChecked(False)
    application.window.resize(480, 700)
    assert list(cut_off(shown(application, WINDOW))) == []
