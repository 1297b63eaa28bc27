"""How long exports take and what memory they need: `python -m benchmarks.exports [--json]`.

One conversation of 2,000 messages as every format, and 2,000 conversations of ten messages in those that hold many;
each in a process of its own, whose largest memory is measured. The conversations are made as they are read, so that
what is measured is the export.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

from app.core.catalogue import Conversation
from app.core.conversation import MessageTree, Part, PartKind, Status, StoredMessage
from app.core.exporters import ExportedConversation
from app.core.exporting import write_conversations
from app.export_formats import EXPORTERS

LONG, MANY = (1, 2000), (2000, 10)  # conversations, messages in each
REPLY = """## Answer {number}

The quick **brown** fox jumps over the *lazy* dog; 敏捷的棕色狐狸跳过了懒狗。 See `fox.jump()`.

```python
def jump(height: float) -> float:
    return height * {number}
```

| animal | height |
|---|--:|
| fox | {number} |

1. run
2. jump
"""


def main() -> int:
    """Print seconds, memory and size of every export."""
    parser = ArgumentParser(description="Measure exports.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=3, metavar=("FORMAT", "CONVERSATIONS", "MESSAGES"), help="measure once, here")
    options = parser.parse_args()
    if options.one:
        name, conversations, messages = options.one
        print(json.dumps(one_export(name, int(conversations), int(messages))))
        return 0
    figures = {}
    for conversations, messages in (LONG, MANY):
        for exporter in EXPORTERS:
            if conversations > 1 and not exporter.is_joint:
                continue
            command = [sys.executable, "-m", "benchmarks.exports", "--one"]
            done = subprocess.run(
                [*command, exporter.name, str(conversations), str(messages)],
                capture_output=True,
                text=True,
                check=True,
            )
            figures[f"{exporter.name} {conversations} x {messages}"] = json.loads(done.stdout)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, figure in figures.items():
            print(f"{name:24}" + "".join(f"  {key} {value:8.1f}" for key, value in figure.items()))
    return 0


def one_export(name: str, conversations: int, messages: int) -> dict[str, float]:
    """Seconds, largest memory and the size of the file."""
    exporter = next(one for one in EXPORTERS if one.name == name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"out.{exporter.ending}"
        started = time.perf_counter()
        write_conversations(_made(conversations, messages), conversations, exporter, path)
        return {
            "export_s": time.perf_counter() - started,
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "size_mb": path.stat().st_size / 1e6,
        }


def _made(conversations: int, messages: int) -> Iterator[ExportedConversation]:
    for chat in range(conversations):
        turns = []
        for number in range(messages):
            said = "Tell me how the fox jumps, please." if number % 2 == 0 else REPLY.format(number=number)
            role = "user" if number % 2 == 0 else "assistant"
            parent = f"m{number - 1}" if number else None
            parts = (Part(PartKind.TEXT, said),)
            turns.append(StoredMessage(f"m{number}", parent, role, parts, Status.COMPLETE, 1.8e9 + number))
        header = Conversation(f"c{chat}", f"The fox {chat}", 1.8e9, 1.8e9)
        yield ExportedConversation(header, MessageTree(turns, leaf_id=turns[-1].id))


if __name__ == "__main__":
    raise SystemExit(main())
