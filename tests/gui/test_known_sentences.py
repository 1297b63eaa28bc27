"""Sentences of the engine and the core, said in the language of the window."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.controllers.languages import LanguagesController
from app.core.remote.refusals import refusal
from app.views.known_sentences import _patterns, all_forms, said

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


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def texts_of_source() -> set[str]:
    """Every text that is made outside of the views, where the forms are."""
    trees = (tree for place, tree in sources("engine", "app") if not place.startswith("app/views/"))
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.expr))
    return {text for node in nodes if (text := text_of(node)) is not None}


def kinds_of_error() -> set[str]:
    """The names of all classes below `FiresideError`."""
    classes = [
        (node.name, {base.id for base in node.bases if isinstance(base, ast.Name)})
        for _, tree in sources("engine", "app")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    kinds = {"FiresideError"}
    while more := {name for name, bases in classes if bases & kinds} - kinds:
        kinds |= more
    return kinds


def sentences_of_errors() -> Iterator[tuple[str, str]]:
    """Where an error is made that a person may read, and what it says; what is no text stands as in the source."""
    kinds = kinds_of_error() | {"RequestFailed"}
    for place, tree in sources("engine", "app"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
                said_at = 1 if node.func.id in ("RequestFailed", "ApiError") else 0
                if len(node.args) > said_at:
                    sentence = node.args[said_at]
                    yield place, text_of(sentence) or f"= {ast.unparse(sentence)}"


def test_every_known_form_is_one_that_the_source_makes() -> None:
    made = texts_of_source()
    assert [form for form in all_forms() if re.sub(r"\{\w+\}", "{}", form) not in made] == []


def test_a_sentence_is_found_by_the_form_that_it_has() -> None:
    """A general form before a special one would take its sentences."""
    for form in all_forms():
        sentence = re.sub(r"\{(\w+)\}", r"<\1>", form)
        assert next(known for known, pattern in _patterns() if pattern.fullmatch(sentence)) == form


def is_known(sentence: str) -> bool:
    return any(pattern.fullmatch(sentence.replace("{}", "<value>")) for _, pattern in _patterns())


def test_every_error_that_the_window_can_show_has_a_form() -> None:
    """A new one gets a form in `app.views.known_sentences`, or a reason here why it needs none."""
    missing = []
    for place, sentence in sentences_of_errors():
        is_excused = any(place.startswith(start) for start in NOT_IN_THE_WINDOW) or sentence in NEEDS_NO_FORM
        if not is_excused and not any(
            pattern.fullmatch(sentence.replace("{}", "<value>")) for _, pattern in _patterns()
        ):
            missing.append(f"{place}: {sentence}")
    assert missing == []


def test_every_excuse_is_needed() -> None:
    made = {sentence for _, sentence in sentences_of_errors()}
    places = {place for place, _ in sentences_of_errors()}
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
    ],
)
def test_a_sentence_within_a_sentence_is_told_in_chinese(qapp: QApplication, sentence: str, chinese: str) -> None:
    languages = LanguagesController(qapp, "zh_CN")
    told = said(sentence)
    languages.choose("en")
    assert told == chinese
