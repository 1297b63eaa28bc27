"""Export to HTML: one file that looks like the window, light or dark, and neither runs nor loads anything."""

from __future__ import annotations

from functools import cache
from html import escape

from app.core.block_stream import Code, Prose, blocks
from app.core.conversation import Part, PartKind
from app.core.exporters.exporter import Document, ExportedConversation, Exporter, ExportOptions, one_each
from app.core.exporters.outline import (
    SHOWN_IMAGES,
    Branch,
    Turn,
    data_url,
    one_line,
    outline,
    printable,
    size_text,
    summary,
    thinking_title,
)
from app.core.exporters.prose import code_colors, web_code, web_prose
from app.core.markdown import visible
from app.core.themes import THEMES, load_theme

# The page's own style and images inside it are all that a browser may use, whatever a message says.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def write(conversation: ExportedConversation, options: ExportOptions, document: Document) -> None:
    """The page's head, then message after message."""
    title = escape(one_line(conversation.header.title))
    document.write(
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
    )
    branches = outline(conversation, options)
    document.write(
        f'<header><h1 dir="auto">{title}</h1>\n'
        f'<div class="meta">{escape(summary(conversation, branches))}</div></header>\n<main>\n'
    )
    for branch in branches:
        if branch.number > 1:
            document.write(f'<section class="branch">\n<h2>{_branch_title(branch)}</h2>\n')
        for turn in branch.turns:
            document.write(_turn(turn, conversation, is_numbered=len(branches) > 1))
        if branch.number > 1:
            document.write("</section>\n")
    document.write("</main>\n</body>\n</html>\n")


@cache
def _style() -> str:
    """The page's style sheet with the tokens of both themes."""
    sheets = []
    for name in ("light", "dark"):
        theme = load_theme(name)
        tokens = " ".join(f"--{token}: {color};" for token, color in theme.colors.items())
        sheets.append(f":root {{ color-scheme: {name}; {tokens} }}\n{code_colors(is_dark=theme.dark)}\n")
    light, dark = sheets
    page = (THEMES / "page.css").read_text(encoding="utf-8")
    return f"{light}@media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n{page}"


def _branch_title(branch: Branch) -> str:
    place = "from the beginning" if branch.after is None else f"after {_link(branch.after)}"
    instead = f", instead of {_link(branch.instead)}" if branch.instead else ""
    return f"Branch {branch.number}: {place}{instead}"


def _link(number: int) -> str:
    return f'<a href="#message-{number}">message {number}</a>'


def _turn(turn: Turn, conversation: ExportedConversation, *, is_numbered: bool) -> str:
    kind = turn.role if turn.role in ("user", "assistant", "system", "tool") else "other"
    number = f"{turn.number}. " if is_numbered else ""
    time = f" · {turn.time}" if turn.time else ""
    written = [
        f'<article class="turn {kind}" id="message-{turn.number}">\n'
        f'<div class="who">{number}<b>{escape(turn.speaker)}</b>{time}</div>\n',
        *(_part(part, kind, conversation) for part in turn.parts),
    ]
    if turn.ending is not None:
        written.append(f'<div class="note">{escape(turn.ending)}</div>\n')
    if turn.settings:
        rows = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in turn.settings)
        written.append(f'<details class="settings"><summary>Settings</summary><dl>{rows}</dl></details>\n')
    return "".join([*written, "</article>\n"])


def _part(part: Part, kind: str, conversation: ExportedConversation) -> str:
    text = printable(part.text)
    match part.kind:
        case PartKind.TEXT if not text.strip():
            return ""
        case PartKind.TEXT if kind in ("assistant", "other"):
            return f'<div class="prose" dir="auto">{_prose(text)}</div>\n'
        case PartKind.TEXT:
            style = "bubble" if kind == "user" else "plain"
            return f'<div class="{style}" dir="auto">{escape(text)}</div>\n'
        case PartKind.THINKING:
            title = thinking_title(part)
            return (
                f'<details class="thinking"><summary>{title}</summary>'
                f'<div class="prose" dir="auto">{_prose(text)}</div></details>\n'
            )
        case PartKind.TOOL:
            name = escape(visible(one_line(part.name)) or "Tool")
            return f'<details class="tool"><summary>{name}</summary>{web_code(text, "json")}</details>\n'
        case PartKind.IMAGE | PartKind.FILE:
            return f'<div class="attached">{_attachment(part, text, conversation)}</div>\n'


def _attachment(part: Part, text: str, conversation: ExportedConversation) -> str:
    name = escape(visible(one_line(part.name)) or str(part.kind))
    data = None if part.sha256 is None else conversation.attachment(part.sha256)
    if data is not None and part.media_type in SHOWN_IMAGES:
        return f'<img src="{data_url(part.media_type, data)}" alt="{name}">'
    if text:
        return f"<details><summary>{name}</summary>{web_code(text, '')}</details>"
    size = "not here" if data is None else size_text(len(data))
    return f'<div class="file">{name} <span class="note">{size}</span></div>'


def _prose(text: str) -> str:
    written = []
    for block in blocks(text):
        match block:
            case Prose(source):
                written.append(web_prose(source))
            case Code(language, source):
                written.append(web_code(source, language))
            case _:
                written.append(f'<div class="plain">{escape(block.source)}</div>\n')
    return "".join(written)


EXPORTER = Exporter(name="html", title="HTML", ending="html", write=one_each(write))
