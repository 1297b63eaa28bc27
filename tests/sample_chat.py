"""One conversation with all that an export can meet: branches, thinking, files, tools, records, two scripts."""

from __future__ import annotations

import hashlib
import struct
import zlib

from app.core.catalogue import Conversation
from app.core.conversation import MessageTree, Part, PartKind, Status, StoredMessage
from app.core.exporters import ExportedConversation

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
