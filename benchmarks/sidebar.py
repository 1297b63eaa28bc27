"""What a full store costs in the window: `python -m benchmarks.sidebar [--json]`.

5,000 chats with 100,000 messages, 200 of the chats in 20 folders, and one chat of 10,000 messages: how long the list
takes to be read and laid out, anew and after a change, to be painted and scrolled, a search from the last key to its
results, the command palette until it is painted, open and at each key, and opening the long chat until it is painted.
No model is loaded.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from app.core.conversation import Status, StoredMessage, text_parts
from app.core.imported import ImportedConversation
from app.core.store import Store

CHATS, MESSAGES_A_CHAT = 5000, 20
LONG_CHAT = 10_000
FOLDERS, CHATS_A_FOLDER = 20, 10
QUERIES = ("lantern", "天气预报", "def fib", "message 4321 ", "nothing like this")
HOUR_S = 3600.0


def main() -> int:
    """Run the rounds and print medians with their spread, in milliseconds."""
    parser = ArgumentParser(description="Measure the window with a full store.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = _measured(options.rounds)
    summary = {
        key: {"median": statistics.median(values), "min": min(values), "max": max(values)}
        for key, values in figures.items()
    }
    if options.json:
        print(json.dumps(summary))
    else:
        for key, spread in summary.items():
            print(f"{key:28} {spread['median']:8.1f} ms  ({spread['min']:.1f} to {spread['max']:.1f})")
    return 0


def _measured(rounds: int) -> dict[str, list[float]]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication, QLineEdit, QListView

    from app.application import Application
    from app.core.paths import data_folder

    qt = QApplication(["fireside"])
    figures: dict[str, list[float]] = {}

    def timed(name: str, *acts: Callable[[], object]) -> None:
        started = time.perf_counter()
        for act in acts:
            act()
        figures.setdefault(name, []).append((time.perf_counter() - started) * 1000)

    with tempfile.TemporaryDirectory() as place:
        folder = data_folder(place)
        store = Store(folder.database)
        store.add_import(_chats(), source="messages")
        long_id = next(one.id for one in store.conversations() if one.title == "Long")
        store.close()
        application = Application(qt, folder)
        window = application.window
        window.resize(1100, 760)
        window.show()
        view = window.findChild(QListView, "conversationList")
        field = window.findChild(QLineEdit, "conversationSearch")
        assert view is not None
        assert field is not None
        sidebar, bar = window.sidebar, view.verticalScrollBar()

        def wait(done: Callable[[], bool]) -> None:
            while not done():
                qt.processEvents()

        for _ in range(rounds):
            timed("list_read_and_laid_out", application.conversations.refresh, view.doItemsLayout)
            timed("list_painted", view.grab)
            timed("list_read_again", application.conversations.refresh, view.grab)
            last_id = application.store.conversations()[-1].id
            application.store.add_message(last_id, parent_id=None, role="user", text="to the top")
            timed("chat_moved_to_the_top", application.conversations.refresh, view.grab)
            for step in range(10):
                bar.setValue(bar.maximum() * (step + 1) // 10)
                timed("list_painted_while_scrolling", view.viewport().grab)
            bar.setValue(0)
            for query in QUERIES:
                shown: list[int] = []
                found = sidebar.model.modelReset.connect(partial(shown.append, 1))
                timed(f"search {query!r}", partial(field.setText, query), partial(wait, partial(bool, shown)))
                sidebar.model.modelReset.disconnect(found)
                field.clear()
                qt.processEvents()
            timed("palette_opened", window.action.palette.trigger, window.palette_view.grab)
            palette_field = window.palette_view.findChild(QLineEdit)
            assert palette_field is not None
            for typed in ("c", "ch", "chat 4321", "nothing"):
                timed("palette_key", partial(palette_field.setText, typed), window.palette_view.grab)
            window.palette_view.close_palette()
            timed("long_chat_opened", partial(application.chat.open, long_id), window.grab)
            application.chat.open(None)
            qt.processEvents()
        window.close()
        application.close()
    return figures


def _chats() -> Iterator[ImportedConversation]:
    for number in range(CHATS):
        texts = (
            f"message {number} {at}: the lantern glows, 明天的天气预报 says rain. " + "Some more words. " * (at % 7)
            if at % 19 != 5
            else f"```python\ndef fib_{number}(n):\n    return n\n```"
            for at in range(MESSAGES_A_CHAT)
        )
        name = (f"Folder {number // CHATS_A_FOLDER}",) if number < FOLDERS * CHATS_A_FOLDER else ()
        yield _chat(f"Chat {number} about lanterns", texts, at=1.7e9 + number * HOUR_S, folder=name)
    yield _chat("Long", (f"Turn {at} of many. " * 8 for at in range(LONG_CHAT)), at=1.6e9, folder=())


def _chat(title: str, texts: Iterable[str], *, at: float, folder: tuple[str, ...]) -> ImportedConversation:
    messages = tuple(
        StoredMessage(
            str(number),
            str(number - 1) if number else None,
            "assistant" if number % 2 else "user",
            text_parts(text),
            Status.COMPLETE,
            at + number,
        )
        for number, text in enumerate(texts)
    )
    return ImportedConversation(title, title, at, at + len(messages), messages, messages[-1].id, folder=folder)


if __name__ == "__main__":
    raise SystemExit(main())
