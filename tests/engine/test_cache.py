"""KV caches: forks, truncation and files give the logits of a fresh run; a file that is not right is never used."""

from __future__ import annotations

import json
import os
import random
import struct
import zlib
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference_data import FIXTURES
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, MambaConfig, MambaForCausalLM, MistralConfig, MistralForCausalLM

from engine.cache import KVCache, LayerCache, StateCache, common_prefix
from engine.cache_blocks import Q8_0, bytes_of, to_blocks, to_numbers
from engine.cache_file import Refusal, load_cache, save_cache, saved_ids
from engine.fingerprint import cache_fingerprint
from engine.model import Model, load_model
from engine.quants import dequantize

TOLERANCE = 1e-4  # of the largest logit
MUTATIONS = int(os.environ.get("FIRESIDE_FUZZ", "400")) // 4
MODELS = ("attention", "window", "window, f16", "attention, q8_0", "recurrent")


def build(kind: str, folder: Path) -> Model:
    """A tiny model of each kind of cache."""
    name, _, cache_type = kind.partition(", ")
    if name == "attention":
        return load_model(FIXTURES / "models" / "llama", cache_type=cache_type or "auto")
    torch.manual_seed(0)
    if name == "window":
        sizes = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2, "vocab_size": 320}
        heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32, "sliding_window": 5}
        MistralForCausalLM(MistralConfig(**sizes, **heads)).save_pretrained(folder)
    else:
        config = MambaConfig(hidden_size=32, num_hidden_layers=2, vocab_size=320, state_size=8, time_step_rank=4)
        MambaForCausalLM(config).save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes((FIXTURES / "models" / "llama" / "tokenizer.json").read_bytes())
    return load_model(folder, cache_type=cache_type or "auto")


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    return build(request.param, tmp_path)


def tokens(count: int, seed: int = 0) -> list[int]:
    return random.Random(seed).choices(range(3, 300), k=count)


def read(model: Model, ids: list[int], cache: KVCache) -> torch.Tensor:
    """Logits [T, V] of ids behind what the cache holds."""
    logits = model.decoder(torch.tensor([ids]), cache)
    cache.ids += ids
    return torch.as_tensor(logits[0])


def fresh(model: Model, ids: list[int]) -> tuple[KVCache, torch.Tensor]:
    """A cache that has read ids in two parts and then some one by one, and the last logits."""
    cache = model.decoder.new_cache(64)
    read(model, ids[:8], cache)
    read(model, ids[8:16], cache)
    for token in ids[16:-1]:
        read(model, [token], cache)
    return cache, read(model, ids[-1:], cache)


def check_equal(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert float((found - expected).abs().max() / expected.abs().max()) <= TOLERANCE


def test_a_fork_goes_its_own_way_and_leaves_the_other_as_it_was(model: Model) -> None:
    ids, branch = tokens(24), tokens(5, seed=1)
    cache, _ = fresh(model, ids)
    fork = cache.fork(16)
    assert (fork.length, fork.ids) == (16, ids[:16])
    _, expected = fresh(model, ids[:16] + branch)
    check_equal(read(model, branch, fork)[-1:], expected)
    _, expected = fresh(model, [*ids, 7])
    check_equal(read(model, [7], cache), expected)
    assert cache.nbytes > 0


@pytest.mark.parametrize("steps", [3, 30])
def test_a_fork_of_all_equals_the_cache(model: Model, steps: int) -> None:
    cache, _ = fresh(model, tokens(20))
    fork = cache.fork()
    for token in tokens(steps, seed=2):
        assert torch.equal(read(model, [token], fork), read(model, [token], cache))


def test_a_saved_cache_goes_on_as_if_it_had_never_been_away(model: Model, tmp_path: Path) -> None:
    ids = tokens(24)
    cache, _ = fresh(model, ids)
    path, fingerprint = tmp_path / "folder" / "c.safetensors", cache_fingerprint(model)
    save_cache(cache, path, fingerprint)
    assert saved_ids(path, fingerprint) == ids
    loaded = load_cache(path, fingerprint, layout(model))
    assert isinstance(loaded, KVCache)
    assert (loaded.length, loaded.ids) == (24, ids)
    assert torch.equal(read(model, [7, 8], loaded), read(model, [7, 8], cache))
    kept = loaded.truncate(20)
    assert kept == (16 if any(isinstance(layer, StateCache) for layer in cache.layers) else 20)
    rest = [*ids[kept:20], 9]
    _, expected = fresh(model, [*ids[:20], 9])
    check_equal(read(model, rest, loaded)[-1:], expected)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert set(load_file(path)) > {"ids"}, "any safetensors reader can open it"


def layout(model: Model) -> KVCache:
    cache = model.decoder.new_cache(64)
    model.decoder(torch.tensor([[0]]), cache)
    return cache


def test_a_file_of_another_model_or_setting_is_refused(model: Model, tmp_path: Path) -> None:
    cache, _ = fresh(model, tokens(20))
    path, fingerprint = tmp_path / "c.safetensors", cache_fingerprint(model)
    assert load_cache(path, fingerprint, layout(model)) is Refusal.MISSING
    assert saved_ids(path, fingerprint) is Refusal.MISSING
    save_cache(cache, path, fingerprint)
    assert load_cache(path, "0" * 32, layout(model)) is Refusal.OTHER
    assert saved_ids(path, "0" * 32) is Refusal.OTHER


def test_fingerprints_tell_models_and_settings_apart(tmp_path: Path) -> None:
    llama = FIXTURES / "models" / "llama"
    again = tmp_path / "llama"
    again.mkdir()
    for file in llama.iterdir():
        (again / file.name).write_bytes(file.read_bytes())
    one = cache_fingerprint(load_model(llama))
    assert cache_fingerprint(load_model(again)) == one, "the place of a model does not matter"
    assert cache_fingerprint(load_model(llama, cache_type="f16")) != one
    config = json.loads((again / "config.json").read_text())
    (again / "config.json").write_text(json.dumps(config | {"rope_theta": 123.0, "rope_parameters": None}))
    assert cache_fingerprint(load_model(again)) != one
    (again / "config.json").write_text(json.dumps(config))
    weights = load_file(again / "model.safetensors")
    save_file({name: tensor + 1 for name, tensor in weights.items()}, again / "model.safetensors", {"format": "pt"})
    assert cache_fingerprint(load_model(again)) != one


def rewritten(path: Path, **changes: torch.Tensor) -> None:
    """The same file with other tensors, its checksum made to fit."""
    size = struct.unpack("<Q", path.read_bytes()[:8])[0]
    facts = json.loads(path.read_bytes()[8 : 8 + size])["__metadata__"]
    tensors = {**load_file(path), **{name.replace("__", "."): tensor for name, tensor in changes.items()}}
    save_file(tensors, path, facts)
    checksum = 0
    with safe_open(path, "pt") as file:
        for name in file.offset_keys():
            checksum = zlib.crc32(file.get_tensor(name).flatten().view(torch.uint8).numpy().tobytes(), checksum)
    save_file(tensors, path, facts | {"crc32": f"{checksum:08x}"})


HOSTILE = {
    "other width": {"layers__0__keys": torch.zeros(1, 2, 20, 15)},
    "other heads": {"layers__0__values": torch.zeros(1, 1, 20, 16)},
    "fewer positions": {"layers__1__keys": torch.zeros(1, 2, 19, 16)},
    "other dtype": {"layers__0__keys": torch.zeros(1, 2, 20, 16, dtype=torch.float16)},
    "no shape": {"layers__0__keys": torch.zeros(())},
    "one more layer": {"layers__99__keys": torch.zeros(1, 2, 20, 16)},
    "one more part": {"layers__0__more": torch.zeros(1)},
    "another name": {"weights": torch.zeros(1)},
    "no ids": {"ids": torch.zeros(0, dtype=torch.int32)},
    "ids of another dtype": {"ids": torch.zeros(20)},
    "more ids": {"ids": torch.zeros(21, dtype=torch.int32)},
}


@pytest.mark.parametrize("change", HOSTILE)
def test_a_made_up_file_is_refused(change: str, tmp_path: Path) -> None:
    model = build("attention", tmp_path)
    cache, _ = fresh(model, tokens(20))
    path, fingerprint = tmp_path / "c.safetensors", cache_fingerprint(model)
    save_cache(cache, path, fingerprint)
    rewritten(path)
    assert isinstance(load_cache(path, fingerprint, layout(model)), KVCache), "the checksum is made to fit"
    rewritten(path, **HOSTILE[change])
    assert load_cache(path, fingerprint, layout(model)) is Refusal.DAMAGED


@pytest.mark.parametrize(
    "change",
    [
        {"layers__0__x.0": torch.zeros(1)},
        {"layers__0__16.9": torch.zeros(1)},
        {"layers__0__99.0": torch.zeros(1, 64, 3), "layers__0__99.1": torch.zeros(1, 64, 8)},
        {"layers__0__16.1": torch.zeros(1, 64, 9)},
        {"layers__0__-1.0": torch.zeros(1)},
    ],
    ids=str,
)
def test_made_up_states_are_refused(change: dict[str, torch.Tensor], tmp_path: Path) -> None:
    model = build("recurrent", tmp_path)
    cache, _ = fresh(model, tokens(20))
    path, fingerprint = tmp_path / "c.safetensors", cache_fingerprint(model)
    save_cache(cache, path, fingerprint)
    rewritten(path)
    assert isinstance(load_cache(path, fingerprint, layout(model)), KVCache), "the checksum is made to fit"
    rewritten(path, **change)
    assert load_cache(path, fingerprint, layout(model)) is Refusal.DAMAGED


@pytest.mark.parametrize("kind", ["attention", "recurrent"])
def test_no_damage_of_a_file_goes_unnoticed(kind: str, tmp_path: Path) -> None:
    model = build(kind, tmp_path)
    cache, _ = fresh(model, tokens(20))
    path, fingerprint = tmp_path / "c.safetensors", cache_fingerprint(model)
    save_cache(cache, path, fingerprint)
    whole, like, chance = path.read_bytes(), layout(model), random.Random(5)
    for _ in range(MUTATIONS):
        damaged = bytearray(whole)
        match chance.randrange(3):
            case 0:
                del damaged[chance.randrange(len(damaged)) :]
            case 1:
                damaged += bytes(chance.randrange(1, 40))
            case _:
                place = chance.choice((chance.randrange(len(damaged)), chance.randrange(2000)))
                damaged[place] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        found = load_cache(path, fingerprint, like)
        if isinstance(found, KVCache):  # a bit that means nothing
            assert found.ids == cache.ids
            assert torch.equal(read(model, [7], found), read(model, [7], cache.fork()))
    path.unlink()
    path.mkdir()
    assert load_cache(path, fingerprint, like) is Refusal.DAMAGED


def test_a_failed_save_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build("attention", tmp_path)
    cache, _ = fresh(model, tokens(20))
    path, fingerprint = tmp_path / "caches" / "c.safetensors", cache_fingerprint(model)
    save_cache(cache, path, fingerprint)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    read(model, [5], cache)
    with pytest.raises(OSError, match="No space left"):
        save_cache(cache, path, fingerprint)
    assert saved_ids(path, fingerprint) == cache.ids[:20]
    assert list(path.parent.iterdir()) == [path]


def test_blocks_are_those_of_ggml() -> None:
    x = torch.randn(7, 3, 64, generator=torch.Generator().manual_seed(1))
    x[0, 0, :32] = 0
    x[1, 0, :32] = torch.arange(32) / 2 - 8 + 0.25  # the largest, 8, is not 127 steps of a half
    blocks = to_blocks(x)
    assert blocks.shape == (7, 3, 68)
    assert torch.equal(to_numbers(blocks).view(-1, 32), dequantize("Q8_0", blocks.view(-1, 34)))
    largest = x.view(-1, 32).abs().amax(-1, keepdim=True)
    assert bool(((to_numbers(blocks).view(-1, 32) - x.view(-1, 32)).abs() <= largest * (0.5 / 127 + 1e-3)).all())
    halves = torch.zeros(32)
    halves[:5] = torch.tensor([127.0, 2.5, -2.5, 3.5, -0.5])
    assert to_blocks(halves)[2:7].view(torch.int8).tolist() == [127, 3, -3, 4, -1], "halves go away from zero"


def test_a_q8_0_cache_keeps_34_bytes_for_32_numbers() -> None:
    cache = LayerCache(limit=64, dtype=Q8_0)
    keys, values = torch.randn(1, 2, 5, 64), torch.randn(1, 2, 5, 24)
    all_keys, all_values = cache.append(keys, values)
    assert cache.keys is not None
    assert cache.values is not None
    assert (cache.keys.dtype, cache.keys.shape) == (torch.uint8, (1, 2, 64, 68))
    assert (cache.values.dtype, cache.values.shape) == (torch.float16, (1, 2, 64, 24)), "24 numbers make no blocks"
    assert torch.equal(all_keys, to_numbers(to_blocks(keys)))
    assert torch.equal(all_values, values.half().float())
    assert (bytes_of(64, Q8_0), bytes_of(24, Q8_0), bytes_of(64, torch.float16)) == (68, 48, 128)


def test_memory_estimates_follow_the_type_of_the_cache() -> None:
    sizes = {
        kind: load_model(FIXTURES / "models" / "llama", cache_type=kind).info.memory_bytes
        for kind in ("f32", "f16", "q8_0")
    }
    config = LlamaConfig.from_pretrained(FIXTURES / "models" / "llama")
    numbers = 2 * config.num_key_value_heads * config.head_dim * config.num_hidden_layers
    assert sizes["f32"] - sizes["f16"] == 2 * numbers * config.max_position_embeddings
    assert sizes["f16"] >= sizes["q8_0"]


def test_common_prefix() -> None:
    assert common_prefix([1, 2, 3], [1, 2, 4]) == 2
    assert common_prefix([1, 2], [1, 2, 4]) == common_prefix([1, 2, 4], [1, 2]) == 2
    assert common_prefix([], [1]) == 0


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_common_prefix_ends_at_the_first_difference(same: list[int], one: list[int], other: list[int]) -> None:
    length = common_prefix([*same, *one], (*same, *other))
    assert length >= len(same)
    rests = [*same, *one][length:], [*same, *other][length:]
    assert [*same, *one][:length] == [*same, *other][:length]
    assert not all(rests) or rests[0][0] != rests[1][0]
