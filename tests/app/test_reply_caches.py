"""The files with what was read of conversations: bounded, deleted with the conversation, never a reason to fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.core.conversation import Status, StoredMessage, prompt_messages, text_parts
from app.core.reply_caches import ReplyCaches
from app.core.reply_record import recorded_token_ids


def written(caches: ReplyCaches, name: str, *, size_bytes: int = 100, used_at: float = 0.0) -> Path:
    path = caches.path_of(name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(size_bytes))
    os.utime(path, (used_at, used_at))
    return path


def test_what_was_unused_for_longest_leaves_first(tmp_path: Path) -> None:
    caches = ReplyCaches(tmp_path / "caches", most_bytes=250)
    paths = [written(caches, name, used_at=at) for at, name in enumerate("abc", 1)]
    caches.path_of("a")
    assert [path.exists() for path in paths] == [True, False, True]


def test_a_conversations_file_is_deleted_when_asked(tmp_path: Path) -> None:
    caches = ReplyCaches(tmp_path / "caches")
    one, other = written(caches, "one"), written(caches, "other")
    caches.forget("one")
    caches.forget("never there")
    assert (one.exists(), other.exists()) == (False, True)


def test_what_belongs_to_no_conversation_is_deleted(tmp_path: Path) -> None:
    caches = ReplyCaches(tmp_path / "caches")
    one, other = written(caches, "one"), written(caches, "other")
    rest = one.with_name(".one.safetensors.x.part")
    rest.write_bytes(b"cut off by a crash")
    caches.keep_only({"one"})
    assert (one.exists(), other.exists(), rest.exists()) == (True, False, False)


def test_a_disk_that_fails_is_no_reason_to_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    caches = ReplyCaches(tmp_path / "caches", most_bytes=0)
    assert caches.path_of("one") == tmp_path / "caches" / "one.safetensors"
    caches.keep_only(())
    path = written(caches, "one")

    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(Path, "touch", refuse)
    caches.forget("one")
    caches.keep_only(())
    assert caches.path_of("one") == path


def test_replies_go_into_the_prompt_with_their_tokens() -> None:
    path = [
        StoredMessage("1", None, "user", text_parts("Hi"), Status.COMPLETE, 0.0),
        StoredMessage("2", "1", "assistant", text_parts("Hello"), Status.COMPLETE, 0.0),
        StoredMessage("3", "2", "assistant", text_parts("And?"), Status.COMPLETE, 0.0),
    ]
    assert prompt_messages(path[:2], token_ids={"2": (4, 5)})[1].token_ids == (4, 5)
    assert prompt_messages(path, token_ids={"2": (4, 5)})[1].token_ids == (), "two replies joined have no tokens"


@pytest.mark.parametrize("record", [{}, {"token_ids": None}, {"token_ids": "12"}, {"token_ids": [1, "2", True]}])
def test_a_record_without_sound_tokens_gives_none(record: dict[str, object]) -> None:
    assert recorded_token_ids(record) == ()
    assert recorded_token_ids({"token_ids": [1, 2]}) == (1, 2)
