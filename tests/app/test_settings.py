"""Settings survive a restart; a value out of range falls back alone; those of an earlier Fireside come along."""

from __future__ import annotations

import json
from pathlib import Path

from app.core.settings import LoadSettings, Settings, SettingsFile, WindowState


def test_settings_come_back(tmp_path: Path) -> None:
    settings = Settings(
        own_values={"temperature": 0.2, "stop": ("a",)},
        own_by_model={"/models/a.gguf": {"top_k": 3}},
        load=LoadSettings(device="cpu", threads=2),
        theme="dark",
        window=WindowState(geometry="AAEC", has_sidebar=False, closed_folders=("a",), open_chat="b"),
        new_chat_preset="code",
    )
    SettingsFile(tmp_path / "settings.json").write(settings)
    assert SettingsFile(tmp_path / "settings.json").settings == settings


def test_a_bad_value_spoils_only_itself(tmp_path: Path) -> None:
    stored = {
        "version": 1,
        "theme": 3,
        "load": {"device": "tpu", "threads": 0, "context_length": 8192, "cache_type": ["f16"]},
        "own_values": {"temperature": -1, "top_k": 5},
        "own_by_model": {"/a": {"top_k": "x"}, "/b": 4},
    }
    (tmp_path / "settings.json").write_text(json.dumps(stored))
    settings = SettingsFile(tmp_path / "settings.json").settings
    assert settings == Settings(
        own_values={"top_k": 5}, own_by_model={"/a": {}, "/b": {}}, load=LoadSettings(context_length=8192)
    )


def test_what_an_earlier_version_set_for_all_chats_becomes_the_default(tmp_path: Path) -> None:
    sampler = {"temperature": 0.2, "top_k": 40, "top_p": 0.95, "min_p": 0.05, "repetition_penalty": 1.0, "seed": 5}
    stored = {"version": 1, "reply": {"sampler": sampler, "max_tokens": None, "system_prompt": "Kurz!"}}
    (tmp_path / "settings.json").write_text(json.dumps(stored))
    settings = SettingsFile(tmp_path / "settings.json").settings
    assert settings.own_values == {"temperature": 0.2, "seed": 5, "system_prompt": "Kurz!"}


def test_a_newer_file_is_kept_aside_and_told(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"version": 2, "theme": "dark"}')
    file = SettingsFile(tmp_path / "settings.json")
    assert file.settings == Settings()
    (kept,) = tmp_path.glob("settings.json.unreadable-*")
    assert file.notice is not None
    assert kept.name in file.notice
