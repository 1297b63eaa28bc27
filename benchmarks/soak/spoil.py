"""Spoils what is sound: bytes, JSON values, templates. What comes of it follows from the dice."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

_NUMBERS = (0, 1, -1, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**63, 2**64 - 1, 10**30)
_TEXTS = (
    "",
    "\0",
    "\ud800",
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "<script>",
    "\u202e",
    "x" * 10_000,
    "{{ 9**9 }}",
)


def spoiled_bytes(content: bytes, dice: Random) -> bytes:
    """Change, insert, delete or repeat bytes, mostly near the beginning, or cut the end off."""
    mutant = bytearray(content)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(min(len(mutant), dice.choice((64, 2000, len(mutant)))))
        match dice.randrange(6):
            case 0:
                mutant[at] = dice.randrange(256)
            case 1:
                mutant[at : at + 8] = struct.pack("<Q", dice.choice(_NUMBERS) % 2**64)
            case 2:
                del mutant[at : at + dice.randint(1, 9)]
            case 3:
                mutant[at:at] = dice.randbytes(dice.randint(1, 9))
            case 4:
                mutant[at:at] = mutant[at : at + dice.randint(1, 200)]
            case _:
                del mutant[dice.randrange(len(mutant)) :]
        if not mutant:
            return b"\0"
    return bytes(mutant)


def spoiled_json(content: bytes, dice: Random) -> bytes:
    """The JSON text with values replaced, removed, nested deep, or repeated once."""
    value = json.loads(content)
    repeats = iter((dice.choice((2, 1000)),))
    for _ in range(dice.randint(1, 4)):
        places = list(_places(value))
        if not places:
            break
        holder, key = dice.choice(places)
        match dice.randrange(6):
            case 0 | 1 | 2:
                holder[key] = _hostile_value(dice)
            case 3:
                del holder[key]
            case 4:
                holder[key] = [holder[key]] * next(repeats, 1)
            case _:
                for _ in range(dice.choice((5, 90))):
                    holder[key] = {"x": holder[key]} if dice.random() < 0.5 else [holder[key]]
    text = json.dumps(value, ensure_ascii=dice.random() < 0.5)
    if dice.random() < 0.05:
        text = "[" * 100_000 + text
    return text.encode("utf-8", "surrogatepass")


def spoiled(content: bytes, dice: Random) -> bytes:
    """A JSON text spoiled as bytes or as a value."""
    return dice.choice((spoiled_bytes, spoiled_json))(content, dice)


def spoiled_template(sound: Sequence[str], dice: Random) -> str:
    """A template of pieces that hurt, between the pieces of a sound one."""
    if dice.random() < 0.4:
        return spoiled_bytes(dice.choice(sound).encode(), dice).decode("utf-8", "replace")
    pieces = [piece(dice) for piece in dice.choices(_PIECES, k=dice.randint(1, 5))]
    for wrapper in dice.choices(_WRAPPERS, k=dice.randint(0, 3)):
        pieces = [wrapper.replace("BODY", "".join(pieces))]
    return dice.choice(("", dice.choice(sound))) + "".join(pieces)


def _hostile_value(dice: Random) -> Any:  # what JSON can hold
    return dice.choice(
        (
            None,
            True,
            -0.0,
            1e308,
            float("nan"),
            float("inf"),
            [],
            {},
            [[]] * 50,
            {"role": None, "content": [{"type": "text"}]},
            dice.choice(_NUMBERS),
            dice.choice(_NUMBERS),
            dice.choice(_TEXTS),
            dice.choice(_TEXTS),
            str(dice.choice(_NUMBERS)),
        )
    )


def _places(value: Any) -> Any:
    """The holder and the key of every value inside of one."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            yield holder, key
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])


def _number(dice: Random) -> int:
    return dice.choice((0, 1, 7, 99, 10**4, 10**6, 10**10, 2**63))


_PIECES: tuple[Callable[[Random], str], ...] = (
    lambda dice: "{{ 'ab' * " + str(_number(dice)) + " }}",
    lambda dice: "{{ 'a'." + dice.choice(("ljust", "center", "zfill")) + f"({_number(dice)}) }}}}",
    lambda dice: "{{ '{:>" + str(_number(dice)) + "}'.format(1) }}",
    lambda dice: "{{ '%" + str(_number(dice)) + "d' % 1 }}",
    lambda dice: f"{{{{ {_number(dice)} ** {_number(dice)} }}}}",
    lambda dice: "{{ range(" + str(_number(dice)) + ") | list | length }}",
    lambda dice: "{{ ([1] * " + str(_number(dice)) + ") | length }}",
    lambda dice: "{{ messages." + dice.choice(("__class__", "append(1)", "clear()", "copy()", "__len__()")) + " }}",
    lambda dice: "{{ " + dice.choice(("cycler", "lipsum", "joiner", "namespace", "self", "dict")) + ".__init__ }}",
    lambda dice: (
        "{{ messages | " + dice.choice(("tojson", "map('upper')", "join", "batch(3)", "list", "string")) + " }}"
    ),
    lambda _dice: "{{ messages[0].content.x.y }}",
    lambda _dice: "{{ strftime_now('%Y' * 9999) }}",
    lambda _dice: "{% include '/etc/passwd' %}",
    lambda _dice: "{% import 'os' as os %}{{ os.system('true') }}",
    lambda _dice: "{{ raise_exception(messages) }}",
    lambda _dice: "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    lambda _dice: "{% macro f(n) %}{{ f(n + 1) }}{{ f(n + 1) }}{% endmacro %}{{ f(1) }}",
    lambda _dice: "{{ 'x'.replace('', 'yy' * 9999).replace('', 'yy' * 9999) }}",
    lambda _dice: "{{ messages | map(attribute='content') | join | regex_replace('x', 'y') }}",
    lambda _dice: "\ud800\0{# ",
)
_WRAPPERS = (
    "{% for a in range(99999) %}BODY{% endfor %}",
    "{% for m in messages %}BODY{% endfor %}",
    "{% if true %}BODY{% endif %}",
    "{% macro g() %}BODY{% endmacro %}{{ g() }}{{ g() }}",
    "{% set x %}BODY{% endset %}{{ x }}{{ x * 9 }}",
    "{% filter upper %}BODY{% endfilter %}",
    "{{ (BODY) }}",
    "{% generation %}BODY{% endgeneration %}",
)
