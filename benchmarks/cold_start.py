"""How long a start takes, seen from outside: `python -m benchmarks.cold_start [--rounds N] [--warm] COMMAND…`.

Each COMMAND starts Fireside ("python -m app", "dist/fireside/fireside"); the rounds take turns. A round begins with
nothing of its files in memory (as root, or with --warm: as they are) and with an empty data folder, on a screen that
nobody sees (Xvfb). Seconds until the window is there, and until the first token of a message that is typed then.
"""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import statistics
import subprocess
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

TIMEOUT_S = 120.0
POLL_S = 0.01
MESSAGE = "Hi"
DROP = Path("/proc/sys/vm/drop_caches")
ONE_TOKEN = {"version": 1, "own_values": {"max_tokens": 1}}  # so that the reply is kept as soon as it begins


def main() -> int:
    """Run the rounds and print the medians with the spread."""
    parser = ArgumentParser(description="Measure cold starts of several command lines.")
    parser.add_argument("commands", nargs="+", metavar="COMMAND")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warm", action="store_true", help="leave files in memory; a start before is not counted")
    options = parser.parse_args()
    rounds: dict[str, list[tuple[float, float]]] = {command: [] for command in options.commands}
    with _screen() as display:
        for command in options.commands if options.warm else ():
            _start(command, display)
        for _ in range(options.rounds):
            for command, taken in rounds.items():
                if not options.warm:
                    os.sync()
                    DROP.write_text("3")
                taken.append(_start(command, display))
    for command, taken in rounds.items():
        window, token = ([one[place] for one in taken] for place in (0, 1))
        print(f"{command}: window {_spread(window)}, first token {_spread(token)}")
    return 0


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} s ({min(values):.2f} to {max(values):.2f})"


@contextmanager
def _screen() -> Iterator[str]:
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x860x24", "-noreset"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f":{os.read(reading, 16).decode().strip()}"
    finally:
        server.terminate()
        server.wait()


def _start(command: str, display: str) -> tuple[float, float]:
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "settings.json").write_text(json.dumps(ONE_TOKEN), encoding="utf-8")
        database = Path(place) / "conversations.sqlite3"

        def press(*words: str) -> bool:
            done = subprocess.run(["xdotool", *words], check=False, env=environment, capture_output=True)
            return done.returncode == 0

        began = time.perf_counter()
        process = subprocess.Popen([*shlex.split(command), "--data-dir", place], env=environment)
        try:
            window_s = _until(lambda: press("search", "--onlyvisible", "--name", "^Fireside$")) - began
            press("type", MESSAGE)
            press("key", "Return")
            token_s = _until(lambda: _is_answered(database)) - began
        finally:
            process.terminate()
            process.wait()
    return window_s, token_s


def _is_answered(database: Path) -> bool:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        query = "SELECT 1 FROM messages WHERE role = 'assistant' AND status = 'length'"
        return opened.execute(query).fetchone() is not None


def _until(is_there: Callable[[], bool]) -> float:
    ends_at = time.perf_counter() + TIMEOUT_S
    while not is_there():
        if time.perf_counter() > ends_at:
            raise TimeoutError(f"it has not come in {TIMEOUT_S:g} s")
        time.sleep(POLL_S)
    return time.perf_counter()


if __name__ == "__main__":
    raise SystemExit(main())
