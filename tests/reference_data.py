"""Where expected values lie that no code of ours computed: a small set in the repository, a larger one beside it."""

from __future__ import annotations

import json
import lzma
import os
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
_SMALL = REPOSITORY / "tests" / "reference" / "data"
_LARGE = REPOSITORY.parent / "shared" / "fixtures"
FIXTURES = Path(os.environ.get("FIRESIDE_FIXTURES", _LARGE if _LARGE.is_dir() else _SMALL))


def names(folder: str, pattern: str) -> list[str]:
    """Files or folders of the reference data, for parametrised tests; never none."""
    found = sorted(path.name for path in (FIXTURES / folder).glob(pattern))
    assert found, f"reference data is missing: {FIXTURES / folder / pattern}"
    return found


def read_json(path: Path) -> Any:
    """A JSON file, or the .xz of one."""
    if path.suffix == ".xz":
        return json.loads(lzma.decompress(path.read_bytes()))
    return json.loads(path.read_text(encoding="utf-8"))
