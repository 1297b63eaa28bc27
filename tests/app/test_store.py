"""The store: what was said comes back as it was, in every version, and deleting loses nothing for thirty days."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.conversation import Part, PartKind, Status
from app.core.store import MEMORY, Store, StoreError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "conversations.sqlite3")
    yield made
    made.close()


def texts(store: Store, conversation_id: str) -> list[str]:
    return [message.text for message in store.tree(conversation_id).path()]


def test_messages_come_back_in_order_after_reopening(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    chat = store.create_conversation("Tea")
    asked = store.add_message(chat.id, parent_id=None, role="user", text="Green or black?")
    store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Green. 绿茶 🍵")
    store.close()
    again = Store(tmp_path / "db")
    assert texts(again, chat.id) == ["Green or black?", "Green. 绿茶 🍵"]
    assert [one.title for one in again.conversations()] == ["Tea"]
    again.close()


def test_the_database_is_as_durable_as_sqlite_can_be(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    assert store._db.read("PRAGMA journal_mode")[0][0] == "wal"
    assert store._db.read("PRAGMA synchronous")[0][0] == 2
    store.close()


def test_an_edit_is_a_sibling_and_the_old_branch_stays(store: Store) -> None:
    chat = store.create_conversation("Tea")
    first = store.add_message(chat.id, parent_id=None, role="user", text="one")
    store.add_message(chat.id, parent_id=first.id, role="assistant", text="reply to one")
    other = store.add_message(chat.id, parent_id=None, role="user", text="two")
    tree = store.tree(chat.id)
    assert [message.text for message in tree.path()] == ["two"]
    assert tree.siblings(other.id) == [first.id, other.id]
    assert [message.text for message in tree.path(tree.newest_leaf(first.id))] == ["one", "reply to one"]


def test_a_reply_cut_off_by_a_crash_keeps_its_text_and_says_so(store: Store) -> None:
    chat = store.create_conversation("Tea")
    reply = store.add_message(chat.id, parent_id=None, role="assistant", text="", status=Status.STREAMING)
    store.save_reply(reply.id, "half a", Status.STREAMING)
    store.mark_interrupted()
    kept = store.tree(chat.id).get(reply.id)
    assert (kept.text, kept.status) == ("half a", Status.INTERRUPTED)


def test_a_deleted_conversation_can_be_restored(store: Store) -> None:
    chat = store.create_conversation("Tea")
    store.add_message(chat.id, parent_id=None, role="user", text="hello")
    store.delete_conversation(chat.id)
    assert store.conversations() == ()
    store.purge()
    store.restore_conversation(chat.id)
    assert texts(store, chat.id) == ["hello"]


def test_the_bin_is_emptied_of_old_conversations_only(store: Store) -> None:
    old, new = store.create_conversation("old"), store.create_conversation("new")
    for one in (old, new):
        store.add_message(one.id, parent_id=None, role="user", text="hello")
        store.delete_conversation(one.id)
    store._db.update("UPDATE conversations SET deleted_at = 1.0 WHERE id = ?", old.id)
    store.purge()
    store.restore_conversation(new.id)
    assert [one.title for one in store.conversations()] == ["new"]
    with pytest.raises(StoreError, match="no conversation"):
        store.conversation(old.id)


def test_deleted_messages_can_be_restored(store: Store) -> None:
    chat = store.create_conversation("Tea")
    asked = store.add_message(chat.id, parent_id=None, role="user", text="a")
    answer = store.add_message(chat.id, parent_id=asked.id, role="assistant", text="b")
    store.delete_messages([answer.id])
    assert answer.id not in store.tree(chat.id)
    store.restore_messages([answer.id])
    assert texts(store, chat.id) == ["a", "b"]


def test_lone_surrogates_are_stored_as_something_utf8_can_hold(store: Store) -> None:
    chat = store.create_conversation("\ud800")
    store.add_message(chat.id, parent_id=None, role="user", text="a\udfffb\0c")
    assert texts(store, chat.id) == ["a?b\0c"]


THOUGHT = Part(PartKind.THINKING, "Green, surely.", duration_s=1.5)
PICTURE = Part(PartKind.IMAGE, name="cup.png", media_type="image/png", sha256="ab" * 32)


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (Part(PartKind.TEXT, "plain"),),
        (Part(PartKind.TEXT, "named", name="x"),),
        (Part(PartKind.TEXT, "one"), Part(PartKind.TEXT, "two")),
        (THOUGHT, Part(PartKind.TEXT, "Green.")),
        (THOUGHT,),
        (PICTURE, Part(PartKind.FILE, "what it says", name="a.txt"), Part(PartKind.TEXT, "Look")),
        (Part(PartKind.TOOL, '{"city": "Rome"}', name="weather"), Part(PartKind.TEXT, "a"), Part(PartKind.TEXT, "b")),
    ],
)
def test_parts_come_back_as_they_were(store: Store, parts: tuple[Part, ...]) -> None:
    chat = store.create_conversation("Tea")
    made = store.add_message(chat.id, parent_id=None, role="user", parts=parts)
    assert store.tree(chat.id).get(made.id) == made
    assert made.parts == parts


def test_a_finished_reply_is_stored_as_thinking_and_answer(store: Store) -> None:
    chat = store.create_conversation("Tea")
    reply = store.add_message(chat.id, parent_id=None, role="assistant", status=Status.STREAMING)
    store.save_reply(reply.id, "<think>Green, su", Status.STREAMING)
    assert texts(store, chat.id) == ["<think>Green, su"]
    store.save_reply(reply.id, "<think>Green, surely.</think>\n\nGreen.", Status.COMPLETE)
    kept = store.tree(chat.id).get(reply.id)
    assert kept.parts == (Part(PartKind.THINKING, "Green, surely."), Part(PartKind.TEXT, "Green."))


def test_a_thinking_cut_off_by_a_crash_is_a_thinking(store: Store) -> None:
    chat = store.create_conversation("Tea")
    reply = store.add_message(chat.id, parent_id=None, role="assistant", status=Status.STREAMING)
    store.save_reply(reply.id, "<think>Green, su", Status.STREAMING)
    store.mark_interrupted()
    assert store.tree(chat.id).get(reply.id).parts == (Part(PartKind.THINKING, "Green, su"),)


def test_what_a_reply_was_made_of_stays_when_only_its_text_is_saved_again(store: Store) -> None:
    chat = store.create_conversation("Tea")
    reply = store.add_message(chat.id, parent_id=None, role="assistant", record={"seed": 7})
    assert store.records(chat.id) == {reply.id: {"seed": 7}}
    store.save_reply(reply.id, "Green.", Status.COMPLETE)
    assert store.records(chat.id) == {reply.id: {"seed": 7}}
    store.save_reply(reply.id, "Green.", Status.COMPLETE, record={"seed": 8})
    assert store.records(chat.id) == {reply.id: {"seed": 8}}


def test_what_the_words_could_have_been_is_kept_with_the_record_and_copied_with_a_branch(store: Store) -> None:
    chat = store.create_conversation("Tea")
    reply = store.add_message(chat.id, parent_id=None, role="assistant", status=Status.STREAMING)
    assert store.alternatives(reply.id) == b""
    packed = bytes(range(256)) * 1000
    store.save_reply(reply.id, "Green.", Status.COMPLETE, record={"seed": 8}, alternatives=packed)
    assert store.alternatives(reply.id) == packed
    copy = store.copy_branch(chat.id, reply.id)
    assert store.alternatives(store.tree(copy.id).path()[-1].id) == packed
    store._db.update("UPDATE records SET alternatives = ?", b"nonsense")
    with pytest.raises(StoreError, match="is damaged"):
        store.alternatives(reply.id)


def test_scores_of_a_text_are_kept_where_nothing_else_is_known_of_it(store: Store) -> None:
    chat = store.create_conversation("Tea")
    imported, made, bare = (
        store.add_message(chat.id, parent_id=None, role="assistant", status=Status.STREAMING) for _ in range(3)
    )
    store.save_reply(made.id, "Green.", Status.COMPLETE, record={"token_ids": [1]}, alternatives=b"own")
    store.save_reply(bare.id, "Green.", Status.COMPLETE, record={"token_ids": [1]})
    for reply, ids in ((imported, [2]), (made, [1]), (bare, [2])):
        store.save_scores(reply.id, {"token_ids": ids, "model_name": "A"}, b"read")
    assert [store.alternatives(one.id) for one in (imported, made, bare)] == [b"read", b"own", b""]
    assert store.record(imported.id) == {"scored": {"token_ids": [2], "model_name": "A"}}
    assert store.record(made.id) == {"token_ids": [1]}
    store.save_scores(imported.id, {"token_ids": [3], "model_name": "B"}, b"again")
    assert (store.alternatives(imported.id), store.record(imported.id)["scored"]["model_name"]) == (b"again", "B")
    with pytest.raises(StoreError):
        store.save_scores("gone", {"token_ids": []}, b"")


def test_a_continued_reply_is_a_version_that_knows_the_old_one(store: Store) -> None:
    chat = store.create_conversation("Tea")
    asked = store.add_message(chat.id, parent_id=None, role="user", text="Which?")
    old = store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Gre", status=Status.STOPPED)
    new = store.add_message(
        chat.id, parent_id=asked.id, role="assistant", text=old.text, status=Status.STREAMING, edited_from=old.id
    )
    store.save_reply(new.id, "Green.", Status.COMPLETE)
    tree = store.tree(chat.id)
    assert tree.siblings(new.id) == [old.id, new.id]
    assert (tree.get(old.id).text, tree.get(new.id).text, tree.get(new.id).edited_from) == ("Gre", "Green.", old.id)


def test_a_reply_to_save_that_is_gone_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match="no message with the id 'nothing'"):
        store.save_reply("nothing", "text", Status.COMPLETE)


def test_a_message_for_a_conversation_that_is_gone_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match="not there any more"):
        store.add_message("nothing", parent_id=None, role="user", text="hello")


def test_branching_copies_the_path_with_what_it_was_made_of(store: Store) -> None:
    folder = store.create_folder("Drinks")
    chat = store.create_conversation("Tea", folder_id=folder.id)
    store.set_tags(chat.id, ["hot"])
    asked = store.add_message(chat.id, parent_id=None, role="user", parts=(PICTURE, Part(PartKind.TEXT, "Which?")))
    store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Black.")
    green = store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Green.", record={"seed": 7})
    later = store.add_message(chat.id, parent_id=green.id, role="user", text="Thanks")
    copy = store.copy_branch(chat.id, green.id)
    assert (copy.title, copy.folder_id, copy.tags) == ("Tea", folder.id, ("hot",))
    path = store.tree(copy.id).path()
    assert [message.parts for message in path] == [asked.parts, green.parts]
    assert not {message.id for message in path} & {asked.id, green.id}
    assert store.records(copy.id) == {path[-1].id: {"seed": 7}}
    assert texts(store, chat.id)[-1] == later.text


def test_deleted_messages_are_listed_until_the_bin_is_emptied(store: Store) -> None:
    chat = store.create_conversation("Tea")
    asked = store.add_message(chat.id, parent_id=None, role="user", text="a")
    old = store.add_message(chat.id, parent_id=asked.id, role="assistant", text="b", record={"seed": 7})
    new = store.add_message(chat.id, parent_id=asked.id, role="assistant", text="c")
    store.delete_messages([old.id, new.id])
    assert [message.text for message in store.binned_messages(chat.id)] == ["b", "c"]
    store._db.update("UPDATE messages SET deleted_at = 1.0 WHERE id = ?", old.id)
    store.purge()
    assert store.binned_messages(chat.id) == (new,)
    assert store.records(chat.id) == {}
    store.restore_messages([new.id])
    assert texts(store, chat.id) == ["a", "c"]


def test_the_bin_lists_what_was_deleted_last_first(store: Store) -> None:
    first, second = store.create_conversation("first"), store.create_conversation("second")
    store.delete_conversation(second.id)
    store.delete_conversation(first.id)
    assert [one.title for one in store.binned()] == ["first", "second"]
    assert all(one.deleted_at is not None for one in store.binned())


def test_deleting_forever_removes_every_trace(store: Store) -> None:
    chat = store.create_conversation("Tea")
    file = store.add_attachment(b"bytes", name="a.bin", media_type="application/octet-stream")
    part = Part(PartKind.FILE, name=file.name, sha256=file.sha256)
    store.add_message(chat.id, parent_id=None, role="user", parts=(part,), record={"seed": 7})
    store.delete_forever(chat.id)
    for table in ("conversations", "messages", "records", "attachments"):
        assert store._db.read(f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_store_in_memory_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(MEMORY)
    chat = store.create_conversation("Secret")
    store.add_message(chat.id, parent_id=None, role="user", text="hello")
    assert texts(store, chat.id) == ["hello"]
    assert len(store.search("hello")) == 1
    store.close()
    assert list(tmp_path.iterdir()) == []
