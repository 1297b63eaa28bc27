"""What the values of a reply are called: title, one line of help with the off value, and what stands for off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, QLocale


@dataclass(frozen=True, slots=True)
class ValueText:
    """`off` stands in the editor for the value that switches it off; empty where a number says it well enough."""

    title: str
    help: str
    off: str = ""


def value_texts() -> dict[str, ValueText]:
    """The texts of every value of `app.core.reply_settings.NAMES`, in the window's language and the panel's order."""
    translate = QCoreApplication.translate
    off, none = translate("values", "Off"), translate("values", "None")
    return {
        "system_prompt": ValueText(
            translate("values", "System prompt"),
            translate("values", "Told to the model before the first message. Empty: none."),
            none,
        ),
        "temperature": ValueText(
            translate("values", "Temperature"),
            translate("values", "Higher is more varied. 0: always the likeliest word."),
        ),
        "top_p": ValueText(
            translate("values", "Top-p"),
            translate("values", "Only the likeliest tokens that together reach p. 1: off."),
        ),
        "max_tokens": ValueText(
            translate("values", "Longest reply"),
            translate("values", "In tokens. 0: up to the context's end."),
            translate("values", "No limit"),
        ),
        "seed": ValueText(
            translate("values", "Seed"),
            translate("values", "The same seed gives the same reply. Empty: a new one."),
            translate("values", "New for each reply"),
        ),
        "top_k": ValueText(
            translate("values", "Top-k"),
            translate("values", "Only the k likeliest tokens may be drawn. 0: off."),
            off,
        ),
        "min_p": ValueText(
            translate("values", "Min-p"),
            translate("values", "Drops tokens less likely than p times the likeliest. 0: off."),
            off,
        ),
        "repetition_penalty": ValueText(
            translate("values", "Repetition penalty"),
            translate("values", "Above 1, words already used become less likely. 1: off."),
        ),
        "repetition_window": ValueText(
            translate("values", "Repetition window"),
            translate("values", "How many of the last tokens the penalties look at. 0: none."),
            none,
        ),
        "stop": ValueText(
            translate("values", "Stop strings"),
            translate("values", "A reply ends before any of these, one a line. \\n stands for a line's end."),
            none,
        ),
        "json_schema": ValueText(
            translate("values", "JSON output"),
            translate("values", "Holds every reply to a JSON schema. Empty: off."),
            off,
        ),
    }


def spoken_value(value: Any) -> str:  # Any: what the field of the settings holds
    """A value in one line, as a person reads it."""
    if isinstance(value, float):
        return QLocale().toString(value, "g", 6)
    if isinstance(value, tuple | list):
        return ", ".join(repr(item) for item in value) or "–"
    return "–" if value is None or value == "" else " ".join(str(value).split())
