"""What the samplers are called where one of them is named: the steps of `engine.sampler_trace`."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def sampler_name(step: str) -> str:
    """A step of the chain in the window's language; empty for none."""
    translate = QCoreApplication.translate
    names = {
        "logit bias": translate("samplers", "logit bias"),
        "repetition penalty": translate("samplers", "repetition penalty"),
        "presence and frequency penalty": translate("samplers", "presence and frequency penalty"),
        "temperature": translate("samplers", "temperature 0"),
        "typical": translate("samplers", "typical"),
    }
    return names.get(step, step)
