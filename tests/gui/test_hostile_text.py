"""Texts that are hardly texts, typed and replied: shown, stored, and whole again after a restart."""

from __future__ import annotations

import itertools
import time

from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QTextOption
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot
from window_steps import find, shown

from app.application import Application
from app.views.endless_words import LONGEST_WORD, bear_endless_words

FREEZE_S = 5.0  # the figures are those of `python -m benchmarks.transcript --only hostile`
TEXTS = {
    "NUL": "before\0after",
    "controls": "".join(map(chr, [*range(1, 9), *range(11, 13), *range(14, 32), *range(0x7F, 0xA0)])) + "end",
    "lone surrogates": "a\ud800b\udfffc",
    "noncharacters": "a\ufffe\uffff\U0010ffffb",
    "bytes that are none": b"caf\xc3 \xff end".decode("utf-8", "replace"),
    "marks": "a" + "\u0301" * 100_000 + "end",
    "one word": "x" * 1_000_000 + " end",
    "joined signs": "👩‍👩‍👧‍👦" * 2000 + "end",
    "both directions": "\u202eabc\u202c שלום \u2067x\u2069 end",
    "many lines": "\n" * 50_000 + "end",
    "signs of lines": "a\u2028b\u2029c\x85d\x0be\x0cf",
}


def storable(text: str) -> str:
    """What UTF-8 can hold of it: the store puts a sign in the place of a lone surrogate."""
    return text.encode("utf-8", "replace").decode().replace("?", "\ufffd")


def stored(application: Application) -> list[str]:
    chat = application.chat.conversation_id
    assert chat is not None
    return [message.text for message in application.store.tree(chat).path()]


def test_texts_that_are_hardly_texts_are_shown_and_kept_whole(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    beats = [time.monotonic()]
    heart = QTimer()
    heart.timeout.connect(lambda: beats.append(time.monotonic()))
    heart.start(5)
    kept = {}
    for name, text in TEXTS.items():
        size = max(len(text) // 50, 1)
        fake.replies = [[text[at : at + size] for at in range(0, len(text), size)]]
        application.conversations.new_chat()
        composer = find(application, QPlainTextEdit, "composer")
        composer.setPlainText(f"Repeat: {text}")
        QTest.keyClick(composer, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=30_000)
        qtbot.wait(20)
        slowest_s = max(after - before for before, after in itertools.pairwise(beats))
        assert slowest_s < FREEZE_S, f"{name}: {slowest_s} s"
        asked, replied = kept[application.chat.conversation_id] = stored(application)
        assert asked.startswith("Repeat: "), name
        assert replied.replace("?", "\ufffd") == storable(text), name
        assert fake.requests[-1].prompt[-1].content.endswith(asked[-3:]), name  # type: ignore[union-attr]
        assert shown(application)[-1].strip()[-1:] == replied.strip()[-1:], name
    heart.stop()
    application.window.close()
    again = open_window(FakeEngine)
    for chat, texts in kept.items():
        again.chat.open(chat)
        assert stored(again) == texts
        assert shown(again)


def test_a_field_breaks_lines_between_words_again_when_the_endless_one_is_gone(qtbot: QtBot) -> None:
    field = QPlainTextEdit()
    qtbot.addWidget(field)
    bear_endless_words(field)
    usual = field.wordWrapMode()
    for _ in range(3):
        field.insertPlainText("x" * (LONGEST_WORD // 2))
    assert field.wordWrapMode() == QTextOption.WrapMode.WrapAnywhere
    field.insertPlainText(" and more words" * LONGEST_WORD)
    assert field.wordWrapMode() == QTextOption.WrapMode.WrapAnywhere
    field.setPlainText("words " * LONGEST_WORD)
    assert field.wordWrapMode() == usual
