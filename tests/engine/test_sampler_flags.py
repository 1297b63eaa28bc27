"""Every sampler has its flag on the command line; one that is not named is as the makers say, else the default."""

from __future__ import annotations

import dataclasses

import pytest

from engine.__main__ import _parser
from engine.api import RequestError, SamplerSettings
from engine.commands import _sampler


def test_without_flags_the_defaults_hold() -> None:
    options = _parser("python -m engine").parse_args(["generate", "--prompt", "x"])
    assert _sampler(options, ()) == SamplerSettings()


def test_a_flag_comes_before_what_the_makers_recommend() -> None:
    options = _parser("python -m engine").parse_args(["generate", "--prompt", "x", "--temperature", "1.5"])
    recommended = (("temperature", 0.2), ("top_p", 0.9))
    assert _sampler(options, recommended) == SamplerSettings(temperature=1.5, top_p=0.9)


@pytest.mark.parametrize("verb", [["generate", "--prompt", "x"], ["chat"]])
def test_every_setting_can_be_named(verb: list[str]) -> None:
    wanted = SamplerSettings(
        temperature=0.5, top_k=1, top_p=0.2, min_p=0.3, repetition_penalty=1.4, repetition_window=5, seed=6,
        presence_penalty=0.7, frequency_penalty=0.8, logit_bias=((9, 1.0), (10, -1.1)), dry_multiplier=1.2,
        dry_base=1.3, dry_allowed_length=4, dry_breakers=("a", "\n"), typical_p=0.15, top_n_sigma=1.6,
        xtc_probability=0.17, xtc_threshold=0.18, temperature_range=1.9, temperature_exponent=2.0, mirostat_tau=2.1,
        mirostat_eta=0.22,
    )  # fmt: skip
    defaults, flags = SamplerSettings(), []
    for field in dataclasses.fields(SamplerSettings):
        value, name = getattr(wanted, field.name), field.name.replace("_", "-")
        assert value != getattr(defaults, field.name), field.name
        if field.name == "logit_bias":
            flags += [part for token, bias in value for part in (f"--{name}", f"{token}={bias}")]
        elif field.name == "dry_breakers":
            flags += [part for text in value for part in ("--dry-breaker", text)]
        else:
            flags += [f"--{name}", str(value)]
    assert _sampler(_parser("python -m engine").parse_args([*verb, *flags]), ()) == wanted


def test_a_value_out_of_range_is_refused_by_name() -> None:
    with pytest.raises(RequestError, match="typical"):
        _sampler(_parser("python -m engine").parse_args(["chat", "--typical-p", "2"]), ())


def test_a_bias_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _parser("python -m engine").parse_args(["chat", "--logit-bias", "x"])
    assert ended.value.code == 2
    assert "--logit-bias" in capsys.readouterr().err
