"""Jinja's sandbox for chat templates, in which every operation that could grow is counted before it happens.

Semantics are those of transformers (utils/chat_template_utils.py): block trimming, loop controls, `tojson`,
`raise_exception`, `strftime_now`, `{% generation %}`. Filters that no chat template needs are not there: each is a
way to take time or memory. `engine.templates` renders with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.template_budget import current

LARGEST_NUMBER_BITS = 4096
LARGEST_INDENT = 64
MOST_DIGITS = 100  # behind the point
LONGEST_DATE_PATTERN = 256  # characters
FILTERS = frozenset(
    (
        *(
            "abs",
            "attr",
            "capitalize",
            "center",
            "count",
            "d",
            "default",
            "dictsort",
            "e",
            "escape",
            "first",
            "float",
        ),
        *("indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject"),
        *("rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort", "string", "title"),
        *("trim", "truncate", "unique", "upper"),
    )
)
_SHALLOW = frozenset(  # they look at no more than the items themselves
    (
        *("attr", "count", "d", "default", "first", "items", "last", "length", "map", "reject", "rejectattr"),
        *("select", "selectattr"),
    )
)
_BY_LETTERS = ("list", "max", "min", "reverse", "sort", "title", "unique")  # what takes a text apart
_COMPARING = ("eq", "==", "equalto", "ne", "!=", "gt", ">", "greaterthan", "ge", ">=", "lt", "<", "lessthan", "le")
_DICT_ATTRIBUTES = frozenset(dir(dict))
_LOOP_STATE = frozenset(("depth", "depth0", "first", "index", "index0", "last", "length", "revindex", "revindex0"))
_PADDING_METHODS = frozenset(("center", "ljust", "rjust", "zfill"))
_SPLITTING_METHODS = frozenset(("split", "rsplit", "splitlines"))
_REFUSED_METHODS = frozenset(("translate", "maketrans", "encode", "expandtabs", "format_map"))
_NESTED_FORMAT = re.compile(r"\{[^{}]*\{|\d{5}")  # a width that is a value, or an enormous one


class _Generation(Extension):
    """`{% generation %}` marks the assistant's words for training; here its body is just text."""

    tags = {"generation"}  # noqa: RUF012 - a set in Jinja's base class

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The body itself."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Generator(CodeGenerator):
    """Compiles what Python would do at one go to calls of the environment, which measure first."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - Jinja's names, also below
        self._call("concatenate", frame, *node.nodes)

    def visit_Add(self, node: nodes.BinExpr, frame: Frame) -> None:  # noqa: N802
        self._call("added", frame, node.left, node.right)

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        self.write("(")
        self._compared(node.expr, frame)
        for operand in node.ops:
            self.visit(operand, frame)
        self.write(")")

    def visit_Operand(self, node: nodes.Operand, frame: Frame) -> None:  # noqa: N802
        self.write(f" {_OPERATORS[node.op]} ")
        self._compared(node.expr, frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        if not isinstance(node.arg, nodes.Slice):
            self._call("getitem", frame, node.node, node.arg)
            return
        self.write("environment.made(")
        self.visit(node.node, frame)
        self.write("[")
        self.visit(node.arg, frame)
        self.write("])")

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        self.write("{")
        for pair in node.items:
            self._call("bounded", frame, pair.key)
            self.write(": ")
            self.visit(pair.value, frame)
            self.write(", ")
        self.write("}")

    def _compared(self, node: nodes.Expr, frame: Frame) -> None:
        if isinstance(node, nodes.Const) and isinstance(node.value, str | int | float | None):
            self.visit(node, frame)  # needs no measuring
        else:
            self._call("bounded", frame, node)

    def _call(self, name: str, frame: Frame, *arguments: nodes.Node) -> None:
        self.write(f"environment.{name}(")
        for argument in arguments:
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")


_OPERATORS = {
    "eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "in": "in", "notin": "not in",
}  # fmt: skip


class Environment(ImmutableSandboxedEnvironment):
    """Every loop round, call, filter and operator counts against the budget of the rendering."""

    code_generator_class = _Generator
    intercepted_binops = frozenset(("+", "*", "**", "%"))  # nor computed when a template is compiled

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols], finalize=_written
        )
        self.filters = {name: _counted(name, filter_) for name, filter_ in self.filters.items() if name in FILTERS}
        self.filters |= {"_watched": _watched, "tojson": _tojson}
        self.tests |= {name: _bounded_test(self.tests[name]) for name in (*_COMPARING, "in")}
        del self.globals["lipsum"]
        self.globals["raise_exception"] = _raise_exception
        self._text_in_blocks = 0

    def _generate(self, source: nodes.Template, *arguments: Any, **options: Any) -> str:
        """Loops count their rounds and the text of the template that each could put out."""
        self._text_in_blocks = sum(map(_text_in, source.find_all(nodes.AssignBlock)))
        for loop in list(source.find_all(nodes.For)):
            loop.iter = nodes.Filter(loop.iter, "_watched", [nodes.Const(_text_in(loop))], [], None, None)
        return super()._generate(source, *arguments, **options)

    def call(self, _context: Any, _callee: Any, /, *arguments: Any, **options: Any) -> Any:
        """Calls from the template."""
        budget = current()
        budget.step()
        for value in (*arguments, *options.values()):
            budget.measured(value)
        if not callable(_callee) and not isinstance(_callee, Undefined):
            raise SecurityError(f"it calls a {type(_callee).__name__}, which is no function")
        if isinstance(_callee, Macro):
            budget.will_make(self._text_in_blocks)
        plain = getattr(_callee, "__wrapped__", _callee)  # the sandbox wraps `format`
        receiver, name = getattr(plain, "__self__", None), getattr(plain, "__name__", "")
        if isinstance(receiver, str):
            _check_text_method(receiver, name, (*arguments, *options.values()))
        elif isinstance(receiver, list | tuple | dict):
            budget.measured(receiver)
        return budget.made_value(super().call(_context, _callee, *arguments, **options))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Operators that can make large values, beside `+`."""
        budget = current()
        budget.step()
        if operator == "%" and isinstance(left, str):
            raise SecurityError("it formats texts with %, which is not allowed; `format` and `~` are")
        if operator in ("*", "**"):
            _check_product(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`. What each round of a loop asks for is told at once: Jinja's checks take up to 3 µs."""
        if type(obj) is dict and attribute not in _DICT_ATTRIBUTES:
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if type(obj) is LoopContext and attribute in _LOOP_STATE:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`, where the argument may have to be hashed."""
        if not isinstance(argument, str):
            current().measured(argument)
        return super().getitem(obj, argument)

    @staticmethod
    def added(left: Any, right: Any) -> Any:
        """What `+` does."""
        budget = current()
        budget.step()
        if isinstance(left, str) and isinstance(right, str):
            budget.will_make(len(left) + len(right))
        elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
            budget.will_list(len(left) + len(right))
        return left + right

    @staticmethod
    def concatenate(*parts: Any) -> str:
        """What `~` does."""
        budget = current()
        budget.will_make(sum(map(budget.measured, parts)))
        return "".join(map(str, parts))

    @staticmethod
    def bounded(value: Any) -> Any:
        """A value that can be compared or hashed."""
        current().measured(value)
        return value

    @staticmethod
    def made(value: Any) -> Any:
        """A value that a slice gave."""
        return current().made_value(value)


def _text_in(node: nodes.Node) -> int:
    return sum(len(text.data) for text in node.find_all(nodes.TemplateData))


def _written(value: Any) -> Any:
    """What `{{ value }}` puts out."""
    budget = current()
    budget.will_make(budget.measured(value))
    return value


def _watched(values: Iterable[Any], text_each: int) -> Iterator[Any]:
    return current().watched(values, text_each)


def _counted(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, its arguments and its result measured."""

    @wraps(filter_)  # also what Jinja wrote on it
    def counted(*arguments: Any, **options: Any) -> Any:
        budget = current()
        budget.step()
        values = list(arguments)
        at = 1 if hasattr(filter_, "jinja_pass_arg") else 0  # behind what Jinja hands over itself
        if name == "join" and len(values) > at and isinstance(values[at], Iterator):
            values[at] = list(budget.watched(values[at]))
        if name not in _SHALLOW:
            size = sum(map(budget.measured, (*values[at:], *options.values())))
            _check_filter(name, values[at:], options, size)
        return budget.made_value(filter_(*values, **options))

    return counted


def _check_filter(name: str, values: list[Any], options: dict[str, Any], size: int) -> None:
    budget, value = current(), values[0] if values else ""
    if name == "join":
        between = str(values[1] if len(values) > 1 else options.get("d", ""))
        budget.will_make(size + len(between) * (len(value) if hasattr(value, "__len__") else 0))
    elif name == "replace":
        _check_text_method(str(value), name, tuple(map(str, (*values[1:3], *options.values()))))
    elif name in _BY_LETTERS and isinstance(value, str):
        budget.will_list(len(value))
    elif name == "round" and not -MOST_DIGITS <= _whole(values, options, "precision") <= MOST_DIGITS:
        raise SecurityError("it rounds to an enormous number of digits")
    elif name in ("center", "indent"):
        budget.will_make(size + max(_whole(values, options, "width"), 80) * (str(value).count("\n") + 1))


def _whole(values: list[Any], options: dict[str, Any], name: str) -> int:
    """A filter's second argument as a number, by place or by name; a text counts by its length."""
    found = values[1] if len(values) > 1 else options.get(name, 0)
    return found if isinstance(found, int) else len(str(found))


def _bounded_test(test: Any) -> Any:  # Any: Jinja does not say that its tests can be called
    @wraps(test)
    def bounded(*values: Any) -> Any:
        for value in values:
            current().measured(value)
        return test(*values)

    return bounded


def _check_text_method(text: str, name: str, arguments: tuple[Any, ...]) -> None:
    budget = current()
    if name in _REFUSED_METHODS:
        raise SecurityError(f"it calls the method {name} of a text, which is not allowed")
    if name in _PADDING_METHODS and arguments and isinstance(arguments[0], int):
        budget.will_make(arguments[0])
    elif name == "replace" and len(arguments) >= 2 and all(isinstance(one, str) for one in arguments[:2]):
        budget.will_make(
            len(text) + (text.count(arguments[0]) if arguments[0] else len(text) + 1) * len(arguments[1])
        )
    elif name in _SPLITTING_METHODS:
        separator = arguments[0] if arguments and isinstance(arguments[0], str) and arguments[0] else None
        budget.will_list(text.count(separator) if separator and name != "splitlines" else len(text) // 2)
    elif name == "join" and arguments:
        items = list(budget.watched(arguments[0])) if isinstance(arguments[0], Iterator) else arguments[0]
        length = len(items) if hasattr(items, "__len__") else 0
        budget.will_make(budget.measured(items) + len(text) * length)
    elif name == "format":
        if _NESTED_FORMAT.search(text):
            raise SecurityError("it formats a text to an enormous width")
        budget.will_make(len(text) + text.count("{") * max((budget.measured(one) for one in arguments), default=0))


def _check_product(operator: str, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * (max(right, 0) if operator == "**" else 1) + right.bit_length()
        if bits > LARGEST_NUMBER_BITS:
            raise SecurityError("it computes with enormous numbers")
    elif operator == "*":
        for sequence, count in ((left, right), (right, left)):
            if isinstance(count, int) and isinstance(sequence, str):
                current().will_make(len(sequence) * max(count, 0))
            elif isinstance(count, int) and isinstance(sequence, list | tuple):
                current().will_list(len(sequence) * max(count, 0))


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    budget = current()
    budget.step()
    if (indent if isinstance(indent, int) else len(indent or "")) > LARGEST_INDENT:
        raise SecurityError("it indents JSON enormously")
    budget.measured(value)
    encoder = json.JSONEncoder(ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
    if indent is None:
        return str(budget.made_value(encoder.encode(value)))
    parts = []
    for part in encoder.iterencode(value):
        budget.will_make(len(part))
        parts.append(part)
    return "".join(parts)


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(str(message))


def checked_date(strftime: Callable[[str], str]) -> Callable[[str], str]:
    """`strftime_now` for templates."""

    def strftime_now(pattern: str) -> str:
        if len(pattern) > LONGEST_DATE_PATTERN:
            raise SecurityError("it writes an enormous date")
        return strftime(pattern)

    return strftime_now
