"""The text of a Markdown block as a person copies it: without markup, lists with their signs, tables with tabs."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token

from app.core.block_stream import Block, BlockStream, Code, Item, Plain
from app.core.markdown import NO_REFERENCES, References, formula_source, parse


def plain_text(block: Block, references: References = NO_REFERENCES) -> str:
    """One block."""
    if isinstance(block, Code | Plain):
        return block.source
    tokens, _ = parse(block.source, references)
    return "\n".join(_lines(tokens, first=block.number if isinstance(block, Item) else None))


def joined_blocks(blocks: Sequence[tuple[Block, str]]) -> str:
    """The texts of blocks, one below the other: the items of a list close together, all else apart."""
    text = ""
    for number, (block, shown) in enumerate(blocks):
        is_item = isinstance(block, Item) and not block.is_first
        text += ("" if number == 0 else "\n" if is_item else "\n\n") + shown
    return text


def plain_texts(text: str) -> tuple[list[tuple[Block, str]], References]:
    """All blocks of a whole text with their plain text, and what they refer to."""
    stream = BlockStream()
    blocks = [*stream.push(text).finished, *stream.finish().finished]
    return [(block, plain_text(block, stream.references)) for block in blocks], stream.references


def _lines(tokens: Sequence[Token], *, first: int | None) -> list[str]:
    """The lines of a block; `first` is the number of the item that it is."""
    lines: list[str] = []
    numbers: list[int | None] = []  # of the lists that are open: what their next item has
    sign = ""
    row: list[str] | None = None
    for token in tokens:
        match token.type:
            case "ordered_list_open":
                numbers.append(first if first is not None and not numbers else int(token.attrGet("start") or 1))
            case "bullet_list_open":
                numbers.append(None)
            case "ordered_list_close" | "bullet_list_close":
                numbers.pop()
            case "list_item_open":
                number = numbers[-1]
                sign = "- " if number is None else f"{number}. "
                numbers[-1] = None if number is None else number + 1
            case "tr_open":
                row = []
            case "tr_close":
                lines.append("\t".join(row or ()))
                row = None
            case "inline":
                shown = _inline(token.children or ())
                if row is not None:
                    row.append(shown)
                else:
                    lines.append("  " * max(len(numbers) - 1, 0) + sign + shown)
                    sign = ""
            case "fence" | "code_block":
                lines.append(token.content.rstrip("\n"))
            case "math_block":
                lines.append(formula_source(token))
            case "hr":
                lines.append("---")
    return lines


def _inline(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        match token.type:
            case "softbreak":
                parts.append(" ")
            case "hardbreak":
                parts.append("\n")
            case "math_inline" | "math_inline_double":
                parts.append(formula_source(token))
            case "image":
                parts.append(f"[{token.content or 'image'}] ({token.attrGet('src') or ''})")
            case "footnote_ref":
                parts.append(f"[^{token.meta['label']}]")
            case _:
                parts.append(token.content)
    return "".join(parts)
