"""Import of a large ChatGPT export: `python -m benchmarks.imports [--size-mb 500]`.

Writes an export of that size into a temporary folder, imports it in a process of its own, and prints seconds, the
largest resident memory and what came in. The messages are a mix of English, Chinese and code, with branches.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from app.core.importing import run_import
from app.core.store import Store

TEXTS = (
    "The kettle sang before the rain stopped, and nobody could say which of the two had been the louder one. ",
    "水开了之后先温杯，再投茶；绿茶用八十度的水，红茶用九十五度。不同的茶需要不同的时间。",
    "def steep(leaves: float, *, minutes: int = 3) -> str:\n    return f'{leaves} g for {minutes} min'\n",
)
MESSAGES = 60  # of one conversation
SEED = 7


def main() -> int:
    """Make the file, import it in another process, print the figures."""
    parser = ArgumentParser(description="Measure the import of a large ChatGPT export.")
    parser.add_argument("--size-mb", type=int, default=500)
    parser.add_argument("--read", metavar="FILE", help="import this file in this process, print JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.read is not None:
            print(json.dumps(measure(Path(options.read), Path(folder))))
            return 0
        export = Path(folder) / "conversations.json"
        write_export(export, size_bytes=options.size_mb * 1_000_000)
        command = (sys.executable, "-m", "benchmarks.imports", "--read", str(export))
        figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for key, value in figures.items():
        print(f"{key:16} {value:,}")
    return 0


def measure(export: Path, folder: Path) -> dict[str, Any]:
    """Seconds, memory and counts of one import into a new store."""
    steps: list[int] = []
    store = Store(folder / "conversations.sqlite3")
    before_bytes = _peak_bytes()
    began = time.perf_counter()
    report = run_import(export, store, progress=lambda done, _: steps.append(done))
    lasted_s = time.perf_counter() - began
    store.close()
    outcome = report.outcomes[0][1]
    return {
        "file_mb": export.stat().st_size // 1_000_000,
        "conversations": outcome.added,
        "messages": outcome.messages,
        "seconds": round(lasted_s, 1),
        "peak_rss_mb": _peak_bytes() // 1_000_000,
        "rss_before_mb": before_bytes // 1_000_000,
        "progress_steps": len(steps),
    }


def write_export(path: Path, *, size_bytes: int) -> None:
    """As many conversations as fill the file."""
    chance = random.Random(SEED)
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        number = 0
        while file.tell() < size_bytes:
            file.write(",\n" if number else "")
            json.dump(conversation(number, chance), file)
            number += 1
        file.write("]")


def conversation(number: int, chance: random.Random) -> dict[str, Any]:
    """One conversation whose replies were now and then made twice."""
    began = 1_700_000_000 + number * 1000
    mapping: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None, "children": []}}
    parent = "root"
    for turn in range(MESSAGES):
        role = "assistant" if turn % 2 else "user"
        for version in range(2 if role == "assistant" and chance.random() < 0.1 else 1):
            node = f"{number}-{turn}-{version}"
            text = chance.choice(TEXTS) * chance.randint(1, 12 if role == "assistant" else 2)
            mapping[parent]["children"].append(node)
            mapping[node] = {
                "id": node,
                "parent": parent,
                "children": [],
                "message": {
                    "id": node,
                    "author": {"role": role, "name": None, "metadata": {}},
                    "create_time": began + turn + version / 10,
                    "content": {"content_type": "text", "parts": [text]},
                    "status": "finished_successfully",
                    "metadata": {"model_slug": "gpt-x", "request_id": node, "timestamp_": "absolute"},
                    "recipient": "all",
                },
            }
        parent = f"{number}-{turn}-0"
    return {
        "title": f"Conversation {number}",
        "create_time": began,
        "update_time": began + MESSAGES,
        "mapping": mapping,
        "current_node": parent,
        "conversation_id": f"c{number}",
    }


def _peak_bytes() -> int:
    """The largest resident size of this process so far; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    raise SystemExit(main())
