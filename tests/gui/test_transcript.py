"""The transcript alone: only what is visible has widgets, and what a person reads stays where it is."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.theme import load_theme
from app.views.blocks import FittedText
from app.views.message_area import BETWEEN
from app.views.message_view import MessageView
from app.views.reply_view import ReplyView
from app.views.stacked_heights import StackedHeights
from app.views.transcript import Transcript, TranscriptMessage

PARAGRAPH = "The fox carried the lantern over the hill and did not look back. "


def message(number: int, text: str | None = None, **changes: object) -> TranscriptMessage:
    text = f"Message {number}. " + PARAGRAPH * (number % 7) if text is None else text
    made = TranscriptMessage(f"m{number}", "assistant" if number % 2 else "user", text)
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def transcript(qtbot: QtBot) -> Transcript:
    made = Transcript()
    qtbot.addWidget(made)
    made.apply_theme(load_theme("light"))
    made.resize(800, 600)
    made.show()
    return made


def settle() -> None:
    for _ in range(5):
        QApplication.processEvents()


def shown_blocks(transcript: Transcript) -> list[QWidget]:
    return [block for block in transcript.findChildren(QWidget, "proseBlock") if block.isVisible()]


def screen_y(transcript: Transcript, message_id: str) -> int:
    return next(view.y() for view in transcript.views() if view.message.id == message_id)


def test_a_long_conversation_has_widgets_only_for_what_is_visible(transcript: Transcript) -> None:
    transcript.show_messages([message(number) for number in range(10_000)])
    settle()
    assert transcript.views()[-1].message.id == "m9999"
    assert len(transcript.views()) < 20
    bar = transcript.verticalScrollBar()
    for place in (0.1, 0.9, 0.5, 0.0, 1.0):
        bar.setValue(round(bar.maximum() * place))
        settle()
        shown = [view for view in transcript.views() if view.geometry().intersects(transcript.viewport().rect())]
        assert shown
        assert shown[0].y() <= max(20, 22)
    assert len(transcript.findChildren(QWidget)) < 1500


class Counted(QObject):
    """Counts events of a kind."""

    def __init__(self, kind: QEvent.Type) -> None:
        super().__init__()
        self.kind, self.count = kind, 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == self.kind
        return False


def test_it_comes_to_rest(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages([message(0), message(1, "# A heading\n\nA *text*.\n\n- and a list")])
    transcript.show_stream("m1", "", "# A heading\n\nA longer *text*.\n\n- and a list")
    settle()
    requests = Counted(QEvent.Type.LayoutRequest)
    for view in transcript.views():
        view.installEventFilter(requests)
    qtbot.wait(100)
    assert requests.count == 0


def test_it_comes_to_rest_where_a_message_is_higher_without_the_bar(
    transcript: Transcript, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar, asked = transcript.verticalScrollBar(), 0

    def height_for(_view: ReplyView, _width: int) -> int:
        nonlocal asked
        asked += 1
        return 300 if bar.isVisible() or asked > 500 else 900

    monkeypatch.setattr(ReplyView, "height_for", height_for)
    transcript.show_messages([message(1)])
    settle()
    assert 0 < asked < 50


def test_the_column_is_as_wide_with_a_bar_as_without(transcript: Transcript) -> None:
    transcript.resize(500, 400)
    for messages in ([message(1)], [message(number) for number in range(40)]):
        transcript.show_messages(messages)
        settle()
        assert transcript.verticalScrollBar().isVisible() == (len(messages) > 1)
        last = transcript.views()[-1]
        room = transcript.maximumViewportSize().width() - transcript.verticalScrollBar().sizeHint().width()
        assert (last.x(), last.width()) == (16, room - 32)


def test_a_block_is_as_high_as_its_width_says_whatever_it_was_before(transcript: Transcript) -> None:
    transcript.show_messages([message(1, "```\none line that is not so long\n```")])
    view, heights = transcript.views()[0], {}
    for width in (200, 600, 204, 596, 200, 600, 204, 596):
        assert heights.setdefault(width, view.height_for(width)) == view.height_for(width), width
    assert heights[200] == heights[204] > heights[596] == heights[600]


def test_it_comes_to_rest_wherever_the_edge_of_what_is_laid_out_lies(transcript: Transcript) -> None:
    class Counted(list[TranscriptMessage]):
        asked = 0

        def __getitem__(self, number):  # type: ignore[no-untyped-def]
            Counted.asked += 1
            return super().__getitem__(number)

    messages = Counted([message(0), message(1, PARAGRAPH * 100)])
    transcript.show_messages(messages, [one.id for one in messages])
    transcript.setFocus()  # a message that has it stays
    bar = transcript.verticalScrollBar()
    settle()
    bar.setValue(bar.maximum())
    settle()
    assert [view.message.id for view in transcript.views()] == ["m1"]
    for place in range(bar.maximum(), 0, -BETWEEN // 2):  # so that one lies between the two messages
        bar.setValue(place)
        settle()
        Counted.asked = 0
        settle()
        assert Counted.asked == 0, place


def test_the_end_is_shown_when_what_was_read_is_gone(transcript: Transcript) -> None:
    transcript.show_messages([message(number) for number in range(40)])
    settle()
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    settle()
    transcript.show_messages([message(number) for number in range(5)])
    settle()
    assert [view.message.id for view in transcript.views()][-1] == "m4"
    assert bar.value() == bar.maximum()


def test_only_the_visible_messages_are_asked_for(transcript: Transcript) -> None:
    class Counted(list[TranscriptMessage]):
        asked = 0

        def __getitem__(self, number):  # type: ignore[no-untyped-def]
            Counted.asked += 1
            return super().__getitem__(number)

    messages = Counted(message(number) for number in range(5_000))
    transcript.show_messages(messages, [one.id for one in messages])
    assert Counted.asked < 100


def test_what_is_read_stays_when_messages_above_it_become_known(transcript: Transcript) -> None:
    transcript.show_messages([message(number, PARAGRAPH * (number % 40)) for number in range(300)])
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    settle()
    first = next(view for view in transcript.views() if view.geometry().bottom() > 0)
    y = first.y()
    for _ in range(30):
        bar.setValue(bar.value() - 20)
        y += 20
        settle()
        if first.message.id in {view.message.id for view in transcript.views()}:
            assert first.y() == y


def test_a_reply_that_grows_is_followed_only_from_the_end(transcript: Transcript) -> None:
    messages = [message(number) for number in range(30)]
    streaming = message(31, "", is_streaming=True)
    transcript.show_messages([*messages, streaming])
    bar = transcript.verticalScrollBar()
    transcript.show_stream("m31", "", PARAGRAPH * 30)
    settle()
    assert bar.value() == bar.maximum()
    bar.setValue(bar.maximum() - 400)
    settle()
    views = transcript.views()
    before = {view.message.id: view.y() for view in views}
    transcript.show_stream("m31", "", PARAGRAPH * 60)
    settle()
    assert bar.value() < bar.maximum() - 400
    assert {view.message.id: view.y() for view in transcript.views() if view.message.id in before} == before


def test_a_reply_that_grew_out_of_sight_is_whole_when_it_is_scrolled_to(transcript: Transcript) -> None:
    messages = [message(number) for number in range(100)]
    transcript.show_messages([*messages, message(101, "", is_streaming=True)])
    bar = transcript.verticalScrollBar()
    bar.setValue(0)
    settle()
    text = "\n\n".join(f"{PARAGRAPH} {number}" for number in range(50))
    transcript.show_stream("m101", "", text)
    assert "m101" not in {view.message.id for view in transcript.views()}
    transcript.scroll_to_end()
    settle()
    assert transcript.views()[-1].plain_text() == text
    assert transcript.plain_text("m101") == text


def test_a_very_long_reply_has_widgets_only_for_its_visible_blocks(transcript: Transcript) -> None:
    transcript.show_messages([message(1, "\n\n".join(f"{PARAGRAPH} {number}" for number in range(600)))])
    transcript.views()[0].settle()
    settle()
    assert len(shown_blocks(transcript)) < 80
    bar = transcript.verticalScrollBar()
    assert bar.maximum() > 10_000
    bar.setValue(bar.maximum() // 2)
    settle()
    assert len(shown_blocks(transcript)) < 80


def test_a_message_far_away_is_revealed_and_stays_in_sight(transcript: Transcript) -> None:
    transcript.show_messages([message(number) for number in range(2_000)])
    transcript.reveal("m700")
    settle()
    assert 0 <= screen_y(transcript, "m700") < 100
    transcript.reveal("nothing")
    assert 0 <= screen_y(transcript, "m700") < 100


def test_another_version_of_a_message_does_not_move_what_stands_above(transcript: Transcript) -> None:
    messages = [message(number) for number in range(60)]
    transcript.show_messages(messages)
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    settle()
    first = next(view for view in transcript.views() if view.y() > 0).message.id
    y = screen_y(transcript, first)
    number = int(first[1:]) + 1
    other = [replace(messages[number], id="other"), *(message(at) for at in range(200, 220))]
    transcript.show_messages([*messages[:number], *other])
    settle()
    assert screen_y(transcript, first) == y
    assert "other" in {view.message.id for view in transcript.views()}


def test_heights_that_become_known_move_what_stands_below() -> None:
    heights = StackedHeights(1000, estimate=50, gap=10, above=20)
    plain = [50] * 1000
    for row, height in ((3, 70), (999, 5), (0, 1), (500, 900), (3, 20)):
        assert heights.set_height(row, height)
        plain[row] = height
    for height in (7, 8, 9):
        heights.append(height)
        plain.append(height)
    heights.pop()
    plain.pop()
    tops = [20 + sum(plain[:row]) + 10 * row for row in range(len(plain))]
    assert [heights.top(row) for row in range(len(plain))] == tops
    assert heights.total == tops[-1] + plain[-1]
    assert [heights.row_at(top) for top in tops] == [*range(len(plain))]
    assert heights.row_at(-5) == 0
    assert heights.row_at(10**9) == len(plain) - 1


def test_heights_are_taken_over_as_if_they_were_set_one_by_one() -> None:
    old = StackedHeights(700, estimate=50, gap=10, above=20)
    for row in range(0, 700, 3):
        old.set_height(row, row % 90)
    made, slow = (StackedHeights(1000, estimate=70, gap=10, above=20) for _ in range(2))
    made.begin_like(old, 600)
    for row in range(600):
        slow.set_height(row, old.height(row))
    made.append(5)
    slow.append(5)
    assert [made.top(row) for row in range(1002)] == [slow.top(row) for row in range(1002)]


def test_keys_show_the_focus_of_the_transcript_and_a_click_does_not(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window(FakeEngine).window
    transcript = window.transcript
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    edge = transcript.grab().toImage().pixel(0, 100)
    transcript.setFocus(Qt.FocusReason.MouseFocusReason)
    assert transcript.hasFocus()
    assert transcript.grab().toImage().pixel(0, 100) == edge
    window.composer.setFocus()
    transcript.setFocus(Qt.FocusReason.TabFocusReason)
    assert transcript.grab().toImage().pixel(0, 100) != edge


def test_a_bubble_that_breaks_in_a_narrower_window_leaves_its_buttons_room(transcript: Transcript) -> None:
    transcript.show_messages([message(0, PARAGRAPH), message(1, "Yes.")])
    settle()
    for width in (420, 800, 420):
        transcript.resize(width, 600)
        settle()
        view = transcript.views()[0]
        bubble = view.surface(0)
        assert bubble is not None
        assert bubble.geometry().bottom() < view.action_bar.geometry().top()


def test_thinking_has_no_bar_to_scroll_it_sideways(transcript: Transcript) -> None:
    transcript.show_messages([message(1, "Yes.", thinking=PARAGRAPH * 4)])
    transcript.views()[0].findChild(QToolButton, "thinkingButton").click()  # type: ignore[attr-defined]
    for width in range(400, 520, 6):
        transcript.resize(width, 600)
        settle()
        text = transcript.findChild(FittedText)
        assert isinstance(text, FittedText)
        assert not text.horizontalScrollBar().isVisible()


def test_a_list_inside_an_item_follows_it_line_by_line(transcript: Transcript) -> None:
    transcript.show_messages([message(1, "- one\n  - two\n    1. three\n  - four\n- five")])
    settle()
    (_, surface), _ = transcript.views()[0].built_surfaces()
    shown = surface.shown_text()
    tops = [surface.rect_at(shown.index(word)).top() for word in ("one", "two", "three", "four")]
    assert len({below - above for above, below in pairwise(tops)}) == 1


def test_another_theme_finds_no_widgets_that_nobody_sees(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    transcript = application.window.transcript
    transcript.show_messages([message(number) for number in range(200)])
    for _ in range(20):
        transcript.verticalScrollBar().setValue(transcript.verticalScrollBar().value() - 300)
        settle()
    dressed: list[int] = []
    application.appearance.themeChanging.connect(lambda: dressed.append(len(transcript.findChildren(MessageView))))
    assert len(transcript.findChildren(MessageView)) > len(transcript.views())
    application.preferences.change("theme", "contrast-dark")
    assert dressed == [len(transcript.views())]
    transcript.verticalScrollBar().setValue(0)
    settle()
    assert transcript.views()[0].message.id == "m0"


def test_an_editor_is_in_sight_wherever_its_message_was(transcript: Transcript) -> None:
    long = [message(1, "\n\n".join([PARAGRAPH] * 60)), message(2), message(3), message(4, PARAGRAPH * 60)]
    transcript.show_messages(long)
    settle()
    for message_id in ("m4", "m1"):
        if message_id == "m1":
            end = next(view for view in transcript.views() if view.message.id == "m2").y()
            bar = transcript.verticalScrollBar()
            bar.setValue(bar.value() + end - 300)  # the buttons of the reply are seen, and little of its text
            settle()
        next(view for view in transcript.views() if view.message.id == message_id).begin_edit()
        settle()
        editor = next(field for field in transcript.findChildren(QPlainTextEdit, "messageEditor") if field.hasFocus())
        place = editor.mapTo(transcript.viewport(), editor.rect().topLeft())
        assert transcript.viewport().rect().contains(editor.rect().translated(place)), message_id
