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
    r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\x{1F7D}"
    r"ᾀ-ᾴᾶ-ᾼ\x{1FBE}ῂ-ῄῆ-ῌῐ-\x{1FD3}ῖ-\x{1FDB}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\x{2126}ℨ\x{212A}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+",
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
_SEED_CODER = (rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}\r\n]+|{_REST}",)
_BAILING = (
    r"'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]"
    r"|\s+(?!\S)|\s+",
)
_EXAONE_MOE = (
    rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?(?:\p{{L}}\p{{M}}*(?: \p{{L}}\p{{M}}*)*)+|\p{{N}}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+",
)
_JAIS2 = (
    rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|"
    + "|".join(rf"\s{{{count}}}(?!\S)" for count in ("512", "256", "128", "64", "32", "16", "8", "4", "1,2"))
    + r"|\s{1}",
)
_UFAKZEKA = (rf"[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_REST}",)
_MINICPM5 = (r"\p{N}{1,3}", *_like_llama3(r"\p{N}+"))
_THREES_FROM_THE_RIGHT = r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))"
_SUPERBPE = (r"\p{N}+", _THREES_FROM_THE_RIGHT)
_TINY_AYA = (r"\d{1,3}(?=(?:\d{3})*\b)", *_GPT4O)
_AFMOE = (
    _THREES_FROM_THE_RIGHT,
    r"[一-鿿㐀-䶿豈-\x{FAFF}\x{3040}-ゟ゠-ヿ･-ﾟ⼀-\x{2FDF}เ-\x{0E7F}\x{0E80}-\x{0EFF}ក-\x{17FF}က-႟ꩠ-ꩿꧠ-\x{A9FF}가-\x{D7AF}ᄀ-ᇿ]+",
    _DEEPSEEK_V3[2],
)
_SPARK = (
    *_DEEPSEEK_V3[:2],
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]"
    r"|\s+(?!\S)|\s+",
    r"\p{N}",
)
_YOUTU = (
    r"[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥\x{3040}-ゟ゠-ヿ]+",
    *_by_case(r"\p{N}", suffix=_SUFFIX),
)
_LINES = (r"[^\n]+|[\n]+",)
_CHAMELEON = (
    r"<sentinel:[0-9]+>",
    r"(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
    r"([\t\n]|    |  )",
    r"\p{N}",
    r"[\p{P}!-/:-@\[-`{-~]",
    *_GPT2,
)
_NOT_HAN_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"
_NOT_HAN_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"
_KIMI_K2 = (
    rf"\p{{Han}}+|[^\r\n\p{{L}}\p{{N}}]?{_NOT_HAN_UPPER}*{_NOT_HAN_LOWER}+{_SUFFIX}"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{_NOT_HAN_UPPER}+{_NOT_HAN_LOWER}*{_SUFFIX}|\p{{N}}{{1,3}}"
    rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_REST}",
)

_NAMES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("", "default"), _DEFAULT),
    (("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"), _LLAMA3),
    (("jina-v5-nano", "dbrx", "smaug-bpe", "chatglm-bpe", "glm4", "glm5"), _LLAMA3),
    (("deepseek-llm",), _DEEPSEEK_LLM),
    (("deepseek-coder",), _DEEPSEEK_CODER),
    (("deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"), _DEEPSEEK_V3),
    (("falcon",), _FALCON),
    (("starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2"), _STARCODER),
    (("gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0"), _GPT2),
    (("mpt", "olmo", "jais", "trillion", "granite-docling", "jina-v1-en", "jina-v2-code", "roberta-bpe"), _GPT2),
    (("gpt-neox", "modern-bert", "exaone4", "mellum"), _GPT2),
    (("stablelm2", "qwen2", "deepseek-r1-qwen", "hunyuan", "megrez", "kormo", "solar-open"), _QWEN2),
    (("f2llmv2", "grok-2"), _QWEN2),
    (("laguna",), (*_LINES, *_QWEN2)),
    (("qwen35",), _QWEN35),
    (("poro-chat", "bloom", "gpt3-finnish"), _BLOOM),
    (("viking",), (*_BLOOM, r"\p{N}")),
    (("tekken",), _TEKKEN),
    (("gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"), _GPT4O),
    (("granite-embd-multi", "granite-embed-multi-97m"), _GPT4O),
    (("tiny_aya", "cohere2moe"), _TINY_AYA),
    (("llada-moe", "bailingmoe", "bailingmoe2"), _BAILING),
    (("seed-coder",), _SEED_CODER),
    (("exaone-moe",), _EXAONE_MOE),
    (("jais-2",), _JAIS2),
    (("ufakzeka",), _UFAKZEKA),
    (("minicpm5",), _MINICPM5),
    (("superbpe",), _SUPERBPE),
    (("afmoe",), _AFMOE),
    (("spark2_5",), _SPARK),
    (("youtu",), _YOUTU),
    (("chameleon",), _CHAMELEON),
    (("kimi-k2",), _KIMI_K2),
    (("gemma4", "granite-embed-multi-311m", "sarvam-moe"), _LINES),
    (("whitespace",), (r"\S+",)),
)
PATTERNS: dict[str, tuple[str, ...]] = {name: patterns for names, patterns in _NAMES for name in names}
# Rules under which words that are whole tokens are not built by merges (`ignore_merges` in llama.cpp).
WHOLE_WORDS = frozenset(
    (
        *("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"),
        *("tekken", "glm4", "glm5", "youtu", "minicpm5", "granite-embed-multi-97m"),
    )
)
# Rules whose texts begin with a token of their own unless the file says else (`add_bos`).
BEGINS_MARKED = WHOLE_WORDS - {"glm4", "glm5", "youtu", "minicpm5", "granite-embed-multi-97m"} | {"chameleon"}
UNICODE_PIECES = frozenset(("gemma4", "granite-embed-multi-311m", "sarvam-moe"))  # not spelt in GPT-2's letters


def patterns_of(name: str) -> tuple[str, ...]:
    """The patterns that a GGUF file names. Raises `UnsupportedModelError` naming an unknown one."""
    if name not in PATTERNS:
        raise UnsupportedModelError(
            f"The tokenizer cuts texts by the rule {name!r:.60}, which is not known; its replies would be wrong."
        )
    return PATTERNS[name]
