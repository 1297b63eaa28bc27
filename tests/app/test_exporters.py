"""Exports hold what was said: Markdown reads back as the same messages, JSON holds the whole tree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from app.core.conversation import Status
from app.core.exporters import EXPORTERS
from app.core.exporting import export_conversation
from app.core.store import Store

BY_NAME = {exporter.name: exporter for exporter in EXPORTERS}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "db")
    yield made
    made.close()


@pytest.fixture
def chat(store: Store) -> str:
    chat = store.create_conversation("Tea: green\nor black?")
    asked = store.add_message(chat.id, parent_id=None, role="user", text="Show code")
    first = store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Old answer")
    store.save_reply(first.id, "Old answer", Status.COMPLETE, record={"model_name": "SmolLM2", "seed": 7})
    second = store.add_message(
        chat.id, parent_id=asked.id, role="assistant", text="```py\nprint('cut off'", status=Status.STOPPED
    )
    store.add_message(chat.id, parent_id=second.id, role="user", text="Thanks 谢谢")
    return chat.id


def test_markdown_shows_the_path_with_headings_and_closed_fences(store: Store, chat: str, tmp_path: Path) -> None:
    export_conversation(store, chat, BY_NAME["markdown"], tmp_path / "out.md")
    text = (tmp_path / "out.md").read_text(encoding="utf-8")
    tokens = MarkdownIt().parse(text)
    headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings[0] == "Tea: green or black?"
    assert [heading.split(" — ")[0] for heading in headings[1:]] == ["You", "Assistant", "You"]
    fences = [token.content for token in tokens if token.type == "fence"]
    assert fences == ["print('cut off'\n"]
    assert "Thanks 谢谢" in text
    assert "*(stopped)*" in text
    assert "Old answer" not in text


def test_json_holds_every_branch_and_what_each_reply_was_made_of(store: Store, chat: str, tmp_path: Path) -> None:
    export_conversation(store, chat, BY_NAME["json"], tmp_path / "out.json")
    content = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (content["format"], content["version"]) == ("fireside-conversation", 1)
    texts = [message["parts"][0]["text"] for message in content["messages"]]
    assert texts == ["Show code", "Old answer", "```py\nprint('cut off'", "Thanks 谢谢"]
    assert content["current_message"] == content["messages"][-1]["id"]
    assert content["messages"][1]["generation"] == {"model_name": "SmolLM2", "seed": 7}
    parents = {message["id"]: message["parent_id"] for message in content["messages"]}
    assert parents[content["messages"][1]["id"]] == parents[content["messages"][2]["id"]]
