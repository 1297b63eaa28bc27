"""SpeedClock: tokens that come several at a time give the speed at which they were made."""

from __future__ import annotations

from app.controllers.speed_clock import SpeedClock


def test_the_speed_is_that_of_the_last_tokens_however_many_came_at_once() -> None:
    now = [0.0]
    clock = SpeedClock(lambda: now[0])
    for _ in range(10):
        clock.tick(12)
        now[0] += 0.05
    assert clock.tok_s is not None
    assert round(clock.tok_s) == 240
    for _ in range(40):
        clock.tick()
        now[0] += 0.1
    assert round(clock.tok_s) == 10


def test_there_is_no_speed_before_a_few_tokens_came_at_different_moments() -> None:
    now = [0.0]
    clock = SpeedClock(lambda: now[0])
    assert clock.tok_s is None
    clock.tick(12)
    assert clock.tok_s is None
    now[0] = 0.1
    clock.tick()
    assert clock.tok_s == 10
