"""Conversations with all that an export can meet: one made by hand, any number made by hypothesis."""

from __future__ import annotations

import hashlib
import struct
import zlib

from hypothesis import strategies as st

from app.core.catalogue import Conversation
from app.core.conversation import MessageTree, Part, PartKind, Status, StoredMessage
from app.core.exporters import ExportedConversation, Exporter, ExportOptions

BEGAN = 1_783_936_800.0  # 2026-07-13 10:00 UTC


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((y * 8, 90, 200)) * 32 for y in range(16))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 16, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


PNG = _png()
PNG_SHA256 = hashlib.sha256(PNG).hexdigest()
CSV = "name,formula\nx,=1+1\n```\nfence"
REPLY = """# Sorting

A **pivot**, *then* both sides: $a_1*b*c$ and \\(x_2*y*z\\). See [the page](https://example.org/sort?a=1&b=2).

```python
def sort(items: list[int]) -> list[int]:
    return sorted(items)  # <b>not bold</b>
```

| algorithm | steps |
|:--|--:|
| quick | n log n |

1. choose
   - at random
2. split
"""


def text(said: str) -> Part:
    """A text part."""
    return Part(PartKind.TEXT, said)


def _message(
    key: str, parent: str | None, role: str, *parts: Part, status: Status = Status.COMPLETE, after_s: float = 0
) -> StoredMessage:
    return StoredMessage(key, parent, role, parts, status, BEGAN + after_s)


RECORD = {
    "model_name": "SmolLM2",
    "quantisation": "Q4_1",
    "seed": 7,
    "sampler": {"temperature": 0.7, "top_k": 40, "seed": None},
    "max_tokens": None,
    "stop_reason": "end_token",
    "token_ids": [5, 6],
    "logprobs": [-0.25, -1.5],
    "timings": {"prompt_tokens": 30, "generated_tokens": 2, "decode_s": 0.5},
}


def sample_chat() -> ExportedConversation:
    """Eight messages, of which five are shown."""
    picture = Part(PartKind.IMAGE, name="dot.png", media_type="image/png", sha256=PNG_SHA256)
    table = Part(PartKind.FILE, CSV, name="data.csv", media_type="text/csv")
    thinking = Part(PartKind.THINKING, "Which *order*?\n\nAscending.", duration_s=3.0)
    call = Part(PartKind.TOOL, '{"id": "call_9", "arguments": {"q": "sort"}}', name="search")
    result = Part(PartKind.TOOL, '{"id": "call_9", "result": "found"}', name="search")
    messages = [
        _message("s", None, "system", text("Be brief.")),
        _message("a", "s", "user", picture, table, text("Explain <b>sorting</b>."), after_s=1),
        _message("b", "a", "assistant", thinking, text(REPLY), after_s=5),
        _message("b2", "a", "assistant", text("An older answer."), status=Status.STOPPED, after_s=9),
        _message("c", "b", "user", text("用中文再说一遍"), after_s=20),
        _message("d", "c", "assistant", call, result, text("好的，先选基准。"), after_s=25),
        _message("c2", "b", "user", text("Thanks!"), after_s=40),
        _message("d2", "c2", "assistant", text("You are *welcome*."), status=Status.LENGTH, after_s=45),
    ]
    header = Conversation(
        "chat1", "Sorting 排序", BEGAN, BEGAN + 50, is_pinned=True, tags=("code", "排序"), extra={"x": 1}
    )
    return ExportedConversation(
        header,
        MessageTree(messages, leaf_id="d"),
        {"b": RECORD, "d": RECORD},
        ("Work", "Tea"),
        lambda sha256: PNG if sha256 == PNG_SHA256 else None,
    )


class Kept:
    """A document in memory."""

    def __init__(self) -> None:
        self.data = b""
        self.files: dict[str, bytes] = {}

    def write(self, content: str | bytes) -> None:
        """Add to the end."""
        self.data += content.encode("utf-8", "replace") if isinstance(content, str) else content

    def attach(self, name: str, data: bytes) -> str:
        """Keep a file."""
        self.files[name] = data
        return f"files/{name}"


def exported(exporter: Exporter, options: ExportOptions, *conversations: ExportedConversation) -> Kept:
    """What a format writes of conversations."""
    document = Kept()
    exporter.write(conversations, options, document)
    return document


words = st.text(max_size=30).map(lambda said: said.encode("utf-8", "replace").decode())
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | finite | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
moments = st.floats(0, 4e9, allow_nan=False)
some_parts = st.builds(
    Part,
    st.sampled_from(PartKind),
    words,
    name=words,
    media_type=words,
    sha256=st.none() | st.just(PNG_SHA256),
    duration_s=st.none() | st.floats(0, 100),
)
optional = st.none() | words.filter(bool)
names = words.map(lambda said: " ".join(said.split())).filter(bool)  # of tags and folders


@st.composite
def random_chats(draw: st.DrawFn) -> ExportedConversation:
    """Any tree of any messages."""
    messages: list[StoredMessage] = []
    for number in range(draw(st.integers(0, 6))):
        parent = draw(st.sampled_from([None, *(message.id for message in messages)]))
        message = StoredMessage(
            f"m{number}",
            parent,
            draw(st.sampled_from(["user", "assistant", "system", "tool", "narrator"])),
            tuple(draw(st.lists(some_parts, max_size=3))),
            draw(st.sampled_from(Status)),
            draw(moments),
            error=draw(optional),
            edited_from=draw(optional),
            source_id=draw(optional),
            extra=draw(st.dictionaries(words, json_values, max_size=2)),
        )
        messages.append(message)
    ids = [message.id for message in messages]
    header = Conversation(
        "c",
        draw(words),
        draw(moments),
        draw(moments),
        is_pinned=draw(st.booleans()),
        tags=tuple(sorted(draw(st.sets(names, max_size=3)))),
        source=draw(optional),
        source_id=draw(optional),
        extra=draw(st.dictionaries(words, json_values, max_size=2)),
        deleted_at=draw(st.none() | moments),
    )
    return ExportedConversation(
        header,
        MessageTree(messages, leaf_id=draw(st.sampled_from([None, *ids]))),
        {one: draw(st.just(RECORD) | st.dictionaries(st.just("note"), json_values)) for one in ids[:2]},
        tuple(draw(st.lists(names, max_size=2))),
        lambda _sha256: PNG,
    )
