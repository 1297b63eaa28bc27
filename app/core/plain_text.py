"""Markdown as plain text for the clipboard: what a reader sees, without the marks."""

from __future__ import annotations

from markdown_it.token import Token

from app.core.markdown import NO_REFERENCES, References, formula_source, parse

_BREAKS = frozenset(["softbreak", "hardbreak"])


def plain_text(source: str, references: References = NO_REFERENCES, *, number: int | None = None) -> str:
    """The text of Markdown: lists keep their signs and code its lines; a link is followed by its address.

    `number` is that of a list's item that stands alone, whatever its source says.
    """
    tokens, _ = parse(source, references)
    lines: list[str] = []
    lists: list[int | None] = []  # the next number of each list around, None for one without numbers
    starts = ""  # what stands before the next text
    cells: list[str] = []
    for at, token in enumerate(tokens):
        match token.type:
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_open":
                alone = number if not lists else None
                lists.append(int(token.attrGet("start") or 1) if alone is None else alone)
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
                if not lists:
                    lines.append("")
            case "list_item_open":
                item = lists[-1]
                starts = "  " * (len(lists) - 1) + ("- " if item is None else f"{item}. ")
                lists[-1] = None if item is None else item + 1
            case "tr_open":
                cells = []
            case "tr_close":
                lines.append("\t".join(cells))
            case "table_close":
                lines.append("")
            case "inline" if token.level > 0 and tokens[at - 1].type in ("th_open", "td_open"):
                cells.append(_inline(token))
            case "inline":
                lines.append(starts + _inline(token))
                starts = ""
                if not lists:
                    lines.append("")
            case "fence" | "code_block":
                lines += [token.content.rstrip("\n"), ""]
            case "math_block":
                lines += [formula_source(token), ""]
            case "hr":
                lines += ["———", ""]
    return "\n".join(lines).strip("\n")


def _inline(token: Token) -> str:
    parts: list[str] = []
    target, begun = "", 0
    for child in token.children or ():
        if child.type in _BREAKS:
            parts.append("\n")
        elif child.type == "link_open":
            target, begun = str(child.attrGet("href") or ""), len(parts)
        elif child.type == "link_close":
            shown = "".join(parts[begun:])
            if target and shown not in (target, target.removeprefix("mailto:"), target.removeprefix("http://")):
                parts.append(f" ({target})")
        elif child.type.startswith("math_inline"):
            parts.append(formula_source(child))
        elif child.type == "footnote_ref":
            parts.append(f"[{child.meta.get('id', 0)}]")
        else:
            parts.append(child.content)
    return "".join(parts)
