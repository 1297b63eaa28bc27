"""The window's reply while a hundred requests of four programs wait at the server: what each side gets.

The programs are a process of their own, which asks for everything at once. A reply of the window alone comes first.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.figures import Figures

CLIENTS, REQUESTS_EACH, TOKENS_EACH = 4, 25, 16
STORY = "Tell me a long story about a fox and a lantern."
WINDOW_TOKENS, WINDOW_REPLIES, SEED = 120, 3, 7
_PROGRAMS = """
import asyncio, json, sys, time
import httpx2

address, clients, each, tokens = sys.argv[1], *map(int, sys.argv[2:])

async def main():
    order = []
    async with httpx2.AsyncClient(timeout=600, limits=httpx2.Limits(max_connections=None)) as client:
        async def ask(name, number):
            body = {"model": "starter", "user": name, "temperature": 0, "max_tokens": tokens,
                    "messages": [{"role": "user", "content": f"Tell me the long story number {number}."}]}
            answer = await client.post(address, json=body)
            usage = answer.json().get("usage", {}) if answer.status_code == 200 else {}
            order.append((name, answer.status_code, usage.get("completion_tokens", 0), time.monotonic() - began))
        print(flush=True)
        sys.stdin.readline()
        began = time.monotonic()
        await asyncio.gather(*(ask(f"program {name}", number) for name in range(clients) for number in range(each)))
    print(json.dumps(order))

asyncio.run(main())
"""


def server(_options: Namespace) -> Figures:
    """One life of a window with a server."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication, QPlainTextEdit

    from app.application import Application
    from app.core.paths import data_folder
    from app.server.gate import Gate
    from app.server.models import Models, ServedModel
    from app.server.server import Server
    from benchmarks.event_loop import run_until
    from engine.api import ModelLoaded, ReplyFinished

    qt = QApplication(["fireside"])
    with tempfile.TemporaryDirectory() as folder:
        application = Application(qt, data_folder(folder))
        application.start()
        composer = application.window.findChild(QPlainTextEdit, "composer")
        assert composer is not None
        replies: list[ReplyFinished] = []
        application.engine.eventArrived.connect(
            lambda event: replies.append(event) if isinstance(event, ReplyFinished) else None
        )

        def wait(done: Callable[[], bool]) -> None:
            run_until(done, timeout_s=100.0)

        def reply() -> ReplyFinished:
            count = len(replies)
            composer.setPlainText(STORY)
            QTest.keyClick(composer, Qt.Key.Key_Return)
            wait(lambda: len(replies) > count and not application.chat.is_replying)
            return replies[-1]

        wait(lambda: application.models.loaded is not None)
        loaded = application.models.loaded
        assert isinstance(loaded, ModelLoaded)
        application.reply_settings.change_value("seed", SEED)
        application.reply_settings.change_value("max_tokens", WINDOW_TOKENS)
        reply()
        alone = [reply() for _ in range(WINDOW_REPLIES)]

        async def load(_model: ServedModel) -> ModelLoaded:
            raise AssertionError("it is loaded")

        models = Models(load)
        models.loaded, models.own = loaded, ServedModel("starter", Path(loaded.info.path), 0)
        serving = Server(application.engine, models, Gate(None))
        serving.start(port=0)
        address = f"http://127.0.0.1:{serving.port}/v1/chat/completions"
        numbers = map(str, (CLIENTS, REQUESTS_EACH, TOKENS_EACH))
        programs = subprocess.Popen(
            [sys.executable, "-c", _PROGRAMS, address, *numbers],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert programs.stdin is not None
        assert programs.stdout is not None
        programs.stdout.readline()
        programs.stdin.write("\n")
        programs.stdin.flush()
        time.sleep(0.5)  # all of them have come
        beside = [reply() for _ in range(WINDOW_REPLIES)]
        was_busy = programs.poll() is None
        wait(lambda: programs.poll() is not None)
        order = json.loads(programs.stdout.read())
        serving.stop()
        application.window.close()
    assert was_busy, "the programs were done before the window was"
    return {
        "window_alone_tok_s": _median([one.timings.decode_tok_s for one in alone]),
        "window_beside_tok_s": _median([one.timings.decode_tok_s for one in beside]),
        "window_first_token_alone_s": _median([one.timings.ttft_s for one in alone]),
        "window_first_token_beside_s": _median([one.timings.ttft_s for one in beside]),
        "requests": float(len(order)),
        "answered": float(sum(status == 200 for _, status, _, _ in order)),
        "most_ahead": float(_most_ahead([name for name, _, _, _ in order])),
        "all_answered_s": max(at for _, _, _, at in order),
        "served_tok_s": sum(tokens for _, _, tokens, _ in order) / max(at for _, _, _, at in order),
    }


def _most_ahead(order: Sequence[str]) -> int:
    """By how many answers one program was ever before another; 1 where they take turns."""
    answered = Counter(dict.fromkeys(order, 0))
    most = 0
    for name in order:
        answered[name] += 1
        most = max(most, max(answered.values()) - min(answered.values()))
    return most


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)
