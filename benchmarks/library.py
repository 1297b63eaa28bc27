"""How long it takes to look for models: `python -m benchmarks.library [--models 500] [--json]`.

Half of the models are GGUF files, half folders with safetensors, each in a folder of its own, with tiny weights and
whole headers. Cold: nothing is known yet, though the files' pages are in memory; warm: all headers are known. The
import of torch, which the window has done before, is not part of it. `one_header_s` is the starter model's, whose
vocabulary has 49,152 tokens.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

from app.core.discovery import Machine, own_folders
from app.core.scan import survey
from app.worker import read_model_header
from benchmarks.tiny_models import tiny_folder, tiny_gguf
from engine.starter import starter_model_path


def main() -> int:
    """Run the rounds and print medians with their spread, in seconds."""
    parser = ArgumentParser(description="Measure the search for models.")
    parser.add_argument("--models", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures: dict[str, list[float]] = {"cold_s": [], "warm_s": [], "one_header_s": []}
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        for number in range(options.models):
            if number % 2:
                tiny_gguf(root / "models" / f"publisher-{number}" / f"model-{number}.gguf", seed=number)
            else:
                tiny_folder(root / "models" / f"model-{number}", seed=number)
        starter = starter_model_path()
        assert starter is not None, "`make run` installs the starter model"
        read_model_header(starter)  # imports torch
        sources = (own_folders([root / "models"]),)
        for _ in range(options.rounds):
            file = root / "found.json"
            file.unlink(missing_ok=True)
            for name in ("cold_s", "warm_s"):
                started = time.perf_counter()
                found = survey(file, sources, Machine.here(), read_header=read_model_header)
                figures[name].append(time.perf_counter() - started)
                assert len(found.sightings) == options.models
            started = time.perf_counter()
            read_model_header(starter)
            figures["one_header_s"].append(time.perf_counter() - started)
    summary = {
        key: {"median": statistics.median(values), "min": min(values), "max": max(values)}
        for key, values in figures.items()
    }
    if options.json:
        print(json.dumps(summary))
    else:
        for key, spread in summary.items():
            print(f"{key:14} {spread['median']:8.3f} s  ({spread['min']:.3f} to {spread['max']:.3f})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
