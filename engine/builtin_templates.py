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
_PHI4 = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}<|im_sep|>{{ message['content'] }}<|im_end|>"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant<|im_sep|>{% endif %}"
)
_DEEPSEEK = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ message['content'] }}"
    "{% elif message['role'] == 'assistant' %}<｜Assistant｜>{{ message['content'] }}<｜end▁of▁sentence｜>"
    "{% else %}<｜User｜>{{ message['content'] }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<｜Assistant｜>{% endif %}"
)
_GPT_OSS = (
    "<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\n"
    "Knowledge cutoff: 2024-06\nCurrent date: {{ strftime_now('%Y-%m-%d') }}\n\nReasoning: medium\n\n"
    "# Valid channels: analysis, commentary, final. Channel must be included for every message.<|end|>"
    "{% for message in messages %}{% if message['role'] == 'system' %}"
    "<|start|>developer<|message|># Instructions\n\n{{ message['content'] }}\n\n<|end|>"
    "{% elif message['role'] == 'assistant' %}"
    "<|start|>assistant<|channel|>final<|message|>{{ message['content'] }}<|end|>"
    "{% else %}<|start|>user<|message|>{{ message['content'] }}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)
_MISTRAL_V7 = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}[SYSTEM_PROMPT]{{ message['content'] }}[/SYSTEM_PROMPT]"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] }}{{ eos_token }}"
    "{% else %}[INST]{{ message['content'] }}[/INST]{% endif %}{% endfor %}"
)
_MISTRAL_V3 = (  # the system message stands in the last message of the user
    "{{ bos_token }}{% set found = namespace(system='', last=0) %}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{% set found.system = found.system ~ message['content'] ~ '\n\n' %}"
    "{% elif message['role'] != 'assistant' %}{% set found.last = loop.index %}{% endif %}{% endfor %}"
    "{% for message in messages %}{% if message['role'] == 'assistant' %}{{ message['content'] }}{{ eos_token }}"
    "{% elif message['role'] != 'system' %}[INST]{{ found.system if loop.index == found.last }}"
    "{{ message['content'] }}[/INST]{% endif %}{% endfor %}"
)
_LLAMA2 = (
    "{% set kept = namespace(system='') %}{% for message in messages %}{% if message['role'] == 'system' %}"
    "{% set kept.system = kept.system ~ '<<SYS>>\n' ~ message['content'] ~ '\n<</SYS>>\n\n' %}"
    "{% elif message['role'] == 'assistant' %}{{ ' ' ~ message['content'] ~ ' ' ~ eos_token }}"
    "{% else %}{{ bos_token }}[INST] {{ kept.system }}{{ message['content'] }} [/INST]"
    "{% set kept.system = '' %}{% endif %}{% endfor %}"
)
_COMMAND_R = (
    "{{ bos_token }}{% for message in messages %}<|START_OF_TURN_TOKEN|>"
    "{{ {'system': '<|SYSTEM_TOKEN|>', 'assistant': '<|CHATBOT_TOKEN|>'}.get(message['role'], '<|USER_TOKEN|>') }}"
    "{{ message['content'] | trim }}<|END_OF_TURN_TOKEN|>{% endfor %}"
    "{% if add_generation_prompt %}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{% endif %}"
)
_GRANITE = (
    "{% for message in messages %}<|start_of_role|>{{ message['role'] }}<|end_of_role|>"
    "{{ message['content'] }}<|end_of_text|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start_of_role|>assistant<|end_of_role|>{% endif %}"
)
_GLM4 = (
    "[gMASK]<sop>{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_PLAIN = (
    "{% for message in messages %}{% if message['role'] == 'system' %}{{ message['content'] }}\n\n"
    "{% else %}{{ 'Assistant' if message['role'] == 'assistant' else 'User' }}: {{ message['content'] }}\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)


@dataclass(frozen=True, slots=True)
class BuiltinTemplate:
    """A template under a short name; a vocabulary with the control token `token` is made for it (empty: none is)."""

    name: str
    token: str
    text: str


BUILTIN_TEMPLATES = (  # in the order that they are looked for: some vocabularies have the tokens of several
    BuiltinTemplate("phi-4", "<|im_sep|>", _PHI4),
    BuiltinTemplate("deepseek", "<｜User｜>", _DEEPSEEK),
    BuiltinTemplate("chatml", "<|im_start|>", _CHATML),
    BuiltinTemplate("llama-3", "<|start_header_id|>", _LLAMA3),
    BuiltinTemplate("gpt-oss", "<|start|>", _GPT_OSS),
    BuiltinTemplate("gemma", "<start_of_turn>", _GEMMA),
    BuiltinTemplate("mistral-v7", "[SYSTEM_PROMPT]", _MISTRAL_V7),
    BuiltinTemplate("mistral-v3", "[INST]", _MISTRAL_V3),
    BuiltinTemplate("command-r", "<|START_OF_TURN_TOKEN|>", _COMMAND_R),
    BuiltinTemplate("granite", "<|start_of_role|>", _GRANITE),
    BuiltinTemplate("glm-4", "[gMASK]", _GLM4),
    BuiltinTemplate("phi-3", "<|assistant|>", _PHI3),
    BuiltinTemplate("llama-2", "", _LLAMA2),
    BuiltinTemplate("plain", "", _PLAIN),
)
# As people read them: by name, plain text last.
TEMPLATE_NAMES = (*sorted(one.name for one in BUILTIN_TEMPLATES if one.name != "plain"), "plain")


def suited_template(control_tokens: Container[str]) -> BuiltinTemplate:
    """The first whose control token a vocabulary has, else plain text."""
    for one in BUILTIN_TEMPLATES:
        if one.token and one.token in control_tokens:
            return one
    return named_template("plain")


def chosen_template(name: str, own: str | None) -> str | None:
    """The text of the built-in of this name; for auto a model's own. Raises `RequestError`."""
    return own if name == "auto" else named_template(name).text


def named_template(name: str) -> BuiltinTemplate:
    """The one of this name. Raises `RequestError`."""
    for one in BUILTIN_TEMPLATES:
        if one.name == name:
            return one
    raise RequestError(f"There is no chat template {name!r:.60}; choose auto or one of {', '.join(TEMPLATE_NAMES)}.")
