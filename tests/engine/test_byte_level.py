"""The compiled merges against the library's own model: the same ids for every text, the same refusals."""

from __future__ import annotations

import lzma
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_data import FIXTURES

from engine import kernels
from engine.api import TokenizerError
from engine.loaders import GgufCheckpoint
from engine.loaders.strings import Strings
from engine.tokenizers.byte_level import ByteLevelBpe
from engine.tokenizers.gguf import byte_level_twin, tokenizer_from_gguf
from engine.tokenizers.pre_tokenizers import patterns_of
from engine.tokenizers.tokenizer import Cutter, Tokenizer
from engine.tokenizers.vocabulary import BYTE_LETTERS, Spelling, Vocabulary

pytestmark = pytest.mark.skipif(not kernels.available(), reason="the compiled kernels are not installed")
LETTERS = {byte: letter for letter, byte in BYTE_LETTERS.items()}


def strings(texts: list[str]) -> Strings:
    spelt = [text.encode() for text in texts]
    spans, at = array("q"), 0
    for text in spelt:
        spans.extend((at, at + len(text)))
        at += len(text)
    return Strings(b"".join(spelt), spans)


def both(pieces: list[str], merges: list[str], *, whole_words: bool) -> tuple[Cutter, Cutter]:
    patterns = patterns_of("gpt-2")
    vocabulary = Vocabulary(pieces, Spelling.BYTE_LEVEL, ())
    twin = byte_level_twin(vocabulary, {"tokenizer.ggml.merges": merges}, patterns, whole_words=whole_words)
    return ByteLevelBpe(strings(pieces), strings(merges), patterns, whole_words=whole_words), twin


@pytest.fixture(scope="module", params=["gpt-2", "llama-bpe", "qwen2", "starter"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Cutter, Cutter]:
    if request.param == "starter":
        path: Path = request.getfixturevalue("starter")
    else:
        path = tmp_path_factory.mktemp("vocabulary") / "vocabulary.gguf"
        packed = FIXTURES / "tokenizers" / f"ggml-vocab-{request.param}.gguf.xz"
        path.write_bytes(lzma.decompress(packed.read_bytes()))
    with GgufCheckpoint(path) as checkpoint:
        metadata = checkpoint.config
        tokenizer: Tokenizer = tokenizer_from_gguf(metadata)
    assert isinstance(tokenizer.core, ByteLevelBpe)
    rule = metadata["tokenizer.ggml.pre"]
    whole_words = rule == "llama-bpe"
    return tokenizer.core, byte_level_twin(tokenizer.vocabulary, metadata, patterns_of(rule), whole_words=whole_words)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(exclude_categories=("Cs",)), max_size=80))
def test_any_text_gives_the_librarys_ids(pair: tuple[Cutter, Cutter], text: str) -> None:
    ours, twin = pair
    assert ours.ids(text) == twin.ids(text)


@pytest.mark.parametrize("text", ["a" * 5000, "ab" * 3000, "\0\x7f\xad\xa0 ÿ" * 50, "说" * 999, " " * 2000, ""])
def test_long_words_and_odd_bytes_give_the_librarys_ids(pair: tuple[Cutter, Cutter], text: str) -> None:
    ours, twin = pair
    assert ours.ids(text) == twin.ids(text)


@st.composite
def vocabularies(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Some bytes' letters and what random merges of them make; merges may come twice and in any order."""
    known = [LETTERS[byte] for byte in draw(st.lists(st.sampled_from(b"abc d\n\xc3\xa9"), min_size=1, unique=True))]
    merges = []
    for _ in range(draw(st.integers(0, 12))):
        first, second = draw(st.sampled_from(known)), draw(st.sampled_from(known))
        merges.append(f"{first} {second}")
        known.append(first + second)
    return list(dict.fromkeys(known)), draw(st.permutations(merges))


@settings(max_examples=300, deadline=None)
@given(parts=vocabularies(), text=st.text("abc d\né", max_size=40), whole_words=st.booleans())
def test_any_merges_join_as_the_library_does(
    parts: tuple[list[str], list[str]], text: str, whole_words: bool
) -> None:
    ours, twin = both(*parts, whole_words=whole_words)
    assert ours.ids(text) == twin.ids(text)


@pytest.mark.parametrize("merge", ["ab", "a  b", "a x", "b a", "", " a"])
def test_a_merge_of_no_tokens_is_refused_by_name(merge: str) -> None:
    pieces = [*(LETTERS[byte] for byte in range(256)), *(f"filler{i}" for i in range(2000)), "ab"]
    metadata: dict[str, Any] = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": strings(pieces),
        "tokenizer.ggml.merges": strings(["a b", merge]),
    }
    with pytest.raises(TokenizerError, match=r"merge '.*' joins no two tokens"):
        tokenizer_from_gguf(metadata)


def test_strings_are_found_without_decoding_the_others() -> None:
    found = strings(["</s>", "x</s>", "", "</s>", "é"])
    assert found.places_of("</s>") == [0, 3]
    assert found.places_of("s>x") == []
    assert found[-1] == "é"
    assert found[1:3] == ["x</s>", ""]
    assert list(found) == ["</s>", "x</s>", "", "</s>", "é"]
    with pytest.raises(IndexError):
        found[5]
