"""Markdown as it streams: the same blocks however it arrives, and nothing in it can do harm."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_data import FIXTURES, names, read_json

from app.core.markdown import Block, BlockStream, Code, Plain, Prose, prose_html

COLORS = dict.fromkeys(("link", "code_background", "border", "text_muted"), "#123456")
SAMPLE = """# Title

A paragraph with *words*
over two lines.

```python
print("hello")

# not a heading
```

1. one
   - inner
2. two

| a | b |
|---|---|
| 1 | 2 |

~~~
tilde ``` inside
~~~
> quote

    indented code

the end"""


def blocks_of(parts: list[str]) -> list[Block]:
    """All blocks of a text that arrives in parts, the open one last."""
    stream, blocks = BlockStream(), []
    for part in parts:
        blocks += stream.push(part).finished
    last = stream.finish()
    return [*blocks, last] if last is not None else blocks


def html_of(blocks: list[Block]) -> list[str]:
    return [prose_html(block.source, COLORS) if isinstance(block, Prose) else f"{block!r}" for block in blocks]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1))
def test_blocks_do_not_depend_on_how_the_text_arrives(sizes: list[int]) -> None:
    parts, at = [], 0
    for number in range(10_000):
        if at >= len(SAMPLE):
            break
        size = sizes[number % len(sizes)]
        parts.append(SAMPLE[at : at + size])
        at += size
    assert html_of(blocks_of(parts)) == html_of(blocks_of([SAMPLE]))


def test_code_is_taken_out_with_its_language() -> None:
    codes = [block for block in blocks_of([SAMPLE]) if isinstance(block, Code)]
    assert codes == [Code("python", 'print("hello")\n\n# not a heading'), Code("", "tilde ``` inside")]


def test_an_open_code_block_only_grows() -> None:
    stream = BlockStream()
    stream.push("```c\nint a;\n")
    for _ in range(50):
        assert stream.push("int b;\n").appended == "int b;\n"
    assert stream.push("``").appended is None
    change = stream.push("`\ndone")
    assert change.finished == (Code("c", "int a;\n" + "int b;\n" * 49 + "int b;"),)
    assert change.open == Prose("done")


@settings(deadline=None)
@given(st.text(alphabet="ab\n`~#>-*_[]()!<| \t", max_size=200))
def test_no_text_is_lost(text: str) -> None:
    letters = re.sub(r"[^ab]", "", text)
    found = "".join(block.source + (block.language if isinstance(block, Code) else "") for block in blocks_of([text]))
    assert sorted(re.sub(r"[^ab]", "", found)) == sorted(letters) or "```" in text or "~~~" in text


@pytest.mark.parametrize("name", names("markdown", "*.json"))
def test_the_specifications_examples_never_become_foreign_html(name: str) -> None:
    allowed = {
        "p", "a", "span", "em", "strong", "s", "ol", "ul", "li", "table", "thead", "tbody", "tr", "td", "th", "hr",
        "br", "pre",
    }  # fmt: skip
    examples = read_json(FIXTURES / "markdown" / name)
    for example in examples if isinstance(examples, list) else examples["tests"]:
        html = prose_html(example["markdown"], COLORS)
        assert set(re.findall(r"</?([a-zA-Z][\w-]*)", html)) <= allowed, example["markdown"]


@pytest.mark.parametrize(
    ("source", "shown", "hidden"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;", "<script"),
        ("<img src=x onerror=y>", "&lt;img", "<img"),
        ("![pic](https://example.org/a.png)", "[pic] (https://example.org/a.png)", "<img"),
        ("[x](javascript:alert(1))", "javascript:alert(1)", "href"),
        ("[x](file:///etc/passwd)", "file:///etc/passwd", "href"),
        ("[x](https://example.org)", 'href="https://example.org"', "<script"),
        ("`a\u202eb`", "⟨U+202E⟩", "\u202e"),
        ("<a href='https://x'>y</a>", "&lt;a", "<a href='"),
    ],
)
def test_what_could_do_harm_is_shown_as_text(source: str, shown: str, hidden: str) -> None:
    html = prose_html(source, COLORS)
    assert shown in html
    assert hidden not in html


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10_000,
        ">" * 10_000,
        "*a " * 10_000,
        "x" * 1_000_000,
        "| a " * 300_000,
        "- " * 5_000,
        "`" * 9_999,
        "\u0301" * 100_000,
    ],
)
def test_pathological_markdown_takes_bounded_time(text: str) -> None:
    """Every push is what one frame of the window shows."""
    stream, slowest = BlockStream(), 0.0
    for at in range(0, len(text), 20_000):
        started = time.perf_counter()
        change = stream.push(text[at : at + 20_000])
        for block in (*change.finished, *([change.open] if change.open else [])):
            if isinstance(block, Prose):
                prose_html(block.source, COLORS)
        slowest = max(slowest, time.perf_counter() - started)
    assert slowest < 2.0


def test_a_block_that_is_too_long_for_markdown_is_plain_until_an_empty_line() -> None:
    blocks = blocks_of(["word " * 10_000 + "\n\nshort *end*"])
    assert isinstance(blocks[0], Plain)
    assert blocks[1] == Prose("short *end*")
