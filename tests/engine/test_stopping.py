"""Stop strings over a stream cut where they would in the whole text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.stopping import StopStrings

SHORT = st.text(alphabet="ab\n", max_size=4)


def streamed(parts: list[str], stops: list[str]) -> str:
    stream, shown = StopStrings(stops), []
    for part in parts:
        text, stopped = stream.push(part)
        shown.append(text)
        if stopped:
            return "".join(shown)
    return "".join([*shown, stream.finish()])


@given(st.lists(SHORT, max_size=20), st.lists(SHORT, max_size=3))
def test_a_stream_is_cut_before_the_first_stop_string_that_completes(parts: list[str], stops: list[str]) -> None:
    whole = "".join(parts)
    found = streamed(parts, stops)
    assert whole.startswith(found)
    assert not any(stop and stop in found for stop in stops)
    if not any(stop and stop in whole for stop in stops):
        assert found == whole
    else:
        assert any(stop and whole.startswith(stop, len(found)) for stop in stops)


def test_a_stop_string_split_over_tokens_is_never_shown() -> None:
    stream = StopStrings(["</end>"])
    assert stream.push("Hello <") == ("Hello ", False)
    assert stream.push("/en") == ("", False)
    assert stream.push("d> more") == ("", True)


def test_a_prefix_that_was_none_is_shown_at_the_end() -> None:
    stream = StopStrings(["STOP"])
    assert stream.push("a ST") == ("a ", False)
    assert stream.finish() == "ST"
