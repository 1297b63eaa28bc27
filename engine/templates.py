"""Chat templates as Jinja, rendered in a sandbox with a budget: a hostile one ends with an error, not a hang.

The environment has the semantics of transformers' (utils/chat_template_utils.py): block trimming, loop controls,
`tojson`, `raise_exception`, `strftime_now`, `{% generation %}`. `engine.chat` calls `render_template`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.api import TemplateError

TIME_LIMIT_S = 2.0
MOST_STEPS = 2_000_000  # loop rounds and calls; the longest real template takes 4,000 for three messages
LONGEST_TEXT = 64 << 20  # characters of any text that a template builds
LONGEST_TEMPLATE = 1 << 20  # characters
LARGEST_NUMBER_BITS = 4096
_PADDING_METHODS = frozenset(("center", "expandtabs", "ljust", "rjust", "zfill"))


class _Budget:
    """Counts what one rendering does."""

    def __init__(self) -> None:
        self.steps = 0
        self.ends_at = time.monotonic() + TIME_LIMIT_S

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS or (self.steps % 64 == 0 and time.monotonic() > self.ends_at):
            raise SecurityError(f"it takes more than {TIME_LIMIT_S:g} seconds or {MOST_STEPS} steps")


_budget: ContextVar[_Budget] = ContextVar("_budget")


def _fits(length: int) -> None:
    if length > LONGEST_TEXT:
        raise SecurityError(f"it builds a text of more than {LONGEST_TEXT >> 20} million characters")


class _Generation(Extension):
    """`{% generation %}` marks the assistant's words for training; here its body is just text."""

    tags = {"generation"}  # noqa: RUF012 - a set in Jinja's base class

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The body itself."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Generator(CodeGenerator):
    """Compiles `a ~ b` to a call that checks the length first."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - Jinja's name
        self.write("environment.concatenate((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with every loop round, call and multiplication counted against the budget."""

    code_generator_class = _Generator
    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def _generate(self, source: nodes.Template, *arguments: Any, **options: Any) -> str:
        for loop in list(source.find_all(nodes.For)):
            loop.iter = nodes.Filter(loop.iter, "_watched", [], [], None, None)
        return super()._generate(source, *arguments, **options)

    def call(self, _context: Any, _callee: Any, /, *arguments: Any, **options: Any) -> Any:
        """Calls from the template."""
        _budget.get().step()
        plain = getattr(_callee, "__wrapped__", _callee)  # the sandbox wraps `format`
        receiver, name = getattr(plain, "__self__", None), getattr(plain, "__name__", "")
        if isinstance(receiver, str):
            _check_text_method(receiver, name, arguments)
        result = super().call(_context, _callee, *arguments, **options)
        if isinstance(result, str | list):
            _fits(len(result))
        return result

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Operators that can make large values."""
        _budget.get().step()
        if operator == "+" and isinstance(left, str | list) and isinstance(right, str | list):
            _fits(len(left) + len(right))
        elif operator == "%" and isinstance(left, str):
            raise SecurityError("it formats texts with %, which is not allowed; `format` and `~` are")
        elif operator in ("*", "**"):
            _check_product(operator, left, right)
        return super().call_binop(context, operator, left, right)

    @staticmethod
    def concatenate(parts: tuple[Any, ...]) -> str:
        """What `~` does."""
        texts = [str(part) for part in parts]
        _fits(sum(map(len, texts)))
        return "".join(texts)


def _check_text_method(text: str, name: str, arguments: tuple[Any, ...]) -> None:
    if name in _PADDING_METHODS and arguments and isinstance(arguments[0], int):
        _fits(arguments[0] * (text.count("\t") + 1 if name == "expandtabs" else 1))
    elif name == "replace" and len(arguments) >= 2 and all(isinstance(one, str) for one in arguments[:2]):
        _fits(len(text) + (text.count(arguments[0]) + 1) * len(arguments[1]))
    elif name in ("format", "format_map") and any(part.isdigit() and len(part) > 4 for part in _numbers(text)):
        raise SecurityError("it formats a text to an enormous width")


def _numbers(text: str) -> list[str]:
    return "".join(letter if letter.isdigit() else " " for letter in text).split()


def _check_product(operator: str, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * (max(right, 0) if operator == "**" else 1) + right.bit_length()
        if bits > LARGEST_NUMBER_BITS:
            raise SecurityError("it computes with enormous numbers")
    elif operator == "*":
        for sequence, count in ((left, right), (right, left)):
            if isinstance(sequence, str | list | tuple) and isinstance(count, int):
                _fits(len(sequence) * max(count, 0))


def _watched(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        _budget.get().step()
        yield value


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    if indent is not None and indent > 64:
        raise SecurityError("it indents JSON enormously")
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(str(message))


def _strftime_now(pattern: str) -> str:
    return datetime.now().astimezone().strftime(pattern)


@lru_cache(maxsize=16)
def _compiled(template: str) -> jinja2.Template:
    if len(template) > LONGEST_TEMPLATE:
        raise TemplateError(f"The chat template has {len(template)} characters; {LONGEST_TEMPLATE} are possible.")
    environment = _Environment(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols])
    environment.filters["_watched"] = _watched
    environment.filters["tojson"] = _tojson
    for name, filter_ in (("center", _limited_width), ("indent", _limited_width)):
        environment.filters[name] = filter_(environment.filters[name])
    environment.globals["raise_exception"] = _raise_exception
    return environment.from_string(template)


def _limited_width(filter_: Callable[..., str]) -> Callable[..., str]:
    def limited(text: str, width: Any = 4, *arguments: Any, **options: Any) -> str:
        length = width if isinstance(width, int) else len(str(width))
        _fits(length * (str(text).count("\n") + 1))
        return filter_(text, width, *arguments, **options)

    return limited


def render_template(
    template: str,
    variables: Mapping[str, Any],
    *,
    strftime_now: Callable[[str], str] = _strftime_now,
) -> str:
    """The text that `template` makes of `variables`.

    Raises `TemplateError` with the template's own words, or saying which limit it broke.
    """
    token = _budget.set(_Budget())
    try:
        parts, length = [], 0
        for part in _compiled(template).generate(**variables, strftime_now=strftime_now):
            length += len(part)
            _fits(length)
            parts.append(part)
        return "".join(parts)
    except SecurityError as error:
        raise TemplateError(f"The model's chat template was stopped: {error}.") from error
    except jinja2.TemplateError as error:
        raise TemplateError(f"The model's chat template refuses this conversation: {error}.") from error
    except RecursionError as error:
        raise TemplateError("The model's chat template was stopped: it is nested too deeply.") from error
    except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError) as error:
        raise TemplateError(f"The model's chat template failed ({type(error).__name__}: {error!s:.200}).") from error
    finally:
        _budget.reset(token)
