"""The files' part of the soak: thousands of hostile files of each kind, read in processes that may crash.

Each file follows from the seed, its kind and its number. What should not happen is told: an error without a sentence,
a crash, a hang, more than a second of the processor or 200 MB; such a file is kept in the folder `findings`.
"""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from benchmarks.soak.clock import AwakeClock

REPORT, FINDINGS = "files.json", "findings"
HANG_S = 60.0  # awake, for one file
MOST_CPU_S, USUAL_CPU_S = {"template": 3.0}, 1.0  # a template may compute for two seconds, and is stopped then
MOST_BYTES = 200 << 20
MOST_FINDINGS = 20  # of a kind; then the rest is not tried


@dataclass
class Outcome:
    """What became of the files of one kind."""

    files: int = 0
    refused: int = 0
    slowest_cpu_s: float = 0.0
    grown_bytes: int = 0
    findings: list[str] = field(default_factory=list)


def files(options: Namespace) -> bool:
    """Try `options.files` of every kind; the report lies in `options.output`."""
    from benchmarks.soak.kinds import KINDS

    unknown = set(options.kinds or ()) - set(KINDS)
    if unknown:
        print(f"files: there is no kind {', '.join(unknown)}; the kinds are {', '.join(KINDS)}")
        return False
    print(f"files: {options.files} of each kind, seed {options.seed}", flush=True)
    shutil.rmtree(options.output / FINDINGS, ignore_errors=True)
    outcomes: dict[str, Outcome] = {}
    for name in options.kinds or KINDS:
        started = time.monotonic()
        outcomes[name] = one = _try_kind(name, options)
        report = {"seed": options.seed, "kinds": {kind: asdict(outcome) for kind, outcome in outcomes.items()}}
        (options.output / REPORT).write_text(json.dumps(report, indent=1), encoding="utf-8")
        verdict = "FAILED" if one.findings else "ok    "
        print(
            f"  {verdict} {name}: {one.files} files, {one.refused} refused, slowest {one.slowest_cpu_s:.2f} s, "
            f"{one.grown_bytes >> 20} MB at most, {time.monotonic() - started:.0f} s",
            flush=True,
        )
        for finding in one.findings:
            print(f"         {finding}", flush=True)
    return not any(one.findings for one in outcomes.values())


def _try_kind(name: str, options: Namespace) -> Outcome:
    """Process after process, each from where the last one crashed or hung."""
    outcome = Outcome()
    while outcome.files < options.files and len(outcome.findings) < MOST_FINDINGS:
        with tempfile.TemporaryDirectory(prefix="fireside-soak-") as folder:
            _try_from(name, outcome, Path(folder), options)
    return outcome


def _try_from(name: str, outcome: Outcome, folder: Path, options: Namespace) -> None:
    command = [sys.executable, "-X", "faulthandler", "-m", "benchmarks.soak.files"]
    command += [name, str(folder), str(options.output / FINDINGS), str(options.seed)]
    command += [str(outcome.files), str(options.files)]
    errors_path = options.output / "files-errors.log"
    with errors_path.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        for line in _lines(process):
            told = json.loads(line)
            number = outcome.files
            outcome.files += 1
            outcome.refused += told["is_refused"]
            outcome.slowest_cpu_s = max(outcome.slowest_cpu_s, told["cpu_s"])
            outcome.grown_bytes = max(outcome.grown_bytes, told["grown_bytes"])
            if told["finding"]:
                outcome.findings.append(f"number {number}: {told['finding']}")
                if len(outcome.findings) >= MOST_FINDINGS:
                    process.kill()
        status = process.wait()
    if status != 0 and outcome.files < options.files and len(outcome.findings) < MOST_FINDINGS:
        last = errors_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-12:]
        outcome.findings.append(f"number {outcome.files}: the process ended with status {status}: {' | '.join(last)}")
        _keep(folder, options.output / FINDINGS / f"{name} {outcome.files}")
        outcome.files += 1


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """What the process says; one that says nothing for long is ended."""
    told: queue.SimpleQueue[str] = queue.SimpleQueue()
    assert process.stdout is not None
    stream = process.stdout

    def listen() -> None:
        for line in stream:
            told.put(line)
        told.put("")

    threading.Thread(target=listen, daemon=True).start()
    clock, since = AwakeClock(), 0.0
    while True:
        try:
            line = told.get(timeout=1.0)
        except queue.Empty:
            if clock.now() - since > HANG_S:
                process.kill()
            continue
        since = clock.now()
        if not line:
            return
        yield line


def _keep(folder: Path, place: Path) -> None:
    shutil.copytree(folder, place, dirs_exist_ok=True)


def main() -> int:
    """Read files in this process, a line for each; called by `files` alone."""
    name, place, findings, seed, first, end = sys.argv[1:]
    from benchmarks.soak.body import rss_bytes
    from benchmarks.soak.kinds import KINDS
    from engine.api import FiresideError
    from engine.device import peak_rss_bytes

    folder = Path(place) / "file"
    folder.mkdir()
    kind = KINDS[name](folder)
    most_cpu_s = MOST_CPU_S.get(name, USUAL_CPU_S)
    before = 0
    for number in range(int(first), int(end)):
        kind.spoil(Random(f"{seed} {name} {number}"))
        finding, is_refused = "", False
        started = time.process_time()
        try:
            kind.read()
        except FiresideError as error:
            is_refused = True
            if not str(error).strip():
                finding = f"{type(error).__name__} without a sentence"
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is a finding
            where = traceback.extract_tb(error.__traceback__)[-1]
            finding = f"{type(error).__name__}: {error!s:.200} in {Path(where.filename).name}:{where.lineno}"
        cpu_s = time.process_time() - started
        before = before or max(peak_rss_bytes(), rss_bytes())  # the first file pays for the libraries
        grown = peak_rss_bytes() - before
        if not finding and cpu_s > most_cpu_s and number > int(first):
            finding = f"it took {cpu_s:.2f} s of the processor"
        if not finding and grown > MOST_BYTES:
            finding, before = f"it took {grown >> 20} MB", peak_rss_bytes()
        if finding:
            _keep(folder, Path(findings) / f"{name} {number}")
        told = {"is_refused": is_refused, "cpu_s": cpu_s, "grown_bytes": grown, "finding": finding}
        print(json.dumps(told), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
