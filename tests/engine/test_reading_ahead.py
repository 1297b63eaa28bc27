"""What is read of a draft is certain, changes no reply, takes nothing away that a reply would find, and hides."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cache import build

from engine import cache_shelf
from engine import reader as reading
from engine.api import (
    GenerateRequest,
    LoadRequest,
    Message,
    ReadAhead,
    ReadAheadRequest,
    ReplyFinished,
    SamplerSettings,
)
from engine.cache import common_prefix
from engine.cache_file import saved_ids
from engine.engine import Engine
from engine.layers import never
from engine.loaders import open_checkpoint
from engine.prompt import prompt_ids
from engine.reader import Reader
from engine.reading_ahead import certain_ids
from engine.tokenizers import Tokenizer, load_tokenizer

LIMIT = 4096
BEFORE = (Message("user", "Hi"), Message("assistant", "Hello."))
PIECES = (
    "fox",
    "foxes",
    "The",
    "don't",
    "1",
    "42",
    "e",
    "ing",
    " ",
    "  ",
    "\n",
    "\n\n",
    ".",
    "…",
    '"',
    "(",
    "):\n    ",
)
PIECES += ("猫", "天气", "怎么样", "？", "<|im_end|>", "é", "🙂", "https://", "snake_case")
TEXTS = (
    "What is the capital of France, and why was it chosen? Answer in one sentence, please.",
    "def f(x):\n    if x is None:\n        return {1: 'a'}\n\n    return x * 3.14159  # about pi\n",
    "你好，请告诉我明天北京的天气怎么样，需要带什么衣服？人工智能是计算机科学的一个分支。",
)


@pytest.fixture(scope="module")
def tokenizer(starter: Path) -> Tokenizer:
    with open_checkpoint(starter) as checkpoint:
        return load_tokenizer(checkpoint)


def asked(text: str, **more: object) -> GenerateRequest:
    return replace(GenerateRequest(0, (*BEFORE, Message("user", text))), **more)  # type: ignore[arg-type]


def mistaken(tokenizer: Tokenizer, draft: str, final: str) -> tuple[int, int]:
    """How many tokens of a draft were read that the final prompt has not, and how many it has behind the others."""
    known = certain_ids(asked(draft), tokenizer, limit=LIMIT)
    ids, _ = prompt_ids(asked(final), tokenizer, limit=LIMIT)
    same = common_prefix(known, ids)
    return len(known) - same, len(ids) - same


@pytest.mark.parametrize("text", TEXTS, ids=["English", "code", "Chinese"])
def test_wherever_one_stops_to_type_what_is_read_stays_true(text: str, tokenizer: Tokenizer) -> None:
    found = [mistaken(tokenizer, text[:end], text)[0] for end in range(1, len(text) + 1)]
    assert max(found) == 0
    _, rest = mistaken(tokenizer, text, text)
    assert rest <= 14, "the last word or so, and the template's end"


@settings(deadline=None, max_examples=150)
@given(draft=st.lists(st.sampled_from(PIECES)), more=st.lists(st.sampled_from(PIECES), max_size=4))
def test_whatever_is_typed_next_hardly_a_token_was_read_in_vain(
    draft: list[str], more: list[str], tokenizer: Tokenizer
) -> None:
    start = "".join(draft)
    wrong, _ = mistaken(tokenizer, start, start + "".join(more))
    assert wrong <= 1


def test_another_message_shares_what_stands_before_it(tokenizer: Tokenizer) -> None:
    ids, _ = prompt_ids(asked("Zebras?"), tokenizer, limit=LIMIT)
    known = certain_ids(asked("W"), tokenizer, limit=LIMIT)
    assert known == ids[: len(known)]
    assert tokenizer.decode(ids[len(known) - 1 :]).startswith("\nZebras?")


class Chatting:
    """An engine with the starter model, and what is asked of it."""

    def __init__(self, path: Path, **load: object) -> None:
        self.engine = Engine()
        self._load = LoadRequest(0, str(path), **load)  # type: ignore[arg-type]
        list(self.engine.run(self._load))

    def reply(self, request: GenerateRequest) -> ReplyFinished:
        finished = list(self.engine.run(request))[-1]
        assert isinstance(finished, ReplyFinished)
        return finished

    def read_ahead(self, request: GenerateRequest, cancelled: Callable[[], bool] = never) -> int:
        """The tokens that a reply would find read."""
        events = list(self.engine.run(ReadAheadRequest(7, request), cancelled))
        assert [type(event) for event in events] == [ReadAhead]
        assert isinstance(events[0], ReadAhead)
        return events[0].known_tokens

    def forget(self) -> None:
        assert self.engine.reader is not None
        self.engine.reader.forget()


@pytest.fixture(scope="module")
def starter_chat(starter: Path) -> Iterator[Chatting]:
    chat = Chatting(starter)
    yield chat
    chat.engine.close()


@pytest.fixture
def chat(starter_chat: Chatting) -> Chatting:
    starter_chat.forget()
    return starter_chat


GREEDY = SamplerSettings(temperature=0.0)
QUESTION = asked(f"{TEXTS[0]} Then tell me how a fox and a hen live together.", sampler=GREEDY, max_tokens=24)


def typed(request: GenerateRequest, words: int) -> GenerateRequest:
    """The request while its last message has so many words."""
    assert not isinstance(request.prompt, str)
    *before, last = request.prompt
    return replace(request, prompt=(*before, Message("user", " ".join(last.content.split()[:words]))))


def test_a_reply_is_the_same_and_finds_nearly_all_read(chat: Chatting) -> None:
    plain = chat.reply(QUESTION)
    chat.forget()
    for words in range(1, 40, 3):
        known = chat.read_ahead(typed(QUESTION, words))
    reply = chat.reply(QUESTION)
    assert reply.token_ids == plain.token_ids
    assert reply.timings.reused_tokens == known > reply.timings.prompt_tokens - 10
    assert plain.timings.reused_tokens == 0


def test_a_reply_is_the_same_to_the_last_bit_where_the_chunks_are_of_the_same_kind(chat: Chatting) -> None:
    few = replace(QUESTION, max_tokens=4)  # before any is guessed: guesses are read together
    plain = chat.reply(few)
    chat.forget()
    known = chat.read_ahead(typed(few, 8))
    assert known > 16
    reply = chat.reply(few)
    assert reply.timings.prompt_tokens - reply.timings.reused_tokens > 16
    assert (reply.token_ids, reply.logprobs) == (plain.token_ids, plain.logprobs)


def test_a_message_that_was_changed_is_answered_as_it_is(chat: Chatting, tokenizer: Tokenizer) -> None:
    other = asked("Never mind that; tell me about the moon and the sea instead, at length.")
    plain = chat.reply(QUESTION)
    chat.forget()
    chat.read_ahead(other)
    reply = chat.reply(QUESTION)
    assert reply.token_ids == plain.token_ids
    assert reply.timings.reused_tokens == common_prefix(
        prompt_ids(QUESTION, tokenizer, limit=LIMIT)[0], prompt_ids(other, tokenizer, limit=LIMIT)[0]
    )


def test_what_cannot_be_read_ahead_is_left_without_an_error(chat: Chatting) -> None:
    assert chat.engine.model is not None
    tokenizer = chat.engine.model.tokenizer
    assert chat.read_ahead(GenerateRequest(0, "Once upon a time")) == 0
    assert chat.read_ahead(GenerateRequest(0, ())) == 0
    assert chat.read_ahead(asked("word " * 5000)) == 0
    template, tokenizer.chat_template = tokenizer.chat_template, "{{ raise_exception('no') }}"
    assert chat.read_ahead(asked("Hello there, you")) == 0
    tokenizer.chat_template = template
    assert chat.read_ahead(asked("Hello there, you"), lambda: True) == 0
    assert chat.engine.reader is not None
    assert chat.engine.reader.ids == []
    assert [type(event) for event in Engine().run(ReadAheadRequest(1, QUESTION))] == [ReadAhead]


def test_reading_ahead_ends_between_two_chunks_and_keeps_what_it_read(chat: Chatting) -> None:
    long = asked("The fox and the hen. " * 100)
    calls = itertools.count()
    known = chat.read_ahead(long, lambda: next(calls) > 60)
    assert 0 < known < 400
    reply = chat.reply(replace(long, max_tokens=1))
    assert reply.timings.reused_tokens == known


def test_few_tokens_of_a_large_model_are_left_between_two_layers_too(
    chat: Chatting, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = chat.engine.reader
    assert reader is not None
    decoder, ids = reader.model.decoder, list(range(100, 150))
    reader.forward(ids)
    small = reader.forward(ids[:5], interrupted=lambda: True)
    reader.cut(50)
    monkeypatch.setattr(decoder, "interruptible", 2)
    asked = iter((False, False, True))
    assert reader.forward(ids[:5], interrupted=lambda: next(asked)) is None
    assert reader.ids == ids
    large = reader.forward(ids[:5], interrupted=lambda: False)
    assert small is not None
    assert large is not None
    assert torch.equal(small, large)


KINDS = ("attention", "recurrent")
Step = tuple[str, list[int], Path | None]


def steps(seed: int, folder: Path) -> Iterator[Step]:
    """Replies and drafts in three conversations with branches, in any order."""
    chance = random.Random(seed)
    stem = chance.choices(range(3, 300), k=40)
    chats: list[tuple[Path | None, list[list[int]]]] = [
        (path, [stem[: chance.choice((0, 20, 40))]]) for path in (None, folder / "a", folder / "b")
    ]
    drafts: dict[Path | None, list[int]] = {}
    for _ in range(40):
        path, branches = chance.choice(chats)
        text = drafts.pop(path, []) or chance.choice(branches)
        text = text[: chance.choice((len(text), len(text), chance.randrange(len(text) + 1)))]
        text = text + chance.choices(range(3, 300), k=chance.randrange(1, 60))
        if chance.random() < 0.5:
            drafts[path] = text
            yield "ahead", text, path
        else:
            branches.append(text)
            yield "reply", text, path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("room", [1 << 30, 200_000], ids=["with room", "crowded"])
def test_replies_find_all_that_they_would_find_if_nothing_had_been_read_ahead(
    kind: str, room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (cache_shelf, reading):
        monkeypatch.setattr(module, "MOST_BYTES", room)
    model = build(kind, tmp_path)
    gained = 0
    for seed in range(6):
        plain, ahead = Reader(model, limit=2048), Reader(model, limit=2048)
        for number, (what, ids, path) in enumerate(steps(seed, tmp_path)):
            if what == "ahead":
                ahead.read_ahead(ids, path and path.with_suffix(".ahead"), never)
                continue
            found = []
            for reader, place in ((plain, path), (ahead, path and path.with_suffix(".ahead"))):
                found.append(reader.rewind(ids, place))
                for _ in reader.read(ids, never):
                    pass
                for token in ids[:3]:
                    reader.forward([token])
            # A recurrent layer keeps its state behind a piece of several tokens, but not behind a last single one.
            assert found[1] >= found[0] - (kind == "recurrent"), (seed, number)
            gained += found[1] - found[0]
        for reader in (plain, ahead):
            reader.close()
        for file in tmp_path.glob("*.ahead"):
            file.unlink()
        for path in (tmp_path / "a", tmp_path / "b"):
            path.unlink(missing_ok=True)
    assert gained > 0


@pytest.mark.parametrize("leaves", ["for another chat", "by closing", "for another draft"])
def test_no_draft_gets_into_a_file(leaves: str, tmp_path: Path) -> None:
    model = build("attention", tmp_path)
    reader, chance = Reader(model, limit=512), random.Random(1)
    sent, draft, other = (chance.choices(range(3, 300), k=count) for count in (60, 50, 70))
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    reader.rewind(sent, mine)
    for _ in reader.read(sent, never):
        pass
    assert reader.read_ahead(sent + draft, mine, never) == 110
    if leaves == "for another chat":
        reader.rewind(other, theirs)
    elif leaves == "for another draft":
        assert reader.read_ahead(other, theirs, never) == 70
    reader.close()
    assert saved_ids(mine, reader.fingerprint()) == sent
    assert not theirs.exists()


def test_a_chat_that_is_opened_is_taken_from_its_file_before_it_is_asked(tmp_path: Path) -> None:
    model = build("attention", tmp_path)
    reader, chance = Reader(model, limit=512), random.Random(1)
    sent, draft = chance.choices(range(3, 300), k=80), chance.choices(range(3, 300), k=20)
    reader.rewind(sent, tmp_path / "chat")
    for _ in reader.read(sent, never):
        pass
    reader.close()
    again = Reader(model, limit=512)
    sizes: list[int] = []
    forward = again.forward
    again.forward = lambda ids, **more: (sizes.append(len(ids)), forward(ids, **more))[1]  # type: ignore[method-assign]
    assert again.read_ahead(sent + draft, tmp_path / "chat", never) == 100
    assert sizes == [20]
    assert again.rewind([*sent, *draft, 5], tmp_path / "chat") == 100
    again.close()
