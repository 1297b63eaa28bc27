"""The parts of the soak by name: each runs, prints its verdict, leaves a report and says whether it was passed."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from benchmarks.soak.files import files
from benchmarks.soak.kills import kills
from benchmarks.soak.window import window

PARTS: dict[str, Callable[[Namespace], bool]] = {"files": files, "kills": kills, "window": window}
