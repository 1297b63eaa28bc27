"""The layers of a reply's settings: what the highest says counts, and it is known where each value comes from."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from app.core.chat_settings import ChatSettings, encoded_chat_settings, parse_chat_settings
from app.core.presets import BUILT_IN, Preset
from app.core.reply_settings import NAMES, Layer, ReplySettings, accepted_values, resolve
from engine.api import SamplerSettings

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def test_without_layers_all_is_built_in() -> None:
    resolved = resolve({})
    assert resolved.settings == ReplySettings()
    assert set(resolved.origins.values()) == {Layer.BUILT_IN}


def test_each_value_comes_from_the_highest_layer_that_says_it() -> None:
    resolved = resolve(
        {
            Layer.CHAT: {"seed": 7},
            Layer.MODEL: {"temperature": 0.1, "top_k": 1, "top_p": 0.1, "min_p": 0.1},
            Layer.OWN: {"temperature": 0.2, "top_k": 2, "top_p": 0.2},
            Layer.OWN_FOR_MODEL: {"temperature": 0.3, "top_k": 3},
            Layer.PRESET: {"temperature": 0.4, "system_prompt": "Be brief."},
        }
    )
    sampler = SamplerSettings(temperature=0.4, top_k=3, top_p=0.2, min_p=0.1, seed=7)
    assert resolved.settings == ReplySettings(sampler, system_prompt="Be brief.")
    assert [resolved.origins[name] for name in ("min_p", "top_p", "top_k", "temperature", "seed", "stop")] == [
        Layer.MODEL,
        Layer.OWN,
        Layer.OWN_FOR_MODEL,
        Layer.PRESET,
        Layer.CHAT,
        Layer.BUILT_IN,
    ]
    assert resolved.value("top_k") == 3
    assert resolved.value("system_prompt") == "Be brief."


@given(stored=st.dictionaries(st.sampled_from(NAMES), JSON) | JSON)
def test_whatever_json_holds_only_values_that_make_settings_are_accepted(stored: object) -> None:
    accepted = accepted_values(stored)
    settings = resolve({Layer.CHAT: accepted}).settings
    again = accepted_values(json.loads(json.dumps(accepted)))
    assert resolve({Layer.CHAT: again}).settings == settings


def test_a_bad_value_spoils_only_itself() -> None:
    stored = {"temperature": -4, "top_k": 7, "top_p": "x", "seed": True, "stop": ["a", 1], "max_tokens": 0, "x": 1}
    assert accepted_values(stored) == {"top_k": 7}
    assert accepted_values({"temperature": 1, "stop": ["a"], "seed": None}) == {
        "temperature": 1.0,
        "stop": ("a",),
        "seed": None,
    }


def test_what_a_chat_says_comes_back() -> None:
    preset = Preset("mine", "Writer", {"temperature": 1.1, "stop": ("END",)}, emoji="✍️", color="#aa3300")
    for said in (ChatSettings(), ChatSettings(preset, {"top_k": 3}), ChatSettings(None, {"seed": None})):
        assert parse_chat_settings(json.loads(json.dumps(encoded_chat_settings(said)))) == said
    assert encoded_chat_settings(ChatSettings()) == {}


def test_what_a_damaged_chat_says_is_left_out() -> None:
    assert parse_chat_settings({"preset": {"id": 3}, "values": {"top_k": -1, "seed": 4}}) == ChatSettings(
        None, {"seed": 4}
    )


def test_the_built_in_presets_set_values_that_are_accepted() -> None:
    assert len(BUILT_IN) == 5
    for preset in BUILT_IN:
        assert preset.values
        assert accepted_values(preset.values) == preset.values
