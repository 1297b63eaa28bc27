"""What is read once is not read again: over branches, conversations and restarts; and reading can be stopped."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
import torch
from test_cache import build

from engine import cache_shelf
from engine import reader as reading
from engine.api import (
    GenerateRequest,
    LoadRequest,
    Message,
    PrefillProgressed,
    ReplyFinished,
    SamplerSettings,
    TokenizerError,
)
from engine.cache_file import Refusal, saved_ids
from engine.engine import Engine
from engine.layers import never
from engine.model import Model
from engine.reader import Reader

TOLERANCE = 1e-4  # of the largest logit
KINDS = ("attention", "recurrent")


def tokens(count: int, seed: int = 0) -> list[int]:
    return random.Random(seed).choices(range(3, 300), k=count)


def read(reader: Reader, ids: list[int], path: Path | None = None) -> int:
    """Read a text; how much of it was known."""
    known = reader.rewind(ids, path)
    for _ in reader.read(ids, never):
        pass
    return known


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return build("attention", tmp_path)


def test_flipping_between_branches_reads_nothing_again(model: Model) -> None:
    reader = Reader(model, limit=512)
    stem = tokens(100)
    branches = [stem + tokens(80, seed=seed) for seed in (1, 2, 3)]
    assert [read(reader, ids) for ids in branches] == [0, 100, 100]
    assert [read(reader, ids) for ids in (*branches, *branches)] == [179] * 6


def test_a_token_that_the_embedding_lacks_is_named(model: Model) -> None:
    reader = Reader(model, limit=512)
    read(reader, tokens(40))
    with pytest.raises(TokenizerError, match="embedding has 320 rows"):
        reader.forward([model.decoder.vocabulary])
    assert reader.cache.length == 40


def test_two_conversations_in_turn_cost_what_is_new(model: Model) -> None:
    reader = Reader(model, limit=512)
    one, other = tokens(90, seed=1), tokens(90, seed=2)
    read(reader, one)
    read(reader, other)
    assert read(reader, one + tokens(10, seed=3)) == 90
    assert read(reader, other + tokens(10, seed=4)) == 90


def test_what_is_put_away_is_bounded(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(model, limit=512)
    one, other = tokens(90, seed=1), tokens(90, seed=2)
    read(reader, one)
    monkeypatch.setattr(cache_shelf, "MOST_BYTES", reader.cache.nbytes - 1)
    read(reader, other)
    assert read(reader, one) == 0


def test_what_is_taken_up_again_gives_the_logits_of_a_fresh_run(model: Model) -> None:
    reader = Reader(model, limit=512)
    first, second = tokens(100), tokens(60) + tokens(60, seed=5)
    for ids in (first, second, first[:80] + tokens(20, seed=6), second):
        read(reader, ids)
        alone = model.decoder(torch.tensor([ids]), model.decoder.new_cache(512), last_only=True)[0]
        assert reader.logits is not None
        assert float((reader.logits - alone).abs().max() / alone.abs().max()) <= TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_text_is_not_read_again_after_a_restart(kind: str, tmp_path: Path) -> None:
    model, ids, path = build(kind, tmp_path), tokens(150), tmp_path / "caches" / "one.safetensors"
    reader = Reader(model, limit=512)
    assert read(reader, ids, path) == 0
    reader.close()
    again = Reader(model, limit=512)
    assert read(again, [*ids, 5, 6, 7], path) == 150
    assert reader.model is model
    alone = model.decoder(torch.tensor([[*ids, 5, 6, 7]]), model.decoder.new_cache(512), last_only=True)[0]
    assert again.logits is not None
    assert float((again.logits - alone).abs().max() / alone.abs().max()) <= TOLERANCE


def test_a_text_is_saved_when_another_takes_its_place_and_only_if_it_grew(model: Model, tmp_path: Path) -> None:
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    reader = Reader(model, limit=512)
    read(reader, tokens(100), one)
    assert not one.exists()
    read(reader, tokens(50, seed=1), other)
    read(reader, tokens(100), one)  # waits for the disk
    assert saved_ids(one, reader.fingerprint()) == tokens(100)
    written = one.stat().st_mtime_ns
    read(reader, tokens(50, seed=1), other)
    reader.close()
    assert one.stat().st_mtime_ns == written
    assert saved_ids(other, reader.fingerprint()) == tokens(50, seed=1)


def test_reading_does_not_wait_for_the_disk(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(cache_shelf, "save_cache", lambda *_arguments: gate.wait(20))
    reader = Reader(model, limit=512)
    read(reader, tokens(100), tmp_path / "one")
    assert read(reader, tokens(100, seed=1), tmp_path / "other") == 0
    assert reader.logits is not None
    assert any(thread.name == "cache writer" for thread in threading.enumerate()), "the disk is still busy"
    gate.set()
    reader.close()
    assert not any(thread.name == "cache writer" for thread in threading.enumerate())


def test_a_disk_that_fails_costs_no_reply(model: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    (tmp_path / "damaged.safetensors").write_bytes(b"\xff" * 1000)
    (tmp_path / "folder.safetensors").mkdir()
    reader = Reader(model, limit=512)
    for path in ("file/one", "damaged.safetensors", "folder.safetensors", "nul\0", "x" * 400):
        assert read(reader, tokens(50), tmp_path / path) in (0, 49)
        assert reader.logits is not None
    reader.close()
    assert saved_ids(tmp_path / "nothing", "") is Refusal.MISSING


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_between_two_layers_leaves_the_cache_as_it_was(kind: str, tmp_path: Path) -> None:
    model, ids = build(kind, tmp_path), tokens(40)
    reader = Reader(model, limit=512)
    assert reader.forward(ids[:20]) is not None
    asked = iter((False, True))
    assert reader.forward(ids[20:], interrupted=lambda: next(asked)) is None
    assert (len(reader.ids), reader.cache.length) == (20, 20)
    found = reader.forward(ids[20:])
    alone = model.decoder(torch.tensor([ids]), model.decoder.new_cache(64), last_only=True)[0]
    assert found is not None
    assert float((found - alone).abs().max() / alone.abs().max()) <= TOLERANCE


def test_a_stop_while_reading_ends_it(model: Model) -> None:
    reader, asked = Reader(model, limit=512), iter([False] * 5 + [True] * 9)
    reader.rewind(tokens(300))
    steps = list(reader.read(tokens(300), lambda: next(asked)))
    assert reader.logits is None
    assert steps[-1] == len(reader.ids) < 300
    assert read(reader, tokens(300)) == steps[-1], "what was read is kept"


def test_warming_up_leaves_nothing(model: Model) -> None:
    reader = Reader(model, limit=256)
    reader.warm_up()
    assert reader.ids == []
    assert reader.cache.nbytes == 0


def test_a_slow_model_reads_less_at_a_time(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(reading.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(reading, "FIRST_WORK", 100 * model.info.parameters)

    def sizes(token_s: float) -> list[int]:
        reader, read_sizes = Reader(model, limit=2048), list[int]()
        forward = reader.forward

        def timed(ids, **options):
            read_sizes.append(len(ids))
            now[0] += len(ids) * token_s
            return forward(ids, **options)

        monkeypatch.setattr(reader, "forward", timed)
        for _ in reader.read(tokens(1000), never):
            pass
        return read_sizes

    assert sizes(0.0)[:4] == [64, 128, 256, 256]
    assert sizes(0.005)[:4] == [64] * 4
    assert sizes(1.0)[:4] == [64, 32, 16, 16]
    monkeypatch.setattr(reading, "FIRST_WORK", 1.0)
    assert sizes(0.0)[:3] == [16, 32, 64], "a large model begins with little"


def test_how_much_is_read_at_a_time_changes_no_bit(starter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    list(engine.run(LoadRequest(0, str(starter))))
    assert engine.reader is not None
    ids, logits = tokens(200), []
    monkeypatch.setattr(Reader, "_adapt_chunk", lambda *_arguments: None)
    for size in (16, 64, 256):
        engine.reader.forget()
        engine.reader._chunk = size
        read(engine.reader, ids)
        logits.append(engine.reader.logits)
    assert torch.equal(logits[0], logits[1])
    assert torch.equal(logits[0], logits[2])
    engine.close()


QUESTIONS = ("Tell me about foxes.", "Write a Python loop.", "用中文回答。", "And émojis 🙂?", "List three:")


@pytest.mark.parametrize(("temperature", "stop"), [(1.5, ()), (1.0, ("the",))], ids=["sampled", "stopped"])
def test_over_twenty_turns_only_new_text_is_read(temperature: float, stop: tuple[str, ...], starter: Path) -> None:
    engine = Engine()
    list(engine.run(LoadRequest(0, str(starter), context_length=4096)))
    messages: list[Message] = []
    before = 0
    for turn in range(20):
        messages.append(Message("user", QUESTIONS[turn % len(QUESTIONS)]))
        sampler = SamplerSettings(temperature=temperature, top_k=0, top_p=1.0, min_p=0.0, seed=turn)
        request = GenerateRequest(turn, tuple(messages), sampler, max_tokens=8, stop=stop)
        finished = list(engine.run(request))[-1]
        assert isinstance(finished, ReplyFinished)
        timings = finished.timings
        # The last token was drawn but never read; a stop string may end inside of a token or two more.
        assert timings.reused_tokens >= before - 1 - 2 * len(stop)
        before = timings.prompt_tokens + timings.generated_tokens
        messages.append(Message("assistant", finished.text, finished.token_ids))
    engine.close()


def test_an_old_chat_goes_on_without_being_read_again(starter: Path, tmp_path: Path) -> None:
    greedy, path = SamplerSettings(temperature=0.0), str(tmp_path / "chat.safetensors")

    def reply(engine: Engine, messages: list[Message], cache_path: str | None) -> ReplyFinished:
        request = GenerateRequest(1, tuple(messages), greedy, max_tokens=10, cache_path=cache_path)
        finished = list(engine.run(request))[-1]
        assert isinstance(finished, ReplyFinished)
        return finished

    def loaded() -> Engine:
        engine = Engine()
        list(engine.run(LoadRequest(0, str(starter))))
        return engine

    messages = [Message("user", "Tell me about foxes and their life in the woods of the north. " * 3)]
    engine = loaded()
    first = reply(engine, messages, path)
    engine.close()
    messages += [Message("assistant", first.text, first.token_ids), Message("user", "And bears?")]
    engine = loaded()
    again = reply(engine, messages, path)
    assert again.timings.reused_tokens == first.timings.prompt_tokens + len(first.token_ids) - 1
    engine.close()
    engine = loaded()
    fresh = reply(engine, messages, None)
    assert fresh.timings.reused_tokens == 0
    assert fresh.token_ids == again.token_ids
    engine.close()


def test_progress_is_told_for_every_chunk(starter: Path) -> None:
    engine = Engine()
    list(engine.run(LoadRequest(0, str(starter))))
    events = list(engine.run(GenerateRequest(1, "one two three " * 200, max_tokens=1)))
    done = [event.done_tokens for event in events if isinstance(event, PrefillProgressed)]
    assert done[:2] == [0, 256]
    assert done[-1] == events[-1].timings.prompt_tokens
    assert done == sorted(set(done))
    engine.close()
