"""Lets contestants take turns, each in a process of its own, so that what disturbs the machine disturbs all."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.figures import Figures, Round

PAUSE_S = 1.0  # for a processor to cool and a kernel to free what a process left
TIMEOUT_S = 900
REPOSITORY = Path(__file__).parents[1]


class MeasurementError(Exception):
    """A contestant gave no figures; the message is the last line that it wrote."""


def alternate(
    names: Sequence[str], rounds: int, measure: Callable[[str], Figures]
) -> tuple[list[Round], dict[str, str]]:
    """The rounds, and why a contestant has no figures: one that fails is left out from then on.

    Every other round runs in the opposite order: a machine that gets slower in the course of a round is then unfair
    to each side in turn.
    """
    found: list[Round] = []
    missing: dict[str, str] = {}
    for number in range(rounds):
        one: Round = {}
        for name in names if number % 2 == 0 else list(reversed(names)):
            if name in missing:
                continue
            print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr, flush=True)
            try:
                one[name] = measure(name)
            except MeasurementError as error:
                missing[name] = str(error)
        found.append(one)
    return found, missing


def in_a_process(part: str, contestant: str, arguments: Sequence[str]) -> Figures:
    """One measurement in a fresh process with the same arguments. Raises `MeasurementError`."""
    time.sleep(PAUSE_S)
    command = [sys.executable, "-m", "benchmarks", *arguments, "--measure", part, contestant]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise MeasurementError(f"no figures after {TIMEOUT_S} s") from error
    if done.returncode:
        raise MeasurementError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures
