"""The window's part of the soak: runs its life in a process of its own, and notices when that crashes or hangs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from benchmarks.soak.clock import AwakeClock
from benchmarks.soak.life import ACTS_LOG, REPORT
from benchmarks.soak.picture import picture
from benchmarks.soak.verdict import Judgement

HANG_S = 900.0  # awake, without a new act; the walk itself gives up waiting after 600
PANELS = {
    "rss_bytes": "Memory at rest, MB",
    "rss_before_bytes": "Memory at work, MB",
    "threads": "Threads",
    "handles": "Handles",
    "widgets": "Widgets",
    "timers": "Timers",
    "python_objects": "Python objects",
    "chats": "Chats kept",
}


def window(options: Namespace) -> bool:
    """Walk for `options.minutes`; the report and its picture lie in `options.output`."""
    for name in (ACTS_LOG, REPORT):
        (options.output / name).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="fireside-soak-", ignore_cleanup_errors=True) as folder:
        ended = _run(Path(folder), options)
    report = _report(options.output / REPORT)
    if report is None:
        print(f"window: NOT PASSED, the window never came to rest; it ended with status {ended}")
        return False
    (options.output / "window.svg").write_text(picture(report["minutes"], PANELS), encoding="utf-8")
    lines = [Judgement(**line) for line in report["verdict"]]
    if ended != 0 or not report["is_whole"]:
        last = (options.output / ACTS_LOG).read_text(encoding="utf-8").splitlines()[-3:]
        lines.append(Judgement("end", False, f"the process ended with status {ended} after {' '.join(last)}"))
    ran = report["minutes"][-1]
    print(f"window: {ran['minute']:.0f} min, seed {options.seed}, {sum(report['acts'].values())} acts, ", end="")
    print(f"{ran['replies']} replies, {ran['tokens']} tokens")
    for line in lines:
        print(f"  {'ok    ' if line.is_good else 'FAILED'} {line.what}: {line.told}")
    return all(line.is_good for line in lines)


def _run(folder: Path, options: Namespace) -> int:
    """The status that the process ended with; one that hangs is ended with its stack traces in the log."""
    command = [sys.executable, "-X", "faulthandler", "-m", "benchmarks.soak.life"]
    command += [str(folder), str(options.output), str(options.minutes), str(options.seed)]
    with (options.output / "window-errors.log").open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(command, stderr=errors)
        clock, acts, changed_s, size = AwakeClock(), options.output / ACTS_LOG, 0.0, -1
        while process.poll() is None:
            now = clock.now()
            if acts.exists() and acts.stat().st_size != size:
                changed_s, size = now, acts.stat().st_size
            if now - changed_s > HANG_S:
                process.send_signal(signal.SIGABRT)
                return process.wait()
            time.sleep(1.0)
        return process.returncode


def _report(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
