"""Tokenizers against the reference ids; hostile data and texts end with an error or survive, never with a panic."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_data import FIXTURES, names, read_json
from tokenizers import Regex, pre_tokenizers

from engine.api import FiresideError, TokenizerError, UnsupportedModelError
from engine.loaders import GgufCheckpoint, open_checkpoint
from engine.tokenizers import Tokenizer, load_tokenizer
from engine.tokenizers.charsmap import Charsmap
from engine.tokenizers.gguf import tokenizer_from_gguf
from engine.tokenizers.pre_tokenizers import PATTERNS
from engine.tokenizers.stream import TextStream

VOCABULARIES = names("tokenizers", "ggml-vocab-*.gguf.xz")
BERT = Path(__file__).parent.parent / "reference" / "data" / "ggml-vocab-bert-bge.gguf.xz"


@pytest.fixture(scope="module")
def smollm(request: pytest.FixtureRequest) -> Tokenizer:
    with open_checkpoint(request.getfixturevalue("starter")) as checkpoint:
        return load_tokenizer(checkpoint)


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """A vocabulary that has every byte (SmolLM2's lacks some that valid texts hold)."""
    path = tmp_path_factory.mktemp("gpt2") / "vocabulary.gguf"
    path.write_bytes(lzma.decompress((FIXTURES / "tokenizers" / "ggml-vocab-gpt-2.gguf.xz").read_bytes()))
    with GgufCheckpoint(path) as checkpoint:
        return load_tokenizer(checkpoint)


@pytest.mark.parametrize("name", VOCABULARIES)
def test_ids_and_pieces_equal_the_reference(name: str, tmp_path: Path) -> None:
    packed = FIXTURES / "tokenizers" / name
    path = tmp_path / "vocabulary.gguf"
    path.write_bytes(lzma.decompress(packed.read_bytes()))
    short = name.removeprefix("ggml-vocab-").removesuffix(".gguf.xz")
    cases = next(packed.parent.glob(f"{short}.json*"))
    reference = read_json(cases)
    with GgufCheckpoint(path) as checkpoint:
        tokenizer = load_tokenizer(checkpoint)
    assert tokenizer.vocab_size == reference["n_vocab"]
    for case in reference["cases"]:
        assert tokenizer.encode(case["text"]) == case["ids"], case["text"]
    for case in reference["extra_cases"]:
        found = tokenizer.encode_with_specials(
            case["text"], add_special=case["add_special"], parse_special=case["parse_special"]
        )
        assert found == case["ids"], case
    for token, in_hex, _kind in reference["pieces"]:
        assert tokenizer.token_bytes(token).hex() == in_hex


def test_a_wordpiece_vocabulary_gives_the_ids_of_llama_cpp(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.gguf"
    path.write_bytes(lzma.decompress(BERT.read_bytes()))
    with GgufCheckpoint(path) as checkpoint:
        tokenizer = load_tokenizer(checkpoint)
    cases = json.loads(BERT.with_name("bert-bge.json").read_text())["cases"]
    assert len(cases) > 40
    for case in cases:
        assert tokenizer.encode(case["text"]) == case["ids"], case["text"]
    assert tokenizer.encode_with_specials("[SEP]", add_special=True, parse_special=True) == [101, 102, 102]


def test_every_rule_for_cutting_texts_is_a_pattern_that_cuts() -> None:
    for name, patterns in PATTERNS.items():
        cutter = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(one), "isolated") for one in patterns])
        text = "It's 12345 naïve 你好, <b>\r\n\n  x_y"
        assert "".join(piece for piece, _ in cutter.pre_tokenize_str(text)) == text, name


@pytest.mark.parametrize(
    ("name", "text", "pieces"),
    [
        ("superbpe", "no cut 1234567", ["no cut ", "1", "234", "567"]),
        ("afmoe", "a 12345.6", ["a", " ", "12", "345", ".", "6"]),
        ("kimi-k2", "你好abc 12345", ["你好", "abc", " ", "123", "45"]),
        ("ufakzeka", "Ankara'da 10", ["Ankara", "'da", " ", "1", "0"]),
        ("jais-2", "a" + 7 * " " + "b", ["a", 4 * " ", 2 * " ", " b"]),
        ("youtu", "你好ab가나 12", ["你好", "ab", "가나", " ", "1", "2"]),
    ],
)
def test_a_rule_cuts_as_its_model_was_trained(name: str, text: str, pieces: list[str]) -> None:
    cutter = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(one), "isolated") for one in PATTERNS[name]])
    assert [piece for piece, _ in cutter.pre_tokenize_str(text)] == pieces


def test_merges_over_plain_unicode_know_lines_and_bytes() -> None:
    """Gemma 4: listed merges, ▁ for a space, no merge over a line's end, bytes for what is not in the vocabulary."""
    byte_pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    pieces = ["<pad>", "a", "b", "▁", "\n", "ab", "▁ab", "\na", *byte_pieces]
    metadata = {
        "tokenizer.ggml.model": "gemma4",
        "tokenizer.ggml.tokens": pieces,
        "tokenizer.ggml.token_type": [3, *[1] * 7, *[6] * 256],
        "tokenizer.ggml.merges": ["a b", "▁ ab", "\n a"],
    }
    tokenizer = tokenizer_from_gguf(metadata)
    ids = tokenizer.encode("ab ab\nab\u00e9<pad>")
    assert [pieces[i] for i in ids[:4]] == ["ab", "▁ab", "\n", "ab"]
    assert [pieces[i] for i in ids[4:6]] == ["<0xC3>", "<0xA9>"]
    assert 0 not in ids
    assert tokenizer.decode(ids) == "ab ab\nab\u00e9<pad>"


@given(st.binary(max_size=200))
def test_a_damaged_table_of_replacements_ends_with_an_error_or_a_text(table: bytes) -> None:
    try:
        charsmap = Charsmap(table)
    except TokenizerError:
        return
    assert isinstance(charsmap.replaced("some ä́ text"), str)


def test_a_folders_tokenizer_equals_the_library(fixtures: Path) -> None:
    import tokenizers

    folder = fixtures / "models" / "llama"
    theirs = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    with open_checkpoint(folder) as checkpoint:
        ours = load_tokenizer(checkpoint)
    for text in ("Hello, world", "  two  spaces ", "naïve 你好 🙂", ""):
        assert ours.encode(text) == theirs.encode(text, add_special_tokens=False).ids
        assert ours.decode(ours.encode(text)) == text


def test_naughty_strings_survive_a_round_trip(gpt2: Tokenizer, fixtures: Path) -> None:
    listed = fixtures / "strings" / "blns.json"
    texts = read_json(listed) if listed.exists() else ["\u202e", "ﷺ" * 50, "<script>", "\0", "𝕿𝖍𝖊", "\r\n\t"]
    for text in texts:
        assert gpt2.decode(gpt2.encode(text)) == text


def test_lone_surrogates_and_endless_words_are_encoded(smollm: Tokenizer) -> None:
    assert smollm.decode(smollm.encode("a\ud800b")) == "a?b"
    assert smollm.decode(smollm.encode("x" * 300_000)) == "x" * 300_000


@given(st.text(max_size=80))
def test_any_text_round_trips(gpt2: Tokenizer, text: str) -> None:
    assert gpt2.decode(gpt2.encode(text)) == text


def test_control_tokens_come_only_where_they_are_asked_for(smollm: Tokenizer) -> None:
    assert smollm.encode("<|im_end|>", parse_special=True) == [2]
    assert 2 not in smollm.encode("<|im_end|>")
    assert smollm.end_ids == {0, 2}


@settings(max_examples=60)
@given(st.lists(st.integers(0, 49151), max_size=30))
def test_a_stream_shows_what_decode_does_and_never_half_a_character(smollm: Tokenizer, ids: list[int]) -> None:
    stream = TextStream(smollm)
    parts = [stream.push(token) for token in ids]
    assert "".join(parts) + stream.finish() == smollm.decode(ids)


def test_a_character_of_several_tokens_appears_whole(smollm: Tokenizer) -> None:
    stream = TextStream(smollm)
    parts = [stream.push(token) for token in smollm.encode("🙂")]
    assert len(parts) > 1
    assert parts == [""] * (len(parts) - 1) + ["🙂"]
    unfinished = TextStream(smollm)
    assert unfinished.push(smollm.encode("🙂")[0]) + unfinished.finish() == "\ufffd"


def metadata(**changes: Any) -> dict[str, Any]:
    values = {"model": "gpt2", "pre": "gpt-2", "tokens": ["a", "b", "ab", "<s>"], "token_type": [1, 1, 1, 3]}
    values |= {"merges": ["a b"], "bos_token_id": 3} | changes
    return {f"tokenizer.ggml.{key}": value for key, value in values.items()}


def test_a_tiny_vocabulary_works() -> None:
    tokenizer = tokenizer_from_gguf(metadata())
    assert tokenizer.encode("abab<s>", parse_special=True) == [2, 2, 3]


@pytest.mark.parametrize(
    ("controls", "ends"),
    [
        ("<|start|> <|message|> <|channel|> <|end|> <|return|> <|call|>", "<|return|> <|call|>"),  # gpt-oss
        ("<|user|> <|assistant|> <|end|>", "<|end|>"),  # Phi-3
    ],
)
def test_an_end_of_a_thought_is_not_the_end_of_a_reply(controls: str, ends: str) -> None:
    pieces = ["a", *controls.split()]
    kinds = [1, *[3] * len(controls.split())]
    tokenizer = tokenizer_from_gguf(metadata(tokens=pieces, token_type=kinds, merges=[], bos_token_id=None))
    assert {pieces[i] for i in tokenizer.end_ids} == set(ends.split())


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"model": "abacus"}, UnsupportedModelError, "'abacus'"),
        ({"model": None}, FiresideError, "holds no tokenizer"),
        ({"pre": "unheard-of"}, UnsupportedModelError, "'unheard-of'"),
        ({"merges": ["a c"]}, TokenizerError, "is damaged: .*out of vocabulary"),
        ({"merges": ["ab"]}, TokenizerError, "names no two tokens"),
        ({"token_type": [1]}, TokenizerError, "4 tokens have 1 types"),
        ({"tokens": 7}, TokenizerError, "wrong type"),
        ({"tokens": [1, 2]}, TokenizerError, "wrong type"),
        ({"model": "llama", "scores": [0.0]}, TokenizerError, "1 scores"),
        ({"model": "t5", "scores": [0.0] * 4, "unknown_token_id": 99}, TokenizerError, "damaged"),
        ({"model": "llama", "scores": [0.0] * 4, "token_type": [6, 1, 1, 3]}, TokenizerError, "byte token 'a'"),
    ],
)
def test_damaged_vocabularies_are_refused(changes: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        tokenizer_from_gguf(metadata(**changes))


def test_a_panic_of_the_library_is_an_error_of_ours() -> None:
    """Its panics are no Exceptions, and would pass every handler."""

    class Panic(BaseException):
        pass

    class Core:
        def ids(self, _text: str) -> list[int]:
            raise Panic("index out of bounds")

    tokenizer = tokenizer_from_gguf(metadata())
    tokenizer.core = tokenizer.later_core = Core()  # type: ignore[assignment]
    with pytest.raises(TokenizerError, match="cannot encode this text: index out of bounds"):
        tokenizer.encode("abab")


class Folder:
    """A folder's small files, as the loader offers them."""

    def __init__(self, **files: object) -> None:
        self.format, self.config = "safetensors", {}
        self.files = {name.replace("_json", ".json"): json.dumps(content).encode() for name, content in files.items()}

    def side_file(self, name: str) -> bytes | None:
        return self.files.get(name)


@pytest.mark.parametrize(
    "description",
    [{}, {"model": {}}, {"model": {"type": "BPE", "vocab": {"a": 2**40}, "merges": []}}, {"model": 3}, [1]],
)
def test_damaged_tokenizer_json_is_refused(description: object) -> None:
    with pytest.raises(TokenizerError):
        load_tokenizer(Folder(tokenizer_json=description))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("description", "what"),
    [
        ({"model": [{"type": "BPE"}] * 9}, "its model is no object"),
        ({"model": {"vocab": [{"a": 0}] * 9}}, "its vocabulary does not give each token a number"),
        ({"model": {"vocab": {"a": [0]}}}, "its vocabulary does not give each token a number"),
        ({"model": {"vocab": [["a", "b"]]}}, "its vocabulary does not give each token a number"),
        ({"model": {"vocab": {"a": 0}, "merges": ["a b", ["a", "b"], ["a"]]}}, "its merges are not pairs of tokens"),
        ({"model": {"vocab": {"a": 0}, "merges": {"a": "b"}}}, "its merges are not pairs of tokens"),
        ({"model": {"vocab": {"a": 0}}, "decoder": [[[]] * 1000] * 400}, "it holds more than 200000 settings"),
        ({"model": {"vocab": {"a": 0}, "x": {str(at): at for at in range(200_001)}}}, "it holds more than 200000"),
    ],
)
def test_a_tokenizer_json_of_another_shape_is_refused_before_the_library_reads_it(
    description: object, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.tokenizers.hugging_face._core", None)
    with pytest.raises(TokenizerError, match=what):
        load_tokenizer(Folder(tokenizer_json=description))  # type: ignore[arg-type]
