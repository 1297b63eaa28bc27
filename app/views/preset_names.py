"""What presets and the layers that values come from are called in the window's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.core.presets import Preset


def preset_name(preset: Preset) -> str:
    """Its name; that of a built-in one in the window's language."""
    return built_in_names().get(preset.id, preset.name) if preset.is_built_in else preset.name


def preset_title(preset: Preset) -> str:
    """Its name behind the emoji of its persona."""
    return f"{preset.emoji} {preset_name(preset)}".strip()


def built_in_names() -> dict[str, str]:
    """The names of the built-in presets by their ids."""
    translate = QCoreApplication.translate
    return {
        "precise": translate("presets", "Precise"),
        "balanced": translate("presets", "Balanced"),
        "creative": translate("presets", "Creative"),
        "code": translate("presets", "Code"),
        "translate": translate("presets", "Translate"),
    }
