"""Search: whatever a person remembers of a message finds it, in every branch, in any writing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.conversation import Part, PartKind, Status
from app.core.search import MOST_ENTRIES
from app.core.store import MEMORY, SearchHit, Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "db")
    yield made
    made.close()


def add(store: Store, *texts: str) -> str:
    chat = store.create_conversation("-")
    for text in texts:
        store.add_message(chat.id, parent_id=None, role="user", text=text)
    return chat.id


def found(store: Store, query: str) -> set[str]:
    hits = [hit for hit in store.search(query) if hit.message_id is not None]
    return {store.tree(hit.conversation_id).get(hit.message_id or "").text for hit in hits}


def said(hit: SearchHit) -> str:
    return "".join(piece for piece, _ in hit.snippet)


def marked(hit: SearchHit) -> list[str]:
    return [piece for piece, is_match in hit.snippet if is_match]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Green or black?", "black"),
        ("Green or black?", "BLACK gre"),
        ("unbelievable", "lieva"),
        ("我喜欢绿茶", "绿茶"),
        ("我喜欢绿茶", "茶"),
        ("我喜欢绿茶", "我"),
        ("我喜欢绿茶", "喜欢绿茶"),
        ("def read_file(path):", "read_file("),
        ("x = a[i] && b || !c;", "&& ||"),
        ('he said "no" twice', '"no"'),
        ("NOT a AND b OR c*", "and or c*"),
        ("100% of_it", "100%"),
        ("100% of_it", "f_i"),
        ("a!b", "a!b"),
        ("Ünïcode ÉCLAIR", "éclair"),
        ("Ünïcode ÉCLAIR", "éc"),
        ("МОСКВА", "москва"),
        ("МОСКВА", "ва"),
        ("Go", "go"),
        ("C# is", "c#"),
        ("q", "Q"),
        ("ends in tea", "ea"),
        ("it's -a- col:umn ^x", "it's -a- col:umn ^x"),
        ("🍵 hot", "🍵"),
        ("line one\nline two", "two one"),
    ],
)
def test_a_word_finds_the_text_that_holds_it(store: Store, text: str, query: str) -> None:
    add(store, "something else", text, "又一个")
    assert found(store, query) == {text}


@pytest.mark.parametrize(
    "query",
    ["", "   ", "absent", "xz", "缺", "green absent", "black xz", "a%k", "bl_ck", "100!", "*", '"', "blacker"],
)
def test_what_no_message_holds_is_not_found(store: Store, query: str) -> None:
    add(store, "Green or black?", "100% wool")
    assert store.search(query) == ()


alphabet = st.sampled_from('aAbB éÉ茶绿"*%_!-\nß')


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(alphabet, max_size=12), max_size=8), st.text(alphabet, max_size=5))
def test_search_finds_what_looking_at_every_text_finds(texts: list[str], query: str) -> None:
    store = Store(MEMORY)
    try:
        add(store, *texts)
        words = query.lower().split()
        expected = {text for text in texts if words and all(word in text.lower() for word in words)}
        assert found(store, query) == expected
    finally:
        store.close()


def test_every_branch_is_searched_and_the_hit_leads_to_it(store: Store) -> None:
    chat = store.create_conversation("Tea")
    asked = store.add_message(chat.id, parent_id=None, role="user", text="Which?")
    old = store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Oolong is best")
    store.add_message(chat.id, parent_id=asked.id, role="assistant", text="Green")
    (hit,) = store.search("oolong")
    assert (hit.conversation_id, hit.message_id, hit.role, hit.title) == (chat.id, old.id, "assistant", "Tea")
    tree = store.tree(chat.id)
    assert [message.text for message in tree.path(tree.newest_leaf(hit.message_id))] == ["Which?", "Oolong is best"]


def test_the_snippet_marks_every_match_around_the_first(store: Store) -> None:
    add(store, f"{'before ' * 50}Green\n\n tea and GREEN beans {'after ' * 50}")
    (hit,) = store.search("green tea")
    assert marked(hit) == ["Green", "tea", "GREEN"]
    assert "Green tea and GREEN beans" in said(hit)
    assert said(hit).startswith("…")
    assert said(hit).endswith("…")
    assert len(said(hit)) < 180


def test_titles_come_before_messages_and_the_newest_first(store: Store) -> None:
    first = add(store, "green one")
    store.create_conversation("Green old")
    store.rename(store.create_conversation("other").id, "Green new")
    second = add(store, "green two")
    hits = store.search("green")
    assert [(hit.title, hit.message_id is None) for hit in hits[:2]] == [("Green new", True), ("Green old", True)]
    assert [hit.conversation_id for hit in hits[2:]] == [second, first]
    assert marked(hits[0]) == ["Green"]
    assert [hit.title for hit in store.search("other")] == []


def test_no_more_hits_than_asked_for(store: Store) -> None:
    add(store, *(f"green {number}" for number in range(20)))
    assert [said(hit) for hit in store.search("green", limit=3)] == ["green 19", "green 18", "green 17"]


def test_what_lies_in_the_bin_is_not_found_until_it_is_restored(store: Store) -> None:
    chat = store.create_conversation("Rooibos")
    message = store.add_message(chat.id, parent_id=None, role="user", text="chamomile")
    store.delete_messages([message.id])
    assert store.search("chamomile") == ()
    store.restore_messages([message.id])
    store.delete_conversation(chat.id)
    assert store.search("chamomile") == store.search("rooibos") == ()
    store.restore_conversation(chat.id)
    assert len(store.search("chamomile")) == len(store.search("rooibos")) == 1


def test_what_is_gone_forever_leaves_nothing_to_find(store: Store) -> None:
    chat = store.create_conversation("Rooibos")
    store.add_message(chat.id, parent_id=None, role="user", text="chamomile")
    store.delete_forever(chat.id)
    assert store._db.read("SELECT term FROM word_list") == []


def test_a_reply_is_found_when_it_has_ended_and_only_by_its_last_text(store: Store) -> None:
    chat = store.create_conversation("-")
    reply = store.add_message(chat.id, parent_id=None, role="assistant", status=Status.STREAMING)
    store.save_reply(reply.id, "chamomile?", Status.STREAMING)
    assert store.search("chamomile") == ()
    store.save_reply(reply.id, "<think>rooibos</think>peppermint", Status.COMPLETE)
    assert len(store.search("peppermint")) == 1
    assert store.search("chamomile") == store.search("rooibos") == ()
    store.save_reply(reply.id, "fennel", Status.STREAMING)
    store.save_reply(reply.id, "nettle", Status.STOPPED)
    assert store.search("peppermint") == store.search("fennel") == ()
    assert len(store.search("nettle")) == 1


def test_the_text_beside_an_attachment_is_found(store: Store) -> None:
    chat = store.create_conversation("-")
    parts = (Part(PartKind.FILE, "inside", name="a.txt"), Part(PartKind.TEXT, "beside"))
    store.add_message(chat.id, parent_id=None, role="user", parts=parts)
    assert len(store.search("beside")) == 1


def test_a_short_word_that_begins_too_many_entries_is_still_found(store: Store) -> None:
    many = "".join(f"茶{chr(0x4E00 + number)}" for number in range(MOST_ENTRIES + 10))
    add(store, "最早的茶", many, "no such thing")
    assert found(store, "茶") == {"最早的茶", many}


def test_a_query_of_many_short_words_is_one_too(store: Store) -> None:
    words = [f"{chr(0x4E00 + number)}茶" for number in range(300)]
    add(store, " ".join(words), " ".join(words[1:]))
    assert found(store, " ".join(words)) == {" ".join(words)}


def test_a_pasted_page_is_a_query_too(store: Store) -> None:
    page = " ".join(f"word{number}" for number in range(400))
    add(store, page, page[:500])
    assert found(store, page) == {page}
