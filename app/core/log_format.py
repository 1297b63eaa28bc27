"""How a line of the log is written: what happened and where in the code, never the words of an error.

Those may quote what a person wrote or a model said (`KeyError: 'my secret'`). `FIRESIDE_LOG_WORDS=1` keeps them, for
whoever looks for a fault on their own machine.
"""

from __future__ import annotations

import logging
import os
import traceback
from types import TracebackType
from typing import TypeAlias

SWITCH = "FIRESIDE_LOG_WORDS"
LONGEST_CHAIN = 10  # errors that came of one another

_Raised: TypeAlias = "tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]"


class LogFormatter(logging.Formatter):
    """Lines with time, level and logger; errors with their trace and kind."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._with_words = os.environ.get(SWITCH, "") not in ("", "0")

    def format(self, record: logging.LogRecord) -> str:
        """Part of logging's interface. Formatters leave an error's text in its record, for each other to take."""
        record.exc_text = None
        try:
            return super().format(record)
        finally:
            record.exc_text = None

    def formatException(self, ei: _Raised) -> str:  # noqa: N802 - the name in logging
        """Part of logging's interface."""
        if self._with_words or ei[1] is None:
            return super().formatException(ei)
        told: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None and len(told) < LONGEST_CHAIN:
            trace = "".join(traceback.format_tb(error.__traceback__))
            told.append(
                f"Traceback (most recent call last):\n{trace}{type(error).__module__}.{type(error).__qualname__}"
            )
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n\nafter:\n\n".join(told)
