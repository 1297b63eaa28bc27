"""Settings survive a restart; a value out of range falls back alone."""

from __future__ import annotations

import json
from pathlib import Path

from app.core.settings import ReplySettings, SettingsFile
from engine.api import SamplerSettings


def test_settings_come_back(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    reply = ReplySettings(SamplerSettings(temperature=0.2, seed=5, top_k=0), max_tokens=100, system_prompt="Kurz!")
    file.change(reply=reply, theme="dark", geometry="AAEC")
    again = SettingsFile(tmp_path / "settings.json").settings
    assert (again.reply, again.theme, again.geometry) == (reply, "dark", "AAEC")


def test_a_bad_value_spoils_only_itself(tmp_path: Path) -> None:
    stored = {
        "version": 1,
        "theme": 3,
        "reply": {"max_tokens": -1, "sampler": {"temperature": -4, "top_k": 7, "top_p": "x", "seed": True}},
    }
    (tmp_path / "settings.json").write_text(json.dumps(stored))
    settings = SettingsFile(tmp_path / "settings.json").settings
    assert settings.reply.sampler == SamplerSettings(top_k=7)
    assert settings.reply.max_tokens is None
    assert settings.theme == "system"
