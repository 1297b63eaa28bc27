"""Look inside: the panel, the token that is looked at, and how mouse and keyboard get there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QPoint, Qt, qInstallMessageHandler
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot
from window_steps import click, find, press, say, shown

from app.application import Application
from app.core.confidence import Measure
from app.core.conversation import Status
from app.views.reply_view import ReplyView
from app.views.token_strip import TokenStrip
from engine.api import Event, RequestError
from engine.inspection.api import ScoreRequest, SpellRequest

REPLY = ["Tea", " is", " **green", "**", ".\n\n", "-", " Or", " black"]


def looking(qtbot: QtBot, open_window: OpenWindow, reply: list[str]) -> tuple[Application, FakeEngine]:
    """A window that looks into a reply of these tokens."""
    fake = FakeEngine([reply])
    application = open_window(lambda: fake)
    say(qtbot, application, "Which?")
    press(application, "lookInsideButton")
    qtbot.waitUntil(lambda: application.inspector.tokens is not None)
    return application, fake


def has_its_height(view: QWidget) -> bool:
    return view.height() >= view.minimumSizeHint().height()


def chosen_text(application: Application) -> str:
    """What stands on the ground of the chosen token in the transcript."""
    view = application.window.transcript.views()[-1]
    texts = []
    for _, surface in view.built_surfaces():
        tints = getattr(surface, "tints", ())
        texts += [surface.shown_text()[t.span[0] : t.span[1]] for t in tints if t.ground == "token_chosen"]
    return "".join(texts)


def click_word(application: Application, word: str) -> None:
    """Click the middle of a word of the last reply."""
    transcript = application.window.transcript
    view = transcript.views()[-1]
    assert isinstance(view, ReplyView)
    for _, surface in view.built_surfaces():
        at = surface.shown_text().find(word)
        if at >= 0:
            left, right = surface.rect_at(at), surface.rect_at(at + len(word))
            middle = QPoint((left.left() + right.left()) // 2, left.center().y())
            QTest.mouseClick(
                transcript.viewport(), Qt.MouseButton.LeftButton, pos=surface.mapTo(transcript.viewport(), middle)
            )
            return
    raise AssertionError(word)


def test_the_panel_opens_on_the_last_reply_and_takes_the_settings_place(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    application = open_window(lambda: FakeEngine([REPLY]))
    say(qtbot, application, "Which?")
    application.window.action.settings.trigger()
    application.window.action.look_inside.trigger()
    qtbot.waitUntil(lambda: application.inspector.tokens is not None)
    assert find(application, QWidget, "inspectorPanel").isVisible()
    assert not find(application, QWidget, "settingsPanel").isVisible()
    assert find(application, QLabel, "tokenPlace").text().startswith("8 token")
    press(application, "closeInspector")
    assert not find(application, QWidget, "inspectorPanel").isVisible()


def test_the_panel_opens_on_the_reply_that_has_the_focus(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(lambda: FakeEngine([REPLY]))
    say(qtbot, application, "Which?")
    say(qtbot, application, "And?")
    first = application.chat.shown.tree.path()[1]
    application.window.transcript.views()[1].copy_button.setFocus()
    QTest.keyClick(
        application.window, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert application.inspector.reply is not None
    assert application.inspector.reply.message.id == first.id


@pytest.mark.parametrize(("word", "index"), [("Tea", 0), ("is", 1), ("green", 2), ("Or", 6), ("black", 7)])
def test_a_click_on_a_word_chooses_its_token_whatever_markdown_hides(
    qtbot: QtBot, open_window: OpenWindow, word: str, index: int
) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    click_word(application, word)
    assert application.inspector.index == index
    assert chosen_text(application).strip() == word
    assert find(application, QLabel, "tokenPlace").text() == f"Token {index + 1} of 8"


def test_words_in_code_and_tables_are_chosen_too(qtbot: QtBot, open_window: OpenWindow) -> None:
    reply = ["```py\n", "x", " =", " 1", "\n```\n\n| tea | heat |\n|---|---|\n|", " 绿茶🍵", " |", " 80", " |\n"]
    application, _ = looking(qtbot, open_window, reply)
    warned: list[str] = []
    previous = qInstallMessageHandler(lambda _kind, _context, text: warned.append(text))
    for word, index in (("80", 7), ("茶", 5), ("=", 2)):
        click_word(application, word)
        application.window.transcript.grab()
        assert application.inspector.index == index
    qInstallMessageHandler(previous)
    assert warned == []


def test_a_click_into_another_reply_looks_into_that_one(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    say(qtbot, application, "And?")
    first, last = application.chat.shown.tree.path()[1::2]
    application.inspector.look(first.id)
    qtbot.waitUntil(lambda: application.inspector.tokens is not None)
    click_word(application, "black")
    qtbot.waitUntil(lambda: application.inspector.index == 7)
    assert application.inspector.reply is not None
    assert application.inspector.reply.message.id == last.id


def test_arrow_keys_go_from_token_to_token(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    strip = find(application, TokenStrip, "tokenStrip")
    click_word(application, "Tea")
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert strip.accessibleDescription() == "Token 2 of 8: ␣is"
    QTest.keyClick(strip, Qt.Key.Key_End)
    assert application.inspector.index == 7
    QTest.keyClick(strip, Qt.Key.Key_Right)
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert application.inspector.index == 6


def test_tokens_of_thinking_are_chosen_and_marked_in_it(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, ["<think>", "So", " it", "</think>", "\n\n", "Tea", "."])
    press(application, "thinkingButton")
    application.inspector.choose(2)
    block = find(application, QWidget, "thinkingText")
    assert [tint.span for tint in block.edit._tints] == [(2, 5)]  # type: ignore[attr-defined]
    click_word(application, "Tea")
    assert application.inspector.index == 5


def test_a_reply_of_another_model_says_so(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    chat = application.chat.shown
    leaf = chat.tree.path()[-1]
    record = {**chat.store.record(leaf.id), "model_path": "/models/x.gguf", "model_name": "Elsewhere"}
    chat.store.save_reply(leaf.id, leaf.text, leaf.status, record=record)
    application.inspector.look(leaf.id)
    assert "another model (Elsewhere)" in find(application, QLabel, "inspectorNote").text()
    assert not find(application, QWidget, "tokenStrip").isVisible()


def test_no_view_is_squeezed_below_a_chat_in_a_low_and_narrow_window(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    application.window.resize(480, 600)
    picker, stack = (
        find(application, QComboBox, "inspectorViews"),
        find(application, QStackedWidget, "inspectorStack"),
    )
    for number in range(picker.count()):
        picker.setCurrentIndex(number)
        area = stack.currentWidget()
        assert isinstance(area, QScrollArea)
        qtbot.waitUntil(partial(has_its_height, area.widget()))


def test_why_nothing_can_be_told_is_said_in_the_language_of_the_window(
    qtbot: QtBot, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, fake = looking(qtbot, open_window, REPLY)
    application.preferences.change("language", "zh_CN")
    told: list[str] = []

    def refuse(_request: object, _cancelled: object) -> Iterator[Event]:
        raise RequestError("There is no token to look at.")

    monkeypatch.setattr(fake, "_inspect", refuse)
    inquiry = application.inspector.inquiries.ask(lambda number: SpellRequest(number, (1,)))
    inquiry.failed.connect(told.append)
    qtbot.waitUntil(lambda: told != [])
    assert told == ["没有可以查看的 Token。"]


def test_another_chat_is_not_looked_into(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    click_word(application, "Tea")
    application.conversations.new_chat()
    assert application.inspector.reply is None
    assert "Choose a reply" in find(application, QLabel, "inspectorNote").text()


def show_view(application: Application, title: str) -> None:
    picker = find(application, QComboBox, "inspectorViews")
    picker.setCurrentIndex(picker.findText(title))


def rows(tree: QTreeWidget) -> list[list[str]]:
    items = [tree.topLevelItem(at) for at in range(tree.topLevelItemCount())]
    return [[item.text(column) for column in range(tree.columnCount())] for item in items if item is not None]


def test_alternatives_are_shown_with_what_the_samplers_did(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    click_word(application, "is")
    tree = find(application, QTreeWidget, "alternatives")
    qtbot.waitUntil(lambda: rows(tree)[1:2] == [["␣other1001", "30.0%", "top-k"]])
    assert rows(tree)[0] == ["␣is", "60.0%", "100%"]
    assert "Rank 1 with 60.0%" in find(application, QLabel, "tokenFacts").text()
    assert not find(application, QPushButton, "branchFromToken").isEnabled(), "it came"
    tree.setCurrentItem(tree.topLevelItem(2))
    assert not find(application, QPushButton, "branchFromToken").isEnabled(), "it ends the reply"


def test_a_reply_goes_on_from_another_token_as_another_version(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = looking(qtbot, open_window, REPLY)
    click_word(application, "green")
    tree = find(application, QTreeWidget, "alternatives")
    qtbot.waitUntil(lambda: tree.topLevelItemCount() == 3)
    fake.replies = [[" tea", "."]]
    tree.setCurrentItem(tree.topLevelItem(1))
    QTest.keyClick(tree, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(fake.requests) == 2 and not application.chat.is_replying)
    assert shown(application)[-1] == "Tea is other1002 tea."
    assert fake.requests[1].begun_ids == (0, 1, 1002)
    qtbot.waitUntil(lambda: application.inspector.tokens is not None)
    assert application.inspector.index == 2
    leaf = application.chat.shown.tree.path()[-1]
    record = application.store.record(leaf.id)
    assert (record["token_ids"], record["branched_at"]) == ([0, 1, 1002, 3, 4], 2)
    assert len(record["logprobs"]) == 5
    assert application.chat.shown.tree.siblings(leaf.id)[-1] == leaf.id
    press(application, "previousVersion")
    assert shown(application)[-1] == "".join(REPLY)


def test_a_reply_goes_on_instead_of_its_end(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = looking(qtbot, open_window, REPLY)
    click_word(application, "green")
    button = find(application, QPushButton, "branchFromToken")
    assert not button.isEnabled(), "only behind the last token"
    click_word(application, "black")
    qtbot.waitUntil(lambda: button.text() == "Instead of its end")
    button.click()
    tree = find(application, QTreeWidget, "alternatives")
    qtbot.waitUntil(lambda: rows(tree) == [["␣other2500", "60.0%", "out"], ["␣other500", "30.0%", "out"]])
    assert tree.isColumnHidden(2), "no sampler was at work"
    assert find(application, QLabel, "alternativesHint").text().startswith("The reply ended here.")
    fake.replies = [[" tea", "."]]
    tree.setCurrentItem(tree.topLevelItem(1))
    click(application, "branchFromToken")
    qtbot.waitUntil(lambda: len(fake.requests) == 2 and not application.chat.is_replying)
    assert fake.requests[1].begun_ids == (*range(8), 500)
    assert shown(application)[-1].endswith("Or black other500 tea.")
    qtbot.waitUntil(lambda: application.inspector.index == 8)
    leaf = application.chat.shown.tree.path()[-1]
    assert len(application.store.record(leaf.id)["logprobs"]) == 11


def test_words_are_tinted_by_how_sure_the_model_was(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    show_view(application, "How sure it was")
    assert not find(application, QWidget, "confidenceLegend").isVisible()
    measure = find(application, QComboBox, "confidenceMeasure")
    measure.setCurrentIndex(measure.findData(str(Measure.PROBABILITY)))
    surfaces = [surface for _, surface in application.window.transcript.views()[-1].built_surfaces()]
    grounds = {tint.ground for surface in surfaces for tint in getattr(surface, "tints", ())}
    assert grounds == {"doubt_2"}
    assert find(application, QWidget, "confidenceLegend").isVisible()
    words = find(application, QListWidget, "leastSure")
    assert [words.item(at).text() for at in range(2)] == ["Tea (60.0%)", "is (60.0%)"]
    assert "Least sure: Tea, is, green" in find(application, QLabel, "confidenceSummary").text()
    assert words.accessibleDescription() == find(application, QLabel, "confidenceSummary").text()
    words.setCurrentRow(1)
    QTest.keyClick(words, Qt.Key.Key_Return)
    assert application.inspector.index == 1
    measure.setCurrentIndex(0)
    assert chosen_text(application) == " is"


def test_a_reply_without_a_record_is_scored(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["a"]])
    application = open_window(lambda: fake)
    say(qtbot, application, "Which?")
    chat = application.chat.shown
    assert chat.conversation_id is not None
    imported = chat.store.add_message(
        chat.conversation_id, parent_id=chat.tree.leaf_id, role="assistant", text="Green tea.", status=Status.COMPLETE
    )
    chat.add(imported)
    application.chat.show_path()
    application.inspector.look(imported.id)
    show_view(application, "How sure it was")
    assert application.inspector.tokens is None
    click(application, "scoreText")
    qtbot.waitUntil(lambda: application.inspector.tokens is not None)
    words = find(application, QListWidget, "leastSure")
    assert [words.item(at).text() for at in range(2)] == ["Green (60.0%)", "tea (60.0%)"]
    click_word(application, "tea")
    assert application.inspector.index == 1
    assert not find(application, QPushButton, "scoreText").isVisible()
    application.chat.open(None)
    application.chat.open(chat.conversation_id)
    application.inspector.look(imported.id)
    qtbot.waitUntil(lambda: application.inspector.tokens is not None)
    assert words.item(0).text() == "Green (60.0%)", "the scores were kept"
    assert len([one for one in fake.inspected if isinstance(one, ScoreRequest)]) == 1


def test_other_settings_are_tried_on_what_was_stored(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    click_word(application, "is")
    show_view(application, "Try other settings")
    outcome = find(application, QLabel, "labOutcome")
    qtbot.waitUntil(lambda: outcome.text() == "With the same noise, the same token: ␣is")
    click(application, "labCool")
    qtbot.waitUntil(lambda: outcome.text() == "With the same noise, ␣other1001 would have come instead.")
    assert rows(find(application, QTreeWidget, "labTokens"))[0] == ["␣is", "100%", "top-k"]
    click(application, "labWhole")
    qtbot.waitUntil(lambda: "8" in find(application, QLabel, "labWholeReply").text())
    assert "1: Tea → ␣other1000" in find(application, QLabel, "labWholeReply").text()
    click(application, "labReset")
    qtbot.waitUntil(lambda: outcome.text() == "With the same noise, the same token: ␣is")


def test_the_prompt_is_shown_as_tokens_by_message(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = looking(qtbot, open_window, REPLY)
    show_view(application, "What the model read")
    text = find(application, QPlainTextEdit, "promptText")
    qtbot.waitUntil(lambda: text.toPlainText() == "<s>user\nWhich?Tea")
    assert rows(find(application, QTreeWidget, "promptMessages")) == [["1. You", "2", "2"]]
    assert "5 of 2,048 tokens, 4 of them still cached, as q8_0" in find(application, QLabel, "promptSummary").text()
    show_view(application, "How sure it was")
    show_view(application, "What the model read")
    assert len([one for one in fake.inspected if type(one).__name__ == "PromptRequest"]) == 1


def test_a_reply_comes_before_what_is_asked(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = looking(qtbot, open_window, REPLY)
    stopped: list[int] = []
    fake.gate.clear()
    say(qtbot, application, "And?", wait=False)
    qtbot.waitUntil(lambda: len(fake.requests) == 2)
    application.inspector.spell([77], lambda: stopped.append(77))
    fake.gate.set()
    qtbot.waitUntil(lambda: stopped == [77])
    assert not application.chat.is_replying
