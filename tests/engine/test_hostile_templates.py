"""Templates that take time or memory, and texts that spell control tokens, in every family's template."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from reference_data import FIXTURES, names, read_json

from engine.api import Message, TemplateError
from engine.chat import build_prompt
from engine.tokenizers.part_memory import PartMemory

TWICE = "{% set ns = namespace(x=['a'], y=['a'], z=('a',)) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}"
NEST = f"{TWICE}{{% set ns.y = [ns.y, ns.y] %}}{{% set ns.z = (ns.z, ns.z) %}}{{% endfor %}}"  # of 2**60 letters
LONG = "{% set long = 'a' * 16000000 %}"
HOSTILE = {
    "text of a list": NEST + "{{ ns.x }}",
    "a list as JSON": NEST + "{{ ns.x | tojson }}",
    "a list joined to a text": NEST + "{{ ns.x ~ '' }}",
    "a list as a text": NEST + "{{ ns.x | string }}",
    "equal lists": NEST + "{{ ns.x == ns.y }}",
    "a list in a list": NEST + "{{ ns.x in [ns.y] }}",
    "a test of lists": NEST + "{{ ns.x is eq(ns.y) }}",
    "the place of a list": NEST + "{{ [ns.x].index(ns.y) }}",
    "lists in order": NEST + "{{ [ns.x, ns.y] | sort }}",
    "a changed list": NEST + "{% for one in [ns.x, ns.y] %}{{ loop.changed(one) }}{% endfor %}",
    "a tuple as a key": NEST + "{{ {ns.z: 1} }}",
    "a tuple as a place": NEST + "{{ {1: 1}[ns.z] }}",
    "tuples once": NEST + "{{ [ns.z] | unique | list }}",
    "a call of a list": NEST + "{{ ns.x() }}",
    "dictionaries": "{% set ns = namespace(x=1) %}{% for i in range(60) %}{% set ns.x = dict(a=ns.x, b=ns.x) %}"
    "{% endfor %}{{ ns.x }}",
    "namespaces": "{% set ns = namespace(x=1) %}{% for i in range(60) %}{% set ns.x = namespace(a=ns.x, b=ns.x) %}"
    "{% endfor %}{{ ns.x }}",
    "a namespace in itself": "{% set ns = namespace(x=1) %}{% set ns.x = ns %}{{ ns }}",
    "a deep tuple": "{% set ns = namespace(x=1) %}{% for i in range(9999) %}{% set ns.x = (ns.x,) %}{% endfor %}"
    "{{ {ns.x: 1} }}",
    "filler text": "{{ lipsum(n=10000000) }}",
    "slices of one item": "{{ [1] | slice(1000000000) | list }}",
    "batches of one item": "{{ [1] | batch(1000000000, 'x') | list }}",
    "a width in a filter": "{{ '%9999999999d' | format(1) }}",
    "a width as a value": "{{ '{:{}}'.format('a', 10**9) }}",
    "many fields": "{{ ('{0}' * 10000).format('a' * 60000) }}",
    "many named fields": "{{ ('{a}' * 10000).format(a='a' * 60000) }}",
    "replacing in a filter": "{{ ('a' * 60000) | replace('a', 'b' * 60000) }}",
    "replacing in many": "{{ (['a' * 1000] * 1000) | map('replace', 'a', 'b' * 10000) | list }}",
    "joining": "{{ (['a' * 60000] * 1000) | join }}",
    "joining by much": "{{ range(100000) | map('string') | join('a' * 100000) }}",
    "joining as a method": "{{ ''.join(['a' * 60000] * 1000) }}",
    "translating": "{{ ('a' * 1000000).translate({97: 'b' * 1000000}) }}",
    "splitting": LONG + "{{ long.split('') }}",
    "letters": LONG + "{{ long | list }}",
    "the smallest letter": LONG + "{{ long | min }}",
    "titles": LONG + "{{ long | title }}",
    "wrapping words": LONG + "{{ long | wordwrap(1) }}",
    "links": "{{ ('a.com ' * 1000000) | urlize }}",
    "adding lists up": "{{ range(50000) | map('string') | map('list') | sum(start=[]) }}",
    "lists that double": "{% set ns = namespace(x=[1]) %}{% for i in range(40) %}"
    "{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "blocks that double": "{% set ns = namespace(x='aaaa') %}{% for i in range(40) %}{% set y %}{{ ns.x }}{{ ns.x }}"
    "{% endset %}{% set ns.x = y %}{% endfor %}",
    "macros that double": "{% macro f(x) %}{{ x }}{{ x }}{% endmacro %}{% set ns = namespace(x='aaaa') %}"
    "{% for i in range(40) %}{% set ns.x = f(ns.x) %}{% endfor %}",
    "many slices": LONG + "{% set ns = namespace(x=[]) %}{% for i in range(999) %}{% set ns.x = ns.x + [long[i:]] %}"
    "{% endfor %}",
    "many long texts": "{% set ns = namespace(x=[]) %}{% for i in range(999) %}"
    "{% set ns.x = ns.x + ['a' * (9000000 + i)] %}{% endfor %}",
    "blocks that are kept": "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set y %}"
    f"{'z' * 100_000}{{{{ i }}}}{{% endset %}}{{% set ns.x = ns.x + [y] %}}{{% endfor %}}",
    "macros that keep blocks": "{% set ns = namespace(x=[]) %}{% macro f() %}{% set y %}"
    f"{'z' * 100_000}{{{{ 1 }}}}{{% endset %}}{{% set ns.x = ns.x + [y] %}}{{% endmacro %}}"
    "{% for i in range(99999) %}{{ f() }}{% endfor %}",
    "an enormous date": "{{ strftime_now('%Y' * 1000000) }}",
    "deep JSON": "{% set ns = namespace(x=[1]) %}{% for i in range(90) %}{% set ns.x = [ns.x] %}{% endfor %}"
    "{{ ([ns.x] * 10000) | tojson(indent=64) }}",
    "rounding": "{{ 10 | round(-999999999) }}",
    "rounding up": "{{ 1.1 | round(999999999, 'ceil') }}",
    "numbers that double": "{% set ns = namespace(x=2) %}{% for i in range(99) %}"
    "{% set ns.x = ns.x * ns.x %}{% endfor %}",
    "a call without an end": "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "brackets": "{{ " + "(" * 50_000 + "1" + ")" * 50_000 + " }}",
    "a long template": "{{ a }}" * 40_000,
}
RENDER = """
import json, sys, time
from engine.api import TemplateError
from engine.templates import render_template

for name, template in json.load(sys.stdin).items():
    print(name, end=": ", flush=True)
    started = time.monotonic()
    try:
        text = render_template(template, {"messages": [{"role": "user", "content": "x"}]})
        assert len(text) < 1000
    except TemplateError as error:
        assert len(str(error)) < 400, str(error)[:400]
    took_s = time.monotonic() - started
    assert took_s < 8, took_s
    print(f"{took_s:.1f} s", flush=True)
"""
MEMORY_BYTES = 1 << 30  # of addresses, the interpreter included
FORMS = (  # how control tokens look
    r"<\|[^|<>\s]{1,40}\|>|</?s>|\[/?[A-Z][A-Z_]{2,}\]|<(?:start|end)_of_turn>|<(?:bos|eos|pad)>|<｜[^｜<>]{1,40}｜>|"
    r"<[|][a-z_]+>|<[a-z_]+[|]>"
)


def test_a_hostile_template_takes_seconds_and_little_memory() -> None:
    """In a process of its own, which is ended if it hangs: the output says at which template."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({MEMORY_BYTES}, {MEMORY_BYTES}))\n"
    script = (limit if sys.platform == "linux" else "") + RENDER
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(HOSTILE),
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout[-300:] + done.stderr
    assert len(done.stdout.splitlines()) == len(HOSTILE)


def test_a_long_chat_is_within_the_budget() -> None:
    """What a long honest conversation takes must not be what a hostile template is stopped for."""
    turns = [Message("user" if at % 2 == 0 else "assistant", f"Turn {at}. " * 40) for at in range(2000)]
    template = read_json(FIXTURES / "chat_templates" / "Qwen-Qwen2.5-7B-Instruct.json")["template"]
    assert "Turn 1999." in build_prompt(template, turns, Letters(template)).text


class Letters:
    """A vocabulary of the 256 bytes and of everything in a template that looks like a control token."""

    add_bos, bos_id, bos_token, eos_token, hides_first_space = False, None, "", "", False

    def __init__(self, template: str) -> None:
        found = sorted(set(re.findall(FORMS, template)))
        self.control_tokens = {text: 256 + at for at, text in enumerate(found)}
        self._texts = {token: text for text, token in self.control_tokens.items()}
        self.part_memory = PartMemory()
        longest_first = sorted(found, key=len, reverse=True)
        self.control_pattern = re.compile(f"({'|'.join(map(re.escape, longest_first))})") if found else None

    def encode(self, text: str, *, is_start: bool) -> list[int]:
        return list(text.encode("utf-8", "replace"))

    def token_bytes(self, token: int) -> bytes:
        return self._texts[token].encode() if token in self._texts else bytes([token])

    def decode(self, ids) -> str:
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", "replace")


@pytest.mark.parametrize("name", names("chat_templates", "*.json"))
def test_a_person_who_spells_a_familys_control_tokens_writes_plain_text(name: str) -> None:
    template = read_json(FIXTURES / "chat_templates" / name)["template"]
    vocabulary = Letters(template)
    if not vocabulary.control_tokens:
        pytest.skip("this template marks its turns with plain words")
    typed = "What is " + " and ".join(vocabulary.control_tokens) + "?"

    def controls(text: str) -> list[int]:
        turns = [Message("user", "Hi"), Message("assistant", "Hello"), Message("user", text)]
        prompt = build_prompt(template, turns, vocabulary)
        assert text in prompt.text
        assert vocabulary.decode(prompt.ids) == prompt.text
        return [token for token in prompt.ids if token > 255]

    try:
        usual = controls("What?")
    except TemplateError as error:
        pytest.skip(f"this template needs more than messages: {error}")
    assert usual
    assert controls(typed) == usual
