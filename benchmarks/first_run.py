"""From a fresh start to the first token: `python -m benchmarks.first_run [--rounds N] [--json]`.

Each round starts the program as a person does, in a process of its own on a folder that does not exist yet. A message
is typed and sent with keys as soon as the window is shown, long before the model is loaded; nothing is clicked.
Seconds since the process was started; offscreen unless QT_QPA_PLATFORM says otherwise.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

MESSAGE = "Tell me about foxes."
TIMEOUT_S = 120


def main() -> int:
    """Run the rounds and print the median with the spread."""
    parser = ArgumentParser(description="Measure a fresh start until the first token.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--started", type=float, help="run the program and report, in this process")
    options = parser.parse_args()
    if options.started is not None:
        return _run(options.started)
    rounds = [_in_a_process() for _ in range(options.rounds)]
    figures = {name: [one[name] for one in rounds] for name in rounds[0]}
    if options.json:
        print(json.dumps(figures))
        return 0
    for name, values in figures.items():
        print(f"{name:16} {statistics.median(values):6.2f} s  ({min(values):.2f} to {max(values):.2f})")
    return 0


def _in_a_process() -> dict[str, float]:
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    command = [sys.executable, "-m", "benchmarks.first_run", "--started", str(time.time())]
    ended = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=TIMEOUT_S)
    return json.loads(ended.stdout)


def _run(started: float) -> int:
    """Open the window on a fresh folder, write and send, and end at the first token."""
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QPlainTextEdit

    from app.__main__ import main as fireside
    from app.application import Application
    from app.worker import TokensGathered
    from engine.api import Event, ModelLoaded

    figures: dict[str, float] = {}

    class Watched(Application):
        def start(self, file: Path | None = None) -> None:
            super().start(file)
            figures["window_shown_s"] = time.time() - started
            self.engine.eventArrived.connect(self._note)
            QTimer.singleShot(0, self._write)

        def _write(self) -> None:
            composer = self.window.focusWidget()
            assert isinstance(composer, QPlainTextEdit), "the window does not open with the cursor in the composer"
            QTest.keyClicks(composer, MESSAGE)
            QTest.keyClick(composer, Qt.Key.Key_Return)
            figures["sent_s"] = time.time() - started

        def _note(self, event: Event) -> None:
            if isinstance(event, ModelLoaded):
                figures["model_loaded_s"] = time.time() - started
            elif isinstance(event, TokensGathered):
                figures.setdefault("first_token_s", time.time() - started)
                QTimer.singleShot(0, self.window.quit)

    with tempfile.TemporaryDirectory() as place:
        import app.application

        app.application.Application = Watched  # type: ignore[misc]  # what `run` makes
        status = fireside(["--data-dir", str(Path(place) / "fresh")])
    print(json.dumps(figures))
    return status


if __name__ == "__main__":
    raise SystemExit(main())
