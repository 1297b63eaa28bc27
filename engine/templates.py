"""Renders chat templates, Jinja from strangers' files, in a sandbox with a budget: a hostile one ends with an error.

`engine.chat` calls `render_template`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError

from engine.api import TemplateError
from engine.sandbox import Environment, checked_date
from engine.template_budget import LONGEST_TEXT, Budget, spending

LONGEST_TEMPLATE = 1 << 17  # characters; the longest real one has 17,000


def _strftime_now(pattern: str) -> str:
    return datetime.now().astimezone().strftime(pattern)


@lru_cache(maxsize=16)
def _compiled(template: str) -> jinja2.Template:
    if len(template) > LONGEST_TEMPLATE:
        raise TemplateError(f"The chat template has {len(template)} characters; {LONGEST_TEMPLATE} are possible.")
    return Environment().from_string(template)


def render_template(
    template: str,
    variables: Mapping[str, Any],
    *,
    strftime_now: Callable[[str], str] = _strftime_now,
) -> str:
    """The text that `template` makes of `variables`.

    Raises `TemplateError` with the template's own words, or saying which limit it broke.
    """
    try:
        with spending(Budget(variables)):
            parts, length = [], 0
            for part in _compiled(template).generate(**variables, strftime_now=checked_date(strftime_now)):
                length += len(part)
                if length > LONGEST_TEXT:
                    raise SecurityError(f"it builds a text of more than {LONGEST_TEXT >> 20} million characters")
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
