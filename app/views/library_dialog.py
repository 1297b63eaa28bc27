"""LibraryDialog: the model library, a tab for each way to a model. The first tab is what lies on this machine."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QVBoxLayout, QWidget

from app.views.library_page import LibraryPage


class LibraryDialog(QDialog):
    """`library` is the first page; `add_tab` gives it more."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("libraryDialog")
        self.setWindowTitle(self.tr("Models"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumSize(420, 320)
        self.resize(1040, 660)
        self.library = LibraryPage(self)
        self._tabs = QTabWidget(self)
        self._tabs.setObjectName("libraryTabs")
        self._tabs.setAccessibleName(self.tr("Ways to a model"))
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setDrawBase(False)
        self.add_tab(self.library, self.tr("On this machine"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        for one in buttons.buttons():
            one.setAutoDefault(False)  # type: ignore[attr-defined]  # they are push buttons
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.addWidget(self._tabs, 1)
        whole.addWidget(buttons)
        self.library.focus_filter()

    def add_tab(self, page: QWidget, title: str) -> None:
        """Another way to a model."""
        self._tabs.addTab(page, title)
        has_choice = self._tabs.count() > 1
        self._tabs.tabBar().setVisible(has_choice)
        self._tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus if has_choice else Qt.FocusPolicy.NoFocus)
