"""What one rendering of a chat template may do: steps, seconds, characters, and the size of what it works on.

Python cannot be interrupted inside one operation of its own (the text or the comparison of a list that holds itself
twice, sixty times over, never ends), so each value is measured before such an operation. `engine.sandbox` asks.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.utils import Namespace

TIME_LIMIT_S = 2.0
MOST_STEPS = 2_000_000  # loop rounds and calls; the longest real template takes 4,000 for three messages
LONGEST_TEXT = 16 << 20  # characters of any text that a template builds; a prompt of a million tokens has 4 million
MOST_TEXT = 16 * LONGEST_TEXT  # characters of all of them together: each may still be in memory
LONGEST_LIST = 1 << 20  # items
DEEPEST = 100  # lists in lists
PART_CHARACTERS = 256  # what a number or a list counts beside texts


class Budget:
    """Counts what one rendering does; `inputs` are what it may read, which can be large but is what it is.

    Every method raises SecurityError when a limit is passed.
    """

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self.steps = self.made = self._looked_at = 0
        self.ends_at = time.monotonic() + TIME_LIMIT_S
        self._inputs: dict[int, int] = {}  # sizes by identity: the inputs live as long as this
        for value in inputs.values():
            self._learn(value)

    def step(self) -> None:
        """One round of a loop, or one call."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise _too_long()
        if self.steps % 64 == 0:
            self._check_time()

    def will_make(self, characters: int) -> None:
        """Such a text is about to be made, or was."""
        if characters > LONGEST_TEXT:
            raise SecurityError(f"it builds a text of more than {LONGEST_TEXT >> 20} million characters")
        self.made += characters
        if self.made > MOST_TEXT:
            raise SecurityError(f"it builds more than {MOST_TEXT >> 20} million characters of text")
        if characters > 1 << 12:
            self._check_time()

    def will_list(self, items: int) -> None:
        """Such a list is about to be made, or was."""
        if items > LONGEST_LIST:
            raise SecurityError(f"it builds a list of more than {LONGEST_LIST >> 20} million items")
        self.will_make(4 * items)  # 8 bytes each, while most texts have one byte a character

    def made_value(self, value: Any) -> Any:
        """Count a value that an operation gave, and hand it on; a generator is counted as it is used up."""
        if isinstance(value, str):
            self.will_make(len(value))
        elif isinstance(value, list | tuple | dict):
            self.will_list(len(value))
        elif isinstance(value, Iterator):
            return self.watched(value)
        return value

    def watched(self, values: Iterable[Any], text_each: int = 0) -> Iterator[Any]:
        """Items that count as a step each, and as so many characters of the template itself."""
        for value in values:
            self.step()
            self.will_make(text_each)
            yield value

    def measured(self, value: Any) -> int:
        """The size of a value written out, its parts counted as often as they are in it."""
        if isinstance(value, str):
            return len(value)
        size, waiting = 0, [(value, 0)]
        while waiting:
            one, depth = waiting.pop()
            self._looked_at += 1
            if self._looked_at % 1024 == 0:
                self._check_time()
            size += self._inputs.get(id(one)) or PART_CHARACTERS + (len(one) if isinstance(one, str) else 0)
            if size > LONGEST_TEXT or depth > DEEPEST:
                raise SecurityError("it works on lists within lists that are enormous")
            if id(one) not in self._inputs:
                waiting += [(part, depth + 1) for part in _parts(one)]
        return size

    def _learn(self, value: Any, depth: int = 0) -> int:
        if isinstance(value, str):
            return PART_CHARACTERS + len(value)
        known = self._inputs.get(id(value))
        if known is not None:
            return known
        size, parts = PART_CHARACTERS, _parts(value)
        if parts and depth == DEEPEST:
            raise SecurityError("the messages are nested too deeply")
        for part in parts:
            size += PART_CHARACTERS + len(part) if isinstance(part, str) else self._learn(part, depth + 1)
        if parts:
            self._inputs[id(value)] = size
        return size

    def _check_time(self) -> None:
        if time.monotonic() > self.ends_at:
            raise _too_long()


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, Namespace):
        return list(value._Namespace__attrs.values())  # its text shows them
    return []


def _too_long() -> SecurityError:
    return SecurityError(f"it takes more than {TIME_LIMIT_S:g} seconds or {MOST_STEPS} steps")


_current: ContextVar[Budget] = ContextVar("_current")
current = _current.get  # the budget of the rendering that runs


class spending:  # noqa: N801 - used like a function in a with statement
    """While active, `current` is this budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def __enter__(self) -> None:
        self._token = _current.set(self._budget)

    def __exit__(self, *_exception: object) -> None:
        _current.reset(self._token)
