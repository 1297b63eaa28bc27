"""Settings survive a restart; a value out of range falls back alone."""

from __future__ import annotations

import json
from pathlib import Path

from app.core.settings import LoadSettings, ReplySettings, Settings, SettingsFile
from engine.api import SamplerSettings


def test_settings_come_back(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    reply = ReplySettings(SamplerSettings(temperature=0.2, seed=5, top_k=0), max_tokens=100, system_prompt="Kurz!")
    file.write(Settings(reply, LoadSettings(device="cpu", threads=2), theme="dark", geometry="AAEC"))
    again = SettingsFile(tmp_path / "settings.json").settings
    assert again == Settings(reply, LoadSettings(device="cpu", threads=2), theme="dark", geometry="AAEC")


def test_a_bad_value_spoils_only_itself(tmp_path: Path) -> None:
    stored = {
        "version": 1,
        "theme": 3,
        "load": {"device": "tpu", "threads": 0, "context_length": 8192, "cache_type": ["f16"]},
        "reply": {"max_tokens": -1, "sampler": {"temperature": -4, "top_k": 7, "top_p": "x", "seed": True}},
    }
    (tmp_path / "settings.json").write_text(json.dumps(stored))
    settings = SettingsFile(tmp_path / "settings.json").settings
    assert settings.reply.sampler == SamplerSettings(top_k=7)
    assert settings.reply.max_tokens is None
    assert settings.load == LoadSettings(context_length=8192)
    assert settings.theme == "system"
