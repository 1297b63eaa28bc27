"""A tokenizer rebuilt from GGUF metadata (github.com/ggml-org/ggml, docs/gguf.md, section Tokenizer)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import tokenizers
from tokenizers import Regex, models, normalizers, pre_tokenizers

from engine import kernels
from engine.api import ModelFileError, TokenizerError, UnsupportedModelError
from engine.loaders.strings import Strings
from engine.tokenizers.byte_level import ByteLevelBpe
from engine.tokenizers.charsmap import Charsmap
from engine.tokenizers.pre_tokenizers import BEGINS_MARKED, UNICODE_PIECES, WHOLE_WORDS, patterns_of
from engine.tokenizers.tokenizer import Cutter, LibraryCutter, SpecialTokens, Tokenizer
from engine.tokenizers.vocabulary import Marker, Spelling, Vocabulary

_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _BYTE = 1, 2, 3, 4, 6  # tokenizer.ggml.token_type
# Spellings that end a turn, whatever the metadata says (llama.cpp, llama_vocab::impl::load).
END_SPELLINGS = frozenset(
    (
        *("</s>", "<|endoftext|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>", "<|eos|>", "<EOT>", "_<EOT>"),
        *("<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<turn|>", "<|end_of_turn|>"),
        *("<|END_OF_TURN_TOKEN|>", "<|endofturn|>", "<|role_end|>", "<|return|>", "<|call|>", "[e~["),
        "<end_of_utterance>",
    )
)
_PHI3_PLAIN = frozenset(("<unk>", "<s>", "<|endoftext|>"))  # its other control tokens eat the space behind them
_WHERE = "the tokenizer in the file"
_ALGORITHMS = {"gpt2": "BPE", "llama": "BPE", "gemma4": "BPE", "t5": "unigram", "bert": "greedy"}
_SPELLINGS = {"gpt2": Spelling.BYTE_LEVEL, "bert": Spelling.WORDPIECE}


def tokenizer_from_gguf(metadata: Mapping[str, Any]) -> Tokenizer:
    """Rebuild the tokenizer. Raises `TokenizerError` or `UnsupportedModelError`."""
    model = _kind(metadata)
    builders = {
        "gpt2": _byte_level,
        "llama": _sentencepiece_bpe,
        "t5": _unigram,
        "bert": _wordpiece,
        "gemma4": _unicode_merges,
    }
    pieces = _list(metadata, "tokens", str)
    kinds = _list(metadata, "token_type", int, default=[1] * len(pieces))
    if not pieces or len(kinds) != len(pieces):
        raise TokenizerError(f"In {_WHERE}, {len(pieces)} tokens have {len(kinds)} types.")
    named = metadata.get("general.name")
    is_phi3 = isinstance(named, str) and any(part in named.lower() for part in ("phi-3", "phi3"))
    markers = tuple(
        Marker(
            i,
            piece,
            is_control=kind != _USER_DEFINED or piece in END_SPELLINGS,
            eats_right=is_phi3 and piece not in _PHI3_PLAIN,
        )
        for i, kind, piece in _marked(pieces, kinds)
    )
    if model == "gpt2" and metadata.get("tokenizer.ggml.pre") in UNICODE_PIECES:
        model = "gemma4"
    spelling = _SPELLINGS.get(model, Spelling.SENTENCEPIECE)
    if model == "bert":
        pieces = [_as_wordpiece(piece, is_plain=kind == _NORMAL) for piece, kind in zip(pieces, kinds, strict=True)]
    vocabulary = Vocabulary(
        pieces,
        spelling,
        markers,
        bytes_by_id={i: _byte(pieces[i]) for i, kind in enumerate(kinds) if kind == _BYTE},
        adds_space=model in ("llama", "t5") and metadata.get("tokenizer.ggml.add_space_prefix", True) is not False,
    )
    template = metadata.get("tokenizer.chat_template")
    core = _guarded(lambda: builders[model](vocabulary, metadata))
    return Tokenizer(
        vocabulary,
        core,
        _special_tokens(metadata, vocabulary, str(model)),
        chat_template=template if isinstance(template, str) else None,
        name=f"{spelling.value} {_ALGORITHMS[str(model)]}, {len(pieces)} tokens",
    )


def check_kind(metadata: Mapping[str, Any]) -> str:
    """A name for the tokenizer that the metadata describe, without building it.

    Raises `ModelFileError` when there is none, `UnsupportedModelError` when its kind or its rule for cutting texts is
    not known.
    """
    model = _kind(metadata)
    rule = metadata.get("tokenizer.ggml.pre") or ""
    if model == "gpt2":
        patterns_of(rule if isinstance(rule, str) else repr(rule))
    tokens = metadata.get("tokenizer.ggml.tokens")
    count = len(tokens) if isinstance(tokens, list | Strings) else 0
    return f"{_SPELLINGS.get(model, Spelling.SENTENCEPIECE).value} {_ALGORITHMS[model]}, {count} tokens"


def _kind(metadata: Mapping[str, Any]) -> str:
    model = metadata.get("tokenizer.ggml.model")
    if model is None:
        raise ModelFileError("The file holds no tokenizer; get a complete conversion of the model.")
    if not isinstance(model, str) or model not in _ALGORITHMS:
        raise UnsupportedModelError(f"The tokenizer kind {model!r:.40} is not supported yet.")
    return model


def _marked(pieces: Sequence[str], kinds: Sequence[int]) -> Iterable[tuple[int, int, str]]:
    """Number, kind and spelling of the tokens that are found before a text is cut."""
    found = {i for i, kind in enumerate(kinds) if kind in (_CONTROL, _USER_DEFINED, _UNKNOWN)}
    if isinstance(pieces, Strings):
        found.update(i for spelling in END_SPELLINGS for i in pieces.places_of(spelling))
    else:
        found.update(i for i, piece in enumerate(pieces) if piece in END_SPELLINGS)
    return ((i, kinds[i], pieces[i]) for i in sorted(found) if pieces[i])


def _guarded(build: Any) -> Any:
    """Run `build`; what the library raises, its panics included, becomes a `TokenizerError`."""
    try:
        return build()
    except (TokenizerError, UnsupportedModelError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise TokenizerError(f"The tokenizer in the file is damaged: {error}.") from error


def _merges(vocabulary: Vocabulary, metadata: Mapping[str, Any]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Ids by piece, and pairs of pieces; the library itself refuses a pair that makes no token."""
    ids = {piece: i for i, piece in enumerate(vocabulary.pieces)}
    merges = []
    for merge in _list(metadata, "merges", str):
        first, separator, second = merge.partition(" ")
        if not first or not separator:
            raise TokenizerError(f"In {_WHERE}, the merge {merge!r:.60} names no two tokens.")
        merges.append((first, second))
    return ids, merges


def _byte_level(vocabulary: Vocabulary, metadata: Mapping[str, Any]) -> Cutter:
    rule = metadata.get("tokenizer.ggml.pre") or ""
    patterns = patterns_of(rule if isinstance(rule, str) else repr(rule))
    pieces, listed = vocabulary.pieces, _list(metadata, "merges", str)
    if isinstance(pieces, Strings) and isinstance(listed, Strings) and kernels.available():
        return ByteLevelBpe(pieces, listed, patterns, whole_words=rule in WHOLE_WORDS)
    return byte_level_twin(vocabulary, metadata, patterns, whole_words=rule in WHOLE_WORDS)


def byte_level_twin(
    vocabulary: Vocabulary, metadata: Mapping[str, Any], patterns: Sequence[str], *, whole_words: bool
) -> Cutter:
    """As `ByteLevelBpe`, by the library: for machines without the compiled kernels, and its oracle."""
    ids, merges = _merges(vocabulary, metadata)
    core = tokenizers.Tokenizer(models.BPE(vocab=ids, merges=merges, ignore_merges=whole_words))
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            *(pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return LibraryCutter(core)


def _unicode_merges(vocabulary: Vocabulary, metadata: Mapping[str, Any]) -> Cutter:
    """Listed merges over a text spelt as SentencePiece does (Gemma 4)."""
    ids, merges = _merges(vocabulary, metadata)
    core = tokenizers.Tokenizer(models.BPE(vocab=ids, merges=merges, byte_fallback=True))
    core.normalizer = _space_normalizer(vocabulary)
    (lines,) = patterns_of("gemma4")
    core.pre_tokenizer = pre_tokenizers.Split(Regex(lines), "isolated")
    return LibraryCutter(core)


def _wordpiece(vocabulary: Vocabulary, metadata: Mapping[str, Any]) -> Cutter:
    ids = {piece: i for i, piece in enumerate(vocabulary.pieces)}
    unknown = metadata.get("tokenizer.ggml.unknown_token_id", 100)
    if type(unknown) is not int or not 0 <= unknown < len(vocabulary.pieces):
        raise TokenizerError(f"In {_WHERE}, there is no unknown token {unknown!r:.20}.")
    unknown_piece = vocabulary.pieces[unknown]
    core = tokenizers.Tokenizer(models.WordPiece(ids, unk_token=unknown_piece, max_input_chars_per_word=1 << 30))
    lowercase = metadata.get("tokenizer.ggml.normalizer.lowercase", True) is not False
    strips = metadata.get("tokenizer.ggml.normalizer.strip_accents", lowercase) is not False
    core.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=strips)
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return LibraryCutter(core)


def _as_wordpiece(piece: str, *, is_plain: bool) -> str:
    """GGUF marks where words begin, WordPiece where they go on."""
    if not is_plain:
        return piece
    return piece[1:] if piece.startswith("▁") else f"##{piece}"


def _sentencepiece_bpe(vocabulary: Vocabulary, metadata: Mapping[str, Any]) -> Cutter:
    """Merges are rebuilt from scores: two tokens whose join is a token merge in the order of the join's score."""
    scores = _scores(metadata, vocabulary)
    markers = {marker.id for marker in vocabulary.markers} | set(vocabulary.bytes_by_id)
    ids = {piece: i for i, piece in enumerate(vocabulary.pieces)}
    plain = {piece: i for piece, i in ids.items() if i not in markers}
    merges = []
    for piece, i in plain.items():
        halves = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece))]
        pairs = [(first, second) for first, second in halves if first in plain and second in plain]
        pairs.sort(key=lambda pair: (plain[pair[0]], plain[pair[1]]))
        merges += [(-scores[i], first, second) for first, second in pairs]
    merges.sort(key=lambda merge: merge[0])
    unknown_id = metadata.get("tokenizer.ggml.unknown_token_id", 0)
    unknown = next((marker.text for marker in vocabulary.markers if marker.id == unknown_id), None)
    core = tokenizers.Tokenizer(
        models.BPE(
            vocab=ids,
            merges=[(first, second) for _, first, second in merges],
            unk_token=unknown,
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    core.normalizer = _space_normalizer(vocabulary)
    return LibraryCutter(core)


def _unigram(vocabulary: Vocabulary, metadata: Mapping[str, Any]) -> Cutter:
    scores = _scores(metadata, vocabulary)
    unknown = metadata.get("tokenizer.ggml.unknown_token_id", 0)
    hidden = {marker.id for marker in vocabulary.markers if marker.is_control}
    pieces = [  # a control token has a spelling that no text has, so that the algorithm never finds it
        (f"\0{i}" if i in hidden else piece, score)
        for i, (piece, score) in enumerate(zip(vocabulary.pieces, scores, strict=True))
    ]
    core = tokenizers.Tokenizer(models.Unigram(pieces, unk_id=unknown, byte_fallback=bool(vocabulary.bytes_by_id)))
    steps = [_space_normalizer(vocabulary)]
    charsmap = metadata.get("tokenizer.ggml.precompiled_charsmap")
    if isinstance(charsmap, list) and charsmap:
        table = Charsmap(bytes(byte & 0xFF for byte in charsmap))
        steps.insert(0, normalizers.Normalizer.custom(table))
    if metadata.get("tokenizer.ggml.remove_extra_whitespaces") is True:
        steps[-1:-1] = [normalizers.Replace(Regex("^ +| +$"), ""), normalizers.Replace(Regex(" {2,}"), " ")]
    core.normalizer = normalizers.Sequence(steps)
    return LibraryCutter(core)


def _space_normalizer(vocabulary: Vocabulary) -> Any:
    """A space before the text where the model was trained so, then ▁ for every space."""
    steps = [normalizers.Prepend("▁")] if vocabulary.adds_space else []
    return normalizers.Sequence([*steps, normalizers.Replace(" ", "▁")])


def _scores(metadata: Mapping[str, Any], vocabulary: Vocabulary) -> Sequence[float]:
    scores = _list(metadata, "scores", float)
    if len(scores) != len(vocabulary.pieces):
        raise TokenizerError(f"In {_WHERE}, {len(vocabulary.pieces)} tokens have {len(scores)} scores.")
    return scores


def spelt_ends(vocabulary: Vocabulary) -> set[int]:
    """The tokens that end a turn by their spelling. Where a turn ends with <|return|>, <|end|> only ends a thought.

    So it is in gpt-oss (https://github.com/openai/harmony, docs/format.md): its answer comes behind <|end|>.
    """
    spelt = {marker.text for marker in vocabulary.markers} & END_SPELLINGS
    ends = spelt - {"<|end|>"} if {"<|return|>", "<|call|>"} <= spelt else spelt
    return {marker.id for marker in vocabulary.markers if marker.text in ends}


def _special_tokens(metadata: Mapping[str, Any], vocabulary: Vocabulary, model: str) -> SpecialTokens:
    def identifier(key: str) -> int | None:
        value = metadata.get(f"tokenizer.ggml.{key}_token_id")
        return value if type(value) is int and 0 <= value < len(vocabulary.pieces) else None

    def flag(key: str, default: bool) -> bool:
        value = metadata.get(f"tokenizer.ggml.{key}")
        return value if isinstance(value, bool) else default

    named = {i for key in ("eos", "eot", "eom") if (i := identifier(key)) is not None}
    bos, eos = identifier("bos"), identifier("eos")
    if model == "llama":
        bos, eos = (1 if bos is None else bos), (2 if eos is None else eos)
        named.add(eos)
    if model == "bert":
        bos, eos = (101 if bos is None else bos), identifier("seperator")
        eos = 102 if eos is None else eos
    adds_bos_by_default = model in ("llama", "bert") or metadata.get("tokenizer.ggml.pre") in BEGINS_MARKED
    return SpecialTokens(
        bos_id=bos,
        eos_id=eos,
        end_ids=frozenset(named | spelt_ends(vocabulary)),
        add_bos=flag("add_bos_token", adds_bos_by_default),
        add_eos=flag("add_eos_token", model in ("t5", "bert")),
    )


def _list(metadata: Mapping[str, Any], key: str, kind: type, *, default: list[Any] | None = None) -> Sequence[Any]:
    values = metadata.get(f"tokenizer.ggml.{key}", default)
    if not isinstance(values, list | Strings) or (values and not isinstance(values[0], kind)):
        raise TokenizerError(f"In {_WHERE}, 'tokenizer.ggml.{key}' is missing or of the wrong type.")
    return values


def _byte(piece: str) -> int:
    spelt = re.fullmatch("<0x([0-9A-Fa-f]{2})>", piece)
    if spelt is None:
        raise TokenizerError(f"In {_WHERE}, the byte token {piece!r:.40} is not spelt <0x..>.")
    return int(spelt[1], 16)
