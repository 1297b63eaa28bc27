"""`python -m benchmarks.soak [files|kills|window …] [--minutes N] [--seed S] [--output FOLDER]`: `make soak`.

Without a part all of them run. Each prints its verdict and leaves a report in the folder; the exit status is 1 when
one is not passed.
"""

from __future__ import annotations

import os
import random
from argparse import ArgumentParser
from pathlib import Path

from benchmarks.alternating import REPOSITORY

MINUTES = float(os.environ.get("FIRESIDE_SOAK_MIN", "120"))


def main() -> int:
    """Run the parts that were asked for."""
    from benchmarks.soak.parts import PARTS

    parser = ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all without")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of the window (FIRESIDE_SOAK_MIN)")
    parser.add_argument("--files", type=int, default=10_000, help="hostile ones of each kind")
    parser.add_argument("--kinds", nargs="+", metavar="KIND", help="of files; all without")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, help="of everything that is random; another one each time without")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "soak", metavar="FOLDER")
    options = parser.parse_args()
    if not set(PARTS).issuperset(options.parts):
        parser.error(f"the parts are {', '.join(PARTS)}")
    options.seed = random.SystemRandom().randrange(1 << 31) if options.seed is None else options.seed
    options.output = options.output.resolve()
    options.output.mkdir(parents=True, exist_ok=True)
    passed = [PARTS[name](options) for name in options.parts or PARTS]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
