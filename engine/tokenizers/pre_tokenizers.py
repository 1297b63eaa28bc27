"""How byte-level BPE cuts a text before merging: the patterns that GGUF's `tokenizer.ggml.pre` names.

The names and patterns are those of llama.cpp's src/llama-vocab.cpp; each pattern cuts what those before left.
"""

from __future__ import annotations

from engine.api import UnsupportedModelError

_GPT2 = (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",)
_CONTRACTIONS = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
_REST = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_SUFFIX = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?"


def _like_llama3(digits: str, *, letters: str = r"\p{L}", others: str = r"\p{L}\p{N}") -> tuple[str, ...]:
    return (rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?[{letters}]+|{digits}| ?[^\s{others}]+[\r\n]*|{_REST}",)


def _by_case(digits: str, *, suffix: str = "") -> tuple[str, ...]:
    start = r"[^\r\n\p{L}\p{N}]?"
    return (
        rf"{start}{_UPPER}*{_LOWER}+{suffix}|{start}{_UPPER}+{_LOWER}*{suffix}|{digits}"
        rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_REST}",
    )


_LLAMA3 = _like_llama3(r"\p{N}{1,3}")
_QWEN2 = _like_llama3(r"\p{N}")
_STARCODER = (r"\p{N}", *_GPT2)
_DEFAULT = (r"[\p{P}\$\+<=>\^~\|]+", *_GPT2, r"\p{N}+", r"[0-9][0-9][0-9]")
_FALCON = (r"[\p{P}\$\+<=>\^~\|`]+", *_GPT2, r"[0-9][0-9][0-9]")
_BLOOM = (r" ?[^(\s|.,!?…。，、।۔،)]+",)
_HAN = r"[一-龥ࠀ-一가-퟿]+"
_DEEPSEEK_LLM = (
    r"[\r\n]",
    r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώ"
    r"ᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ"
    r"𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+",
    r"\s?[!-/:-~！-／：-～‘-‟　-。]+",
    r"\s+$",
    _HAN,
    r"\p{N}+",
)
_DEEPSEEK_CODER = (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", _HAN, r"\p{N}")
_DEEPSEEK_V3 = (
    r"\p{N}{1,3}",
    r"[一-龥぀-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    rf"| ?[\p{{P}}\p{{S}}]+[\r\n]*|{_REST}",
)
_TEKKEN = _by_case(r"\p{N}")
_GPT4O = _by_case(r"\p{N}{1,3}", suffix=_SUFFIX)
_QWEN35 = _like_llama3(r"\p{N}", letters=r"\p{L}\p{M}", others=r"\p{L}\p{M}\p{N}")
_SEED_CODER = _like_llama3(r"\p{N}{1}")

_NAMES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("", "default"), _DEFAULT),
    (("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"), _LLAMA3),
    (("dbrx", "smaug-bpe", "chatglm-bpe", "glm4", "llada-moe", "bailingmoe", "bailingmoe2"), _LLAMA3),
    (("deepseek-llm",), _DEEPSEEK_LLM),
    (("deepseek-coder",), _DEEPSEEK_CODER),
    (("deepseek-v3", "hunyuan-dense"), _DEEPSEEK_V3),
    (("falcon",), _FALCON),
    (("starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b"), _STARCODER),
    (("gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0"), _GPT2),
    (("mpt", "olmo", "jais", "trillion", "granite-docling", "jina-v1-en", "jina-v2-code", "roberta-bpe"), _GPT2),
    (("gpt-neox", "modern-bert", "exaone4", "mellum"), _GPT2),
    (("stablelm2", "qwen2", "deepseek-r1-qwen", "hunyuan", "megrez", "kormo", "mellum2", "solar-open"), _QWEN2),
    (("qwen35",), _QWEN35),
    (("poro-chat", "bloom", "gpt3-finnish"), _BLOOM),
    (("viking",), (*_BLOOM, r"\p{N}")),
    (("tekken",), _TEKKEN),
    (("gpt-4o", "llama4", "granite-embd-multi"), _GPT4O),
    (("seed-coder",), _SEED_CODER),
)
PATTERNS: dict[str, tuple[str, ...]] = {name: patterns for names, patterns in _NAMES for name in names}
# Families whose words that are whole tokens are not built by merges (`ignore_merges` in llama.cpp).
WHOLE_WORDS = frozenset(("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "lfm2", "tekken"))


def patterns_of(name: str) -> tuple[str, ...]:
    """The patterns that a GGUF file names. Raises `UnsupportedModelError` naming an unknown one."""
    if name not in PATTERNS:
        raise UnsupportedModelError(
            f"The tokenizer cuts texts by the rule {name!r:.60}, which is not known; its replies would be wrong."
        )
    return PATTERNS[name]
