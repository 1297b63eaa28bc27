"""MainWindow: puts sidebar, transcript, composer and panels side by side; its actions are those of actions.py.

It shows and emits; what an action does is decided by the controllers that the application connects.
"""

from __future__ import annotations

import itertools

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.theme import ICON_SIZE, Theme, tinted_icon
from app.views.actions import WindowActions, explain_by_action
from app.views.composer import Composer
from app.views.find_bar import FindBar
from app.views.ground import Ground
from app.views.inspector_panel import InspectorPanel
from app.views.language import in_every_language
from app.views.message_bar import MessageBar
from app.views.model_picker import ModelPicker
from app.views.palette import CommandPalette
from app.views.settings_panel import SettingsPanel
from app.views.sidebar import Sidebar
from app.views.status_row import StatusRow
from app.views.transcript import Transcript

NARROW = 720  # pixels; below this the sidebar folds away by itself
COLUMN_WIDTH = 780  # of composer and status line, in pixels; the transcript keeps its own reading width
PANEL_WIDTH = 300  # of settings and inspector until a person moves their border


class MainWindow(QMainWindow):
    """The one window. Its parts are public attributes, for the controllers that speak to them."""

    filesDropped = Signal(list)
    closing = Signal()
    activated = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("Fireside")
        self.setAcceptDrops(True)
        self.setMinimumSize(420, 360)
        self.resize(1100, 760)
        self.sidebar = Sidebar(theme)
        self.transcript = Transcript()
        self.transcript.setObjectName("transcript")
        self.find_bar = FindBar(self.transcript)
        self.composer = Composer()
        self.status = StatusRow()
        self.message_bar = MessageBar()
        self.model_picker = ModelPicker()
        self.settings_panel = SettingsPanel()
        self.settings_panel.hide()
        self.inspector_panel = InspectorPanel()
        self.inspector_panel.hide()
        self.load_progress = self._make_load_progress()
        self.temporary_mark = self._make_mark("temporaryMark")
        self.remote_mark = self._make_mark("remoteMark")
        self._remote_host = ""
        self.action = WindowActions(self)
        self._connect_actions()
        self._sidebar_button = _button(self.action.sidebar)
        self._temporary_button = _button(self.action.temporary_chat)
        self._settings_button = _button(self.action.settings)
        self._more_button = self._make_more_button()
        explain_by_action(self.sidebar.new_chat_button, self.action.new_chat)
        explain_by_action(self.composer.attach_button, self.action.attach)
        self._lay_out()
        self.palette_view = CommandPalette(theme, self)
        self._was_narrow = False
        self._is_quitting = False
        self.is_sidebar_wanted = True  # where there is room for it
        self.hides_on_close = False  # the application lives on in the tray
        in_every_language(self, self._say_texts)
        self.apply_theme(theme)
        self.composer.setFocus()

    def apply_theme(self, theme: Theme) -> None:
        """Hand the theme to every part that draws with it."""
        self.setWindowIcon(tinted_icon("flame", theme.colors["accent"], size=64))
        self._more_button.setIcon(tinted_icon("more", theme.colors["text_muted"]))
        for part in (
            self.action,
            self.sidebar,
            self.transcript,
            self.find_bar,
            self.composer,
            self.message_bar,
            self.model_picker,
            self.settings_panel,
            self.inspector_panel,
            self.palette_view,
        ):
            part.apply_theme(theme)

    def show_load_progress(self, fraction: float | None) -> None:
        """How much of a model is loaded; None hides the bar, 0 shows that it has begun."""
        self.load_progress.setVisible(fraction is not None)
        if fraction is not None:
            self.load_progress.setRange(0, 1000 if fraction > 0.0 else 0)
            self.load_progress.setValue(round(fraction * 1000))

    def show_conversation_title(self, title: str | None, *, is_temporary: bool = False) -> None:
        """Name the open conversation in the window's title; None when it is new. A temporary one is marked."""
        self.setWindowTitle(f"{title} — Fireside" if title else "Fireside")
        for action in (self.action.rename, self.action.delete):
            action.setEnabled(title is not None and not is_temporary)
        self.action.deleted_messages.setEnabled(title is not None)
        self.temporary_mark.setVisible(is_temporary)
        self.composer.setProperty("temporary", is_temporary)
        self.composer.style().unpolish(self.composer)
        self.composer.style().polish(self.composer)

    def show_remote_host(self, host: str) -> None:
        """Say to which host messages go; an empty one: they stay here."""
        self._remote_host = host
        self.remote_mark.setVisible(bool(host))
        self.transcript.show_remote_host(host)
        self._say_texts()

    def raise_to_front(self) -> None:
        """Show the window above others, as when the application is started a second time."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def quit(self) -> None:
        """Close the window for good."""
        self._is_quitting = True
        self.close()

    def side_widths(self) -> tuple[int, int]:
        """How wide the sidebar and the panel on the other side are; 0 for one that is hidden or lies below."""
        is_beside = self._beside.orientation() is Qt.Orientation.Horizontal
        _, settings, inspector = self._beside.sizes() if is_beside else (0, 0, 0)
        return self._splitter.sizes()[0], settings or inspector

    def set_side_widths(self, sidebar: int, panel: int) -> None:
        """Give the sidebar and the panel on the other side these widths, and the chat the rest."""
        self._panel_width = panel
        self._splitter.setSizes([sidebar, max(self.width() - sidebar, 1)])
        if self._beside.orientation() is Qt.Orientation.Horizontal:
            self._give_panel_its_width()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome local files and folders."""
        if _local_paths(event.mimeData()):
            event.acceptProposedAction()
            self.composer.show_drop(is_over=True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """They were carried away again."""
        super().dragLeaveEvent(event)
        self.composer.show_drop(is_over=False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell which files were dropped."""
        self.composer.show_drop(is_over=False)
        paths = _local_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.filesDropped.emit(paths)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow window has no sidebar, and the panel below the chat; a wide one has both beside it."""
        super().resizeEvent(event)
        is_narrow = event.size().width() < NARROW
        if is_narrow != self._was_narrow:
            self._was_narrow = is_narrow
            wanted = self.is_sidebar_wanted
            self.action.sidebar.setChecked(wanted and not is_narrow)
            self.is_sidebar_wanted = wanted
            self._put_panels_below(is_narrow)

    def changeEvent(self, event: QEvent) -> None:
        """Put the cursor back into the composer when the window becomes active and nothing has the focus."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.activated.emit()
            if self.focusWidget() is None:
                self.composer.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide where the application lives on; else tell it, so that it keeps what is not yet kept."""
        if self.hides_on_close and not self._is_quitting:
            event.ignore()
            self.hide()
            return
        self.closing.emit()
        super().closeEvent(event)

    def _connect_actions(self) -> None:
        action = self.action
        action.search.triggered.connect(self._focus_search)
        action.find.triggered.connect(self.find_bar.begin)
        action.find_next.triggered.connect(lambda: self.find_bar.go_on(1))
        action.find_previous.triggered.connect(lambda: self.find_bar.go_on(-1))
        self.find_bar.closed.connect(self.transcript.setFocus)
        action.write.triggered.connect(lambda _checked: self.composer.setFocus())
        action.quit.triggered.connect(self.quit)
        action.sidebar.setChecked(True)
        action.sidebar.toggled.connect(self._show_sidebar)
        action.settings.toggled.connect(self._show_settings)
        self.settings_panel.closeRequested.connect(lambda: action.settings.setChecked(False))
        action.look_inside.toggled.connect(self._show_inspector)
        self.inspector_panel.closeRequested.connect(lambda: action.look_inside.setChecked(False))

    def _make_mark(self, object_name: str) -> QLabel:
        mark = QLabel()
        mark.setObjectName(object_name)
        mark.setTextFormat(Qt.TextFormat.PlainText)
        mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark.setWordWrap(True)
        mark.hide()
        return mark

    def _make_load_progress(self) -> QProgressBar:
        bar = QProgressBar()
        bar.setObjectName("loadProgress")
        bar.setTextVisible(False)
        bar.setFixedHeight(3)
        size_policy = bar.sizePolicy()
        size_policy.setRetainSizeWhenHidden(True)
        bar.setSizePolicy(size_policy)
        bar.hide()
        return bar

    def _make_more_button(self) -> QToolButton:
        menu = QMenu(self)
        for _group, entries in itertools.groupby(self.action.entries, key=lambda entry: entry.group):
            menu.addActions([entry.action for entry in entries if entry.is_in_menu])
            menu.addSeparator()
        button = QToolButton()
        button.setObjectName("moreButton")
        button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        return button

    def _say_texts(self) -> None:
        self.temporary_mark.setText(self.tr("Temporary chat: kept nowhere, gone when Fireside closes"))
        self.remote_mark.setText(self.tr("Remote: your messages go to {host}").format(host=self._remote_host))
        self.load_progress.setAccessibleName(self.tr("Loading the model"))
        self._more_button.setAccessibleName(self.tr("More actions"))
        self._more_button.setToolTip(self.tr("More actions"))

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(8, 8, 8, 6)
        top.addWidget(self._sidebar_button)
        top.addWidget(self.model_picker)
        top.addStretch(1)
        top.addWidget(self._temporary_button)
        top.addWidget(self._more_button)
        top.addWidget(self._settings_button)
        column = Ground()
        column.setObjectName("chatColumn")
        column.setMinimumWidth(220)
        rows = QVBoxLayout(column)
        rows.setContentsMargins(0, 0, 0, 6)
        rows.setSpacing(0)
        rows.addLayout(top)
        rows.addWidget(self.load_progress)
        rows.addLayout(_centred(self.temporary_mark, top=0, bottom=2))
        rows.addLayout(_centred(self.remote_mark, top=0, bottom=2))
        rows.addLayout(_centred(self.message_bar, top=6, bottom=2))
        rows.addLayout(_centred(self.find_bar, top=2, bottom=2))
        rows.addWidget(self.transcript, 1)
        rows.addLayout(_centred(self.composer, top=6, bottom=4))
        rows.addLayout(_centred(self.status, top=0, bottom=2))
        self._beside = _splitter(column, self.settings_panel, self.inspector_panel)
        self._beside.setStretchFactor(0, 1)
        self._beside.splitterMoved.connect(lambda _position, _index: self._keep_panel_width())
        self._splitter = _splitter(self.sidebar, self._beside)
        self._splitter.setStretchFactor(1, 1)
        self._panel_width = PANEL_WIDTH
        self.sidebar.setMinimumWidth(190)
        for panel in (self.settings_panel, self.inspector_panel):
            panel.setMinimumWidth(240)
        self.setCentralWidget(self._splitter)
        self._set_tab_order()

    def _keep_panel_width(self) -> None:
        self._panel_width = self.side_widths()[1] or self._panel_width

    def _give_panel_its_width(self) -> None:
        panel = self._panel_width
        self._beside.setSizes([max(self._beside.width() - panel, 1), panel, panel])

    def _put_panels_below(self, is_below: bool) -> None:
        """Where the chat would be left too narrow to read, it keeps the width and gives of its height."""
        if is_below:
            self._beside.setOrientation(Qt.Orientation.Vertical)
            self._beside.setSizes([self.height() // 2] * 3)
        else:
            self._beside.setOrientation(Qt.Orientation.Horizontal)
            QTimer.singleShot(0, self, self._give_panel_its_width)  # when the window has its new width

    def _set_tab_order(self) -> None:
        order: tuple[QWidget, ...] = (
            self.composer,
            self.sidebar,
            self._sidebar_button,
            self.model_picker,
            self._temporary_button,
            self._more_button,
            self._settings_button,
            self.transcript,
        )
        for before, after in itertools.pairwise(order):
            QWidget.setTabOrder(before, after)

    def _focus_search(self) -> None:
        self.action.sidebar.setChecked(True)
        self.sidebar.focus_search()

    def _show_sidebar(self, is_shown: bool) -> None:
        self.sidebar.setVisible(is_shown)
        self.is_sidebar_wanted = is_shown

    def _show_settings(self, is_shown: bool) -> None:
        self.settings_panel.setVisible(is_shown)
        if is_shown:
            self.action.look_inside.setChecked(False)
            self.settings_panel.focus_first()
        else:
            self.composer.setFocus()

    def _show_inspector(self, is_shown: bool) -> None:
        if is_shown:
            self.action.settings.setChecked(False)
        self.inspector_panel.setVisible(is_shown)
        if not is_shown:
            self.composer.setFocus()


def _splitter(*parts: QWidget) -> QSplitter:
    splitter = QSplitter(Qt.Orientation.Horizontal)
    splitter.setHandleWidth(1)
    splitter.setChildrenCollapsible(False)
    for part in parts:
        splitter.addWidget(part)
    return splitter


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    explain_by_action(button, action)
    return button


def _centred(part: QWidget, *, top: int, bottom: int) -> QHBoxLayout:
    """A row that holds `part` in the middle, at most `COLUMN_WIDTH` wide."""
    part.setMaximumWidth(COLUMN_WIDTH)
    part.setSizePolicy(QSizePolicy.Policy.Expanding, part.sizePolicy().verticalPolicy())
    row = QHBoxLayout()
    row.setContentsMargins(16, top, 16, bottom)
    row.addWidget(part)
    return row


def _local_paths(data: QMimeData) -> list[str]:
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
