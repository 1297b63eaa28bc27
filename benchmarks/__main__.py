"""Fireside beside llama.cpp and transformers on the same file, prompts and threads: `make bench`.

Prints the figures of every part with their spread, and what has a goal beside it; keeps all of it as JSON and as a
plot. A figure that falls short is no error. Parts that are not measured again stay in the JSON as they were.
"""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from dataclasses import fields
from pathlib import Path

from benchmarks.alternating import REPOSITORY, alternate, in_a_process
from benchmarks.engines import SETTINGS
from benchmarks.machine import facts
from benchmarks.parts import PARTS, Part
from benchmarks.report import Record, record, table
from engine.api import LoadRequest
from engine.starter import starter_model_path

RESULTS = "results.json"


def main() -> int:
    """Measure the parts that were asked for; or one contestant once, in this process."""
    parser = _parser()
    options = parser.parse_args()
    options.model = Path(options.model) if options.model else starter_model_path()
    if options.model is None or not options.model.is_file():
        parser.error("there is no such model file; name a GGUF file, or install the starter model with `make run`")
    known = {contestant for part in PARTS.values() for contestant in part.contestants}
    if not known.issuperset(options.only or known):
        parser.error(f"--only takes {', '.join(sorted(known))}")
    if options.measure is not None:
        part, contestant = options.measure
        print(json.dumps(PARTS[part].contestants[contestant](options)))
        return 0
    options.model.read_bytes()  # so that nobody's load pays for the disk
    options.output.mkdir(parents=True, exist_ok=True)
    if options.scratch is not None:
        options.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.output) as scratch:
        results = _results(options.output / RESULTS)
        for name in options.parts:
            results[name] = _measured(name, options, options.scratch or Path(scratch))
            print(table(PARTS[name], results[name]), flush=True)
            (options.output / RESULTS).write_text(json.dumps(results, indent=1), encoding="utf-8")
    _plot(results, options.output)
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m benchmarks", description="Fireside beside llama.cpp and transformers.")
    parser.add_argument("model", nargs="?", help="a GGUF file; the starter model without")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--only", nargs="+", metavar="CONTESTANT", help="leave the other contestants out")
    parser.add_argument("--rounds", type=int, default=5, help="at most; slow parts have fewer")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt-tokens", type=int, default=512)
    parser.add_argument("--new-tokens", type=int, default=128)
    parser.add_argument("--past-tokens", type=int, default=7900, help="how long the long text is")
    parser.add_argument("--cache-type", choices=("f16", "q8_0"), default=_cache_type(), help="q8_0: that one as well")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "bench", metavar="FOLDER")
    parser.add_argument("--scratch", type=Path, metavar="FOLDER", help="keep what was read of the long text there")
    parser.add_argument("--measure", nargs=2, metavar=("PART", "CONTESTANT"), help="once, in this process")
    return parser


def _cache_type() -> str:
    """The smallest that the engine has."""
    return "q8_0" if "cache_type" in {field.name for field in fields(LoadRequest)} else "f16"


def _measured(name: str, options: Namespace, scratch: Path) -> Record:
    part = PARTS[name]
    arguments = [
        str(options.model.resolve()),
        *("--threads", str(options.threads), "--prompt-tokens", str(options.prompt_tokens)),
        *("--new-tokens", str(options.new_tokens), "--past-tokens", str(options.past_tokens)),
        *("--scratch", str(scratch.resolve())),
    ]
    rounds, missing = alternate(
        _contestants(part, options),
        min(options.rounds, part.most_rounds),
        lambda contestant: in_a_process(name, contestant, arguments),
    )
    return record(part, rounds, missing, facts(options.model, options.threads))


def _contestants(part: Part, options: Namespace) -> list[str]:
    return [
        name
        for name in part.contestants
        if name not in SETTINGS or SETTINGS[name].cache_type != "q8_0" or options.cache_type == "q8_0"
        if options.only is None or name in options.only
    ]


def _results(path: Path) -> dict[str, Record]:
    """What an earlier run left; nothing where that cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _plot(results: dict[str, Record], folder: Path) -> None:
    try:
        from benchmarks.plot import plot
    except ModuleNotFoundError as error:
        print(f"No plot: {error.name} is not installed (it comes with `pip install -e .[bench]`).", file=sys.stderr)
        return
    plot(results, folder)


if __name__ == "__main__":
    raise SystemExit(main())
