"""What one Fireside writes another reads: exactly from its own JSON, all that they can hold from other formats."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from sample_chat import CSV, PNG, PNG_SHA256, REPLY, exported, random_chats, sample_chat

from app.core.catalogue import Conversation
from app.core.conversation import Part, PartKind, Status, StoredMessage
from app.core.exporters import EXPORTERS, Branches, ExportedConversation, ExportOptions
from app.core.exporters.safe_markdown import fenced
from app.core.exporters.tool_use import tool_use
from app.core.exporting import export
from app.core.imported import ImportedAttachment, ImportedConversation
from app.core.importing import run_import
from app.core.store import Store
from app.core.themes import RESOURCES

BY_NAME = {exporter.name: exporter for exporter in EXPORTERS}
TREE = ExportOptions(branches=Branches.TREE)
SCHEMA = json.loads((RESOURCES / "schemas" / "fireside-conversations-2.schema.json").read_text(encoding="utf-8"))


def json_of(*conversations: ExportedConversation) -> dict[str, Any]:
    content = exported(BY_NAME["json"], ExportOptions(), *conversations).data
    return json.loads(content, parse_constant=pytest.fail)


def read_back(entry: dict[str, Any]) -> tuple[Conversation, list[StoredMessage], dict[str, Any], dict[str, str]]:
    """The smallest reader of the format that docs/formats.md describes."""
    header = Conversation(
        **{name: entry[name] for name in ("id", "title", "created_at", "updated_at", "is_pinned")},
        source=entry["source"],
        source_id=entry["source_id"],
        tags=tuple(entry["tags"]),
        extra=entry["extra"],
        deleted_at=entry["deleted_at"],
    )
    messages = []
    for one in entry["messages"]:
        kept = {key: value for key, value in one.items() if key != "generation"}
        parts = tuple(Part(**part | {"kind": PartKind(part["kind"])}) for part in one["parts"])
        messages.append(StoredMessage(**kept | {"parts": parts, "status": Status(one["status"])}))
    records = {one["id"]: one["generation"] for one in entry["messages"] if "generation" in one}
    return header, messages, records, {one["sha256"]: one.get("data") for one in entry["attachments"]}


@settings(max_examples=60, deadline=None)
@given(random_chats(), random_chats())
def test_fireside_json_is_valid_and_loses_nothing(one: ExportedConversation, other: ExportedConversation) -> None:
    alone, both = json_of(one), json_of(one, other)
    for content in (alone, both):
        Draft202012Validator(SCHEMA).validate(content)
    assert (alone["format"], both["format"]) == ("fireside-conversation", "fireside-conversations")
    for conversation, entry in zip((one, one, other), (alone, *both["conversations"]), strict=True):
        header, messages, records, _ = read_back(entry)
        assert header == conversation.header
        assert messages == list(conversation.tree)
        assert entry["current_message"] == conversation.tree.leaf_id
        assert records == {key: value for key, value in conversation.records.items() if value}
        assert tuple(entry["folder"]) == conversation.folder


def test_fireside_json_holds_attachments_once_and_can_leave_their_bytes_out() -> None:
    entry = json_of(sample_chat())
    assert [base64.b64decode(one["data"]) for one in entry["attachments"]] == [PNG]
    bare = json.loads(exported(BY_NAME["json"], ExportOptions(attachments=False), sample_chat()).data)
    Draft202012Validator(SCHEMA).validate(bare)
    assert [one.keys() for one in bare["attachments"]] == [{"sha256", "name", "media_type"}]


def test_fireside_json_of_none_is_an_empty_list_and_infinities_become_null() -> None:
    assert json_of()["conversations"] == []
    chat = sample_chat()
    broken = ExportedConversation(chat.header, chat.tree, {"b": {"logprobs": [float("-inf"), -1.0]}})
    entry = json_of(broken)
    assert entry["messages"][2]["generation"]["logprobs"] == [None, -1.0]


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    with ExitStack() as stack:
        count = iter(range(10))

        def make() -> Store:
            store = Store(tmp_path / f"{next(count)}.sqlite3")
            stack.callback(store.close)
            return store

        yield make


def taken_in(chat: ExportedConversation, store: Store) -> str:
    """The sample as a conversation of the store."""
    header = chat.header
    attachments = (ImportedAttachment("dot.png", "image/png", PNG),)
    imported = ImportedConversation(
        header.id,
        header.title,
        header.created_at,
        header.updated_at,
        tuple(chat.tree),
        chat.tree.leaf_id,
        records=chat.records,
        is_pinned=header.is_pinned,
        folder=chat.folder,
        tags=header.tags,
        extra=header.extra,
        attachments=attachments,
    )
    store.add_import([imported], source="fireside")
    (conversation,) = store.conversations()
    return conversation.id


def passed_on(
    name: str, new_store: Callable[[], Store], tmp_path: Path, options: ExportOptions
) -> tuple[Store, Store]:
    """A store with the sample, and one that knows it from an export alone."""
    first, second = new_store(), new_store()
    path = tmp_path / f"out.{BY_NAME[name].ending}"
    export(first, [taken_in(sample_chat(), first)], BY_NAME[name], path, options=options)
    report = run_import(path, second)
    assert report.skipped == ()
    return first, second


def test_fireside_json_read_and_written_again_is_the_same_to_the_byte(
    new_store: Callable[[], Store], tmp_path: Path
) -> None:
    _, second = passed_on("json", new_store, tmp_path, ExportOptions())
    (chat,) = second.conversations()
    export(second, [chat.id], BY_NAME["json"], tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "out.json").read_bytes()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chat=random_chats())
def test_fireside_json_of_any_conversation_is_the_same_after_a_round(
    chat: ExportedConversation, tmp_path: Path
) -> None:
    with closing(Store(":memory:")) as first, closing(Store(":memory:")) as second:
        export(first, [taken_in(chat, first)], BY_NAME["json"], tmp_path / "out.json", replace=True)
        run_import(tmp_path / "out.json", second)
        ids = [one.id for one in (*second.conversations(), *second.binned())]
        export(second, ids, BY_NAME["json"], tmp_path / "again.json", replace=True)
        assert (tmp_path / "again.json").read_bytes() == (tmp_path / "out.json").read_bytes()


def said_in(part: Part) -> tuple[Any, ...]:
    """What a part says, but for outer line ends and for whether a tool's arguments stand as JSON or as its text."""
    if part.kind is PartKind.TOOL:
        use = tool_use(part, is_result=False)
        arguments = None if use.arguments is None else json.loads(use.arguments)
        return (part.kind, part.name, use.id, arguments, use.result)
    return (part.kind, part.text.strip("\n"), part.name, part.sha256, part.duration_s)


def branches_of(store: Store) -> dict[tuple[str, ...], tuple[Any, ...]]:
    """Every message of the one conversation by what was said on the way to it: role, parts and model."""
    (chat,) = store.conversations()
    tree, records = store.tree(chat.id), store.records(chat.id)
    found = {}
    for message in tree:
        place = tuple(one.text.strip("\n") for one in tree.path(message.id))
        model = records.get(message.id, {}).get("model_name")
        found[place] = (message.role, tuple(said_in(part) for part in message.parts), model)
    return found


def test_open_webui_json_keeps_the_tree_and_all_that_is_in_it(new_store: Callable[[], Store], tmp_path: Path) -> None:
    first, second = passed_on("openwebui", new_store, tmp_path, TREE)
    (before,), (after,) = first.conversations(), second.conversations()
    assert (after.title, after.tags, after.is_pinned) == (before.title, before.tags, before.is_pinned)
    assert int(after.created_at) == int(before.created_at)
    assert branches_of(second) == branches_of(first)
    assert shown_by(second) == shown_by(first)


THOUGHT = "Which *order*?\n\nAscending."
QUESTION, AGAIN, ANSWER = "Explain <b>sorting</b>.", "用中文再说一遍", "好的，先选基准。"


def shown_by(store: Store) -> list[tuple[str, str, str]]:
    """Who says what on the shown path, part by part; of a tool, its arguments or its result."""
    (chat,) = store.conversations()
    said = []
    for message in store.tree(chat.id).path():
        for part in message.parts:
            use = tool_use(part, is_result=False)
            text = use.arguments or use.result if part.kind is PartKind.TOOL else part.text
            role = "tool" if part.kind is PartKind.TOOL else message.role
            said.append((role, part.kind.value, (text or part.sha256 or "").strip("\n")))
    return said


def test_openai_messages_keep_roles_thinking_tools_and_attachments(
    new_store: Callable[[], Store], tmp_path: Path
) -> None:
    _, second = passed_on("openai", new_store, tmp_path, ExportOptions())
    assert shown_by(second) == [
        ("system", "text", "Be brief."),
        ("user", "image", PNG_SHA256),
        ("user", "text", f"data.csv\n{fenced(CSV, '')}"),
        ("user", "text", QUESTION),
        ("assistant", "thinking", THOUGHT),
        ("assistant", "text", REPLY.strip("\n")),
        ("user", "text", AGAIN),
        ("tool", "tool", '{"q": "sort"}'),
        ("tool", "tool", "found"),
        ("assistant", "text", ANSWER),
    ]


def test_sharegpt_keeps_roles_thinking_and_tools(new_store: Callable[[], Store], tmp_path: Path) -> None:
    _, second = passed_on("sharegpt", new_store, tmp_path, ExportOptions())
    assert second.conversations()[0].title == "Sorting 排序"
    assert shown_by(second) == [
        ("system", "text", "Be brief."),
        ("user", "text", f"data.csv\n{fenced(CSV, '')}\n\n{QUESTION}"),
        ("assistant", "thinking", THOUGHT),
        ("assistant", "text", REPLY.strip("\n")),
        ("user", "text", AGAIN),
        ("tool", "tool", '{"q": "sort"}'),
        ("tool", "tool", "found"),
        ("assistant", "text", ANSWER),
    ]


@pytest.mark.parametrize("name", ["openai", "sharegpt"])
def test_a_tree_becomes_a_conversation_for_each_of_its_ends(
    name: str, new_store: Callable[[], Store], tmp_path: Path
) -> None:
    _, second = passed_on(name, new_store, tmp_path, TREE)
    found = {second.tree(chat.id).path()[-1].text for chat in second.conversations()}
    assert found == {ANSWER, "An older answer.", "You are *welcome*."}
    assert len(second.conversations()) == 3
