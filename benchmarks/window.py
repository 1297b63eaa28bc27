"""What a person waits for in the window, with the starter model, and the same reply without a window.

In the real window: time until it takes input, model load, first token, the longest stall of the event loop while a
reply streams, and how long stopping takes, in a prompt and in a reply.
"""

from __future__ import annotations

import os
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable

from benchmarks.figures import Figures

STORY = "Tell me a long story about a fox and a lantern."
LONG_TEXT = "The fox carried the lantern over the hill and did not look back. " * 150
NEW_TOKENS = 200
SEED = 7


def window(_options: Namespace) -> Figures:
    """One life of the window."""
    started = time.perf_counter()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication, QPlainTextEdit

    from app.application import Application
    from app.core.paths import data_folder
    from benchmarks.event_loop import run_until
    from engine.api import ModelLoaded, ReplyFinished, TokenGenerated

    imported = time.perf_counter()
    qt = QApplication(["fireside"])
    with tempfile.TemporaryDirectory() as folder:
        application = Application(qt, data_folder(folder))
        application.start()
        composer = application.window.findChild(QPlainTextEdit, "composer")
        assert composer is not None
        QTest.keyClicks(composer, "x")
        assert composer.toPlainText() == "x"
        takes_input = time.perf_counter()
        composer.clear()

        events: list[tuple[float, object]] = []
        application.engine.eventArrived.connect(lambda event: events.append((time.perf_counter(), event)))

        def wait(done: Callable[[], bool]) -> float:
            return run_until(done, timeout_s=60.0)

        def say(text: str) -> float:
            composer.setPlainText(text)
            QTest.keyClick(composer, Qt.Key.Key_Return)
            return time.perf_counter()

        def seen(kind: type) -> list[tuple[float, object]]:
            return [entry for entry in events if isinstance(entry[1], kind)]

        loading_stall = wait(lambda: bool(seen(ModelLoaded)))
        loaded_at, loaded = seen(ModelLoaded)[0]
        assert isinstance(loaded, ModelLoaded)

        application.reply_settings.change_value("seed", SEED)
        application.reply_settings.change_value("max_tokens", NEW_TOKENS)
        said = say(STORY)
        wait(lambda: bool(seen(TokenGenerated)))
        first_token = seen(TokenGenerated)[0][0] - said
        stall = wait(lambda: not application.chat.is_replying)
        finished = seen(ReplyFinished)[-1][1]
        assert isinstance(finished, ReplyFinished)

        count = len(seen(TokenGenerated))
        say(STORY + " Again.")
        wait(lambda: len(seen(TokenGenerated)) > count + 10)
        asked = time.perf_counter()
        QTest.keyClick(composer, Qt.Key.Key_Escape)
        wait(lambda: not application.chat.is_replying)
        stop_in_reply = time.perf_counter() - asked

        say(LONG_TEXT)
        wait(lambda: application.chat.is_replying)
        end = time.perf_counter() + 0.4
        wait(lambda: time.perf_counter() > end)
        asked = time.perf_counter()
        QTest.keyClick(composer, Qt.Key.Key_Escape)
        wait(lambda: not application.chat.is_replying)
        stop_in_prompt = time.perf_counter() - asked
        application.window.close()
    return {
        "imports_s": imported - started,
        "takes_input_s": takes_input - imported,
        "loaded_after_start_s": loaded_at - imported,
        "load_s": loaded.load_s,
        "first_token_s": first_token,
        "decode_tok_s": finished.timings.decode_tok_s,
        "stall_while_loading_s": loading_stall,
        "stall_while_streaming_s": stall,
        "stop_in_reply_s": stop_in_reply,
        "stop_in_prompt_s": stop_in_prompt,
    }


def headless(_options: Namespace) -> Figures:
    """The window's first reply by the engine alone, loaded as the window loads it."""
    from engine.api import GenerateRequest, LoadRequest, Message, ModelLoaded, ReplyFinished, SamplerSettings
    from engine.engine import Engine
    from engine.starter import starter_model_path

    engine = Engine()
    loaded = list(engine.run(LoadRequest(0, str(starter_model_path()))))[-1]
    assert isinstance(loaded, ModelLoaded)
    sampler = SamplerSettings(**{**dict(loaded.info.recommended), "seed": SEED})  # type: ignore[arg-type]  # by names
    request = GenerateRequest(1, (Message("user", STORY),), sampler=sampler, max_tokens=NEW_TOKENS)
    finished = list(engine.run(request))[-1]
    assert isinstance(finished, ReplyFinished)
    return {"decode_tok_s": finished.timings.decode_tok_s, "first_token_s": finished.timings.ttft_s}
