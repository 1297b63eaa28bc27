"""What looking inside costs, with the starter model: `python -m benchmarks.inspector [--json]`.

A reply of 2,000 tokens: opening the panel on it, and from the choice of a word until its alternatives are listed,
median and worst. A branch: its first token beside one decode step. The logit lens of a token, with nothing read,
beside one prefill of what stands before it; and its time where the reply is still read, as in the window.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

TOKENS = 2_000
WORDS = 40  # that are clicked
REPEATS = 7
PROMPT_TOKENS, LENS_TOKENS = 64, 256
SEED = 7


def main() -> int:
    """Measure and print."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = {**_window(), **_engine()}
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:32} {value:10.3f}")
    return 0


def _window() -> dict[str, float]:
    """Milliseconds in the window, from what a person does until it is shown."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication, QTreeWidget

    from app.application import Application
    from app.core.conversation import Status
    from app.core.discovery import Machine
    from app.core.paths import data_folder
    from engine.alternatives import RECORD_BYTES, TOP, Alternative, TokenRecord, pack

    qt = QApplication(["fireside"])
    with TemporaryDirectory() as folder:
        application = Application(qt, data_folder(folder), machine=Machine(Path(folder), {}, sys.platform))
        application.start()
        _wait(lambda: application.models.loaded is not None)
        loaded = application.models.loaded
        assert loaded is not None
        store = application.store
        chat = store.create_conversation("Long")
        asked = store.add_message(chat.id, parent_id=None, role="user", text="Write at length.")
        ids = [300 + at * 7 % 20_000 for at in range(TOKENS)]
        records = b"".join(
            pack(
                TokenRecord(
                    *(token, -0.7, 0, 12.0, 1.5, TOP, 0.5),
                    tuple(Alternative((token + at * 13) % 30_000, -0.7 - at, 0.5 / (at + 1)) for at in range(TOP)),
                )
            )
            for token in ids
        )
        assert len(records) == TOKENS * RECORD_BYTES
        spelt: list[str] = []
        application.inspector.spell(ids, lambda: spelt.append(""))
        _wait(lambda: bool(spelt))
        text = "".join(application.inspector.bytes_of(token).decode("utf-8", "replace") for token in ids)
        reply = store.add_message(chat.id, parent_id=asked.id, role="assistant", text=text)
        made = {"token_ids": ids, "seed": SEED, "model_path": loaded.info.path}
        store.save_reply(reply.id, text, Status.COMPLETE, record=made, alternatives=records)
        application.conversations.open(chat.id)
        application.window.action.look_inside.setChecked(True)
        qt.processEvents()
        tree = application.window.findChild(QTreeWidget, "alternatives")
        assert tree is not None

        def open_panel() -> None:
            application.inspector.look(reply.id)
            _wait(lambda: application.inspector.tokens is not None)

        def click(index: int) -> None:
            tree.clear()
            application.inspector.choose(index)
            _wait(lambda: tree.topLevelItemCount() >= TOP)

        opened = [_ms(open_panel) for _ in range(REPEATS)]
        clicks = [_ms(lambda at=at: click(at)) for at in range(0, TOKENS, TOKENS // WORDS)]  # type: ignore[misc]
        application.close()
    return {
        "open_reply_ms": statistics.median(opened),
        "open_reply_worst_ms": max(opened),
        "alternatives_ms": statistics.median(clicks),
        "alternatives_worst_ms": max(clicks),
    }


def _engine() -> dict[str, float]:
    """Milliseconds in the engine, and the two ratios that have a goal: 1.2 and 2."""
    from engine.api import GenerateRequest, LoadRequest, ReplyFinished, SamplerSettings, TokenGenerated
    from engine.engine import Engine
    from engine.inspection.api import Looked, LookRequest
    from engine.starter import starter_model_path

    engine = Engine()
    list(engine.run(LoadRequest(0, str(starter_model_path()))))
    sampler = SamplerSettings(seed=SEED)
    whole = GenerateRequest(1, "The tea house stood by the river, and", sampler=sampler, max_tokens=PROMPT_TOKENS)
    steps, branches, prefills, lenses, warm = [], [], [], [], []
    for round_ in range(REPEATS):
        finished = list(engine.run(whole))[-1]
        assert isinstance(finished, ReplyFinished)
        steps.append(1000 / finished.timings.decode_tok_s)
        other = (finished.token_ids[PROMPT_TOKENS // 2] + 1 + round_) % 1000 + 300
        begun = (*finished.token_ids[: PROMPT_TOKENS // 2], other)
        branch = GenerateRequest(2, whole.prompt, sampler=sampler, max_tokens=2, begun_ids=begun)
        started = time.perf_counter()
        next(event for event in engine.run(branch) if isinstance(event, TokenGenerated))
        branches.append((time.perf_counter() - started) * 1000)
    assert engine.model is not None
    long = engine.model.tokenizer.encode(" The river runs by the house." * LENS_TOKENS)[:LENS_TOKENS]
    for _ in range(REPEATS):
        prefills.append(engine.measure(long, 1).prefill_s * 1000)
        engine._forget()
        look = LookRequest(3, GenerateRequest(3, "A", begun_ids=tuple(long)), position=len(long) - 1)
        started = time.perf_counter()
        looked = list(engine.run(look))
        lenses.append((time.perf_counter() - started) * 1000)
        assert isinstance(looked[-1], Looked)
        list(engine.run(GenerateRequest(4, "A", sampler=sampler, max_tokens=1, begun_ids=tuple(long))))
        started = time.perf_counter()
        list(engine.run(look))
        warm.append((time.perf_counter() - started) * 1000)
    engine.close()
    step, branch_ms = statistics.median(steps), statistics.median(branches)
    prefill, lens = statistics.median(prefills), statistics.median(lenses)
    return {
        "decode_step_ms": step,
        "branch_first_token_ms": branch_ms,
        "branch_to_step": branch_ms / step,
        "prefill_ms": prefill,
        "lens_ms": lens,
        "lens_to_prefill": lens / prefill,
        "lens_of_a_read_reply_ms": statistics.median(warm),
    }


def _wait(holds: Callable[[], bool]) -> None:
    from PySide6.QtWidgets import QApplication

    while not holds():
        QApplication.processEvents()


def _ms(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    raise SystemExit(main())
