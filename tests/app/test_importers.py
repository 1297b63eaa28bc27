from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.conversation import MessageTree, Part, PartKind, Status
from app.core.imported import ImportedConversation
from app.core.importers import IMPORTERS, Importer, ImportFileError, Skipped, Source
from app.core.importers import json_records as reader
from app.core.importers.json_records import HEAD_BYTES, parse, records, sample

SAMPLES = Path(__file__).parent / "samples"
MUTANTS = int(os.environ.get("FIRESIDE_FUZZ", "500")) // 5  # files tried by each test
PICTURE = b"\x89PNG\r\n\x1a\n"
WRITTEN_AT = 1_700_000_000.0


def source_of(data: bytes, name: str = "file.json", beside: dict[str, bytes] | None = None) -> Source:
    def find(wanted: str) -> Source | None:
        found = next((one for one in sorted(beside or {}) if one.startswith(wanted)), None)
        return None if found is None else source_of((beside or {})[found], found)

    return Source(name, len(data), WRITTEN_AT, lambda: io.BytesIO(data), find)


def importer_of(source: Source) -> Importer:
    with source.open() as stream:
        shown = sample(stream.read(HEAD_BYTES))
    return next(one for one in IMPORTERS if one.sniff(shown))


def read(source: Source) -> tuple[list[ImportedConversation], tuple[str, ...]]:
    skipped = Skipped()
    return list(importer_of(source).read(source, skipped)), skipped.sentences()


def read_sample(name: str, **beside: bytes) -> tuple[list[ImportedConversation], tuple[str, ...]]:
    path = SAMPLES / name
    near = {one.name: one.read_bytes() for one in path.parent.iterdir() if one.is_file()} | beside
    return read(source_of(path.read_bytes(), name, near))


def shape(conversation: ImportedConversation) -> list[tuple[str | None, str, str]]:
    """Every message as the text of its parent, its role and its own text."""
    texts: dict[str | None, str] = {one.id: one.text for one in conversation.messages}
    return [(texts.get(one.parent_id), one.role, one.text) for one in conversation.messages]


def shown(conversation: ImportedConversation) -> list[str]:
    tree = MessageTree(conversation.messages, leaf_id=conversation.leaf_id)
    return [message.text for message in tree.path()]


def parts_of(conversation: ImportedConversation, text: str) -> tuple[Part, ...]:
    return next(one.parts for one in conversation.messages if one.text.startswith(text))


def record_of(conversation: ImportedConversation, text: str) -> Any:
    return conversation.records[next(one.id for one in conversation.messages if one.text.startswith(text))]


# ChatGPT


def test_chatgpt_keeps_every_branch_and_joins_the_rows_of_a_reply() -> None:
    (tea, _), _ = read_sample("chatgpt.json")
    answer = "Black, says [the guide](https://tea.example).\n\nAnd hot."
    assert shape(tea) == [
        (None, "user", "Green or black?"),
        ("Green or black?", "assistant", "Green."),
        ("Green.", "user", "Why?"),
        ("Green or black?", "assistant", answer),
    ]
    assert shown(tea) == ["Green or black?", answer]
    kinds = [(part.kind, part.name, part.duration_s) for part in parts_of(tea, "Black")]
    assert kinds == [
        (PartKind.THINKING, "", None),
        (PartKind.TOOL, "python", None),
        (PartKind.TOOL, "python", None),
        (PartKind.THINKING, "", 65.0),
        (PartKind.TEXT, "", None),
        (PartKind.TEXT, "", None),
    ]
    assert json.loads(parts_of(tea, "Black")[1].text) == {"arguments": "print(1)"}


def test_chatgpt_keeps_the_header_the_models_and_what_was_hidden() -> None:
    (tea, _), _ = read_sample("chatgpt.json")
    assert (tea.source_id, tea.title, tea.created_at, tea.updated_at) == ("c1", "Tea", 1720000000.1, 1720000090.5)
    assert tea.is_pinned
    assert tea.is_archived
    assert tea.extra["default_model_slug"] == "gpt-x"
    assert [one["text"] for one in tea.extra["hidden"]] == ["I like tea.\n\nBe brief."]
    assert record_of(tea, "Green.")["model_name"] == "gpt-x"
    assert record_of(tea, "Black") == {"model_name": "gpt-x-thinking", "stop_reason": "end_token"}
    assert [one.status for one in tea.messages] == [Status.COMPLETE, Status.STOPPED, Status.COMPLETE, Status.COMPLETE]


def test_chatgpt_takes_pictures_and_files_that_lie_beside() -> None:
    (tea, _), _ = read_sample("chatgpt.json", **{"file-CUP-cup.png": PICTURE, "file-LIST-teas.txt": b"sencha"})
    files = parts_of(tea, "Green or black?")[:2]
    assert [(part.kind, part.name, part.sha256 is not None) for part in files] == [
        (PartKind.FILE, "teas.txt", True),
        (PartKind.IMAGE, "file-CUP-cup.png", True),
    ]
    assert {one.data for one in tea.attachments} == {PICTURE, b"sencha"}


def test_chatgpt_circles_orphans_and_wrong_types_cost_no_message() -> None:
    (_, odd), skipped = read_sample("chatgpt.json")
    assert sorted(shape(odd), key=str) == [
        ("A circle", "user", "of two"),
        (None, "assistant", "Lost"),
        (None, "user", "A circle"),
    ]
    assert odd.title == "A circle"
    assert odd.created_at == WRITTEN_AT
    assert len(skipped) == 2


# Claude


def test_claude_keeps_branches_thinking_tools_and_what_attachments_held() -> None:
    (tea, plain), skipped = read_sample("claude.json")
    assert shape(tea) == [
        (None, "user", "Green or black?"),
        ("Green or black?", "assistant", "Green."),
        ("Green or black?", "assistant", "Black."),
    ]
    assert parts_of(tea, "Green or")[0] == Part(PartKind.FILE, "sencha", name="teas.txt", media_type="text/plain")
    thinking, call, result, _ = parts_of(tea, "Green.")
    assert (thinking.text, thinking.duration_s) == ("Hm.", 2.5)
    assert json.loads(call.text) == {"id": "t1", "arguments": {"query": "tea"}}
    assert json.loads(result.text) == {"id": "t1", "result": "found"}
    assert tea.folder == ("Kitchen",)
    assert tea.created_at == datetime.fromisoformat("2026-01-01T10:00:00+00:00").timestamp()
    assert shown(plain) == ["No parents here", "Then in order."]
    assert skipped == ("claude.json: “Empty” has no messages.",)


# Open WebUI


def test_open_webui_keeps_models_side_by_side_thinking_tags_and_failures() -> None:
    (tea, bare), _ = read_sample("open_webui.json")
    assert shown(tea) == ["Be brief.", "Green or black?", "Green."]
    assert [(one.text, one.status) for one in tea.messages[2:]] == [
        ("Green.", Status.COMPLETE),
        ("Bla", Status.INTERRUPTED),
        ("", Status.FAILED),
    ]
    assert tea.messages[-1].error == "No such model"
    assert parts_of(tea, "Green.")[0] == Part(PartKind.THINKING, "Hm,\n2 < 3.", duration_s=3.0)
    assert record_of(tea, "Green.") == {
        "model_name": "m1",
        "sampler": {"temperature": 0.5},
        "timings": {"prompt_tokens": 9, "generated_tokens": 4, "decode_s": 2.0},
    }
    picture, document, _ = parts_of(tea, "Green or")
    assert picture.kind is PartKind.IMAGE
    assert [one.data for one in tea.attachments] == [PICTURE]
    assert (document.name, document.text) == ("teas.txt", "sencha")
    assert (tea.is_pinned, tea.tags, tea.extra["folder_id"]) == (True, ("hot", "tea"), "f1")
    assert bare.title == "Without an outer object"


def test_open_webui_tool_blocks_become_tools() -> None:
    content = 'Look: <details type="tool_calls" done="true" id="k" name="add" arguments="&quot;2&quot;" result="4">\n'
    content += "<summary>Tool</summary>\n</details>\nDone <details type="
    chat = {"history": {"currentId": "a", "messages": {"a": {"role": "assistant", "content": content}}}}
    (found,), _ = read(source_of(json.dumps(chat).encode()))
    first, tool, last = found.messages[0].parts
    assert (first.text, last.text) == ("Look: ", "Done <details type=")
    assert (tool.name, json.loads(tool.text)) == ("add", {"id": "k", "arguments": '"2"', "result": "4"})


# LM Studio and Jan


def test_lm_studio_keeps_versions_thinking_settings_and_folders() -> None:
    (tea,), _ = read_sample("lm_studio/conversations/Kitchen/1720000000000.conversation.json")
    assert shape(tea) == [
        (None, "system", "Be brief."),
        ("Be brief.", "user", "Green or black?"),
        ("Green or black?", "assistant", "Black."),
        ("Green or black?", "assistant", "Green."),
        ("Green.", "user", "Why?"),
    ]
    assert shown(tea) == ["Be brief.", "Green or black?", "Green.", "Why?"]
    assert parts_of(tea, "Green.")[0] == Part(PartKind.THINKING, "hm", duration_s=2.5)
    assert record_of(tea, "Green.") == {
        "model_name": "m1",
        "sampler": {"temperature": 0.7, "top_k": 40.0, "top_p": 0.9},
        "stop_reason": "end_token",
        "timings": {"prompt_tokens": 25, "generated_tokens": 6, "ttft_s": 0.2, "decode_s": 0.15},
    }
    assert tea.messages[2].status is Status.STOPPED
    assert (tea.folder, tea.is_pinned, tea.source_id) == (("Kitchen",), True, "1720000000000")


def test_jan_reads_a_thread_with_the_messages_beside_it() -> None:
    (tea,), skipped = read_sample("jan/threads/t1/thread.json")
    assert shown(tea) == ["Be brief.", "Green or black?", "Green.", ""]
    assert [one.status for one in tea.messages[2:]] == [Status.STOPPED, Status.FAILED]
    assert [part.kind for part in tea.messages[1].parts] == [PartKind.TEXT, PartKind.IMAGE]
    assert parts_of(tea, "Green.")[0] == Part(PartKind.THINKING, "Hm.")
    assert record_of(tea, "Green.")["model_name"] == "m1"
    assert tea.messages[1].created_at == 1720000001.0
    assert len(skipped) == 1
    assert "entry 3" in skipped[0]


# Line formats and logs


def test_silly_tavern_keeps_swipes_as_branches() -> None:
    (tea,), _ = read_sample("silly_tavern.jsonl")
    assert shape(tea) == [
        (None, "user", "Green or black?"),
        ("Green or black?", "assistant", "Black."),
        ("Green or black?", "assistant", "Green."),
        ("Green.", "user", "Why?"),
    ]
    assert shown(tea) == ["Green or black?", "Green.", "Why?"]
    assert record_of(tea, "Black.")["model_name"] == "m0"
    assert record_of(tea, "Green.") == {"model_name": "m1", "timings": {"generated_tokens": 2, "decode_s": 2.0}}
    assert parts_of(tea, "Green.")[0] == Part(PartKind.THINKING, "Hm.", duration_s=1.5)
    assert tea.created_at == datetime(2026, 1, 1, 10).timestamp()
    assert tea.messages[0].created_at == tea.created_at
    assert tea.tags == ("Ada",)


def test_text_generation_webui_reads_what_was_written_and_its_versions() -> None:
    (tea,), _ = read_sample("textgen/logs/chat/Ada/20260101-10-00-00.json")
    assert shape(tea) == [
        (None, "assistant", "Hello, I am Ada."),
        ("Hello, I am Ada.", "user", "Green & black?"),
        ("Green & black?", "assistant", "Black."),
        ("Green & black?", "assistant", "Green."),
    ]
    assert shown(tea)[-1] == "Green."
    assert parts_of(tea, "Green.")[0] == Part(PartKind.THINKING, "Hm.")
    assert parts_of(tea, "Green &")[0].text == "sencha"
    assert tea.tags == ("Ada",)


def test_llama_cpp_drops_the_root_and_keeps_the_branches() -> None:
    (tea,), _ = read_sample("llama_cpp.json")
    assert shape(tea) == [
        (None, "user", "Green or black?"),
        ("Green or black?", "assistant", "Green."),
        ("Green or black?", "assistant", "Black."),
    ]
    assert shown(tea) == ["Green or black?", "Green."]
    assert [part.kind for part in parts_of(tea, "Green.")] == [PartKind.THINKING, PartKind.TOOL, PartKind.TEXT]
    assert record_of(tea, "Green.")["timings"]["decode_s"] == 2.0
    assert (tea.created_at, tea.updated_at) == (1720000000.0, 1720000009.0)
    assert [one.data for one in tea.attachments] == [PICTURE]


def test_sharegpt_keeps_roles_tools_and_thinking() -> None:
    (sum_, other, nameless), skipped = read_sample("sharegpt.json")
    assert [one.role for one in sum_.messages] == ["system", "user", "assistant"]
    assert sum_.messages[2].parts == (
        Part(PartKind.TOOL, '{"arguments": {"a": 2}}', name="add"),
        Part(PartKind.TOOL, '{"result": "4"}'),
        Part(PartKind.THINKING, "Easy."),
        Part(PartKind.TEXT, "4"),
    )
    assert sum_.messages[2].extra == {"weight": 1}
    assert sum_.source_id != other.source_id
    assert nameless.source_id == nameless.leaf_id
    assert skipped == ("sharegpt.json: an entry has no turns.",)


def test_messages_keep_tools_pictures_and_weights() -> None:
    (cup, total), skipped = read_sample("messages.jsonl")
    assert [one.role for one in cup.messages] == ["system", "user", "assistant"]
    call, result, *rest = cup.messages[2].parts
    assert json.loads(call.text) == {"id": "k1", "arguments": "{}"}
    assert json.loads(result.text) == {"id": "k1", "result": "a cup"}
    assert [part.text for part in rest] == ["Round.", "A cup."]
    assert [one.data for one in cup.attachments] == [PICTURE]
    assert total.messages[1].extra == {"weight": 0}
    assert total.records[total.messages[1].id] == {"model_name": "m1"}
    assert len(skipped) == 2


def test_a_bare_array_of_messages_is_one_conversation() -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    (found,), _ = read(source_of(json.dumps(turns).encode()))
    assert shown(found) == ["Hi", "Hello"]


# Fireside JSON


def test_fireside_json_of_version_1_is_read() -> None:
    (tea,), _ = read_sample("fireside_1.json")
    assert (tea.source_id, tea.title, tea.created_at, tea.leaf_id) == ("f00d", "Tea", 1720000000.25, "m2")
    assert [(one.text, one.status) for one in tea.messages] == [
        ("Green or black?", Status.COMPLETE),
        ("Green.", Status.LENGTH),
        ("Black.", Status.COMPLETE),
    ]
    assert tea.records == {"m2": {"model_name": "m1", "seed": 7, "token_ids": [1, 2]}}


def test_fireside_json_of_version_2_keeps_everything_as_it_was() -> None:
    (tea, empty), skipped = read_sample("fireside_2.json")
    assert (tea.title, tea.created_at, tea.updated_at) == ("  Two  spaces ", 0.0, 1720000009.5)
    assert (tea.folder, tea.tags, tea.is_pinned) == (("Kitchen", "Hot"), ("tea",), True)
    assert (tea.origin, tea.extra, tea.leaf_id) == (("chatgpt", "c1"), {"gizmo_id": "g"}, "m3")
    assert [one.id for one in tea.messages] == ["m1", "m3", "m2"]
    failed = tea.messages[1]
    assert (failed.error, failed.edited_from, failed.source_id) == ("It broke.", "m2", "n3")
    assert (failed.extra, failed.parts[0]) == ({"weight": 1}, Part(PartKind.THINKING, "Hm.", duration_s=1.5))
    assert [(one.name, one.data) for one in tea.attachments] == [("teas.txt", b"sencha")]
    assert (empty.messages, empty.deleted_at, empty.leaf_id) == ((), 5.0, None)
    assert skipped == ("The attachment “damaged.txt” is damaged, so it was skipped.",)


def test_fireside_json_of_a_newer_version_is_refused() -> None:
    newer = {"format": "fireside-conversation", "version": 3, "id": "x", "messages": []}
    with pytest.raises(ImportFileError, match="newer Fireside"):
        read(source_of(json.dumps(newer).encode()))


# The tree


def test_ids_used_twice_are_told_apart() -> None:
    def message(text: str, parent: str | None) -> dict[str, Any]:
        return {"uuid": "same", "sender": "human", "text": text, "parent_message_uuid": parent}

    texts = ("One", "Two", "One", "Three")
    chat = [{"uuid": "u", "chat_messages": [message(text, "") for text in texts]}]
    (found,), _ = read(source_of(json.dumps(chat).encode()))
    assert [(one.id, one.text) for one in found.messages] == [("same", "One"), ("same#2", "Two"), ("same#3", "Three")]


def test_a_message_whose_turn_was_changed_becomes_another_branch() -> None:
    def ids(*texts: str) -> list[str]:
        turns = [{"from": "human", "value": text} for text in texts]
        (found,), _ = read(source_of(json.dumps([{"id": "x", "conversations": turns}]).encode()))
        return [one.id for one in found.messages]

    before, after = ids("a", "b", "c"), ids("a", "B", "c")
    assert before[0] == after[0]
    assert not set(before[1:]) & set(after[1:])
    assert ids("a", "b", "c", "d")[:3] == before


def test_a_chain_of_thousands_of_messages_is_read() -> None:
    turns = [{"from": "human", "value": str(number)} for number in range(20_000)]
    (found,), _ = read(source_of(json.dumps([{"conversations": turns}]).encode()))
    assert len(found.messages) == 20_000


def test_thousands_of_rows_of_one_reply_and_of_one_id_are_read() -> None:
    rows = {
        str(number): {
            "parent": str(number - 1),
            "message": {"author": {"role": "assistant"}, "content": {"parts": ["x"]}, "metadata": {"a": number}},
        }
        for number in range(10_000)
    }
    (found,), _ = read(source_of(json.dumps([{"mapping": rows}]).encode()))
    assert [len(one.parts) for one in found.messages] == [10_000]
    turns = [{"uuid": "same", "sender": "human", "text": str(number)} for number in range(10_000)]
    (found,), _ = read(source_of(json.dumps([{"chat_messages": turns}]).encode()))
    assert len(found.messages) == 10_000


def test_a_deep_tree_that_is_listed_backwards_is_read() -> None:
    nodes = {
        str(number): {"parent": str(number - 1), "message": {"author": {"role": "user"}, "content": {"parts": ["x"]}}}
        for number in reversed(range(10_000))
    }
    (found,), _ = read(source_of(json.dumps([{"mapping": nodes, "current_node": "9999"}]).encode()))
    assert len(shown(found)) == 10_000


# Records of a file


@pytest.mark.parametrize("size", [6, 7, 64, 1 << 20])
@pytest.mark.parametrize("form", ["array", "indented", "lines", "together"])
def test_objects_are_found_wherever_the_file_is_cut(form: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_CHUNK_BYTES", size)
    items = [{"a": 'x\\"{[', "b": [1, [2], {"c": "]}"}]}, {"é\n": "\\\\", "{": "\\"}, {"s": "😀 \\"}]
    texts = {
        "array": json.dumps(items),
        "indented": json.dumps(items, indent=2, ensure_ascii=False),
        "lines": "\r\n".join(map(json.dumps, items)) + "\n\n",
        "together": "".join(map(json.dumps, items)),
    }
    skipped = Skipped()
    found = list(records(source_of(b"\xef\xbb\xbf" + texts[form].encode()), skipped))
    assert found == items
    assert skipped.sentences() == ()


def test_a_broken_entry_costs_only_itself() -> None:
    text = b'[{"a":1},{"a":tru},' + b"[" * 5000 + b"]" * 5000 + b',{"b":"\xff"},[2],{"c":['
    skipped = Skipped()
    assert list(records(source_of(text), skipped)) == [{"a": 1}, {"b": "\N{REPLACEMENT CHARACTER}"}]
    assert [sentence.split(": ")[-1] for sentence in skipped.sentences()] == [
        ["entry 2 was skipped because it is not valid JSON (Expecting value", "line 1 column 6 (char 5))."][-1],
        "entry 3 was skipped because it is nested too deeply.",
        "entry 5 was skipped because it is not an object.",
        "file.json ends in the middle of an entry, which was skipped.",
    ]


def test_an_entry_past_the_limits_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_CHUNK_BYTES", 64)
    monkeypatch.setattr(reader, "RECORD_BYTES", 200)
    monkeypatch.setattr(reader, "RECORD_VALUES", 40)
    large, many = {"x": "y" * 1000}, {"x": [[]] * 50}
    for text in (
        json.dumps([{"a": 1}, large, many, {"b": 2}]),
        "\n".join(map(json.dumps, [{"a": 1}, large, {"b": 2}])),
    ):
        skipped = Skipped()
        assert list(records(source_of(text.encode()), skipped)) == [{"a": 1}, {"b": 2}]
        assert all("was skipped" in sentence for sentence in skipped.sentences())
        assert skipped.sentences()


def test_lone_surrogates_and_numbers_that_json_lacks_are_replaced() -> None:
    assert parse(rb'["\ud83d x", "\\ud83d", "\ud83d\ude00", "\ude00"]') == ["\ufffd x", "\\ud83d", "😀", "\ufffd"]
    assert parse(b"[NaN, Infinity, 1e999, 1.5]") == [None, None, None, 1.5]


def test_a_file_of_nothing_but_brackets_shows_nothing() -> None:
    """Each bracket once took as long as all before it: such a file held the import up for minutes."""
    assert sample(b"[" * HEAD_BYTES).records == ()


def test_what_was_skipped_is_bounded() -> None:
    skipped = Skipped()
    for number in range(1000):
        skipped.add(str(number))
    assert len(skipped.sentences()) == 101
    assert skipped.sentences()[-1] == "900 more were skipped."


# Hostile files

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["user", "text"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
FILES = sorted(path for path in SAMPLES.rglob("*") if path.is_file())


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*path, key)
        yield from places(one, (*path, key))


def read_with_all(source: Source) -> Iterator[ImportedConversation]:
    """What each importer makes of a file, whether it is of its format or not; only a sentence may end it."""
    for importer in IMPORTERS:
        with suppress(ImportFileError):
            yield from importer.read(source, Skipped())


@settings(max_examples=MUTANTS, deadline=None)
@given(st.data())
def test_a_value_of_a_wrong_type_never_stops_an_import(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([one for one in FILES if one.suffix == ".json"]))
    content = json.loads(path.read_text(encoding="utf-8"))
    for _ in range(data.draw(st.integers(1, 3))):
        *above, key = data.draw(st.sampled_from(list(places(content))))
        parent = content
        for step in above:
            parent = parent[step]
        parent[key] = data.draw(json_values)
    source = source_of(json.dumps(content).encode(), path.name)
    for conversation in read_with_all(source):
        ids = [one.id for one in conversation.messages]
        assert len(ids) == len(set(ids))
        assert all(
            one.parent_id is None or one.parent_id in ids[: ids.index(one.id)] for one in conversation.messages
        )
        json.dumps([conversation.extra, *(one.extra for one in conversation.messages)], allow_nan=False)


@settings(max_examples=MUTANTS, deadline=None)
@given(st.data())
def test_bytes_that_were_changed_never_stop_an_import(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(FILES))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=4))
    list(read_with_all(source_of(bytes(content), path.name)))
