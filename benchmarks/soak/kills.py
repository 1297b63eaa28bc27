"""The kills' part of the soak: the real window, killed at any moment while it starts, loads and replies.

All kills hit the same data folder, so that each start also opens what the last kill left. What the window had told to
be stored must be there afterwards, and of a running reply all but the last second; see `benchmarks.soak.killed`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from app.core.conversation import Status
from app.core.paths import data_folder
from app.core.store import Store, StoreError

REPORT = "kills.json"
LATEST_S = 5.0  # after what a kill waits for
STAGES = {
    "": 0.15,
    "asked": 0.15,
    "shown": 0.7,
}  # what kills wait for: nothing, a message, or the first word of a reply
LOST_S = 1.0  # of a running reply: it is saved each 0.9 s, by a timer that may be late by a twentieth


@dataclass
class Outcome:
    """What became of the kills so far."""

    kills: int = 0
    in_start: int = 0
    messages: int = 0  # that were told to be stored
    in_reply: int = 0
    most_lost_s: float = 0.0
    findings: list[str] = field(default_factory=list)


def kills(options: Namespace) -> bool:
    """Kill `options.kills` times; the report lies in `options.output`."""
    dice, outcome = Random(options.seed), Outcome()
    stored: dict[str, Told] = {}
    with tempfile.TemporaryDirectory(prefix="fireside-soak-") as place:
        folder = data_folder(place)
        for number in range(options.kills):
            told = _one_life(Path(place), dice, options.output)
            outcome.kills += 1
            outcome.in_start += not told.asked
            found = _missing(folder.database, {told.chat: told} if told.chat else {}, outcome)
            outcome.findings += [f"kill {number}: {one}" for one in (*found, *told.complaints)]
            if told.chat:
                stored[told.chat] = told
            report = {"seed": options.seed, **asdict(outcome)}
            (options.output / REPORT).write_text(json.dumps(report, indent=1), encoding="utf-8")
        outcome.findings += [f"at the end: {one}" for one in _missing(folder.database, stored, Outcome())]
    print(
        f"kills: {outcome.kills}, seed {options.seed}, {outcome.in_start} in the start, {outcome.in_reply} in a reply"
    )
    print(
        f"  {outcome.messages} messages were told to be stored; at most {outcome.most_lost_s:.2f} s of a reply lost"
    )
    for finding in outcome.findings:
        print(f"  FAILED {finding}")
    if not outcome.findings:
        print("  ok     nothing was lost")
    return not outcome.findings


@dataclass
class Told:
    """What one life told before it was killed. Times are those of its own clock."""

    chat: str = ""
    asked: list[str] = field(default_factory=list)  # messages that were stored
    ended: dict[str, int] = field(default_factory=dict)  # replies that were finished: their length
    running: str = ""
    shown: list[tuple[float, int]] = field(default_factory=list)  # when the running reply had so many characters
    last_s: float = 0.0
    complaints: list[str] = field(default_factory=list)

    def take(self, what: str, values: dict[str, Any]) -> None:
        """One line."""
        self.last_s = values["at_s"]
        match what:
            case "asked":
                self.chat = values["chat"]
                self.asked.append(values["message"])
                self.running, self.shown = values["message"], []
            case "shown":
                self.shown.append((values["at_s"], values["length"]))
            case "ended":
                self.ended[values["message"]] = values["length"]
                self.running, self.shown = "", []
            case "complaint":
                self.complaints.append(values["text"])


def _one_life(place: Path, dice: Random, output: Path) -> Told:
    """Start the window on the folder, and kill it."""
    command = [sys.executable, "-m", "benchmarks.soak.killed", str(place), str(dice.randrange(1 << 30))]
    told, (stage,) = Told(), dice.choices(list(STAGES), weights=list(STAGES.values()))
    with (output / "kills-errors.log").open("a", encoding="utf-8") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        assert process.stdout is not None
        for what, values in _lines(process.stdout) if stage else ():
            told.take(what, values)
            if what == stage:
                break
        time.sleep(dice.uniform(0.0, LATEST_S))
        if process.poll() is not None:
            told.complaints.append(f"the window ended by itself with status {process.returncode}")
        process.kill()
        for what, values in _lines(process.stdout):
            told.take(what, values)
        process.stdout.close()
        process.wait()
    return told


def _lines(stream: Any) -> Iterator[tuple[str, dict[str, Any]]]:  # Any: what Popen gives
    for line in stream:
        if line.endswith(b"\n"):  # the last one may be cut
            values = json.loads(line)
            yield values.pop("what"), values


def _missing(database: Path, lives: dict[str, Told], outcome: Outcome) -> Iterator[str]:
    """What is not there of what was told to be stored; counts in `outcome`."""
    try:
        with closing(Store(database)) as store:
            yield from (f"the database is damaged: {problem}" for problem in store.check())
            for chat, told in lives.items():
                yield from _missing_of(store, chat, told, outcome)
    except StoreError as error:
        yield str(error)


def _missing_of(store: Store, chat: str, told: Told, outcome: Outcome) -> Iterator[str]:
    messages = {message.id: message for message in store.tree(chat)}
    outcome.messages += len(told.asked)
    for message_id in told.asked:
        if message_id not in messages:
            yield f"the message {message_id} is lost"
    for message_id, length in told.ended.items():
        message = messages.get(message_id)
        if message is None or message.status is Status.STREAMING or len(message.text) != length:
            yield f"the end of the reply {message_id} is lost"
        elif not store.record(message_id):
            yield f"the record of the reply {message_id} is lost"
    running = messages.get(told.running)
    if running is not None and told.shown:
        outcome.in_reply += 1
        lost = [told.last_s - at_s for at_s, length in told.shown if length > len(running.text)]
        lost_s = max(lost, default=0.0)
        outcome.most_lost_s = max(outcome.most_lost_s, lost_s)
        if lost_s > LOST_S:
            yield f"{lost_s:.2f} s of the running reply are lost"
