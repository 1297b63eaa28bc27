"""Times the store at 100,000 messages: opening, the list, a long conversation, search, streaming saves, import.

`python -m benchmarks.store` makes the conversations (a mix of English, Chinese and code that is the same every time),
takes them in as an import does, and prints a table. Nothing is kept.
"""

from __future__ import annotations

import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from app.core.conversation import Status, StoredMessage, text_parts
from app.core.imported import ImportedConversation
from app.core.store import Store

MESSAGES = 100_000
LONG_CONVERSATION = 10_000
ROUNDS = 5

_SAMPLE = """
the of and to a in is it you that he was for on are with as I his they be at one have this from or had by but some
what there we can out other were all your when up use word how said an each she which do their time if will way
about many then them would write like so these her long make thing see him two has look more day could go come
did my sound no most number who over know water than call first people may down side been now find any new
"""
_COMMON = _SAMPLE.split()
_PIECES = "the in er re on at en nd ti es or te of ed is al ar st to nt ng se ha as ou io le ve co me de hi ri ro"
_SYLLABLES = _PIECES.split()
_HAN = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家"
)

QUERIES = {
    "one common word": "the",
    "a common word of code": "return",
    "several words": "people number water",
    "a part of a word": "eopl",
    "a word that is once there": "zebrafish_q7",
    "a word that is nowhere": "quokkas",
    "two common letters": "th",
    "two letters, once there": "q7",
    "one letter": "e",
    "one Chinese character": "的",
    "two Chinese characters, once there": "绿茶",
    "a Chinese phrase, once there": "我要绿茶",
    "words that never meet": "zebrafish_q7 绿茶",
    "common pieces, no such word": "thethethe",
}


class Text:
    """Makes texts of a chat: two thirds English, a fifth Chinese, the rest code; word frequencies by Zipf's law."""

    def __init__(self, seed: int = 7) -> None:
        self._chance = random.Random(seed)
        made = ("".join(self._chance.choices(_SYLLABLES, k=self._chance.randint(1, 4))) for _ in range(6000))
        self._words = [*_COMMON, *made]
        self._word_weights = [1 / (rank + 3) for rank in range(len(self._words))]
        self._characters = [*_HAN, *(chr(0x4E00 + self._chance.randrange(3000)) for _ in range(2500))]
        self._character_weights = [1 / (rank + 8) for rank in range(len(self._characters))]

    def make(self) -> str:
        """One message: 37 words in the middle, a tenth more than 130."""
        count = max(4, int(self._chance.lognormvariate(3.6, 1.0)))
        kind = self._chance.random()
        if kind < 0.2:
            return "".join(self._chance.choices(self._characters, self._character_weights, k=2 * count)) + "。"
        words = self._chance.choices(self._words, self._word_weights, k=count)
        if kind < 0.85:
            return " ".join(words).capitalize() + "."
        lines = (
            f"def {a}_{b}({c}):\n    return {c}.{a}({b})"
            for a, b, c in zip(words, words[1:], words[2:], strict=False)
        )
        return "```python\n" + "\n".join(lines) + "\n```"


def conversations(messages: int = MESSAGES) -> Iterator[ImportedConversation]:
    """`messages` messages: one conversation of 10,000, the others of 20."""
    text = Text()
    made, number = 0, 0
    while made < messages:
        count = min(LONG_CONVERSATION if number == 0 else 20, messages - made)
        said = [text.make() for _ in range(count)]
        if number == 1:
            said[3] += " zebrafish_q7"
            said[5] += "我要绿茶"
        yield ImportedConversation(
            source_id=str(number),
            title=text.make()[:50],
            created_at=1.7e9 + number,
            updated_at=1.7e9 + number,
            messages=tuple(
                StoredMessage(
                    str(at), str(at - 1) if at else None, "assistant" if at % 2 else "user", text_parts(one),
                    Status.COMPLETE, 1.7e9 + number,
                )
                for at, one in enumerate(said)
            ),
            leaf_id=str(count - 1),
        )  # fmt: skip
        made, number = made + count, number + 1


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "db"
        batch = [*conversations()]
        characters = sum(len(message.text) for one in batch for message in one.messages)
        print(f"{MESSAGES:,} messages, {characters / 1e6:.0f} million characters, {len(batch):,} conversations\n")
        with closing(Store(path)) as store:
            start = time.perf_counter()
            store.add_import(batch, source="chatgpt")
            print(f"| take all of them in | {time.perf_counter() - start:.1f} s |")
            long_id = store._db.read("SELECT id FROM conversations WHERE source_id = '0'")[0][0]
        del batch
        print(f"| size on the disk | {path.stat().st_size / 1e6:.0f} MB |")

        def opened() -> None:
            with closing(Store(path)) as fresh:
                fresh.mark_interrupted()
                fresh.conversations()

        _report("open, and read the list", opened)
        with closing(Store(path)) as store:
            _report("read the list", store.conversations)
            _report("read a page of the list", lambda: store.conversations(limit=100, offset=2000))
            _report(f"read a conversation of {LONG_CONVERSATION:,} messages", lambda: store.tree(long_id))
            for what, query in QUERIES.items():
                _report(f"search: {what} ({len(store.search(query))} hits)", partial(store.search, query))
            reply = store.add_message(long_id, parent_id=None, role="assistant", status=Status.STREAMING)
            text = "green tea 绿茶 " * 400
            _report(
                "save a reply of 5,000 characters as it streams",
                lambda: store.save_reply(reply.id, text, Status.STREAMING),
            )
            _report("save it as it ends", lambda: store.save_reply(reply.id, f"{text}{time.time()}", Status.COMPLETE))
            _report("back up", lambda: store.backup(Path(folder) / "backup"))
            _report("check", store.check)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| peak memory | {peak:.0f} MB |")


def _report(what: str, act: Callable[[], object]) -> None:
    """Print the median and the slowest of some rounds."""
    times_ms: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        act()
        times_ms.append(1e3 * (time.perf_counter() - start))
    print(f"| {what} | {statistics.median(times_ms):.1f} ms | slowest {max(times_ms):.1f} ms |", flush=True)


if __name__ == "__main__":
    main()
