"""What the roles of a prompt's messages are called."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def role_name(role: str) -> str:
    """A role in the window's language; one that is not known as it is."""
    translate = QCoreApplication.translate
    names = {
        "system": translate("roles", "System prompt"),
        "user": translate("roles", "You"),
        "assistant": translate("roles", "Model"),
    }
    return names.get(role, role)
