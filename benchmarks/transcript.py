"""What the transcript costs, without a model: `python -m benchmarks.transcript [--json] [--only PART]`.

A conversation of 10,000 messages: opening it until it is painted, frames a second while the wheel turns and while the
bar is dragged to anywhere, and the widgets that exist then. A reply of 4,000 tokens with prose, lists, code, tables
and formulas: each frame of its streaming until it is painted, and the longest time the event loop did not come round,
for that reply and for hostile ones.
"""

from __future__ import annotations

import gc
import json
import os
import random
import statistics
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.views.transcript import Transcript

MESSAGES = 10_000
FRAMES = 200
TOKENS, TOKENS_A_FRAME = 4_000, 6  # 180 tokens a second at 30 frames a second
LAST_FRAMES = 100  # of a reply: what its end costs
BEAT_MS = 5
SEED = 7

HOSTILE = {
    "10,000 brackets": "[" * 10_000,
    "10,000 quotes": ">" * 10_000,
    "table of 5 MB": "| a | b |\n|---|---|\n" + "| some text | more text |\n" * 200_000,
    "100,000 lines of code": "```python\n" + "x = 1\n" * 100_000 + "```\n",
    "1 MB without a space": "x" * 1_000_000,
    "100,000 combining marks": "a" + "\u0301" * 100_000,
    "list of 20,000 items": "".join(f"- item {number}\n" for number in range(20_000)),
    "300 formulas": "\n\n".join(f"$x_{{{number}}} = \\frac{{{number}}}{{y}}$" for number in range(300)),
}
CHAPTER = """## Part {n}

The lantern glows, and the *fox* goes **on** for a while with `code` and [a link](https://example.org/{n}). It
thinks of $e^{{i\\pi n}} = {n}$ and of the weather: 明天的天气预报 says rain. Then it goes home and
sleeps until the sun is up again.

1. First it looks at the map, which shows `place {n}`.
2. Then it walks.
   - over the hill
   - along the **river**
3. Then it rests.

```python
def walk_{n}(steps: int) -> list[str]:
    \"\"\"Where the fox was.\"\"\"
    places = []
    for step in range(steps):
        places.append(f"step {{step}} of {n}")
    return places
```

| Step | Place | Distance | Remark |
|-----:|:------|---------:|:-------|
{rows}

$$
d_{n} = \\sum_{{k=1}}^{{n}} \\frac{{1}}{{k^2}}
$$

> It said that the way was long.

"""


def main() -> int:
    """Measure, and print medians in milliseconds or what each name says."""
    parser = ArgumentParser(description="Measure the transcript.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=["chat", "stream", "hostile"])
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from app.theme import load_theme, palette, style_sheet

    qt = QApplication(["fireside"])
    gc.freeze()  # as the window does once the engine is there
    theme = load_theme("light")
    qt.setStyle("Fusion")
    qt.setPalette(palette(theme))
    qt.setStyleSheet(style_sheet(theme))
    figures: dict[str, float] = {}
    if options.only in (None, "chat"):
        figures |= _long_chat(qt)
    if options.only in (None, "stream"):
        figures |= _streaming(qt)
    if options.only in (None, "hostile"):
        for name, text in HOSTILE.items():
            figures[f"stall, {name}, ms"] = _stall_of(qt, text)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:44} {value:9.1f}")
    return 0


def _transcript() -> Transcript:
    from app.theme import load_theme
    from app.views.transcript import Transcript

    made = Transcript()
    made.apply_theme(load_theme("light"))
    made.resize(840, 620)
    made.show()
    return made


def _long_chat(qt: QApplication) -> dict[str, float]:
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QWidget

    from app.views.transcript import TranscriptMessage

    messages = [
        TranscriptMessage(
            str(at), "assistant" if at % 2 else "user", _text(at), note="Stopped" if at % 9 == 1 else None
        )
        for at in range(MESSAGES)
    ]
    opened = []
    transcript = _transcript()
    for _ in range(5):
        _delete(qt, transcript)
        transcript = _transcript()
        qt.processEvents()
        opened.append(_ms(lambda: transcript.show_messages(messages), transcript.grab))  # noqa: B023
    bar = transcript.verticalScrollBar()

    def turn_wheel() -> None:
        place = QPointF(400, 300)
        event = QWheelEvent(
            place,
            transcript.mapToGlobal(place),
            QPoint(0, 0),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        qt.sendEvent(transcript.viewport(), event)

    wheel = _frames(qt, transcript, turn_wheel)
    dice = random.Random(SEED)
    drag = _frames(qt, transcript, lambda: bar.setValue(dice.randrange(bar.maximum())))
    widgets = len(transcript.findChildren(QWidget))
    _delete(qt, transcript)
    return {
        "10,000 messages opened, ms": statistics.median(opened),
        "wheel, frames/s": 1000 / statistics.mean(wheel),
        "wheel, slowest frame of 20, ms": _p95(wheel),
        "bar dragged to anywhere, frames/s": 1000 / statistics.mean(drag),
        "bar, slowest frame of 20, ms": _p95(drag),
        "widgets after scrolling": widgets,
    }


def _frames(qt: QApplication, transcript: Transcript, move: Callable[[], object]) -> list[float]:
    def frame() -> None:
        move()
        qt.processEvents()
        transcript.viewport().repaint()

    return [_ms(frame) for _ in range(FRAMES)]


def _streaming(qt: QApplication) -> dict[str, float]:
    from app.views.transcript import TranscriptMessage

    text, letters = long_reply(), 4
    transcript = _transcript()
    asked = TranscriptMessage("0", "user", "Tell me.")
    transcript.show_messages([asked, TranscriptMessage("1", "assistant", "", is_streaming=True)])
    costs, stalls = [], _Heart(qt)
    for end in range(0, len(text), letters * TOKENS_A_FRAME):
        shown = text[: end + letters * TOKENS_A_FRAME]

        def frame(shown: str = shown) -> None:
            transcript.show_stream("1", "", shown)
            qt.processEvents()

        costs.append(_ms(frame))
    finish = _ms(lambda: transcript.update_message(TranscriptMessage("1", "assistant", text)), qt.processEvents)
    stall = stalls.stop()
    _delete(qt, transcript)
    return {
        "reply, frames": len(costs),
        "reply, repaint at its end, median, ms": statistics.median(costs[-LAST_FRAMES:]),
        "reply, repaint at its end, p95, ms": _p95(costs[-LAST_FRAMES:]),
        "reply, repaint, median, ms": statistics.median(costs),
        "reply, longest repaint, ms": max(costs),
        "reply, finishing, ms": finish,
        "reply, longest stall, ms": stall,
    }


def _stall_of(qt: QApplication, text: str) -> float:
    """The longest stall while a reply arrives in parts, and when it is opened again."""
    from app.views.transcript import TranscriptMessage

    transcript = _transcript()
    qt.processEvents()
    heart = _Heart(qt)
    transcript.show_messages([TranscriptMessage("1", "assistant", "", is_streaming=True)])
    part = max(len(text) // 100, 500)
    for end in range(part, len(text) + part, part):
        transcript.show_stream("1", "", text[:end])
        _settle(qt, 0.0)
    transcript.update_message(TranscriptMessage("1", "assistant", text))
    _settle(qt, 0.3)
    transcript.clear()
    transcript.show_messages([TranscriptMessage("1", "assistant", text)])
    _settle(qt, 1.0)
    transcript.verticalScrollBar().setValue(0)
    _settle(qt, 0.2)
    longest = heart.stop()
    _delete(qt, transcript)
    return longest


def _delete(qt: QApplication, transcript: Transcript) -> None:
    """At once; Python would do it at any time, in the middle of the next measurement."""
    from PySide6.QtCore import QEvent

    transcript.hide()
    transcript.deleteLater()
    qt.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _settle(qt: QApplication, seconds: float) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()  # the window's own kind: `processEvents` never deletes what is to be deleted later
    QTimer.singleShot(round(seconds * 1000), qt, loop.quit)
    loop.exec()


class _Heart:
    """A timer that notices when the event loop does not come round."""

    def __init__(self, qt: QApplication) -> None:
        from PySide6.QtCore import QTimer

        self._last, self._longest = time.perf_counter(), 0.0
        self._timer = QTimer(qt)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def stop(self) -> float:
        """The longest time between two beats, less the time between two."""
        self._beat()
        self._timer.stop()
        return max(self._longest * 1000 - BEAT_MS, 0.0)

    def _beat(self) -> None:
        now = time.perf_counter()
        self._longest, self._last = max(self._longest, now - self._last), now


def long_reply() -> str:
    """A reply of about 4,000 tokens with everything in it."""
    text, number = "", 0
    while len(text) < TOKENS * 4:
        number += 1
        rows = "\n".join(f"| {at} | Place {at} of {number} | {at * number} km | it was `quiet` |" for at in range(12))
        text += CHAPTER.format(n=number, rows=rows)
    return text


def _text(at: int) -> str:
    if at % 19 == 5:
        return f"```python\ndef fib_{at}(n):\n    return n\n```\n\nThat was **it**."
    return f"Message {at}: the lantern *glows*, 明天的天气预报 says rain. " + "Some more words of it. " * (at % 23)


def _ms(*acts: Callable[[], object]) -> float:
    started = time.perf_counter()
    for act in acts:
        act()
    return (time.perf_counter() - started) * 1000


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


if __name__ == "__main__":
    raise SystemExit(main())
