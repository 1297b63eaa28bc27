"""Imports: nothing is taken in twice, what is new is added, what is odd is told, and all of it can be undone."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core import import_writer
from app.core.conversation import Part, PartKind, Status, StoredMessage, text_parts
from app.core.imported import ImportedAttachment, ImportedConversation
from app.core.store import Store, StoreError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "db")
    yield made
    made.close()


def message(identifier: str, parent_id: str | None, text: str, role: str = "user") -> StoredMessage:
    return StoredMessage(identifier, parent_id, role, text_parts(text), Status.COMPLETE, 1000.0)


TEA = ImportedConversation(
    source_id="c1",
    title="Tea",
    created_at=1000.0,
    updated_at=2000.0,
    messages=(
        message("a", None, "Which?"),
        message("b", "a", "Black.", "assistant"),
        message("c", "a", "Green.", "assistant"),
    ),
    leaf_id="b",
    records={"b": {"model_name": "m1"}},
    is_pinned=True,
    folder=("Drinks", "Hot"),
    tags=("tea",),
    is_archived=True,
    extra={"default_model_slug": "m1"},
)


def shown(store: Store, conversation_id: str) -> list[str]:
    return [one.text for one in store.tree(conversation_id).path()]


def test_a_conversation_comes_in_with_all_it_has(store: Store) -> None:
    outcome = store.add_import([TEA], source="chatgpt")
    assert (outcome.added, outcome.merged, outcome.unchanged, outcome.messages) == (1, 0, 0, 3)
    (chat,) = store.conversations()
    assert (chat.title, chat.created_at, chat.updated_at, chat.is_pinned) == ("Tea", 1000.0, 2000.0, True)
    assert (chat.tags, chat.source, chat.source_id) == (("tea",), "chatgpt", "c1")
    assert chat.extra == {"default_model_slug": "m1", "is_archived": True}
    names = {folder.id: (folder.name, folder.parent_id) for folder in store.folders()}
    name, parent = names[chat.folder_id or ""]
    assert (name, names[parent or ""]) == ("Hot", ("Drinks", None))
    tree = store.tree(chat.id)
    assert shown(store, chat.id) == ["Which?", "Black."]
    assert [tree.get(one).text for one in tree.siblings(tree.leaf_id or "")] == ["Black.", "Green."]
    assert {one.source_id for one in tree} == {"a", "b", "c"}
    assert not {one.id for one in tree} & {"a", "b", "c"}
    assert store.records(chat.id) == {tree.leaf_id: {"model_name": "m1"}}


def test_the_same_file_again_adds_nothing(store: Store) -> None:
    store.add_import([TEA], source="chatgpt")
    outcome = store.add_import([TEA], source="chatgpt")
    assert (outcome.added, outcome.merged, outcome.unchanged, outcome.messages) == (0, 0, 1, 0)
    assert len(store.conversations()) == 1
    assert len(store.folders()) == 2


def test_the_same_id_from_another_program_is_another_conversation(store: Store) -> None:
    store.add_import([TEA], source="chatgpt")
    assert store.add_import([TEA], source="claude").added == 1


def test_a_conversation_without_an_id_is_known_by_what_was_said(store: Store) -> None:
    nameless = replace(TEA, source_id=None)
    other = replace(nameless, messages=(message("a", None, "Something else"),), leaf_id=None)
    assert store.add_import([nameless, other], source="sharegpt").added == 2
    assert store.add_import([nameless, other], source="sharegpt").unchanged == 2


def test_a_newer_export_brings_its_new_messages_and_shows_its_path(store: Store) -> None:
    store.add_import([TEA], source="chatgpt")
    newer = replace(TEA, messages=(*TEA.messages, message("d", "c", "Thanks")), leaf_id="d", updated_at=3000.0)
    outcome = store.add_import([newer], source="chatgpt")
    assert (outcome.merged, outcome.messages) == (1, 1)
    (chat,) = store.conversations()
    assert shown(store, chat.id) == ["Which?", "Green.", "Thanks"]
    assert chat.updated_at == 3000.0


def test_a_newer_export_does_not_move_a_person_who_went_on_here(store: Store) -> None:
    store.add_import([TEA], source="chatgpt")
    (chat,) = store.conversations()
    store.add_message(chat.id, parent_id=store.tree(chat.id).leaf_id, role="user", text="Mine")
    newer = replace(TEA, messages=(*TEA.messages, message("d", "c", "Thanks")), leaf_id="d")
    assert store.add_import([newer], source="chatgpt").merged == 1
    assert shown(store, chat.id) == ["Which?", "Black.", "Mine"]


def test_what_a_person_deleted_does_not_come_back_by_itself(store: Store) -> None:
    store.add_import([TEA], source="chatgpt")
    (chat,) = store.conversations()
    green = next(one for one in store.tree(chat.id) if one.text == "Green.")
    store.delete_messages([green.id])
    assert store.add_import([TEA], source="chatgpt").unchanged == 1
    store.delete_conversation(chat.id)
    outcome = store.add_import([TEA], source="chatgpt")
    assert (outcome.unchanged, outcome.skipped) == (1, ("“Tea” lies in the bin; restore it there.",))
    assert store.conversations() == ()


def test_attachments_come_with_their_conversation_and_go_with_the_undo(store: Store) -> None:
    sha256 = hashlib.sha256(b"png").hexdigest()
    picture = StoredMessage("a", None, "user", (Part(PartKind.IMAGE, sha256=sha256),), Status.COMPLETE, 1.0)
    chat = replace(
        TEA, messages=(picture,), leaf_id="a", attachments=(ImportedAttachment("a.png", "image/png", b"png"),)
    )
    outcome = store.add_import([chat], source="claude")
    assert store.attachment_data(sha256) == b"png"
    store.undo_import(outcome.import_id)
    with pytest.raises(StoreError, match="no attachment"):
        store.attachment(sha256)


def test_undoing_removes_what_came_and_the_folders_it_made(store: Store) -> None:
    mine = store.create_conversation("Mine")
    drinks = store.create_folder("Drinks")
    outcome = store.add_import([TEA], source="chatgpt")
    assert [(one.source, one.conversations) for one in store.imports()] == [("chatgpt", 1)]
    assert store.undo_import(outcome.import_id) == 1
    assert [one.id for one in store.conversations()] == [mine.id]
    assert store.folders() == (drinks,)
    assert store.imports() == ()
    assert store.check() == ()
    with pytest.raises(StoreError, match="no import"):
        store.undo_import(outcome.import_id)
    assert store.add_import([TEA], source="chatgpt").added == 1


def test_undoing_a_merge_leaves_what_was_there_before(store: Store) -> None:
    store.add_import([TEA], source="chatgpt")
    newer = replace(TEA, messages=(*TEA.messages, message("d", "c", "Thanks")), leaf_id="d")
    outcome = store.add_import([newer], source="chatgpt")
    assert store.undo_import(outcome.import_id) == 0
    (chat,) = store.conversations()
    assert [one.text for one in store.tree(chat.id)] == ["Which?", "Black.", "Green."]
    assert shown(store, chat.id) == ["Which?", "Green."]


def test_undoing_never_takes_what_a_person_wrote_or_answered(store: Store) -> None:
    outcome = store.add_import([TEA], source="chatgpt")
    (chat,) = store.conversations()
    store.add_message(chat.id, parent_id=store.tree(chat.id).leaf_id, role="user", text="Mine")
    assert store.undo_import(outcome.import_id) == 0
    assert shown(store, chat.id) == ["Which?", "Black.", "Mine"]
    assert store.imports() == ()


def test_orphans_circles_and_doubles_come_in_where_they_can_be_seen(store: Store) -> None:
    odd = replace(
        TEA,
        messages=(
            message("child", "late", "child"),
            message("late", None, "late"),
            message("orphan", "nobody", "orphan"),
            message("round", "about", "round"),
            message("about", "round", "about"),
            message("self", "self", "self"),
            message("late", None, "the same id again"),
        ),
        leaf_id="nobody",
    )
    outcome = store.add_import([odd], source="chatgpt")
    assert outcome.messages == 6
    assert outcome.skipped == ("“Tea”: left out were 1 with the id of another message.",)
    tree = store.tree(store.conversations()[0].id)
    roots = {tree.get(one).text for one in tree.siblings(next(one.id for one in tree if one.text == "late"))}
    assert roots == {"late", "orphan", "round", "self"}
    reached = {one for root in tree.siblings(next(iter(tree)).id) for one in tree.subtree(root)}
    assert len(reached) == 6
    parent = {one.text: one.parent_id and tree.get(one.parent_id).text for one in tree}
    assert (parent["child"], parent["about"]) == ("late", "round")
    assert tree.path()


def test_impossible_values_spoil_nothing(store: Store) -> None:
    odd = ImportedConversation(
        source_id="\ud800",
        title=" \n ",
        created_at=math.nan,
        updated_at=1e300,
        messages=(
            replace(message("\udfff", None, "hi \ud800"), created_at=-math.inf, status=Status.STREAMING),
            replace(message("b", "\udfff", "x"), role="\ud800", error="\ud800", extra={"k": "\ud800"}),
        ),
        leaf_id=None,
        extra={"k": ["\ud800"]},
        tags=("\ud800",),
        folder=("\ud800",),
    )
    assert store.add_import([odd], source="claude").added == 1
    assert store.add_import([odd], source="claude").unchanged == 1
    (chat,) = store.conversations()
    assert chat.title == "hi ?"
    assert [one.status for one in store.tree(chat.id)] == [Status.INTERRUPTED, Status.COMPLETE]
    assert all(0 <= one.created_at < 1e12 for one in store.tree(chat.id))


def own(chat_id: str, *messages: StoredMessage) -> ImportedConversation:
    return ImportedConversation(chat_id, "Own", 1.0, 2.0, messages, messages[-1].id)


def test_firesides_own_files_keep_their_ids_and_where_they_came_from(store: Store) -> None:
    first = replace(message("m1", None, "Which?"), source_id="a")
    edited = replace(message("m2", None, "Which one?"), edited_from="m1")
    chat = replace(own("own-1", first, edited), origin=("chatgpt", "c1"))
    store.add_import([chat], source="fireside")
    header = store.conversation("own-1")
    assert (header.source, header.source_id) == ("chatgpt", "c1")
    assert tuple(store.tree("own-1")) == (first, edited)
    assert store.add_import([chat], source="fireside").unchanged == 1


def test_an_own_id_that_is_taken_gives_way(store: Store) -> None:
    store.add_import([own("own-1", message("m1", None, "one"))], source="fireside")
    other = own("own-2", message("m1", None, "two"), message("m2", "m1", "three"))
    store.add_import([other], source="fireside")
    assert shown(store, "own-1") == ["one"]
    assert shown(store, "own-2") == ["two", "three"]
    assert store.add_import([other], source="fireside").unchanged == 1


def test_an_own_file_of_an_imported_conversation_merges_with_the_import(store: Store) -> None:
    store.add_import([TEA], source="chatgpt")
    elsewhere = own(
        "own-1",
        replace(message("m1", None, "Which?"), source_id="a"),
        replace(message("m2", "m1", "Black."), source_id="b"),
        message("m3", "m2", "Went on"),
    )
    outcome = store.add_import([replace(elsewhere, origin=("chatgpt", "c1"))], source="fireside")
    assert (outcome.merged, outcome.messages) == (1, 1)
    (chat,) = store.conversations()
    assert shown(store, chat.id) == ["Which?", "Black.", "Went on"]


def many(count: int) -> Iterator[ImportedConversation]:
    for number in range(count):
        yield replace(TEA, source_id=str(number), title=str(number))


def test_an_import_tells_its_progress_and_stops_when_asked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_writer, "GROUP_MESSAGES", 8)
    told: list[tuple[int, int]] = []
    outcome = store.add_import(
        many(10), source="chatgpt", progress=lambda *done: told.append(done), cancelled=lambda: len(told) == 2
    )
    assert told == [(2, 6), (4, 12)]
    assert outcome.added == len(store.conversations()) == 4
    store.undo_import(outcome.import_id)
    assert store.conversations() == ()


def test_what_was_complete_stays_when_the_source_breaks_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_writer, "GROUP_MESSAGES", 8)

    def breaks_off() -> Iterator[ImportedConversation]:
        yield from many(3)
        raise ValueError("the file ends here")

    with pytest.raises(ValueError, match="ends here"):
        store.add_import(breaks_off(), source="chatgpt")
    assert len(store.conversations()) == 2
    (left,) = store.imports()
    store.undo_import(left.id)
    assert store.conversations() == ()


def test_another_store_can_write_between_the_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_writer, "GROUP_MESSAGES", 8)
    monkeypatch.setattr("app.core.database.BUSY_TIMEOUT_S", 0.1)
    window, importing = Store(tmp_path / "db"), Store(tmp_path / "db")

    def with_replies() -> Iterator[ImportedConversation]:
        for conversation in many(6):
            window.create_conversation("mine")
            yield conversation

    importing.add_import(with_replies(), source="chatgpt")
    assert len(window.conversations()) == 12
    window.close()
    importing.close()
