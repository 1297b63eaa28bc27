"""A tokenizer from tokenizer.json and the small files beside it in a Hugging Face folder."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import tokenizers

from engine.api import ModelFileError, TokenizerError
from engine.loaders.json_text import parse_json
from engine.tokenizers.gguf import spelt_ends
from engine.tokenizers.json_shape import check_shape
from engine.tokenizers.tokenizer import LibraryCutter, SpecialTokens, Tokenizer
from engine.tokenizers.vocabulary import Marker, Spelling, Vocabulary

LARGEST_ID = 1 << 22
MOST_VALUES = 8_000_000  # of a file; 262,000 tokens and their merges are 2,400,000


class SideFiles(Protocol):
    """A checkpoint's folder: its settings and its small files."""

    config: dict[str, Any]

    def side_file(self, name: str) -> bytes | None:
        """The content of a file, or None."""


def tokenizer_from_folder(folder: SideFiles) -> Tokenizer:
    """The tokenizer of a folder. Raises `ModelFileError` when it is missing, `TokenizerError` when damaged."""
    content = folder.side_file("tokenizer.json")
    if content is None:
        raise ModelFileError(
            "There is no tokenizer.json beside the weights; get the complete folder, or convert the tokenizer "
            "with transformers' AutoTokenizer.save_pretrained."
        )
    description = _parse(content, "tokenizer.json")
    check_shape(description)
    settings = _optional(folder, "tokenizer_config.json")
    try:
        return _build(description, settings, folder)
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise TokenizerError(f"tokenizer.json is damaged ({type(error).__name__}: {error}).") from error


def has_chat_template(folder: SideFiles) -> bool:
    """Whether the folder brings a chat template. Raises as `tokenizer_from_folder`."""
    return _chat_template(folder, _optional(folder, "tokenizer_config.json")) is not None


def _build(description: dict[str, Any], settings: Mapping[str, Any], folder: SideFiles) -> Tokenizer:
    added = _added_tokens(description)
    bare = {**description, "added_tokens": [], "post_processor": None, "truncation": None, "padding": None}
    core = _core(bare)
    later = None if (changed := _without_first_prefix(bare)) is None else _core(changed)
    pieces = _pieces(core, added)
    spelling = _spelling(description)
    vocabulary = Vocabulary(
        pieces,
        spelling,
        tuple(added),
        bytes_by_id=_byte_tokens(pieces) if spelling is Spelling.SENTENCEPIECE else {},
        adds_space=spelling is Spelling.SENTENCEPIECE and _adds_space(description),
    )
    kind = description["model"].get("type") or "BPE"
    return Tokenizer(
        vocabulary,
        LibraryCutter(core),
        _special_tokens(folder, settings, vocabulary, description),
        chat_template=_chat_template(folder, settings),
        name=f"{spelling.value} {kind}, {len(pieces)} tokens",
        later_core=None if later is None else LibraryCutter(later),
    )


def _core(description: dict[str, Any]) -> tokenizers.Tokenizer:
    try:
        return tokenizers.Tokenizer.from_str(json.dumps(description))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the library's panics are BaseExceptions of a class that it does not export
        raise TokenizerError(f"tokenizer.json is damaged: {error}.") from error


def _added_tokens(description: dict[str, Any]) -> list[Marker]:
    markers = []
    for token in description.get("added_tokens") or []:
        identifier, text = token["id"], token["content"]
        if type(identifier) is not int or not 0 <= identifier < LARGEST_ID or not isinstance(text, str) or not text:
            raise TokenizerError(f"tokenizer.json: the added token {token!r:.80} has no valid id and content.")
        markers.append(
            Marker(
                identifier,
                text,
                is_control=bool(token.get("special")),
                eats_left=bool(token.get("lstrip")),
                eats_right=bool(token.get("rstrip")),
            )
        )
    return markers


def _pieces(core: tokenizers.Tokenizer, added: list[Marker]) -> list[str]:
    known = core.get_vocab(with_added_tokens=False)
    if not known:
        raise TokenizerError("tokenizer.json holds no vocabulary.")
    highest = max(*known.values(), *(marker.id for marker in added), 0)
    if highest >= LARGEST_ID:
        raise TokenizerError(f"tokenizer.json: the token id {highest} is too large.")
    pieces = [""] * (highest + 1)
    for piece, i in known.items():
        pieces[i] = piece
    for marker in added:
        pieces[marker.id] = marker.text
    return pieces


def _steps(part: Any) -> Iterator[dict[str, Any]]:
    """A normaliser, pre-tokenizer or decoder and everything inside it."""
    if not isinstance(part, dict):
        return
    yield part
    for key in ("normalizers", "pretokenizers", "decoders", "processors"):
        for inner in part.get(key) or ():
            yield from _steps(inner)


def _spelling(description: dict[str, Any]) -> Spelling:
    cutters = [*_steps(description.get("pre_tokenizer")), *_steps(description.get("decoder"))]
    kinds = {step.get("type") for step in cutters}
    if "ByteLevel" in kinds:
        return Spelling.BYTE_LEVEL
    if description["model"].get("type") == "WordPiece" or "WordPiece" in kinds:
        return Spelling.WORDPIECE
    return Spelling.SENTENCEPIECE


def _adds_space(description: dict[str, Any]) -> bool:
    cutters = [*_steps(description.get("normalizer")), *_steps(description.get("pre_tokenizer"))]
    return any(
        step.get("type") == "Prepend"
        or (step.get("type") == "Metaspace" and step.get("prepend_scheme", "always") != "never")
        for step in cutters
    )


def _without_first_prefix(description: dict[str, Any]) -> dict[str, Any] | None:
    """The same tokenizer for text after a marker, where Metaspace adds its space to the first word only."""
    changed = copy.deepcopy(description)
    found = False
    for step in _steps(changed.get("pre_tokenizer")):
        if step.get("type") == "Metaspace" and step.get("prepend_scheme") == "first":
            step["prepend_scheme"] = "never"
            found = True
    return changed if found else None


def _byte_tokens(pieces: list[str]) -> dict[int, int]:
    spelt = {f"<0x{byte:02X}>": byte for byte in range(256)}
    return {i: spelt[piece] for i, piece in enumerate(pieces) if piece in spelt}


def _special_tokens(
    folder: SideFiles, settings: Mapping[str, Any], vocabulary: Vocabulary, description: dict[str, Any]
) -> SpecialTokens:
    by_text = {piece: i for i, piece in enumerate(vocabulary.pieces)}
    generation = _optional(folder, "generation_config.json")
    config = folder.config

    def identifier(kind: str) -> int | None:
        named = settings.get(f"{kind}_token")
        named = named.get("content") if isinstance(named, dict) else named
        if isinstance(named, str) and named in by_text:
            return by_text[named]
        return next(iter(_ids(config.get(f"{kind}_token_id"))), None)

    bos, eos = identifier("bos"), identifier("eos")
    ends = {*_ids(config.get("eos_token_id")), *_ids(generation.get("eos_token_id"))}
    ends |= spelt_ends(vocabulary)
    ends |= set() if eos is None else {eos}
    added = _template_tokens(description.get("post_processor"))
    add_bos = settings.get("add_bos_token")
    add_eos = settings.get("add_eos_token")
    bos_text = None if bos is None else vocabulary.pieces[bos]
    eos_text = None if eos is None else vocabulary.pieces[eos]
    return SpecialTokens(
        bos_id=bos,
        eos_id=eos,
        end_ids=frozenset(i for i in ends if 0 <= i < len(vocabulary.pieces)),
        add_bos=bos_text in added if not isinstance(add_bos, bool) else add_bos,
        add_eos=eos_text in added if not isinstance(add_eos, bool) else add_eos,
    )


def _ids(value: Any) -> list[int]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if type(one) is int]


def _template_tokens(processor: Any) -> set[str]:
    """The special tokens that the post-processor puts around a single text."""
    found = set()
    for step in _steps(processor):
        for item in step.get("single") or ():
            special = item.get("SpecialToken") if isinstance(item, dict) else None
            if isinstance(special, dict):
                found.add(str(special.get("id")))
    return found


def _chat_template(folder: SideFiles, settings: Mapping[str, Any]) -> str | None:
    own_file = folder.side_file("chat_template.jinja")
    if own_file is not None:
        return own_file.decode("utf-8", "replace")
    template = settings.get("chat_template") or _optional(folder, "chat_template.json").get("chat_template")
    if isinstance(template, list):
        named = {one.get("name"): one.get("template") for one in template if isinstance(one, dict)}
        template = named.get("default") or next(iter(named.values()), None)
    return template if isinstance(template, str) else None


def _optional(folder: SideFiles, name: str) -> dict[str, Any]:
    content = folder.side_file(name)
    return {} if content is None else _parse(content, name)


def _parse(content: bytes, name: str) -> dict[str, Any]:
    try:
        parsed = parse_json(content, most_values=MOST_VALUES)
    except ValueError as error:
        raise TokenizerError(f"{name} is not valid JSON: {error}.") from error
    if not isinstance(parsed, dict):
        raise TokenizerError(f"{name} does not hold a JSON object.")
    return parsed
