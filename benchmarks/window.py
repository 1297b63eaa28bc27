"""What a person waits for in the window, with the starter model, and the same replies without a window.

Both sides write the same sampled replies behind each other, each in a chat and by a seed of its own. The first is the
first of the process; the speed is the median of the others. In the window each takes turns with the same one told to
nobody, `unseen`: a machine's mood changes faster than processes do. Nothing of the benchmark runs there meanwhile.
With a probe: the longest stall of the event loop in one reply more, and how long stopping takes.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable

from benchmarks.figures import Figures
from engine.api import (
    GenerateRequest,
    LoadRequest,
    Message,
    ModelInfo,
    ModelLoaded,
    ReplyFinished,
    SamplerSettings,
)

STORY = "Tell me a long story about a fox and a lantern."
LONG_TEXT = "The fox carried the lantern over the hill and did not look back. " * 150
NEW_TOKENS = 200
SEEDS = (7, 8, 9, 10, 11, 12)  # of the replies in their order
TIMEOUT_S = 60.0


def window(_options: Namespace) -> Figures:
    """One life of the window."""
    started = time.perf_counter()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication, QPlainTextEdit

    from app.application import Application
    from app.core.paths import data_folder
    from app.worker import TokensGathered
    from benchmarks.event_loop import run_to_signal, run_until

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
            return run_until(done, TIMEOUT_S)

        def say(text: str) -> float:
            composer.setPlainText(text)
            QTest.keyClick(composer, Qt.Key.Key_Return)
            return time.perf_counter()

        def seen(kind: type) -> list[tuple[float, object]]:
            return [entry for entry in events if isinstance(entry[1], kind)]

        loading_stall = wait(lambda: bool(seen(ModelLoaded)))
        loaded_at, loaded = seen(ModelLoaded)[0]
        assert isinstance(loaded, ModelLoaded)

        def unseen(info: ModelInfo, seed: int) -> float:
            events.clear()
            application.engine.submit(_request(info, application.engine.next_request_id(), seed))
            while not seen(ReplyFinished):
                run_to_signal(application.engine.eventArrived, TIMEOUT_S)
            return _speed(seen(ReplyFinished)[-1][1])

        speeds, unseen_speeds, first_tokens = list[float](), list[float](), list[float]()
        streaming_s = busy_s = 0.0
        for seed in SEEDS:
            application.window.action.new_chat.trigger()
            application.reply_settings.change_value("max_tokens", NEW_TOKENS)  # of this chat alone
            application.reply_settings.change_value("seed", seed)
            events.clear()
            busy_before_s = time.thread_time()
            said = say(STORY)
            run_to_signal(application.chat.replyEnded, TIMEOUT_S)
            streaming_s += time.perf_counter() - said
            busy_s += time.thread_time() - busy_before_s
            speeds.append(_speed(seen(ReplyFinished)[-1][1]))
            first_tokens.append(seen(TokensGathered)[0][0] - said)
            unseen_speeds.append(unseen(loaded.info, seed))

        say(STORY)
        wait(lambda: bool(application.chat.is_replying))
        stall = wait(lambda: not application.chat.is_replying)

        events.clear()
        say(STORY + " Again.")
        wait(lambda: len(seen(TokensGathered)) > 1)
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
        "first_token_s": first_tokens[0],
        "first_reply_tok_s": speeds[0],
        "decode_tok_s": statistics.median(speeds[1:]),
        "unseen_tok_s": statistics.median(unseen_speeds[1:]),
        "window_thread_share": busy_s / streaming_s,
        "stall_while_loading_s": loading_stall,
        "stall_while_streaming_s": stall,
        "stop_in_reply_s": stop_in_reply,
        "stop_in_prompt_s": stop_in_prompt,
    }


def headless(_options: Namespace) -> Figures:
    """The window's replies by the engine alone, loaded as the window loads it."""
    from engine.engine import Engine
    from engine.starter import starter_model_path

    engine = Engine()
    loaded = list(engine.run(LoadRequest(0, str(starter_model_path()))))[-1]
    assert isinstance(loaded, ModelLoaded)
    speeds, first_tokens = list[float](), list[float]()
    for number, seed in enumerate(SEEDS, 1):
        finished = list(engine.run(_request(loaded.info, number, seed)))[-1]
        assert isinstance(finished, ReplyFinished)
        speeds.append(_speed(finished))
        first_tokens.append(finished.timings.ttft_s)
    return {
        "decode_tok_s": statistics.median(speeds[1:]),
        "first_reply_tok_s": speeds[0],
        "first_token_s": first_tokens[0],
    }


def _request(info: ModelInfo, number: int, seed: int) -> GenerateRequest:
    """What the window asks for."""
    sampler = SamplerSettings(**{**dict(info.recommended), "seed": seed})  # type: ignore[arg-type]  # by names
    return GenerateRequest(number, (Message("user", STORY),), sampler=sampler, max_tokens=NEW_TOKENS)


def _speed(finished: object) -> float:
    assert isinstance(finished, ReplyFinished)
    return finished.timings.decode_tok_s
