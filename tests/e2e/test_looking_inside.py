"""Look inside with the real starter model: what the window shows is what the engine computes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from conftest import OpenWindow
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QTreeWidget
from pytestqt.qtbot import QtBot
from window_steps import answer_with, click, find, say

from app.application import Application
from app.views.alternatives_view import SHARE

LOAD_MS, REPLY_MS = 60_000, 120_000


@pytest.fixture
def application(qtbot: QtBot, open_window: OpenWindow) -> Iterator[Application]:
    """A window that looks into a short reply of the starter model."""
    opened = open_window()
    answer_with(opened, temperature=0.9, seed=11, max_tokens=24, top_k=5)
    say(qtbot, opened, "Name three kinds of tea.", wait=False)
    qtbot.waitUntil(lambda: not opened.chat.is_replying, timeout=LOAD_MS + REPLY_MS)
    opened.window.action.look_inside.trigger()
    qtbot.waitUntil(lambda: opened.inspector.tokens is not None, timeout=REPLY_MS)
    yield opened


def rows(tree: QTreeWidget) -> list[list[str]]:
    items = [tree.topLevelItem(at) for at in range(tree.topLevelItemCount())]
    return [[item.text(column) for column in range(3)] for item in items if item is not None]


def test_alternatives_are_the_engines_and_the_reply_branches(qtbot: QtBot, application: Application) -> None:
    """The list is the stored record, a branch begins as the reply did, and both are drawn again the same."""
    reply = application.inspector.reply
    assert reply is not None
    assert "".join(application.inspector.texts) == reply.message.text
    application.inspector.choose(3)
    tree = find(application, QTreeWidget, "alternatives")
    qtbot.waitUntil(lambda: len(rows(tree)) == 16 and "top-k" in rows(tree)[-1][2], timeout=REPLY_MS)
    record = application.store.record(reply.message.id)
    came = next(row for row in rows(tree) if row[0] == find_text(application, 3))
    assert came[1] == f"{math.exp(record['logprobs'][3]) * 100:.1f}%"
    assert sum(row[2].endswith("%") for row in rows(tree)) <= 5

    other = 1 if rows(tree)[0][0] == find_text(application, 3) else 0
    wanted = rows(tree)[other][0]
    tree.setCurrentItem(tree.topLevelItem(other))
    QTest.keyClick(tree, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: not application.chat.is_replying and application.inspector.reply is not reply, timeout=REPLY_MS
    )
    qtbot.waitUntil(lambda: application.inspector.tokens is not None, timeout=REPLY_MS)
    branch = application.inspector.reply
    assert branch is not None
    assert branch.token_ids[:3] == reply.token_ids[:3]
    assert find_text(application, 3) == wanted
    assert branch.message.text == "".join(application.inspector.texts)
    assert branch.branched_at == 3
    timings = application.store.record(branch.message.id)["timings"]
    assert timings["prompt_tokens"] - timings["reused_tokens"] == 1


def test_the_prompt_is_what_the_template_makes_of_the_chat(qtbot: QtBot, application: Application) -> None:
    """Every token of the prompt is shown, and the reply's behind it."""
    application.window.inspector_panel.show_view(application.inspector_views.prompt.view)
    text = find(application, QPlainTextEdit, "promptText")
    reply = application.inspector.reply
    assert reply is not None
    qtbot.waitUntil(lambda: text.toPlainText().endswith(reply.message.text), timeout=REPLY_MS)
    assert "<|im_start|>user\nName three kinds of tea.<|im_end|>" in text.toPlainText()
    assert "still cached" in find(application, QLabel, "promptSummary").text()


def test_other_settings_give_the_token_that_a_reply_with_them_begins_with(
    qtbot: QtBot, application: Application
) -> None:
    """At temperature 0.3 with the same seed, the lab's first token is that of a reply made so."""
    application.inspector.choose(0)
    application.window.inspector_panel.show_view(application.inspector_views.sampler_lab.view)
    outcome = find(application, QLabel, "labOutcome")
    qtbot.waitUntil(lambda: "the same token" in outcome.text(), timeout=REPLY_MS)
    tree = find(application, QTreeWidget, "labTokens")
    before = rows(tree)
    click(application, "labCool")
    qtbot.waitUntil(lambda: rows(tree) != before, timeout=REPLY_MS)
    qtbot.waitUntil(lambda: "instead" in outcome.text(), timeout=5_000)
    tried = outcome.text()
    answer_with(application, temperature=0.3)
    reply = application.inspector.reply
    application.window.action.regenerate.trigger()
    qtbot.waitUntil(
        lambda: not application.chat.is_replying and application.inspector.reply is not reply, timeout=REPLY_MS
    )
    qtbot.waitUntil(lambda: application.inspector.tokens is not None, timeout=REPLY_MS)
    assert find_text(application, 0) in tried


def find_text(application: Application, index: int) -> str:
    reply = application.inspector.reply
    assert reply is not None
    return application.inspector.text_of(reply.token_ids[index])


def test_the_last_layer_is_the_model_and_the_reply_comes_again(qtbot: QtBot, application: Application) -> None:
    """The lens ends with the chance that was recorded, all that was read sums to 1, and the seed gives the reply."""
    reply = application.inspector.reply
    assert reply is not None
    record = application.store.record(reply.message.id)
    application.window.inspector_panel.show_view(application.inspector_views.looking.lens)
    application.inspector.choose(3)
    layers = find(application, QTreeWidget, "lensLayers")
    qtbot.waitUntil(lambda: layers.topLevelItemCount() == 30, timeout=REPLY_MS)
    last = layers.topLevelItem(29)
    assert last is not None
    recorded = 100 * math.exp(record["logprobs"][3])  # of tokens read one by one: the last bits are others
    assert float(last.text(3).removesuffix("%")) == pytest.approx(recorded, abs=0.1)
    application.window.inspector_panel.show_view(application.inspector_views.looking.attention)
    read = find(application, QTreeWidget, "attentionTokens")
    qtbot.waitUntil(lambda: read.topLevelItemCount() > 0, timeout=REPLY_MS)
    items = [read.topLevelItem(at) for at in range(read.topLevelItemCount())]
    shares = [item.data(1, SHARE) for item in items if item is not None]
    assert 0.8 < sum(shares) <= 1.0, "the sixteen that were read most"
    application.window.inspector_panel.show_view(application.inspector_views.proof.view)
    find(application, QPushButton, "verifyReply").click()
    result = find(application, QLabel, "proofResult")
    qtbot.waitUntil(lambda: bool(result.text()), timeout=REPLY_MS)
    assert result.text().startswith("Identical: 24 token")


def test_the_question_is_what_a_reply_rests_on(qtbot: QtBot, application: Application) -> None:
    """Without the only message of a chat, its reply is far less likely."""
    application.window.inspector_panel.show_view(application.inspector_views.attribution.view)
    find(application, QPushButton, "attributeReply").click()
    parts = find(application, QTreeWidget, "attributedParts")
    qtbot.waitUntil(lambda: parts.topLevelItemCount() == 1, timeout=REPLY_MS)
    part = parts.topLevelItem(0)
    assert part is not None
    assert part.text(0) == "You: Name three kinds of tea."
    assert part.data(1, SHARE) > 1.0
