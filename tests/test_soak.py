"""What `make soak` makes of what it saw, on made-up minutes, and that what it does can still be done."""

from __future__ import annotations

import json
import signal
import time
from contextlib import closing
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest

from app.core.conversation import Status
from app.core.store import Store
from benchmarks.soak.clock import AwakeClock
from benchmarks.soak.kills import Outcome, Told, _missing
from benchmarks.soak.picture import picture
from benchmarks.soak.spoil import spoiled, spoiled_template
from benchmarks.soak.verdict import judge


def minutes(count: int, **grown: float) -> list[dict[str, float]]:
    """A life whose figures are flat, but for those that grow by so much in all."""
    flat = {"rss_bytes": 500e6, "threads": 4, "handles": 20, "widgets": 700, "timers": 30}
    return [
        {"minute": at, **{name: value * (1 + grown.get(name, 0.0) * at / count) for name, value in flat.items()}}
        for at in range(count)
    ]


def failures(life: list[dict[str, float]], troubles: tuple[str, ...] = ()) -> list[str]:
    return [line.what for line in judge(life, troubles) if not line.is_good]


def test_a_flat_life_without_troubles_is_passed() -> None:
    assert failures(minutes(120)) == []


@pytest.mark.parametrize("what", ["rss_bytes", "threads", "handles", "widgets", "timers"])
def test_what_grows_all_the_time_is_noticed(what: str) -> None:
    assert failures(minutes(120, **{what: 0.3})) == ["memory" if what == "rss_bytes" else what]


def test_growth_that_ends_with_the_warm_up_is_none() -> None:
    life = minutes(120)
    for minute in life[:30]:
        minute["rss_bytes"] /= 2
    assert failures(life) == []


def test_memory_may_grow_by_two_percent() -> None:
    assert failures(minutes(120, rss_bytes=0.03)) == []
    assert failures(minutes(120, rss_bytes=0.06)) == ["memory"]


def test_a_trouble_fails_however_short_the_life_was() -> None:
    assert failures(minutes(2), ("1.0 min, “send”: an error in a slot",)) == ["course"]
    assert failures(minutes(2, rss_bytes=9.0)) == [], "two minutes say nothing of growth"


def test_the_picture_has_a_panel_for_each_figure_that_there_is() -> None:
    drawn = ElementTree.fromstring(picture(minutes(9), {"rss_bytes": "Memory, MB", "threads": "Threads", "x": "X"}))
    lines = [one for one in drawn.iter() if one.tag.endswith("polyline")]
    assert [len(line.attrib["points"].split()) for line in lines] == [9, 9]
    assert "<polyline" not in picture([], {"threads": "Threads"})


def test_what_is_spoiled_follows_from_the_dice_and_is_something_else() -> None:
    sound = json.dumps({"layers": 3, "names": ["a", "b"], "rope": {"factor": 2.0}}).encode()
    made = [spoiled(sound, Random(seed)) for seed in range(200)]
    assert made == [spoiled(sound, Random(seed)) for seed in range(200)]
    assert len(set(made) - {sound}) > 150
    assert len({spoiled_template(["{{ x }}"], Random(seed)) for seed in range(200)}) > 150


def test_a_stop_by_a_signal_counts_nothing_for_a_window_that_is_killed() -> None:
    clock = AwakeClock(longest_s=0.5)
    old = signal.signal(signal.SIGCONT, lambda *_: clock.skip())
    try:
        time.sleep(0.1)
        signal.raise_signal(signal.SIGCONT)
        assert clock.now() < 0.1
        time.sleep(0.1)
        assert 0.1 <= clock.now() <= 0.6
    finally:
        signal.signal(signal.SIGCONT, old)


def test_what_was_told_before_a_kill_and_is_not_there_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with closing(Store(path)) as store:
        chat = store.create_conversation("Tea")
        asked = store.add_message(chat.id, parent_id=None, role="user", text="Which?")
        reply = store.add_message(chat.id, parent_id=asked.id, role="assistant", status=Status.STREAMING)
        store.save_reply(reply.id, "Green tea.", Status.STREAMING)
    told = Told(chat.id, asked=[asked.id, reply.id], running=reply.id, shown=[(1.0, 10), (5.0, 12)], last_s=5.5)
    assert list(_missing(path, {chat.id: told}, Outcome())) == []
    told.last_s = 7.0
    told.asked.append("gone")
    told.ended[asked.id] = 7
    found = list(_missing(path, {chat.id: told}, Outcome()))
    assert found == [
        "the message gone is lost",
        f"the end of the reply {asked.id} is lost",
        "2.00 s of the running reply are lost",
    ]
