"""Which keys run which action: those it comes with, or those a person chose. Keys are texts such as `Ctrl+Shift+N`.

Knows no Qt: that two texts mean the same keys is for who makes them to see to (`QKeySequence`, portable text).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """`defaults` has the keys of every action by its id; `changed` those of the actions that were given others.

    A key that was given to an action is no other's, even if another comes with it since.
    """

    defaults: Mapping[str, tuple[str, ...]]
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys(self, action_id: str) -> tuple[str, ...]:
        """The keys of an action."""
        if action_id in self.changed:
            return self.changed[action_id]
        given = {key for one, keys in self.changed.items() if one in self.defaults for key in keys}
        return tuple(key for key in self.defaults[action_id] if key not in given)

    def owner(self, key: str) -> str | None:
        """The action that a key runs."""
        return next((one for one in self.defaults if key in self.keys(one)), None)

    def is_changed(self, action_id: str) -> bool:
        """Whether an action has other keys than it came with."""
        return self.keys(action_id) != self.defaults[action_id]

    def given(self, action_id: str, *keys: str) -> Shortcuts:
        """With these keys and no others for an action; whoever had one of them has it no more."""
        wanted = {action_id: keys}
        for other in self.defaults:
            if other != action_id and any(key in keys for key in self.keys(other)):
                wanted[other] = tuple(key for key in self.keys(other) if key not in keys)
        kept = {**self.changed, **wanted}
        return Shortcuts(self.defaults, {one: keys for one, keys in kept.items() if keys != self.defaults.get(one)})

    def reset(self, action_id: str) -> Shortcuts:
        """With the keys that an action came with."""
        return self.given(action_id, *self.defaults[action_id])
