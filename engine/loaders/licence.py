"""Under which licence a model is given, as its own files say; nobody has checked it."""

from __future__ import annotations

import re

from engine.api import ModelFileError
from engine.loaders.checkpoint import Checkpoint

LONGEST = 80  # characters; a name, not the text
_LINE = re.compile(r"^license(?P<name>_name)?:\s*(?P<value>\S.*?)\s*$", re.MULTILINE)


def licence_of(checkpoint: Checkpoint) -> str | None:
    """The licence that a GGUF file names, or the model card beside a folder's weights; None where neither does."""
    named = checkpoint.config.get("general.license.name") or checkpoint.config.get("general.license")
    if named is None:
        try:
            card = (checkpoint.side_file("README.md") or b"").decode("utf-8", "replace")
        except ModelFileError:  # a card that leads out of the folder, or is none
            return None
        named = _of_card(card)
    return named.strip()[:LONGEST] or None if isinstance(named, str) else None


def _of_card(card: str) -> str | None:
    """From the front matter of a Hugging Face model card; `other` says it with a name of its own."""
    if not card.startswith("---"):
        return None
    found = {bool(line["name"]): line["value"].strip("\"'") for line in _LINE.finditer(card.split("\n---", 1)[0])}
    return found.get(True) or found.get(False)
