"""What a frame of a streaming reply paints: little, and in the end the same as if all had been painted."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtGui import QImage, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.theme import load_theme
from app.views.transcript import Transcript, TranscriptMessage

OPAQUE = QImage.Format.Format_RGB32
FRAME_MS = 8  # the platform paints 5 ms after it was asked to
SENTENCE = "The fox carried the lantern over the hill, and the owl went home to her tree. "
ITEMS, ROWS = "".join(f"- {SENTENCE}\n" for _ in range(4)), "".join(f"| {row} | {SENTENCE} |\n" for row in range(8))
CODE = 12 * "a = 1\n"
TEXTS = {
    "prose": 12 * SENTENCE + "\n\n" + 9 * SENTENCE,
    "right to left": 30 * "حمل الثعلب الفانوس فوق التل ",
    "no spaces": 60 * "狐狸提着灯笼翻过山丘，猫头鹰回家了。",
    "list and code": f"{ITEMS}\n```python\n{CODE}```\n{SENTENCE}",
    "table": f"| a | b |\n|---|---|\n{ROWS}\n{SENTENCE}",
}


class Painted(QObject):
    """Remembers what was painted, by object name, and which part of it; and how often something was laid out."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.parts: list[tuple[str, QRect]] = []
        self.layouts = 0
        for part in (widget, *widget.findChildren(QWidget)):
            part.installEventFilter(self)
        self.rest()
        self.parts.clear()
        self.layouts = 0

    def rest(self) -> None:
        """Wait until nothing is painted any more."""
        painted = -1
        while painted != len(self.parts):
            painted = len(self.parts)
            QTest.qWait(FRAME_MS)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Remember."""
        if isinstance(event, QPaintEvent):
            self.parts.append((watched.objectName(), event.rect()))
        self.layouts += event.type() == QEvent.Type.LayoutRequest
        return False

    def of(self, name: str) -> list[QRect]:
        """The parts that were painted of all widgets with this name."""
        return [rect for painted, rect in self.parts if painted == name]


@pytest.fixture
def transcript(qtbot: QtBot) -> Transcript:
    made = Transcript()
    qtbot.addWidget(made)
    made.apply_theme(load_theme("light"))
    made.resize(640, 480)
    made.show()
    made.show_messages(
        [TranscriptMessage("a", "user", "Hello"), TranscriptMessage("b", "assistant", "", is_streaming=True)]
    )
    return made


def is_painted(widget: QWidget) -> bool:
    """Whether the screen comes to show what a painting of everything would."""
    for _ in range(20):
        QTest.qWait(FRAME_MS)
        shown, anew = widget.screen().grabWindow(widget.winId()), widget.grab()
        if shown.toImage().convertToFormat(OPAQUE) == anew.toImage().convertToFormat(OPAQUE):
            return True
    return False


@pytest.mark.parametrize("kind", TEXTS)
def test_a_reply_that_grew_looks_as_if_it_was_painted_as_a_whole(transcript: Transcript, kind: str) -> None:
    for end in range(0, len(TEXTS[kind]), 23):
        transcript.show_stream("b", "", TEXTS[kind][:end])
        assert is_painted(transcript), f"behind {end} characters"
    painted = Painted(transcript)
    painted.rest()
    assert painted.layouts == 0, "it does not come to rest"
    transcript.resize(500, 480)
    assert is_painted(transcript), "at another width"


def test_words_behind_the_last_ones_paint_one_line(transcript: Transcript) -> None:
    text = 5 * SENTENCE + "The"
    transcript.show_stream("b", "", text)
    painted = Painted(transcript)
    transcript.show_stream("b", "", text + "re")
    painted.rest()
    assert {name for name, _ in painted.parts} == {"transcriptContent", "replyView", "", "proseBlock"}
    (line,) = painted.of("proseBlock")
    assert line.height() < 2 * transcript.fontMetrics().height()


def test_a_line_more_at_the_end_scrolls_what_stands_above_it_without_painting_it(transcript: Transcript) -> None:
    text = 40 * SENTENCE
    transcript.show_stream("b", "", text)
    assert transcript.verticalScrollBar().maximum() > 0
    painted = Painted(transcript)
    before = transcript.verticalScrollBar().value()
    transcript.show_stream("b", "", text + 2 * SENTENCE)
    painted.rest()
    assert transcript.verticalScrollBar().value() > before
    (lines,) = painted.of("proseBlock")
    assert lines.height() < transcript.height() // 4


def test_the_actions_of_a_reply_that_streams_show_to_who_is_on_it_and_keep_their_room(transcript: Transcript) -> None:
    transcript.show_stream("b", "", "Hello")
    person, reply = transcript.views()
    height = reply.height()
    assert (person.action_bar.isVisible(), reply.action_bar.isVisible()) == (True, False)
    reply.setFocus()
    assert reply.action_bar.isVisible()
    reply.copy_button.setFocus()
    assert reply.action_bar.isVisible()
    transcript.setFocus()
    assert not reply.action_bar.isVisible()
    transcript.update_message(TranscriptMessage("b", "assistant", "Hello"))
    assert reply.action_bar.isVisible()
    assert reply.height() == height
