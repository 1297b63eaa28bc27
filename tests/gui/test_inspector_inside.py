"""Look inside the model: its layers, what they read, what a reply rests on, and whether it comes again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import OpenWindow
from PySide6.QtCore import QTranslator
from PySide6.QtGui import QTextFormat
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPlainTextEdit, QPushButton, QTreeWidget
from pytestqt.qtbot import QtBot
from test_inspector import REPLY, click_word, looking, rows, show_view
from window_steps import click, find, say

from app.application import Application
from engine.api import Circumstances
from engine.inspection.api import AttributeRequest, VerifyRequest


def test_layers_tell_from_where_on_the_token_leads(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = looking(qtbot, open_window, REPLY)
    show_view(application, "Layer by layer")
    summary = find(application, QLabel, "lensSummary")
    assert summary.text().startswith("Click a word")
    click_word(application, "is")
    table = find(application, QTreeWidget, "lensLayers")
    qtbot.waitUntil(lambda: table.topLevelItemCount() == 3)
    assert rows(table) == [
        ["1", "␣other1001", "␣is", "25.0%"],
        ["2", "␣is", "␣other1001", "50.0%"],
        ["3", "␣is", "␣other2001", "50.0%"],
    ]
    assert summary.text() == "“␣is” leads from layer 2 of 3 on."
    assert table.indexOfTopLevelItem(table.currentItem()) == 1
    show_view(application, "What it looked back at")
    assert len([one for one in fake.inspected if type(one).__name__ == "LookRequest"]) == 1


def test_what_was_read_is_listed_and_shaded(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    click_word(application, "green")
    show_view(application, "What it looked back at")
    tokens = find(application, QTreeWidget, "attentionTokens")
    qtbot.waitUntil(lambda: tokens.topLevelItemCount() == 4)
    assert rows(tokens)[:3] == [["␣other5000", "50.0%"], ["Tea", "25.0%"], ["␣is", "25.0%"]]
    text = find(application, QPlainTextEdit, "attentionText")
    assert text.toPlainText() == " other5000 other5001Tea is"
    assert [one.cursor.selectedText() for one in text.extraSelections()] == [" other5000", "Tea", " is"]
    layer, head = find(application, QComboBox, "attentionLayer"), find(application, QComboBox, "attentionHead")
    assert head.count() == 2, "no single head of all layers"
    layer.setCurrentIndex(1)
    layer.activated.emit(1)
    assert [head.itemText(at) for at in range(2, 4)] == ["Head 1", "Head 2"]
    head.setCurrentIndex(3)
    head.activated.emit(3)
    qtbot.waitUntil(lambda: rows(tokens)[1] == ["␣is", "50.0%"])
    tokens.setCurrentItem(tokens.topLevelItem(1))
    assert text.textCursor().selectedText() == " is"


class Marking(QTranslator):
    """Marks every text, so that one sees which are translated anew."""

    def isEmpty(self) -> bool:
        """Qt installs no translation without texts."""
        return False

    def translate(self, _context: str, text: str, _note: str | None = None, _count: int = -1) -> str:  # type: ignore[override]
        return f"«{text}"


@contextmanager
def translated() -> Iterator[None]:
    marking = Marking()
    QApplication.installTranslator(marking)
    QApplication.processEvents()
    yield
    QApplication.removeTranslator(marking)
    QApplication.processEvents()


def tinted(application: Application) -> set[tuple[str, str]]:
    """Words of the last reply with the grounds below them."""
    surfaces = [surface for _, surface in application.window.transcript.views()[-1].built_surfaces()]
    return {
        (surface.shown_text()[slice(*tint.span)], tint.ground)
        for surface in surfaces
        for tint in getattr(surface, "tints", ())
    }


def test_a_reply_that_comes_again_is_identical(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = looking(qtbot, open_window, REPLY)
    show_view(application, "Proof")
    record = find(application, QTreeWidget, "proofRecord")
    assert ["Model", "Fake model", ""] in rows(record)
    assert ["Device", "cpu", ""] in rows(record)
    click(application, "verifyReply")
    result = find(application, QLabel, "proofResult")
    qtbot.waitUntil(lambda: result.text().startswith("Identical: 8 token"))
    asked = [one for one in fake.inspected if isinstance(one, VerifyRequest)]
    assert asked[0].of.begun_ids == tuple(range(8))
    assert asked[0].made == Circumstances(device="cpu")
    assert not find(application, QTreeWidget, "proofTokens").isVisible()


def test_the_first_token_that_differs_is_shown_with_both_its_chances(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = looking(qtbot, open_window, REPLY)
    fake.differs_at = 1
    show_view(application, "Proof")
    click(application, "verifyReply")
    result = find(application, QLabel, "proofResult")
    qtbot.waitUntil(lambda: result.text() == "Differs at token 2 of 8: “␣is” came, “␣other1001” comes now.")
    assert rows(find(application, QTreeWidget, "proofTokens"))[:2] == [
        ["␣is", "60.0%", "–"],
        ["␣other1001", "30.0%", "60.0%"],
    ]
    assert ["Device", "cpu", "cuda:0"] in rows(find(application, QTreeWidget, "proofRecord"))
    click_word(application, "Tea")
    assert result.isVisible(), "another token of the same reply"


def test_parts_are_left_out_in_turn(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = looking(qtbot, open_window, REPLY)
    say(qtbot, application, "And then?")
    qtbot.waitUntil(lambda: application.inspector.tokens is not None)
    show_view(application, "What it rests on")
    click(application, "attributeReply")
    summary = find(application, QLabel, "attributionSummary")
    qtbot.waitUntil(lambda: "log-probability is -6.50 nats" in summary.text())
    parts = find(application, QTreeWidget, "attributedParts")
    assert [row[1] for row in rows(parts)] == ["−3.00", "+2.00", "+2.00"]
    assert rows(parts)[2][0] == "You: And then?"
    parts.setCurrentItem(parts.topLevelItem(0))
    detail = find(application, QLabel, "attributionDetail").text()
    assert "Words that it changes most: ␣is (−3.00)" in detail
    assert "only its text was left out" in detail
    assert tinted(application) == {(" is", "found")}
    parts.setCurrentItem(parts.topLevelItem(2))
    assert tinted(application) == {("Tea", "doubt_4")}
    show_view(application, "Proof")
    assert tinted(application) == set(), "only while the part is looked at"
    show_view(application, "What it rests on")
    assert tinted(application) == {("Tea", "doubt_4")}
    with translated():
        assert summary.text().startswith("«")
    kinds = find(application, QComboBox, "attributionParts")
    kinds.setCurrentIndex(1)
    kinds.activated.emit(1)
    assert not parts.isVisible()
    click(application, "attributeReply")
    qtbot.waitUntil(lambda: parts.topLevelItemCount() == 3)
    asked = [one.by for one in fake.inspected if isinstance(one, AttributeRequest)]
    assert asked == ["messages", "sentences"]


def test_leaving_out_stops_when_a_person_wants(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = looking(qtbot, open_window, REPLY)
    show_view(application, "What it rests on")
    fake.gate.clear()
    click(application, "attributeReply")
    button = find(application, QPushButton, "attributeReply")
    assert button.text() == "Stop"
    click(application, "attributeReply")
    qtbot.waitUntil(lambda: button.text() == "Leave each out in turn")
    assert find(application, QLabel, "attributionSummary").text().startswith("Stopped")
    fake.gate.set()


def test_a_document_is_read_tinted_and_saved_as_a_table(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    document, table = tmp_path / "poem.txt", tmp_path / "poem.csv"
    document.write_text("Roses are\nred, violets", encoding="utf-8")
    monkeypatch.setattr("app.controllers.perplexity.ask_text_file", lambda _parent: document)
    proposed: list[Path] = []

    def ask(_parent: object, _title: str, place: Path, _kind: str) -> Path:
        proposed.append(place)
        return table

    monkeypatch.setattr("app.controllers.perplexity.ask_new_file", ask)
    show_view(application, "Perplexity of a document")
    click(application, "openDocument")
    result = find(application, QLabel, "perplexityResult")
    qtbot.waitUntil(lambda: result.text() == "“poem.txt”: perplexity 7.50, 2.014 nats a token over 3 tokens.")
    text = find(application, QPlainTextEdit, "perplexityText")
    assert text.toPlainText() == "Roses are\nred, violets"
    cursor = text.textCursor()
    cursor.setPosition(3)
    assert not cursor.charFormat().hasProperty(QTextFormat.Property.BackgroundBrush), "not foretold"
    cursor.setPosition(8)
    assert cursor.charFormat().hasProperty(QTextFormat.Property.BackgroundBrush), "5 of 100"
    cursor.setPosition(13)
    assert not cursor.charFormat().hasProperty(QTextFormat.Property.BackgroundBrush), "95 of 100"
    click(application, "savePerplexity")
    assert [place.name for place in proposed] == ["poem.txt.csv"]
    qtbot.waitUntil(table.exists)
    assert table.read_text(encoding="utf-8").splitlines()[:2] == [
        "token,id,text,logprob,rank,entropy",
        "1,100,␣are,-2.99573,1,0.90000",
    ]


def test_a_document_without_text_says_so(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    document = tmp_path / "empty.txt"
    document.write_text(" \n", encoding="utf-8")
    monkeypatch.setattr("app.controllers.perplexity.ask_text_file", lambda _parent: document)
    show_view(application, "Perplexity of a document")
    click(application, "openDocument")
    result = find(application, QLabel, "perplexityResult")
    qtbot.waitUntil(lambda: "empty.txt" in result.text())
    assert not find(application, QPlainTextEdit, "perplexityText").isVisible()


def test_a_token_that_a_person_chose_is_no_failure(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = looking(qtbot, open_window, REPLY)
    application.inspector.choose(1)
    first = application.inspector.reply
    application.inspector.spell([1001], lambda: application.inspector.branch(1001))
    qtbot.waitUntil(
        lambda: application.inspector.reply is not first and application.inspector.tokens is not None, timeout=10_000
    )
    fake.differs_at = 1
    show_view(application, "Proof")
    click(application, "verifyReply")
    result = find(application, QLabel, "proofResult")
    qtbot.waitUntil(lambda: result.text() == "Identical up to token 2, which a person chose: “␣other1001”.")
