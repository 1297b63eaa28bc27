"""Chat templates of the engine's own: for models that bring none, and in the place of one that fails.

`engine.chat` renders them; a person chooses one by its name, see `engine.api.LoadRequest`.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from engine.api import RequestError

_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_LLAMA3 = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
_GEMMA = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "<start_of_turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
    "{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
_PHI3 = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
_PLAIN = (
    "{% for message in messages %}{% if message['role'] == 'system' %}{{ message['content'] }}\n\n"
    "{% else %}{{ 'Assistant' if message['role'] == 'assistant' else 'User' }}: {{ message['content'] }}\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)


@dataclass(frozen=True, slots=True)
class BuiltinTemplate:
    """A template under a short name; a vocabulary with the control token `token` is made for it (empty: any)."""

    name: str
    token: str
    text: str


BUILTIN_TEMPLATES = (
    BuiltinTemplate("chatml", "<|im_start|>", _CHATML),
    BuiltinTemplate("llama-3", "<|start_header_id|>", _LLAMA3),
    BuiltinTemplate("gemma", "<start_of_turn>", _GEMMA),
    BuiltinTemplate("phi-3", "<|end|>", _PHI3),
    BuiltinTemplate("plain", "", _PLAIN),
)
TEMPLATE_NAMES = tuple(one.name for one in BUILTIN_TEMPLATES)


def suited_template(control_tokens: Container[str]) -> BuiltinTemplate:
    """The first whose control token a vocabulary has."""
    return next(one for one in BUILTIN_TEMPLATES if not one.token or one.token in control_tokens)


def chosen_template(name: str, own: str | None) -> str | None:
    """The text of the built-in of this name; for auto a model's own. Raises `RequestError`."""
    return own if name == "auto" else named_template(name).text


def named_template(name: str) -> BuiltinTemplate:
    """The one of this name. Raises `RequestError`."""
    for one in BUILTIN_TEMPLATES:
        if one.name == name:
            return one
    raise RequestError(f"There is no chat template {name!r:.60}; choose auto or one of {', '.join(TEMPLATE_NAMES)}.")
