"""How a model reads an attached file: its name, then its text in a fence that nothing in it can close.

    Attached file: prices.csv
    ```csv
    apples,3
    ```

All of it is content of the person's message and is encoded as plain text, whatever it spells.
"""

from __future__ import annotations

import re
from pathlib import PurePath

_FENCES = re.compile(r"^ {0,3}(`{3,})", re.MULTILINE)
_ENDING = re.compile(r"\.([a-zA-Z0-9+#-]{1,12})$")


def fenced_file(name: str, text: str) -> str:
    """A file's text as it stands in a message."""
    shown = " ".join(PurePath(name).name.replace("`", "'").split()) or "file"
    fence = "`" * max([3, *(len(found) + 1 for found in _FENCES.findall(text))])
    ending = _ENDING.search(shown)
    language = ending[1].lower() if ending and ending[1].lower() != "pdf" else ""
    end = "" if text.endswith("\n") else "\n"
    return f"Attached file: {shown}\n{fence}{language}\n{text}{end}{fence}"
