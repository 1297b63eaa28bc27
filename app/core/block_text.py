"""The blocks of a text as a person copies them: each as plain text, and put together again."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.block_stream import Block, BlockStream, Code, Item, Plain
from app.core.markdown import References
from app.core.plain_text import plain_text


def block_text(block: Block, references: References) -> str:
    """One block without its markup."""
    if isinstance(block, Code | Plain):
        return block.source
    return plain_text(block.source, references, number=block.number if isinstance(block, Item) else None)


def whole_text(text: str) -> tuple[list[Block], References]:
    """All blocks of a text, and what they refer to."""
    stream = BlockStream()
    return [*stream.push(text).finished, *stream.finish().finished], stream.references


def joined_blocks(blocks: Sequence[tuple[Block, str]]) -> str:
    """The texts of blocks, one below the other: the items of a list close together, all else apart."""
    text = ""
    for number, (block, shown) in enumerate(blocks):
        is_item = isinstance(block, Item) and not block.is_first
        text += ("" if number == 0 else "\n" if is_item else "\n\n") + shown
    return text
