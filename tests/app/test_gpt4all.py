"""GPT4All's .chat files, written here by Qt's own QDataStream in the order of GPT4All's sources."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QByteArray, QDataStream, QIODevice, QUrl

from app.core.conversation import Part, PartKind, Status
from app.core.imported import ImportedConversation
from app.core.importers import IMPORTERS, ImportFileError, Skipped, Source, gpt4all
from app.core.importers.json_records import sample

MUTANTS = int(os.environ.get("FIRESIDE_FUZZ", "500"))


@dataclass
class ChatWriter:
    """Chat::serialize with ChatLLM::serialize, as GPT4All's versions 1 to 12 write and read them."""

    version: int
    has_state: bool = False

    def __post_init__(self) -> None:
        self.bytes = QByteArray()
        self.out = QDataStream(self.bytes, QIODevice.OpenModeFlag.WriteOnly)
        self.out.writeUInt32(gpt4all.MAGIC)
        self.out.writeInt32(self.version)
        self.out.setVersion(QDataStream.Version.Qt_6_2)

    def strings(self, *values: str) -> None:
        for value in values:
            self.out.writeQString(value)

    def header(self, items: int) -> None:
        self.out.writeInt64(1_720_000_000)
        self.strings("id-1", "Tea 茶", "", "m1.gguf")
        if self.version >= 3:
            self.out.writeQStringList(["Docs", "More"])
        if self.version < 11:
            self.engine()
        self.out.writeInt32(items)

    def engine(self) -> None:
        if self.version >= 6:
            self.out.writeBool(self.has_state)
        if self.version >= 2:
            self.out.writeInt32(1)
            self.out.writeInt32(0)
        self.strings("response", "name")
        self.out.writeUInt32(9)
        if not (self.has_state or self.version < 6):
            return
        if self.version < 4:
            self.out.writeInt32(0)
        self.out.writeInt32(5)
        if self.version >= 7:
            self.out.writeUInt32(2048)
        if self.version < 9:
            self.out.writeUInt64(2)
            self.out.writeRawData(b"\1\2\3\4" * 2)
        self.out.writeUInt64(3)
        self.out.writeRawData(b"\1\2\3\4" * 3)
        self.out << QByteArray(b"state" * 100)

    def item(
        self, name: str, value: str, *, stopped: bool = False, failed: bool = False, source: bool = False
    ) -> None:
        if self.version < 12:
            self.out.writeInt32(0)
        self.strings(name, value)
        if self.version < 10:
            self.strings("the prompt again")
        self.strings("")
        for flag in (False, stopped, True, False):
            self.out.writeBool(flag)
        if self.version >= 11 and name == "Response: ":
            self.out.writeBool(failed)
        if self.version >= 8:
            self.out.writeInt64(int(source))
            if source:
                self.strings("Docs", "/d", "teas.pdf", "Teas", "", "", "sencha")
                for number in (3, -1, -1):
                    self.out.writeInt32(number)
        elif self.version >= 3:
            self.strings("1. In teas.pdf." if source else "")
            self.out.writeQStringList(["sencha"] if source else [])

    def attachments(self, *files: tuple[str, bytes]) -> None:
        if self.version >= 10:
            self.out.writeInt64(len(files))
            for path, data in files:
                self.out << QByteArray(QUrl.fromLocalFile(path).toEncoded())
                self.out << QByteArray(data)
        if self.version >= 12:
            self.out.writeInt64(0)

    def file(self) -> bytes:
        return bytes(self.bytes.data())


def tea(version: int, *, has_state: bool = False) -> bytes:
    writer = ChatWriter(version, has_state)
    writer.header(3)
    writer.item("Prompt: ", "Green or black?")
    writer.attachments(("/home/ada/teas list.txt", b"sencha"), ("/home/ada/t.xlsx", b"\xff\0\1"))
    writer.item("Response: ", "Green. 😀", stopped=True, source=True)
    writer.attachments()
    writer.item("Response: ", "Oops", failed=True)
    writer.attachments()
    return writer.file()


def source_of(data: bytes) -> Source:
    return Source("gpt4all-id.chat", len(data), 1.0, lambda: io.BytesIO(data))


def read(data: bytes) -> tuple[ImportedConversation, tuple[str, ...]]:
    skipped = Skipped()
    importer = next(one for one in IMPORTERS if one.sniff(sample(data[:100])))
    (found,) = importer.read(source_of(data), skipped)
    return found, skipped.sentences()


@pytest.mark.parametrize("has_state", [False, True])
@pytest.mark.parametrize("version", range(1, 13))
def test_every_version_is_read(version: int, has_state: bool) -> None:
    chat, skipped = read(tea(version, has_state=has_state))
    assert (chat.source_id, chat.title, chat.created_at) == ("id-1", "Tea 茶", 1_720_000_000.0)
    assert [(one.role, one.text) for one in chat.messages] == [
        ("user", "Green or black?"),
        ("assistant", "Green. 😀"),
        ("assistant", "Oops"),
    ]
    assert chat.leaf_id == chat.messages[2].id
    assert chat.messages[1].status is Status.STOPPED
    assert chat.records[chat.messages[1].id] == {"model_name": "m1.gguf"}
    assert (chat.messages[2].status is Status.FAILED) == (version >= 11)
    assert ("sources" in chat.messages[1].extra) == (version >= 3)
    if version >= 10:
        text, table, _ = chat.messages[0].parts
        assert (text.kind, text.name, text.text) == (PartKind.FILE, "teas list.txt", "sencha")
        assert (table.name, table.text) == ("t.xlsx", "")
        assert [one.data for one in chat.attachments] == [b"sencha", b"\xff\0\1"]
    assert skipped == ()


def test_thinking_and_tools_inside_a_reply_become_its_parts() -> None:
    writer = ChatWriter(12)
    writer.header(1)
    writer.item("Response: ", "It is 1.")
    writer.out.writeInt64(0)  # attachments
    writer.out.writeInt64(2)
    writer.strings("Response: ", "")
    writer.out.writeInt64(2)
    writer.strings("Think: ", "<think>Hm.</think>")
    writer.out.writeInt32(2500)
    writer.out.writeInt64(0)
    writer.strings("ToolCall: ", "print(1)", "javascript_interpret")
    writer.out.writeInt64(2)
    for name, kind, value in (("code", 0, "print(1)"), ("count", 2, 7)):
        writer.strings(name)
        writer.out.writeInt32(kind)
        writer.out.writeQVariant(value)
    writer.strings("1")
    writer.out.writeInt32(0)
    writer.strings("")
    writer.out.writeInt64(0)
    writer.strings("ToolResponse: ", "1")
    writer.out.writeInt64(0)

    chat, skipped = read(writer.file())
    thinking, call, result, text = chat.messages[0].parts
    assert thinking == Part(PartKind.THINKING, "Hm.", duration_s=2.5)
    assert call.name == "javascript_interpret"
    assert json.loads(call.text) == {
        "arguments": {"code": "print(1)", "count": 7},
        "result": "1",
        "call": "print(1)",
    }
    assert json.loads(result.text) == {"result": "1"}
    assert text.text == "It is 1."
    assert skipped == ()


def test_a_file_that_ends_too_early_gives_the_messages_before() -> None:
    whole = tea(12)
    chat, skipped = read(whole[: len(whole) - 60])
    assert [one.text for one in chat.messages] == ["Green or black?", "Green. 😀"]
    assert skipped == ("gpt4all-id.chat ends too early or is damaged. The messages before that were kept.",)


def test_a_size_that_cannot_be_true_is_refused_before_it_is_read() -> None:
    with pytest.raises(ImportFileError, match="ends too early or is damaged"):
        list(gpt4all.read(source_of(tea(12)[:16] + b"\xff\xff\xff\xf0" + b"x" * 100), Skipped()))


def test_a_newer_version_is_refused() -> None:
    with pytest.raises(ImportFileError, match="newer GPT4All"):
        list(gpt4all.read(source_of(tea(12)[:4] + b"\0\0\0\x0d" + b"\0" * 100), Skipped()))


@settings(max_examples=MUTANTS, deadline=None)
@given(st.sampled_from(range(1, 13)), st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=9)), max_size=5))
def test_hostile_bytes_end_in_a_sentence(version: int, changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(tea(version, has_state=True))
    for at, new in changes:
        begin = 8 + at % (len(data) - 8)
        data[begin : begin + len(new)] = new
    try:
        list(gpt4all.read(source_of(bytes(data)), Skipped()))
    except ImportFileError as error:
        assert str(error).endswith(".")
