"""Stop strings over a stream of text: cut exactly, with nothing shown that may become part of one."""

from __future__ import annotations

from collections.abc import Sequence


class StopStrings:
    """Holds back the end of the text as long as a stop string may begin there."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""

    def push(self, text: str) -> tuple[str, bool]:
        """The text that can be shown now, and whether a stop string has ended the reply."""
        if not self._stops:
            return text, False
        text = self._held + text
        places = [(place, stop) for stop in self._stops if (place := text.find(stop)) >= 0]
        if places:
            self._held = ""
            return text[: min(places)[0]], True
        keep = max((_overlap(text, stop) for stop in self._stops), default=0)
        shown, self._held = text[: len(text) - keep], text[len(text) - keep :]
        return shown, False

    def finish(self) -> str:
        """What was held back and turned out to be no stop string."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that begins `stop`."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
