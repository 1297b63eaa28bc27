"""Selecting in the transcript: across blocks and messages, with mouse and keys, and what is copied."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.theme import load_theme
from app.views.links import names_another_host, open_link
from app.views.message_view import THINKING
from app.views.transcript import Transcript, TranscriptMessage
from app.views.transcript_selection import END, Place

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
REPLY = """A *first* paragraph 👋 of text.

- one
- two

```python
print(1)
```

| a | b |
|---|---|
| 1 | **2** |

The end of it."""


@pytest.fixture
def transcript(qtbot: QtBot) -> Transcript:
    made = Transcript()
    qtbot.addWidget(made)
    made.apply_theme(load_theme("light"))
    made.resize(800, 700)
    made.show()
    made.show_messages(
        [TranscriptMessage("1", "user", "My question 🦊 here"), TranscriptMessage("2", "assistant", REPLY)]
    )
    QApplication.processEvents()
    return made


def copied(transcript: Transcript) -> str:
    QApplication.clipboard().clear()
    QTest.keyClick(transcript, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    for _ in range(1000):  # of much it is put together a moment later
        if QApplication.clipboard().text():
            break
        QApplication.processEvents()
    return QApplication.clipboard().text()


def point_of(transcript: Transcript, place: Place) -> QPoint:
    view = transcript.views()[place.message]
    surface = view.surface(place.block)
    assert surface is not None
    return surface.mapTo(transcript.viewport(), surface.rect_at(place.letter).center())


def drag(transcript: Transcript, start: Place, end: Place) -> None:
    viewport = transcript.viewport()
    QTest.mousePress(viewport, LEFT, NONE, point_of(transcript, start))
    QTest.mouseMove(viewport, point_of(transcript, end) - QPoint(3, 0))
    QTest.mouseMove(viewport, point_of(transcript, end))
    QTest.mouseRelease(viewport, LEFT, NONE, point_of(transcript, end))


def test_everything_is_copied_as_text(transcript: Transcript) -> None:
    QTest.keyClick(transcript, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert copied(transcript) == (
        "My question 🦊 here\n\nA first paragraph 👋 of text.\n\n- one\n- two\n\nprint(1)\n\n"
        "a\tb\n1\t2\n\nThe end of it."
    )


def test_a_drag_selects_from_one_message_into_another(transcript: Transcript) -> None:
    drag(transcript, Place(0, 0, 3), Place(1, 1, 2))
    assert transcript.selection.ends == (Place(0, 0, 3), Place(1, 1, 2))
    assert copied(transcript) == "question 🦊 here\n\nA first paragraph 👋 of text.\n\non"


def test_a_drag_upwards_selects_the_same(transcript: Transcript) -> None:
    drag(transcript, Place(1, 5, 7), Place(1, 4, 2))
    assert transcript.selection.ends == (Place(1, 4, 2), Place(1, 5, 7))
    assert copied(transcript) == "b\n1\t2\n\nThe end"


def test_words_blocks_and_shift_click(transcript: Transcript) -> None:
    viewport = transcript.viewport()
    inside = point_of(transcript, Place(1, 0, 4))
    QTest.mouseClick(viewport, LEFT, NONE, inside)
    assert transcript.selection.is_empty
    QTest.mouseDClick(viewport, LEFT, NONE, inside)
    assert copied(transcript) == "first"
    QTest.mousePress(viewport, LEFT, NONE, inside)
    QTest.mouseRelease(viewport, LEFT, NONE, inside)
    assert copied(transcript) == "A first paragraph 👋 of text."
    QTest.qWait(QApplication.doubleClickInterval() + 20)
    QTest.mouseClick(viewport, LEFT, NONE, point_of(transcript, Place(1, 0, 8)))
    QTest.mouseClick(viewport, LEFT, Qt.KeyboardModifier.ShiftModifier, point_of(transcript, Place(1, 5, 3)))
    assert copied(transcript).startswith("paragraph 👋")
    assert copied(transcript).endswith("The")


def test_messages_that_nobody_has_seen_are_copied_too(transcript: Transcript, qtbot: QtBot) -> None:
    messages = [
        TranscriptMessage(f"{at}", "assistant", f"Message *{at}*.\n\n" + "More.\n\n" * 9) for at in range(200)
    ]
    transcript.show_messages(messages)
    transcript.verticalScrollBar().setValue(0)
    transcript.select(Place(3, 0, 8), Place(190, 0, 9))
    copied(transcript)
    qtbot.waitUntil(lambda: QApplication.clipboard().text().startswith("3."))
    text = QApplication.clipboard().text()
    assert text.startswith("3.\n\nMore.")
    assert text.endswith("Message 1")
    assert text.count("Message") == 187
    transcript.verticalScrollBar().setValue(transcript.verticalScrollBar().maximum() // 2)
    QApplication.processEvents()
    blocks = [surface for view in transcript.views() for _, surface in view.built_surfaces()]
    assert all(surface.selected == (0, len(surface.shown_text())) for surface in blocks)  # type: ignore[union-attr]


def test_holding_the_mouse_below_the_window_scrolls_and_selects(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.show_messages([TranscriptMessage(f"{at}", "user", f"Message {at}") for at in range(200)])
    bar = transcript.verticalScrollBar()
    bar.setValue(0)
    viewport = transcript.viewport()
    QTest.mousePress(viewport, LEFT, NONE, point_of(transcript, Place(0, 0, 2)))
    QTest.mouseMove(viewport, QPoint(400, viewport.height() + 90))
    qtbot.waitUntil(lambda: transcript.selection.head.message > 12)
    assert bar.value() > 200
    QTest.mouseRelease(viewport, LEFT, NONE, QPoint(400, viewport.height() + 90))
    assert copied(transcript).startswith("ssage 0\n\nMessage 1\n\n")


def test_a_selection_ends_with_its_conversation(transcript: Transcript) -> None:
    transcript.select_all()
    transcript.show_messages([TranscriptMessage("other", "user", "Another chat")])
    assert transcript.selection.is_empty


def test_a_link_opens_after_a_click_and_not_after_a_drag(
    transcript: Transcript, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    transcript.show_messages(
        [TranscriptMessage("link", "assistant", "[here we go](https://example.org/a) and *more*")]
    )
    QApplication.processEvents()
    place = point_of(transcript, Place(0, 0, 4))
    QTest.mouseClick(transcript.viewport(), LEFT, NONE, place)
    assert opened == ["https://example.org/a"]
    drag(transcript, Place(0, 0, 2), Place(0, 0, 8))
    assert len(opened) == 1


def test_a_link_that_names_another_host_is_asked_about(
    transcript: Transcript, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    transcript.show_messages(
        [TranscriptMessage("link", "assistant", "[www.bank.org](https://evil.example/bank.org)")]
    )
    QApplication.processEvents()
    QTest.mouseClick(transcript.viewport(), LEFT, NONE, point_of(transcript, Place(0, 0, 4)))
    assert opened == []
    question = transcript.findChild(QMessageBox, "linkQuestion")
    assert isinstance(question, QMessageBox)
    assert "https://evil.example/bank.org" in question.text()
    question.button(QMessageBox.StandardButton.Open).click()
    assert opened == ["https://evil.example/bank.org"]


@pytest.mark.parametrize(
    ("text", "target", "differs"),
    [
        ("example.org", "https://example.org/x", False),
        ("https://www.example.org/a", "https://example.org/x", False),
        ("example.com", "https://example.org", True),
        ("https://example.com", "https://example.org", True),
        ("https://example.org@evil.test", "https://example.org", True),
        ("the docs", "https://example.org", False),
        ("me@example.org", "mailto:me@example.org", False),
        ("me@example.org", "mailto:you@evil.test", True),
        ("e.g.", "https://example.org", True),
        ("http://[", "https://example.org", False),
    ],
)
def test_the_host_that_a_link_names(text: str, target: str, differs: bool) -> None:
    assert names_another_host(text, target) is differs


def test_only_the_web_and_mail_are_opened(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    parent = QWidget()
    qtbot.addWidget(parent)
    for target in ("file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "ftp://a.b", "HTTPS://a.b/c"):
        open_link(target, parent)
    assert opened == ["https://a.b/c"]


def test_alt_and_the_arrows_go_from_message_to_message(transcript: Transcript) -> None:
    transcript.show_messages([TranscriptMessage(f"{at}", "user", f"Message {at}") for at in range(50)])
    transcript.verticalScrollBar().setValue(0)
    transcript.setFocus()
    for _ in range(3):
        QTest.keyClick(transcript, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    focused = next(view for view in transcript.views() if view.hasFocus())
    assert focused.message.id == "2"
    QTest.keyClick(transcript, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert next(view for view in transcript.views() if view.hasFocus()).message.id == "1"


def test_an_end_is_behind_every_letter() -> None:
    assert Place(1, 2, END) > Place(1, 2, 10**9)


def test_thinking_is_selected_and_copied_with_the_rest_while_it_is_unfolded(
    transcript: Transcript, qtbot: QtBot
) -> None:
    thought = TranscriptMessage("thought", "assistant", "So *four*.", thinking="Two and two\nmake four 👋.")
    others = [TranscriptMessage(f"{at}", "user", "More.\n" * 9) for at in range(60)]
    transcript.show_messages([thought, *others])
    transcript.verticalScrollBar().setValue(0)
    QTest.keyClick(transcript, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert copied(transcript).startswith("So four.\n\nMore.")
    button = transcript.findChild(QToolButton, "thinkingButton")
    assert isinstance(button, QToolButton)
    button.click()
    QApplication.processEvents()
    drag(transcript, Place(0, THINKING, 4), Place(0, 0, 2))
    assert transcript.selection.ends == (Place(0, THINKING, 4), Place(0, 0, 2))
    assert copied(transcript) == "and two\nmake four 👋.\n\nSo"
    transcript.scroll_to_end()
    assert transcript.views()[0].message.id != "thought"
    transcript.select_all()
    assert copied(transcript).startswith("Two and two\nmake four 👋.\n\nSo four.\n\nMore.")
    transcript.verticalScrollBar().setValue(0)
    QApplication.processEvents()
    seen = transcript.views()[0].surface(THINKING)
    assert seen is not None
    assert seen.shown_text().startswith("Two and two")
