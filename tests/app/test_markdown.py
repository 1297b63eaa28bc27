"""Markdown as it streams: the same blocks however it arrives, and nothing in it can do harm."""

from __future__ import annotations

import re
import time
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from reference_data import FIXTURES, names, read_json

from app.core.block_stream import Block, BlockStream, Code, Formula, Item, Plain, Prose, Table, blocks
from app.core.markdown import make_parser, parse, prose_html
from app.core.themes import load_theme

THEME = load_theme("light")
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
    """All blocks of a text that arrives in parts."""
    stream, found = BlockStream(), []
    for part in parts:
        found += stream.push(part).finished
    return [*found, *stream.finish().finished]


def html_of(found: list[Block]) -> list[str]:
    return [f"{block!r}" if isinstance(block, Code | Plain) else prose_html(block.source, THEME) for block in found]


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
    assert stream.push("\n\nmore").finished == (Prose("done\n\n"),)


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
        "br", "pre", "sup",
    }  # fmt: skip
    examples = read_json(FIXTURES / "markdown" / name)
    for example in examples if isinstance(examples, list) else examples["tests"]:
        html = prose_html(example["markdown"], THEME)
        assert set(re.findall(r"</?([a-zA-Z][\w-]*)", html)) <= allowed, example["markdown"]


def examples(*names_of_files: str) -> list[str]:
    found = []
    for name in names_of_files:
        read = read_json(FIXTURES / "markdown" / name)
        found += [example["markdown"] for example in (read if isinstance(read, list) else read["tests"])]
    return found


SPECIFICATION = examples("commonmark_0.31.2_open_sections.json", "commonmark_0.31.2_other_sections.json")
EXTENSIONS = examples("gfm_0.29_extensions.json", "gfm_strikethrough.json", "cmark_gfm_extensions_tests.json")


def tokens_of_blocks(found: list[Block], stream: BlockStream) -> str:
    """What markdown-it makes of our blocks one by one, put together: the items of a list in one list again."""
    html, listed = [], []
    parser = make_parser()

    def render(source: str) -> str:
        return str(parser.render(source, stream.references.env()))

    for block in [*found, Prose("")]:
        if listed and not (isinstance(block, Item) and not block.is_first):
            html.append(render("".join(listed)))
            listed.clear()
        match block:
            case Item(source):
                listed.append(source)
            case Code(language, source):
                kind = f' class="language-{escape(language)}"' if language else ""
                html.append(f"<pre><code{kind}>{escape(source)}{chr(10) if source else ''}</code></pre>\n")
            case _:
                html.append(render(block.source))
    return "".join(html)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_the_specifications_examples_read_in_blocks_as_they_read_whole(size: int) -> None:
    different = []
    for text in SPECIFICATION + EXTENSIONS:
        stream, found = BlockStream(), []
        for at in range(0, len(text), size):
            found += stream.push(text[at : at + size]).finished
        found += stream.finish().finished
        env: dict[str, object] = {"footnotes": stream.references.env()["footnotes"]}
        ours, whole = tokens_of_blocks(found, stream), make_parser().render(text, env)
        if re.sub(r"fn(ref)?\d+|\[\d+\]", "", ours) != re.sub(
            r"fn(ref)?\d+|\[\d+\]", "", whole
        ):  # notes are numbered
            different.append(text)
    assert different == []


def test_what_the_window_reads_is_commonmark_but_for_formulas_notes_and_links() -> None:
    """Our additions change an example only where it holds what they are about."""
    plain = MarkdownIt("commonmark", {"html": False})
    for text in SPECIFICATION:
        if not re.search(r"\$|\\[\[(]|\[\^|\||~~|\w\.\w|@|://", text):
            assert make_parser().render(text) == plain.render(text), text


def test_items_of_a_list_are_blocks_that_keep_their_numbers() -> None:
    found = blocks_of(["3. a\n9. b\n\n   more\n1. c\n\nend"])
    assert found == [
        Item("3. a\n", 3, is_first=True),
        Item("9. b\n\n   more\n", 4, is_first=False),
        Item("1. c\n\n", 5, is_first=False),
        Prose("end"),
    ]
    assert '<ol start="4"' in prose_html(found[1].source, THEME, number=4)
    assert [block.source for block in blocks("- a\n- b\n\n1. c\n1. d")] == ["- a\n- b\n\n", "1. c\n1. d"]


def test_a_table_grows_by_rows_until_something_else_comes() -> None:
    stream = BlockStream()
    assert stream.push("| a | b |\n|---|---|\n").open == Table("| a | b |\n|---|---|\n")
    assert stream.push("| 1 | 2 |\n| 3").appended == "| 1 | 2 |\n| 3"
    change = stream.push(" | 4 |\n\nend of it")
    assert change.finished == (Table("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n"),)
    assert isinstance(change.open, Prose)
    assert change.open.source.strip() == "end of it"


@pytest.mark.parametrize(
    ("source", "latex"),
    [
        ("so $a+b$ is", ["a+b"]),
        (r"so \(a+b\) is", ["a+b"]),
        (r"so \[ a^2 \] is", [" a^2 "]),
        ("$5 and $10", []),
        ("costs $5, or US$10 today", []),
        (r"\$a\$ and `$b$`", []),
        (r"\[not a link\](/url)", []),
        (r"a \( b", []),
    ],
)
def test_formulas_are_told_from_prices_and_brackets(source: str, latex: list[str]) -> None:
    tokens, _ = parse(source)
    children = tokens[1].children or []
    assert [child.content for child in children if child.type.startswith("math")] == latex


@pytest.mark.parametrize("source", ["$$\na = b\n- c\n$$\n", "\\[\na = b\n- c\n\\]\n"])
def test_a_formula_on_lines_of_its_own_is_one_block_however_it_arrives(source: str) -> None:
    for size in (1, 3, 100):
        text = f"Before:\n\n{source}\nbehind"
        found = blocks_of([text[at : at + size] for at in range(0, len(text), size)])
        assert [type(block) for block in found] == [Prose, Formula, Prose]
        assert isinstance(found[1], Formula)
        assert found[1].latex.split() == ["a", "=", "b", "-", "c"]


def test_links_and_notes_may_be_defined_behind_their_use() -> None:
    stream = BlockStream()
    first = stream.push("See [it] and this.[^why]\n\nNext paragraph\n\n")
    assert not first.has_references
    change = stream.push("[it]: https://example.org\n\n[^why]: Because.\n\nend of it\n\n")
    last = stream.finish()
    assert change.has_references or last.has_references
    html = prose_html("See [it] and this.[^why]", THEME, references=stream.references)
    assert 'href="https://example.org"' in html
    assert "<sup>[1]</sup>" in html
    assert "[1]" in prose_html("[^why]: Because.", THEME, references=stream.references)


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
    html = prose_html(source, THEME)
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
                prose_html(block.source, THEME)
        slowest = max(slowest, time.perf_counter() - started)
    assert slowest < 2.0


def test_a_block_that_is_too_long_for_markdown_is_plain_until_an_empty_line() -> None:
    blocks = blocks_of(["word " * 10_000 + "\n\nshort *end*"])
    assert isinstance(blocks[0], Plain)
    assert blocks[1] == Prose("short *end*")


def test_the_box_of_a_task_has_no_bullet_before_it() -> None:
    html = [
        prose_html(source, THEME) for source in ("- [x] done", "- [ ] open", "- done", "1. [x] done", "- a [x] b")
    ]
    assert ["list-style-type: none" in one for one in html] == [True, True, False, False, False]
