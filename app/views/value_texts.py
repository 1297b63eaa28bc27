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
        "typical_p": ValueText(
            translate("values", "Typical"),
            translate("values", "Keeps tokens about as surprising as expected, up to this share. 1: off."),
        ),
        "top_n_sigma": ValueText(
            translate("values", "Top-n-sigma"),
            translate("values", "Drops tokens more than n deviations below the likeliest. 0: off."),
            off,
        ),
        "xtc_probability": ValueText(
            translate("values", "XTC probability"),
            translate("values", "How often the most obvious tokens are left out. 0: off."),
            off,
        ),
        "xtc_threshold": ValueText(
            translate("values", "XTC threshold"),
            translate("values", "How likely a token must be to count as obvious. Above 0.5: off."),
        ),
        "temperature_range": ValueText(
            translate("values", "Dynamic temperature"),
            translate("values", "How far the temperature follows the model's doubt, both ways. 0: off."),
            off,
        ),
        "temperature_exponent": ValueText(
            translate("values", "Dynamic temperature exponent"),
            translate("values", "Above 1, only great doubt warms. 1: in proportion."),
        ),
        "repetition_penalty": ValueText(
            translate("values", "Repetition penalty"),
            translate("values", "Above 1, words already used become less likely. 1: off."),
        ),
        "presence_penalty": ValueText(
            translate("values", "Presence penalty"),
            translate("values", "Lowers each token that was there, however often. 0: off."),
        ),
        "frequency_penalty": ValueText(
            translate("values", "Frequency penalty"),
            translate("values", "Lowers a token each time that it was there. 0: off."),
        ),
        "repetition_window": ValueText(
            translate("values", "Penalty window"),
            translate("values", "How many of the last tokens these penalties look at. 0: none."),
            none,
        ),
        "dry_multiplier": ValueText(
            translate("values", "DRY multiplier"),
            translate("values", "How strongly repeated sequences are lowered. 0: off."),
            off,
        ),
        "dry_base": ValueText(
            translate("values", "DRY base"),
            translate("values", "How fast that grows with the length of the sequence. 1: not at all."),
        ),
        "dry_allowed_length": ValueText(
            translate("values", "DRY allowed length"),
            translate("values", "Sequences up to this many tokens are barely lowered."),
        ),
        "dry_breakers": ValueText(
            translate("values", "DRY breakers"),
            translate("values", "No sequence goes on over these, one a line. \\n stands for a line's end."),
            none,
        ),
        "mirostat_tau": ValueText(
            translate("values", "Mirostat surprise"),
            translate("values", "Aims at this many bits of surprise, instead of what truncates. 0: off."),
            off,
        ),
        "mirostat_eta": ValueText(
            translate("values", "Mirostat rate"),
            translate("values", "How fast mirostat corrects itself."),
        ),
        "logit_bias": ValueText(
            translate("values", "Logit bias"),
            translate("values", "Adds to the logit of a token, a line each: id = number. Empty: off."),
            off,
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
