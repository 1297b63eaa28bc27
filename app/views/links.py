"""Links in replies: they open after a click, and only where they may; what they hide is told first."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import QCoreApplication, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QWidget

from app.core.markdown import SAFE_SCHEMES


def open_link(target: str, parent: QWidget, *, text: str = "") -> None:
    """Open an address in the browser or mail program. One whose text names another host is asked about first.

    Anything but http, https and mailto is ignored.
    """
    if not target.lower().startswith(SAFE_SCHEMES):
        return
    if not names_another_host(text, target):
        QDesktopServices.openUrl(QUrl(target))
        return
    asked = QMessageBox(parent)
    asked.setObjectName("linkQuestion")
    asked.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    asked.setIcon(QMessageBox.Icon.Warning)
    asked.setTextFormat(Qt.TextFormat.PlainText)
    sentence = QCoreApplication.translate(
        "Links", "This link does not lead where its text says. It leads to: {target}"
    )
    asked.setText(sentence.format(target=target))
    asked.setStandardButtons(QMessageBox.StandardButton.Open | QMessageBox.StandardButton.Cancel)
    asked.setDefaultButton(QMessageBox.StandardButton.Cancel)
    asked.button(QMessageBox.StandardButton.Open).clicked.connect(lambda: QDesktopServices.openUrl(QUrl(target)))
    asked.open()


def names_another_host(text: str, target: str) -> bool:
    """Whether a link's text looks like an address with another host than the one that it leads to."""
    shown = text.strip()
    if " " in shown or "." not in shown:
        return False
    named = _host(shown if "://" in shown else f"https://{shown.removeprefix('mailto:')}")
    return bool(named) and "." in named and named != _host(target)


def _host(address: str) -> str:
    try:
        parts = urlsplit(address if "://" in address else address.replace("mailto:", "mailto://", 1))
        return (parts.hostname or "").removeprefix("www.")
    except ValueError:  # "http://[" and the like
        return "?"
