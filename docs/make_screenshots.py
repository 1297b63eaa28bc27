"""`python -m docs.make_screenshots [NAME…]`: photographs the real window for the guide, into docs/images.

Each scene brings the window into one state, as a person would; the list of scenes is the list of pictures. The window
runs offscreen on a temporary folder with sample conversations, and the starter model gives the replies.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QTableView,
    QTabWidget,
    QWidget,
)

from app.application import Application
from app.controllers.hints import PALETTE
from app.core.discovery import Machine
from app.core.paths import data_folder
from app.views.compare_dialog import CompareDialog
from app.views.model_picker import ModelChoice
from app.views.remote_question import RemoteQuestion
from docs import sample_chats

IMAGES = Path(__file__).parent / "images"
WINDOW = QSize(1100, 740)
LOW = QSize(1100, 600)
NARROW = QSize(480, 720)
TALL = 860  # pixels, of the library
LONGEST_WAIT_S = 120.0
MOST_BYTES = 150_000  # of one picture
EDGE = "#808080"  # around a dialog or menu that lies over the window


class Stage:
    """The window and what a scene does with it."""

    def __init__(self, application: Application, files: Path) -> None:
        self.application, self.window, self.files = application, application.window, files

    def wait(self, is_so: Callable[[], bool]) -> None:
        """Let the window work until it is so. Raises TimeoutError."""
        end = time.monotonic() + LONGEST_WAIT_S
        while not is_so():
            if time.monotonic() > end:
                raise TimeoutError("the window never came into the state of the scene")
            QApplication.processEvents()
            time.sleep(0.01)

    def settle(self, for_s: float = 0.4) -> None:
        """Let timers run and everything be painted."""
        end = time.monotonic() + for_s
        self.wait(lambda: time.monotonic() > end)

    def find(self, name: str) -> QWidget:
        """The last widget of this name that is visible."""
        found = [one for one in self.window.findChildren(QWidget, name) if one.isVisible()]
        if not found:
            raise LookupError(f"no {name} is visible")
        return found[-1]

    def dialog(self) -> QDialog:
        """The dialog that is open."""
        return next(one for one in self.window.findChildren(QDialog) if one.isVisible())

    def open_chat(self, title: str) -> None:
        """Open the sample conversation of this title."""
        store = self.application.store
        self.application.conversations.open(next(one.id for one in store.conversations() if one.title == title))
        self.settle()

    def type(self, text: str) -> None:
        """Put text into the composer."""
        self.window.composer.set_text(text)
        self.settle()

    def say(self, text: str) -> None:
        """Send a message."""
        self.window.composer.set_text(text)
        QTest.keyClick(self.find("composer"), Qt.Key.Key_Return)
        self.settle()

    def change(self, **settings: object) -> None:
        """Change settings of the application."""
        for name, value in settings.items():
            self.application.preferences.change(name, value)
        self.settle()

    def reset(self) -> None:
        """Back to a new chat in the light window."""
        if (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        for dialog in self.window.findChildren(QDialog):
            dialog.close()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if self.application.chat.is_replying:
            self.application.chat.stop()
            self.wait(lambda: not self.application.chat.is_replying)
        for chip in self.window.composer.files.shown():
            self.application.attaching.remove(chip.id)
        self.window.find_bar.close_bar()
        self.window.palette_view.close_palette()
        for search in self.window.findChildren(QLineEdit, "conversationSearch"):
            search.clear()
        self.application.models.show_remote(())
        self.window.action.settings.setChecked(False)
        self.window.action.look_inside.setChecked(False)
        self.window.composer.set_text("")
        self.application.conversations.new_chat()
        self.change(theme="light", language="en", text_percent=100)
        self.window.resize(WINDOW)
        self.settle()


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture: `show` brings the window into its state and gives the widget to photograph, None for the window."""

    name: str
    show: Callable[[Stage], QWidget | None]
    theme: str = "light"
    size: QSize = WINDOW


def first_start(_stage: Stage) -> None:
    """Nothing was said yet. The conversations come into the store only after this picture."""


def chat(stage: Stage) -> None:
    """Two replies of the starter model; always the same, since the seed is."""
    questions = ("What is photosynthesis? Answer in two sentences.", "Write a Python function that adds two numbers.")
    store = stage.application.store
    if not any(one.title == questions[0] for one in store.conversations()):
        for name, value in {"seed": 3, "temperature": 0.2, "max_tokens": 160}.items():
            stage.application.reply_settings.change_value(name, value)
        for question in questions:
            stage.say(question)
            stage.wait(lambda: not stage.application.chat.is_replying)
        stage.application.conversations.new_chat()
    stage.open_chat(questions[0])


def layout(stage: Stage) -> None:
    """Formulas, a table and code."""
    stage.open_chat("Simple and compound interest")


def thinking(stage: Stage) -> None:
    """What a model thought, unfolded."""
    stage.open_chat("Two trains")
    stage.find("thinkingButton").click()  # type: ignore[attr-defined]  # a button
    stage.settle()


def attachments(stage: Stage) -> None:
    """Files beside a message that is being written."""
    for name, text in (("trip.md", sample_chats.NOTES), ("prices.csv", sample_chats.PRICES)):
        (stage.files / name).write_text(text)
    stage.application.attaching.attach([str(stage.files / "trip.md"), str(stage.files / "prices.csv")])
    stage.type("What do I have to book, and what does it cost?")
    stage.settle(1.0)


def queue(stage: Stage) -> None:
    """Messages that wait for the end of a reply."""
    stage.say("Tell me a very long story about a lighthouse.")
    stage.wait(lambda: stage.application.chat.is_replying)
    stage.settle(0.6)
    stage.say("Now a title for it.")
    stage.say("And a shorter one.")
    stage.settle(0.3)


def versions(stage: Stage) -> None:
    """Two versions of a reply, and its menu."""
    stage.open_chat("How do I bake a simple bread?")
    QTest.mouseClick(stage.find("moreMessageButton"), Qt.MouseButton.LeftButton)
    stage.settle()


def details(stage: Stage) -> QWidget:
    """How a reply was made."""
    stage.open_chat("How do I bake a simple bread?")
    stage.application.message_menu.show_details(stage.application.chat.shown.tree.path()[1].id)
    stage.settle()
    return stage.dialog()


def slash_commands(stage: Stage) -> None:
    """What can stand behind a slash."""
    stage.type("/")


def find_in_chat(stage: Stage) -> None:
    """A word in the open chat."""
    stage.open_chat("How do I bake a simple bread?")
    stage.window.action.find.trigger()
    QTest.keyClicks(stage.find("findField"), "hour")
    stage.settle(0.8)


def search(stage: Stage) -> None:
    """A word in all chats."""
    stage.open_chat("Simple and compound interest")
    stage.window.action.search.trigger()
    QTest.keyClicks(stage.find("conversationSearch"), "interest")
    stage.settle(0.8)


def chat_settings(stage: Stage) -> None:
    """Settings of this chat, some of a preset, one of the chat's own."""
    stage.open_chat("Simple and compound interest")
    stage.application.reply_settings.choose_preset("precise")
    stage.application.reply_settings.change_value("top_k", 20)
    stage.window.action.settings.setChecked(True)
    stage.settle()


def presets(stage: Stage) -> QWidget:
    """The presets."""
    stage.application.presets.show_dialog("code")
    stage.settle()
    return stage.dialog()


def settings(stage: Stage) -> QWidget:
    """The settings of the application."""
    stage.application.preferences.show_dialog("appearance")
    stage.settle()
    return stage.dialog()


def model_picker(stage: Stage) -> None:
    """The models to choose from."""
    stage.window.model_picker.click()
    stage.settle()


def remote_models(stage: Stage) -> None:
    """Remote models among those to choose from; nothing is contacted."""
    base_url, host = "https://models.example.org/v1", "models.example.org"
    named = (("Qwen3-235B-A22B-Instruct", "262,144"), ("DeepSeek-R1", "131,072"))
    stage.application.models.show_remote(
        [ModelChoice(f"{base_url}#{name}", name, context, "Institute", host=host) for name, context in named]
    )
    stage.window.model_picker.click()
    stage.settle()


def remote_question(stage: Stage) -> QWidget:
    """The question before messages leave; nothing does."""
    RemoteQuestion("DeepSeek-R1", "models.example.org", stage.window, is_readable=False).open()
    stage.settle()
    return stage.dialog()


def library(stage: Stage) -> QWidget:
    """The models that are on this machine."""
    stage.window.action.library.trigger()
    stage.wait(lambda: not stage.application.library.is_looking)
    table = stage.find("libraryList")
    assert isinstance(table, QTableView)
    table.selectRow(1)
    dialog = stage.dialog()
    dialog.resize(dialog.width(), TALL)  # down to the last thing that can be set of a model
    stage.settle()
    return dialog


def get_models(stage: Stage) -> QWidget:
    """The question before a hub is contacted; nothing is."""
    stage.window.action.library.trigger()
    stage.wait(lambda: not stage.application.library.is_looking)
    tabs = stage.find("libraryTabs")
    assert isinstance(tabs, QTabWidget)
    tabs.setCurrentIndex(1)
    stage.settle()
    return stage.dialog()


def look_inside(stage: Stage) -> None:
    """What else could have come in place of a word."""
    chat(stage)
    inspector = stage.application.inspector
    first_reply = next(one for one in stage.application.chat.shown.tree.path() if one.role == "assistant")
    stage.window.action.look_inside.setChecked(True)
    inspector.look(first_reply.id)
    stage.wait(lambda: inspector.tokens is not None)
    inspector.choose(5)
    stage.settle(2.0)


def how_sure(stage: Stage) -> None:
    """The words of a reply, coloured by how sure the model was."""
    look_inside(stage)
    views = stage.find("inspectorViews")
    assert isinstance(views, QComboBox)
    views.setCurrentIndex(1)
    stage.settle()
    measure = stage.find("confidenceMeasure")
    assert isinstance(measure, QComboBox)
    measure.setCurrentIndex(1)
    stage.settle(1.0)


def compare(stage: Stage) -> QWidget:
    """Two replies to one message, and where they part."""
    stage.window.action.new_chat.trigger()
    stage.window.action.compare.trigger()
    dialog = stage.dialog()
    assert isinstance(dialog, CompareDialog)
    prompt, start = stage.find("comparePrompt"), stage.find("compareModels")
    summary = dialog.findChild(QLabel, "compareSummary")
    assert isinstance(prompt, QPlainTextEdit)
    assert isinstance(start, QPushButton)
    assert summary is not None
    prompt.setPlainText("How do I make green tea?")
    dialog.columns[1].choose_model(dialog.columns[0].path, "q8_0")
    dialog.choiceChanged.emit()
    start.click()
    stage.wait(lambda: bool(summary.text()))
    stage.settle()
    return dialog


def palette(stage: Stage) -> None:
    """Commands, chats and models by name."""
    stage.window.action.palette.trigger()
    QTest.keyClicks(stage.find("paletteField"), "ex")
    stage.settle()


def shortcuts(stage: Stage) -> QWidget:
    """All keys."""
    stage.window.action.shortcuts_overview.trigger()
    stage.settle()
    return stage.dialog()


def export(stage: Stage) -> QWidget:
    """A chat is taken out."""
    stage.open_chat("Simple and compound interest")
    stage.window.action.export.trigger()
    stage.settle()
    combo = stage.find("exportFormat")
    assert isinstance(combo, QComboBox)
    stage.find("exportOutput").setText("interest.md")  # type: ignore[attr-defined]  # a line edit
    return stage.dialog()


def import_(stage: Stage) -> QWidget:
    """What a file of chats would bring."""
    path = stage.files / "conversations.json"
    path.write_text(sample_chats.EXPORTED)
    stage.application.imports.look_at(str(path))
    stage.settle(1.5)
    return stage.dialog()


def bin_(stage: Stage) -> QWidget:
    """What was deleted."""
    store = stage.application.store
    stage.application.conversations.delete([one.id for one in store.conversations() if "boat" in one.title])
    stage.window.action.bin.trigger()
    stage.settle()
    return stage.dialog()


def chinese(stage: Stage) -> None:
    """The window in Chinese."""
    stage.change(language="zh_CN")
    stage.open_chat("Simple and compound interest")
    stage.window.action.settings.setChecked(True)
    stage.settle()


def large_text(stage: Stage) -> None:
    """Larger text in high contrast."""
    stage.change(text_percent=150)
    stage.open_chat("How do I bake a simple bread?")


SCENES = (
    Scene("first-start", first_start),
    Scene("window-light", chat),
    Scene("window-dark", chat, theme="dark"),
    Scene("layout", layout),
    Scene("thinking", thinking, size=QSize(1100, 480)),
    Scene("attachments", attachments, size=QSize(1100, 520)),
    Scene("queue", queue, size=LOW),
    Scene("versions", versions),
    Scene("details", details),
    Scene("slash-commands", slash_commands, size=LOW),
    Scene("find-in-chat", find_in_chat, size=LOW),
    Scene("search", search, size=LOW),
    Scene("chat-settings", chat_settings, size=LOW),
    Scene("presets", presets),
    Scene("settings", settings),
    Scene("model-picker", model_picker),
    Scene("remote-models", remote_models, size=LOW),
    Scene("remote-question", remote_question),
    Scene("library", library),
    Scene("get-models", get_models),
    Scene("look-inside", look_inside, size=LOW),
    Scene("how-sure", how_sure, theme="dark", size=LOW),
    Scene("compare", compare),
    Scene("palette", palette, theme="dark", size=LOW),
    Scene("shortcuts", shortcuts),
    Scene("export", export),
    Scene("import", import_),
    Scene("chinese", chinese, size=LOW),
    Scene("large-text", large_text, theme="contrast-dark"),
    Scene("narrow", layout, theme="dark", size=NARROW),
    Scene("bin", bin_),  # the last: the chat in it is gone from the others
)


def play(stage: Stage, scene: Scene) -> QImage:
    """Bring the window into the scene and photograph it."""
    stage.reset()
    stage.window.resize(scene.size)
    stage.change(theme=scene.theme)
    taken = scene.show(stage)
    stage.settle()
    return photograph(taken or stage.window)


def photograph(widget: QWidget) -> QImage:
    """What a person sees of a window, with the menus and small windows that lie over it."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setPen(QColor(EDGE))
    for over in QApplication.topLevelWidgets():
        is_over = isinstance(over, QMenu) or over.windowType() == Qt.WindowType.Popup
        if over.isVisible() and is_over:
            place = widget.mapFromGlobal(over.mapToGlobal(QPoint(0, 0)))
            painter.drawPixmap(place, over.grab())
            painter.drawRect(QRect(place, over.size()).adjusted(-1, -1, 0, 0))
    painter.end()
    return image


def opened(folder: Path) -> Stage:
    """The window on an empty folder, on a machine with some models, with the starter model loaded."""
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(qt, QApplication)
    home = folder / "home"
    sample_chats.write_models(home)
    application = Application(
        qt,
        data_folder(str(folder / "data")),
        machine=Machine(home, {}, "linux"),
        read_header=sample_chats.read_header,
    )
    application.preferences.change("told_hints", (PALETTE,))  # it would lie over the first pictures
    application.start()
    stage = Stage(application, folder)
    stage.wait(lambda: application.models.loaded is not None)
    return stage


def fill(stage: Stage) -> None:
    """Bring the sample conversations in."""
    stage.application.store.add_import(sample_chats.chats(), source="fireside")
    stage.application.conversations.refresh()


def main(names: list[str]) -> None:
    """Make these pictures, or all."""
    if unknown := set(names) - {scene.name for scene in SCENES}:
        raise SystemExit(f"There is no scene {', '.join(sorted(unknown))}.")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fireside-") as folder:
        stage = opened(Path(folder))
        for scene in SCENES:
            if scene.show is not first_start and not stage.application.store.conversations():
                fill(stage)
            if not names or scene.name in names:
                path = IMAGES / f"{scene.name}.png"
                play(stage, scene).save(str(path), quality=0)  # 0: packed the most
                print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
        stage.reset()
        stage.window.close()
        stage.application.close()


if __name__ == "__main__":
    main(sys.argv[1:])
