"""Exports hold what was said and can do no harm: every format, the shown path and the whole tree."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from sample_chat import CSV, PNG, REPLY, exported, random_chats, sample_chat, text

from app.core.catalogue import Conversation
from app.core.conversation import MessageTree, Part, PartKind, Status, StoredMessage
from app.core.exporters import EXPORTERS, Branches, ExportedConversation, Exporter, ExportOptions
from app.core.exporters.safe_markdown import fenced, inert
from app.core.exporting import write_conversations

BY_NAME = {exporter.name: exporter for exporter in EXPORTERS}
TREE = ExportOptions(branches=Branches.TREE)
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![pixel](https://example.org/pixel.png)",
    "![secret](file:///etc/passwd)",
    "[click](javascript:alert(1))",
    "</style></head><body onload=alert(1)>",
    '"><svg/onload=alert(1)>',
    "<a href='javascript:x'>y</a>",
    "<!-- <!DOCTYPE html> --><iframe src=//example.org></iframe>",
    "`<b>` <b>",
    "| <script> | `<i>` |\n|--|--|\n| <u> | ` | <s> ` |",
]


def shown_in(name: str, *conversations: ExportedConversation, options: ExportOptions = TREE) -> str:
    return exported(BY_NAME[name], options, *(conversations or [sample_chat()])).data.decode("utf-8")


def chat_of(*parts: Part, role: str = "assistant", title: str = "T", name: str = "") -> ExportedConversation:
    message = StoredMessage("m", None, role, parts, Status.COMPLETE, 0.0)
    records = {"m": {"model_name": name}} if name else {}
    return ExportedConversation(Conversation("c", title, 0.0, 0.0), MessageTree([message], leaf_id="m"), records)


def headings_of(markdown: str) -> list[str]:
    tokens = MarkdownIt().enable("table").parse(markdown)
    return [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]


def test_markdown_shows_the_path_with_headings_and_what_was_said() -> None:
    shown = shown_in("markdown", options=ExportOptions())
    assert [heading.split(" — ")[0] for heading in headings_of(shown)] == [
        "Sorting 排序", "System", "You", "SmolLM2", "Sorting", "You", "SmolLM2",
    ]  # fmt: skip
    assert REPLY.strip() in shown
    assert "An older answer." not in shown
    assert "seed" not in shown.lower()


def test_markdown_of_the_tree_says_where_each_branch_forks() -> None:
    headings = headings_of(shown_in("markdown"))
    assert headings[7:] == [
        "Branch 2: after message 2, instead of message 3",
        "6. Assistant — 2026-07-13 10:00 UTC",
        "Branch 3: after message 3, instead of message 4",
        "7. You — 2026-07-13 10:00 UTC",
        "8. Assistant — 2026-07-13 10:00 UTC",
    ]


def test_markdown_keeps_text_files_in_a_longer_fence_and_others_beside_it() -> None:
    document = exported(BY_NAME["markdown"], ExportOptions(), sample_chat())
    shown = document.data.decode()
    fences = [token.content for token in MarkdownIt().parse(shown) if token.type == "fence"]
    assert CSV + "\n" in fences
    assert document.files == {"dot.png": PNG}
    assert "![dot.png](files/dot.png)" in shown


def test_markdown_closes_a_fence_that_was_left_open() -> None:
    shown = shown_in("markdown", chat_of(text("```py\nprint('cut off'")))
    assert [token.content for token in MarkdownIt().parse(shown) if token.type == "fence"] == ["print('cut off'\n"]


def live_tokens(markdown: str) -> list[str]:
    """HTML and images that a reader with everything allowed would act upon."""
    found = []
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown):
        found += [one.content for one in (token, *(token.children or ())) if one.type.startswith(("html", "image"))]
    return found


@pytest.mark.parametrize("said", HOSTILE)
def test_markdown_has_no_live_html_and_loads_no_image(said: str) -> None:
    assert live_tokens(shown_in("markdown", chat_of(text(said), title=said, name=said))) == []


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab`~<>!?/[]()|\\-*>#& \n\t=\"'1.", max_size=60))
def test_no_text_becomes_live_in_markdown(said: str) -> None:
    assert live_tokens(inert(said)) == []


def is_without_ticks_at_line(said: str) -> bool:
    """Where three begin a line that is no fence, code is escaped too."""
    return re.search(r"^[ >#-]*```", said, re.MULTILINE) is None


@settings(deadline=None)
@example(said="`\n<!a`")
@example(said="> `\n>  <!a`")
@given(st.text(alphabet="ab<>!`[]() \n", max_size=40).filter(is_without_ticks_at_line))
def test_escaping_is_not_seen_in_the_text_that_a_reader_shows(said: str) -> None:
    plain = MarkdownIt("commonmark", {"html": False}).disable(["image", "autolink"])
    assert plain.render(inert(said)) == plain.render(said)


PIECES = (
    *("[a](<b c>)", "[a](<b>)", "[a](</b (c`>)", "[a](b`(c)d)", '[a](<b> "t`u")', "[a](\n<b c>\n'<i>')"),
    *("[a](<b\\>c\\ d>)"),
    *("[a [b](<c d>) e](<f g>)", "```", "[<i>](<b c>)", "[`]`](<b c>)", "[", "](<b c>)", "](", ")", "![", "\\", "!"),
    *("<https://a.b/c`d>", "<b>", "`", "``", "`<b>`", "<i `", "text ", "*", "\n", "\n\n", "\n> ", "\n- ", "\n# "),
    *("[x]", "[a][x]", "[a [x] b](<c d>)", "\n\n[x]: <b c>\n\n", '\n\n[x]: <b> "<i>"\n\n', "\n\n[x]:\n<b (c>\n\n"),
    *("[<i>]", "\n\n[<i>]: c\n\n"),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_no_link_and_no_code_makes_a_tag_live_in_markdown(said: str) -> None:
    assert live_tokens(inert(said)) == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join).filter(is_without_ticks_at_line))
def test_a_chat_in_markdown_has_the_links_and_the_text_of_the_chat(said: str) -> None:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    shown = shown_in("markdown", chat_of(text(said)), options=ExportOptions())
    shown = shown.split("\n## ", 1)[1].split("\n", 1)[1]
    end = re.compile(r"\s*</code></pre>")  # a fence that was left open is closed
    assert end.sub("", reader.render(shown)) == end.sub("", reader.render(said.strip("\n")))


def test_a_very_long_paragraph_is_escaped_without_looking_for_code_in_it() -> None:
    said = "[a](b '" * 200_000
    assert inert(said) == said
    assert inert(f"{said} `<b>`") == f"{said} `\\<b>`"


@given(st.text(alphabet="`a\n", max_size=80))
def test_a_fence_is_longer_than_any_inside(code: str) -> None:
    tokens = MarkdownIt().parse(fenced(code, "x"))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content.rstrip("\n") == code.rstrip("\n")


def test_text_holds_what_was_said_and_obeys_no_control_characters() -> None:
    shown = shown_in("text", chat_of(text("red \x1b[31m text\rover"), role="user"))
    assert "You — 1970-01-01 00:00 UTC" in shown
    assert "red ␛[31m text\nover" in shown


def test_text_of_the_tree_holds_every_branch() -> None:
    shown = shown_in("text")
    for said in ("An older answer.", "Thanks!", "Branch 3: after message 3", "    Thought for 3 s", "=1+1"):
        assert said in shown


_TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "h1", "h2", "h3", "h4", "h5", "h6", "div",
    "article", "section", "details", "summary", "figure", "figcaption", "pre", "code", "span", "b", "p", "em",
    "strong", "s", "a", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "hr", "br",
    "img", "dl", "dt", "dd",
}  # fmt: skip
_ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "dir", "class", "id", "href", "rel", "src", "alt", "style",
    "start",
}  # fmt: skip


class _Inspector(HTMLParser):
    """Collects what a browser would act upon."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []
        self.links: list[str] = []
        self.images: list[str] = []
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.foreign += [tag] if tag not in _TAGS else []
        self.foreign += [f"{tag} {name}" for name, _ in attrs if name not in _ATTRIBUTES]
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.images += [value or "" for name, value in attrs if name == "src"]

    def handle_data(self, data: str) -> None:
        self.said += data


def inspected(html: str) -> _Inspector:
    inspector = _Inspector()
    inspector.feed(html)
    return inspector


@pytest.mark.parametrize("said", HOSTILE)
@pytest.mark.parametrize("kind", list(PartKind))
@pytest.mark.parametrize("role", ["user", "assistant", "<script>"])
def test_html_runs_and_loads_nothing_that_a_message_says(said: str, kind: PartKind, role: str) -> None:
    part = Part(kind, said, name=said, media_type=said, sha256=said)
    page = inspected(shown_in("html", chat_of(part, role=role, title=said, name=said)))
    assert page.foreign == []
    assert page.images == []
    assert [link for link in page.links if not link.startswith(("https://", "#"))] == []


def test_html_has_a_policy_and_both_themes_and_no_outside_resource() -> None:
    page = shown_in("html")
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"url\(|@import|<link|<script", page)
    assert "--accent: #ad4a18" in page and "--accent: #ef9460" in page


def test_html_renders_markdown_tables_code_and_leaves_formulas_readable() -> None:
    page = shown_in("html")
    assert '<th style="text-align:right">steps</th>' in page
    assert "<figcaption>python</figcaption>" in page
    assert "$a_1*b*c$" in page and "\\(x_2*y*z\\)" in page
    assert 'href="https://example.org/sort?a=1&amp;b=2" rel="noopener noreferrer"' in page


def test_html_shows_images_inline_and_branches_linked_to_where_they_fork() -> None:
    page = inspected(shown_in("html"))
    assert [image.split(",")[0] for image in page.images] == ["data:image/png;base64"]
    assert page.links[-4:] == ["#message-2", "#message-3", "#message-3", "#message-4"]
    assert "Branch 2: after message 2, instead of message 3" in page.said


@pytest.mark.parametrize("name", ["markdown", "text", "html", "openai", "sharegpt", "openwebui"])
def test_thinking_settings_and_attachments_can_be_left_out(name: str) -> None:
    bare = shown_in(name, options=ExportOptions(thinking=False, attachments=False))
    assert "Ascending" not in bare and "data.csv" not in bare and "dot.png" not in bare and "=1+1" not in bare
    full = shown_in(name)
    assert "Ascending" in full and "=1+1" in full


@pytest.mark.parametrize("name", ["markdown", "text", "html"])
def test_settings_say_what_a_reply_was_made_of(name: str) -> None:
    shown = shown_in(name, options=ExportOptions(settings=True))
    for said in ("SmolLM2, Q4_1", "temperature 0.7, top k 40", "prompt tokens 30", "decode 0.5 s"):
        assert said in shown


def test_a_remote_reply_is_told_with_its_host() -> None:
    message = StoredMessage("m", None, "assistant", (text("Far away."),), Status.COMPLETE, 0.0)
    records = {"m": {"model_name": "org/big", "host": "models.example.org"}}
    chat = ExportedConversation(Conversation("c", "T", 0.0, 0.0), MessageTree([message], leaf_id="m"), records)
    shown = shown_in("text", chat, options=ExportOptions(settings=True))
    assert "org/big (models.example.org)" in shown
    assert "Remote model of: models.example.org" in shown


def test_openai_messages_keep_calls_results_and_attachments() -> None:
    (line,) = shown_in("openai", options=ExportOptions()).splitlines()
    messages = json.loads(line)["messages"]
    assert [message["role"] for message in messages] == [
        "system", "user", "assistant", "user", "assistant", "tool", "assistant",
    ]  # fmt: skip
    assert [block["type"] for block in messages[1]["content"]] == ["image_url", "text", "text"]
    assert messages[2] == {
        "role": "assistant", "content": REPLY, "weight": 1, "reasoning_content": "Which *order*?\n\nAscending.",
    }  # fmt: skip
    (call,) = messages[4]["tool_calls"]
    assert call == {"id": "call_9", "type": "function", "function": {"name": "search", "arguments": '{"q": "sort"}'}}
    assert messages[5] == {"role": "tool", "tool_call_id": "call_9", "content": "found"}


def test_openai_messages_of_a_tree_count_each_finished_reply_once() -> None:
    lines = [json.loads(line)["messages"] for line in shown_in("openai").splitlines()]
    weights = [[one["weight"] for one in line if one["role"] == "assistant"] for line in lines]
    assert weights == [[1, 1, 1], [0], [0, 0]]


def test_sharegpt_has_a_turn_for_each_speaker_and_an_entry_for_each_end() -> None:
    entries = json.loads(shown_in("sharegpt"))
    assert [entry["id"] for entry in entries] == ["chat1", "chat1-2", "chat1-3"]
    turns = entries[0]["conversations"]
    assert [turn["from"] for turn in turns] == [
        "system", "human", "gpt", "human", "function_call", "observation", "gpt",
    ]  # fmt: skip
    assert turns[2]["value"] == f"<think>\nWhich *order*?\n\nAscending.\n</think>\n\n{REPLY}"
    assert json.loads(turns[4]["value"])["name"] == "search"


def test_open_webui_gets_the_tree_with_both_directions_and_stable_ids() -> None:
    (entry,) = json.loads(shown_in("openwebui"))
    assert (entry["id"], entry["pinned"], entry["meta"]["tags"]) == ("chat1", True, ["code", "排序"])
    chat = entry["chat"]
    assert chat["params"] == {"system": "Be brief."}
    history = chat["history"]
    assert history["currentId"] == "d"
    messages = history["messages"]
    assert set(messages) == {"a", "b", "b2", "c", "d", "c2", "d2"}
    assert messages["a"]["parentId"] is None and messages["a"]["childrenIds"] == ["b", "b2"]
    for key, message in messages.items():
        assert all(messages[child]["parentId"] == key for child in message["childrenIds"])
    assert messages["b"]["model"] == "SmolLM2"
    assert messages["b"]["content"].startswith('<details type="reasoning" done="true" duration="3">')
    assert [file["type"] for file in messages["a"]["files"]] == ["image", "file"]
    assert set(json.loads(shown_in("openwebui", options=ExportOptions()))[0]["chat"]["history"]["messages"]) == {
        "a", "b", "c", "d",
    }  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(random_chats(), st.sampled_from([one for one in EXPORTERS if one.name != "json"]), st.sampled_from(Branches))
def test_any_conversation_can_be_exported_as_anything(
    conversation: ExportedConversation, exporter: Exporter, branches: Branches
) -> None:
    shown = shown_in(exporter.name, conversation, options=ExportOptions(branches=branches, settings=True))
    if exporter.ending == "json":
        json.loads(shown)
    if exporter.ending == "jsonl":
        assert all(json.loads(line)["messages"] for line in shown.split("\n") if line)
    if exporter.name == "html":
        assert inspected(shown).foreign == []


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda exporter: exporter.name)
def test_lone_surrogates_do_not_stop_an_export(exporter: Exporter, tmp_path: Path) -> None:
    chat = chat_of(text("half \ud83d of a pair"), title="\ud83d", name="\ud83d")
    path = tmp_path / f"out.{exporter.ending}"
    write_conversations([chat], 1, exporter, path)
    assert "half ? of a pair" in path.read_text(encoding="utf-8")
