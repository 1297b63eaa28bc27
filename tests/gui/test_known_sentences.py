"""Sentences of the engine and the core, said in the language of the window."""

from __future__ import annotations

import ast
import math
import re
from functools import cache
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.controllers.languages import LanguagesController
from app.core.remote.refusals import refusal
from app.views.known_sentences import all_forms, known_form, said
from engine.api import RequestError, SamplerSettings

ROOT = Path(__file__).resolve().parent.parent.parent

NOT_IN_THE_WINDOW = {
    "engine/commands.py": "the command line speaks English",
    "engine/__main__.py": "the command line",
    "app/commands.py": "the command line",
    "app/__main__.py": "the command line",
    "app/serving.py": "the command line",
    "app/server/": "other programs read it",
}
NEEDS_NO_FORM = {  # what begins with = is made elsewhere, as the source says
    "This model's chat template knows of no tools; choose a model that was trained for them.": "programs bring them",
    "Every message needs a role, such as user.": "only programs and files can forget it",
    "Text {} is empty, so there is nothing to embed.": "only programs ask for it",
    "Text {} has {} tokens, but the context holds {}; cut it.": "only programs ask for it",
    "The model was put away meanwhile; ask again.": "only programs are told",
    "The stride must be at least 1 and smaller than the context, which must be 2 or more.": "the command line's",
    "{} is not a type of cache; use {}.": "the settings know no other",
    "{} is not a device; use auto, cpu, cuda or mps.": "the settings know no other",
    "{} is not a dtype; use {}.": "the command line's",
    "There is no chat template {}; choose auto or one of {}.": "the settings know no other",
    "{} blocks are uint8 [N, {}], not {} {}.": "for who calls it from Python",
    "= self._complaint_about_weights()": "its two sentences have forms",
    "= str(error)": "handed on",
    "= event.message": "handed on",
    "= problem": "`problem_of`, whose sentences have forms",
    "= header.problem or f'“{path.name}” is no model that can chat.'": "handed on, and the other one has a form",
    "= why or f'{path.name} holds no conversations in a format that Fireside can read.'": "skipped, or a form",
    "= NOT_HERE": "has a form",
    "= _too_large(source)": "has a form",
    "= sentence": "of files and downloads, each with a form, or of something unexpected, which has one too",
    "= with_words(sentence, words_of(content, key=key))": "has a form",
    "= with_words(sentence, words)": "see the test of refusals",
    "= with_words(full, words)": "has a form",
}


def text_of(node: ast.expr) -> str | None:
    """A text as it stands in the source, with `{}` for each value; None for what is made elsewhere."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@cache
def sources() -> list[tuple[str, ast.Module]]:
    return [
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for folder in ("engine", "app")
        for path in (ROOT / folder).rglob("*.py")
    ]


def texts_of_source() -> set[str]:
    """Every text that is made outside of the views, where the forms are."""
    trees = (tree for place, tree in sources() if not place.startswith("app/views/"))
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.expr))
    return {text for node in nodes if (text := text_of(node)) is not None}


def kinds_of_error() -> set[str]:
    """The names of all classes below `FiresideError`."""
    classes = [
        (node.name, {base.id for base in node.bases if isinstance(base, ast.Name)})
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    kinds = {"FiresideError"}
    while more := {name for name, bases in classes if bases & kinds} - kinds:
        kinds |= more
    return kinds


def sentence_made(call: ast.Call, kinds: set[str]) -> ast.expr | None:
    """What an error says that is made here, or a note of what an import leaves out."""
    match call.func, call.args:
        case ast.Name("RequestFailed" | "ApiError"), [_, sentence, *_]:
            return sentence
        case ast.Name(kind), [sentence, *_] if kind in kinds:
            return sentence
        case ast.Attribute(ast.Name("skipped") | ast.Attribute(attr="skipped"), "add"), [sentence]:
            return sentence
    return None


@cache
def sentences() -> set[tuple[str, str]]:
    """Where a sentence is made that a person may read, and what it says; what is no text stands as in the source."""
    kinds = kinds_of_error() - {"ApiError"}
    calls = ((place, node) for place, tree in sources() for node in ast.walk(tree) if isinstance(node, ast.Call))
    made = ((place, sentence_made(call, kinds)) for place, call in calls)
    return {(place, text_of(what) or f"= {ast.unparse(what)}") for place, what in made if what is not None}


def test_every_known_form_is_one_that_the_source_makes() -> None:
    made = texts_of_source()
    assert [form for form in all_forms() if re.sub(r"\{\w+\}", "{}", form) not in made] == []


def test_a_sentence_is_found_by_the_form_that_it_has() -> None:
    """A general form before a special one would take its sentences."""
    for form in all_forms():
        sentence = re.sub(r"\{(\w+)\}", r"<\1>", form)
        known = known_form(sentence)
        assert known is not None
        assert known[0] == form


def is_known(sentence: str) -> bool:
    return known_form(sentence.replace("{}", "<value>")) is not None


def test_every_sentence_that_the_window_can_show_has_a_form() -> None:
    """A new one gets a form in `app.views.known_sentences`, or a reason here why it needs none."""
    missing = []
    for place, sentence in sorted(sentences()):
        is_excused = any(place.startswith(start) for start in NOT_IN_THE_WINDOW) or sentence in NEEDS_NO_FORM
        if not is_excused and not is_known(sentence):
            missing.append(f"{place}: {sentence}")
    assert missing == []


def told_by_the_core() -> dict[str, str]:
    """Each text of the core that reads like a sentence, with its file: notes and notices are no errors."""
    found: dict[str, str] = {}
    for place, tree in sources():
        if not place.startswith("app/core/"):
            continue
        remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.expr) and id(node) not in remarks | parts:
                text = text_of(node)
                if text and text.endswith(".") and text.count(" ") >= 3:
                    found[text] = place
    return found


def test_every_sentence_of_the_core_has_a_form() -> None:
    missing = {sentence: place for sentence, place in told_by_the_core().items() if not is_known(sentence)}
    assert set(missing.values()) == {"app/core/presets.py"}, missing  # says to a model what its presets ask of it


def test_every_excuse_is_needed() -> None:
    made = {sentence for _, sentence in sentences()}
    places = {place for place, _ in sentences()}
    assert set(NEEDS_NO_FORM) - made == set()
    assert [start for start in NOT_IN_THE_WINDOW if not any(place.startswith(start) for place in places)] == []


@pytest.mark.parametrize(
    ("sentence", "chinese"),
    [
        (
            "The conversation cannot be saved: the disk that holds “fireside.sqlite3” in /data is full; "
            "free some space, then try again.",
            "无法保存对话：“fireside.sqlite3”（位于 /data）所在的磁盘已满；请先腾出一些空间，然后重试。",
        ),
        ("No model is loaded yet; open one first.", "尚未加载模型；请先打开一个模型。"),
        ("Something that nobody foresaw {braces}.", "Something that nobody foresaw {braces}."),
    ],
)
def test_an_error_is_told_in_chinese_with_its_values(qapp: QApplication, sentence: str, chinese: str) -> None:
    languages = LanguagesController(qapp, "zh_CN")
    assert said(sentence) == chinese
    languages.choose("en")
    assert said(sentence) == sentence


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 410, 413, 422, 429, 500])
def test_what_a_remote_server_refuses_is_told_in_chinese(qapp: QApplication, status: int) -> None:
    languages = LanguagesController(qapp, "zh_CN")
    told = said(str(refusal("host.example", status, None)))
    languages.choose("en")
    assert re.findall("[A-Za-z]{3,}", told.replace("host.example", "")) == []


@pytest.mark.parametrize(
    ("sentence", "chinese"),
    [
        (
            "m.gguf: the key 'a.b' is damaged (no text) (byte 99).",
            "m.gguf：键 'a.b' 已损坏（no text）（字节 99）。",
        ),
        (
            "m.gguf: the file ends inside the tensor 'x.weight'; it is cut off, download it again (byte 7).",
            "m.gguf：文件在张量 'x.weight' 处中断，不完整；请重新下载（字节 7）。",
        ),
        (
            "m.safetensors: the tensor 'x' overlaps another one (byte 12).",
            "m.safetensors：张量 'x' 与另一个张量重叠（字节 12）。",
        ),
        (
            "The model's chat template was stopped: it takes more than 2 seconds or 2000000 steps.",
            "模型的对话模板被中止：它用时超过 2 秒或 2000000 步。",
        ),
        (
            "chats.json: entry 3 was skipped because it is not valid JSON (line 1).",
            "chats.json：第 3 个条目不是有效的 JSON（line 1），已跳过。",
        ),
        (
            "old.chat ends too early or is damaged. The messages before that were kept.",
            "old.chat 不完整或已损坏。在此之前的消息已保留。",
        ),
    ],
)
def test_a_sentence_within_a_sentence_is_told_in_chinese(qapp: QApplication, sentence: str, chinese: str) -> None:
    languages = LanguagesController(qapp, "zh_CN")
    told = said(sentence)
    languages.choose("en")
    assert told == chinese


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(
            (name, -1.0)
            for name in ("temperature", "dry_multiplier", "top_n_sigma", "temperature_range", "mirostat_tau")
        ),
        *(
            (name, 2.0)
            for name in ("top_p", "min_p", "typical_p", "xtc_probability", "xtc_threshold", "mirostat_eta")
        ),
        *((name, -1) for name in ("top_k", "repetition_window", "seed", "dry_allowed_length")),
        *((name, math.inf) for name in ("presence_penalty", "frequency_penalty", "repetition_penalty")),
        ("logit_bias", ((-1, 0.0),)),
        ("dry_base", 0.5),
        ("temperature_exponent", 0.0),
    ],
)
def test_why_a_sampler_refuses_a_value_is_told_in_chinese(qapp: QApplication, name: str, wrong: object) -> None:
    with pytest.raises(RequestError) as refused:
        SamplerSettings(**{name: wrong})  # type: ignore[arg-type]
    languages = LanguagesController(qapp, "zh_CN")
    told = said(str(refused.value))
    languages.choose("en")
    terms = r"top-n-sigma|top-\w|min-p|logit|Token|Mirostat|tau|eta|DRY|XTC|Typical"
    assert re.findall("[A-Za-z]{2,}", re.sub(terms, "", told)) == []
