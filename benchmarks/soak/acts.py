"""What a person may do in the window: each act a generator that yields what it waits for. `ACTS` says how often.

To add one: a function of `Person`, and a line in `ACTS`. An act may leave dialogs open: the walk closes them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QTreeWidget,
)

from app.core.settings import LARGEST_TEXT, SMALLEST_TEXT
from app.views.conversation_list import ConversationRow, Role
from benchmarks.soak.person import Doing, Person, type_into

Act = Callable[[Person], Doing]
MOST_CHATS = 40  # then some are deleted for ever, so that what is kept does not grow with the time
KEPT_CHATS = 25
LONGEST_REPLY = 120  # tokens, of most replies


def send(person: Person) -> Doing:
    """Write a message and send it; sometimes wait for the reply, sometimes go on at once (it then queues)."""
    person.application.reply_settings.change_value("max_tokens", person.dice.randint(8, LONGEST_REPLY))
    person.write(person.words(12), then=Qt.Key.Key_Return)
    yield 0.1
    if person.dice.random() < 0.7:
        yield person.is_quiet


def stop(person: Person) -> Doing:
    """Send, and stop while the prompt is read or the reply written."""
    person.write(person.words(200 if person.dice.random() < 0.3 else 10), then=Qt.Key.Key_Return)
    yield person.dice.uniform(0.0, 2.0)
    if not person.click(QToolButton, "stopButton"):
        person.key(Qt.Key.Key_Escape)
    yield person.is_quiet


def regenerate(person: Person) -> Doing:
    """Another version of a reply."""
    if person.dice.random() < 0.5:
        person.window.action.regenerate.trigger()
    else:
        person.click(QToolButton, "regenerateButton")
    yield 0.1
    yield person.is_quiet


def go_on(person: Person) -> Doing:
    """Let a stopped reply go on."""
    person.click(QToolButton, "continueButton")
    yield 0.1
    yield person.is_quiet


def edit(person: Person) -> Doing:
    """Edit a message of one's own or a reply, and keep it, let it go on, or cancel."""
    person.click(QToolButton, person.dice.choice(["editButton", "editReplyButton"]))
    yield 0.05
    field = person.find(QPlainTextEdit, "messageEditor")
    if field is None:
        return
    type_into(field, " " + person.words(4))
    person.click(QPushButton, person.dice.choice(["saveEdit", "saveEdit", "continueEdit", "cancelEdit"]))
    yield 0.1
    yield person.is_quiet


def see_versions(person: Person) -> Doing:
    """Go through the versions of a message."""
    for _ in range(person.dice.randint(1, 4)):
        person.click(QToolButton, person.dice.choice(["previousVersion", "nextVersion"]))
        yield 0.05


def branch(person: Person) -> Doing:
    """A chat of its own from a message."""
    person.click(QToolButton, "branchButton")
    yield 0.1


def delete_message(person: Person) -> Doing:
    """Delete a message, and mostly take it back."""
    person.click(QToolButton, "deleteMessageButton")
    yield 0.1
    yield from _perhaps_undo(person)


def delete_chat(person: Person) -> Doing:
    """Delete the open chat, and mostly take it back."""
    person.window.action.delete.trigger()
    yield 0.1
    yield from _perhaps_undo(person)


def open_chat(person: Person) -> Doing:
    """Open a chat of the sidebar, also while a reply is written."""
    view = person.find(QListView, "conversationList")
    if view is None:
        return
    rows = [row for row in range(view.model().rowCount()) if view.model().index(row, 0).data(Role.ID) is not None]
    if rows:
        index = view.model().index(person.dice.choice(rows), 0)
        view.scrollTo(index)
        QTest.mouseClick(
            view.viewport(),
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            view.visualRect(index).center(),
        )
    yield 0.2


def new_chat(person: Person) -> Doing:
    """Begin a chat."""
    person.window.action.new_chat.trigger()
    yield 0.05


def temporary_chat(person: Person) -> Doing:
    """Begin a chat that is kept nowhere, and say something in it."""
    person.window.action.temporary_chat.trigger()
    yield 0.05
    yield from send(person)


def switch_model(person: Person) -> Doing:
    """Choose another model in the picker, also while a reply is written."""
    person.click(QToolButton, "modelPicker")
    yield 0.1
    shown = person.find(QTreeWidget, "modelChoices")
    if shown is not None and shown.topLevelItemCount():
        item = shown.topLevelItem(person.dice.randrange(shown.topLevelItemCount()))
        if item is not None:
            shown.itemClicked.emit(item, 0)
    yield 0.1
    yield person.is_quiet


def reload_with_another_cache(person: Person) -> Doing:
    """Choose another type of the KV cache in the settings, and load the model again."""
    dialog = person.application.preferences.show_dialog("models")
    yield 0.1
    box = person.find(QComboBox, "loadCacheType")
    if box is not None:
        person.choose(box)
    dialog.reject()
    yield 0.1
    person.click(QPushButton, "messageBarAction")
    yield person.is_quiet


def export(person: Person) -> Doing:
    """Export this chat or all, in any format."""
    person.window.action.export.trigger()
    yield 0.1
    boxes = [person.find(QComboBox, name) for name in ("exportFormat", "exportScope", "exportBranches")]
    output = person.find(QLineEdit, "exportOutput")
    if output is None:
        return  # there is nothing to export
    for box in boxes:
        if box is not None:
            person.choose(box)
    shutil.rmtree(person.place, ignore_errors=True)
    person.place.mkdir(parents=True)
    output.setText(str(person.place / "soak"))
    person.click(QPushButton, "startExport")
    yield lambda: bool(person.all(QLabel, "exportTold") or person.all(QLabel, "dialogError"))
    person.click(QPushButton, "exportDone")


def import_again(person: Person) -> Doing:
    """Take in what was exported last, and sometimes take it out again."""
    written = sorted(person.place.glob("*")) if person.place.is_dir() else []
    if not written:
        return
    person.application.imports.look_at(str(person.dice.choice(written)))
    yield lambda: bool(person.all(QPushButton, "startImport") or person.all(QLabel, "dialogError"))
    if not person.click(QPushButton, "startImport"):
        return
    yield lambda: bool(person.all(QPushButton, "importDone") or person.all(QLabel, "dialogError"))
    person.click(QPushButton, person.dice.choice(["importDone", "undoImport"]))
    yield 0.3


def search(person: Person) -> Doing:
    """Search all chats, and open a hit."""
    person.window.action.search.trigger()
    yield 0.05
    field = person.find(QLineEdit, "conversationSearch")
    if field is None:
        return
    type_into(field, person.words(2))
    yield 0.4
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Return)
    yield 0.2
    field.clear()


def find_in_chat(person: Person) -> Doing:
    """Find words in the open chat."""
    person.window.action.find.trigger()
    yield 0.05
    field = person.find(QLineEdit, "findField")
    if field is not None:
        type_into(field, person.words(1))
        yield 0.2
        for _ in range(person.dice.randint(0, 3)):
            QTest.keyClick(field, Qt.Key.Key_Return)
            yield 0.05
        QTest.keyClick(field, Qt.Key.Key_Escape)


def change_look(person: Person) -> Doing:
    """Choose theme, language or text size in the settings."""
    page = person.dice.choice(["general", "appearance"])
    person.application.preferences.show_dialog(page)
    yield 0.1
    for name in ("languageChoice", "themeChoice"):
        box = person.find(QComboBox, name)
        if box is not None:
            person.choose(box)
            yield 0.2
    size = person.find(QSpinBox, "textSize")
    if size is not None and person.dice.random() < 0.5:
        size.setValue(person.dice.randrange(SMALLEST_TEXT, LARGEST_TEXT + 1, 10))
        yield 0.2


def see_settings(person: Person) -> Doing:
    """Look through the pages of the settings, and search them."""
    person.application.preferences.show_dialog()
    yield 0.1
    pages = person.find(QListWidget, "settingsPages")
    if pages is not None:
        for row in range(pages.count()):
            pages.setCurrentRow(row)
            yield 0.02
    field = person.find(QLineEdit, "settingsSearch")
    if field is not None:
        type_into(field, person.dice.choice(["text", "theme", "zzz"]))
    yield 0.1


def change_reply_settings(person: Person) -> Doing:
    """Open the chat's settings and change some."""
    person.window.action.settings.setChecked(True)
    yield 0.1
    settings = person.application.reply_settings
    settings.change_value("temperature", person.dice.choice([0.0, 0.7, 1.5]))
    settings.change_value("top_k", person.dice.choice([0, 1, 40]))
    settings.change_value("system_prompt", person.dice.choice(["", "You are a pirate."]))
    yield 0.1
    if person.dice.random() < 0.5:
        person.window.action.settings.setChecked(False)


def look_inside(person: Person) -> Doing:
    """Open the inspector, go through its views, and ask what they offer."""
    person.window.action.look_inside.setChecked(True)
    yield 0.2
    yield person.is_quiet
    picker = person.find(QComboBox, "inspectorViews")
    if picker is not None and picker.count():
        for _ in range(2):
            person.choose(picker)
            yield 0.2
            person.click(QToolButton, "nextToken")
            yield 0.2
            buttons = person.window.inspector_panel.findChildren(QPushButton)
            usable = [one for one in buttons if one.isVisible() and one.isEnabled()]
            if usable:
                person.dice.choice(usable).click()
            yield person.dice.uniform(0.2, 3.0)
    if person.dice.random() < 0.7:
        person.window.action.look_inside.setChecked(False)


def command_palette(person: Person) -> Doing:
    """Find something in the palette and sometimes run it."""
    person.window.action.palette.trigger()
    yield 0.1
    field = person.find(QLineEdit, "paletteField")
    if field is None:
        return
    words = person.dice.choice(
        ["new", "theme dark", "light", "sidebar", "larger", "usual", "copy", "find", "shortcuts"]
    )
    type_into(field, words)
    yield 0.1
    QTest.keyClick(field, person.dice.choice([Qt.Key.Key_Return, Qt.Key.Key_Escape]))
    yield 0.2


def slash_command(person: Person) -> Doing:
    """Begin to write a command, and take or leave it."""
    person.write("/" + person.dice.choice(["", "n", "f", "t", "r"]))
    yield 0.1
    person.write("", then=person.dice.choice([Qt.Key.Key_Escape, Qt.Key.Key_Tab]))
    composer = person.find(QPlainTextEdit, "composer")
    if composer is not None:
        composer.clear()


def attach(person: Person) -> Doing:
    """Drop a text file or a picture on the window and send it, or take it off again."""
    person.place.parent.mkdir(parents=True, exist_ok=True)
    if person.dice.random() < 0.5:
        path = person.place.parent / "notes.txt"
        path.write_text(person.words(300), encoding="utf-8")
    else:
        path = person.place.parent / "window.png"
        person.window.grab().save(str(path))
    person.window.filesDropped.emit([str(path)])
    yield 0.3
    if person.dice.random() < 0.5:
        yield from send(person)
    else:
        person.click(QToolButton, "removeFile")
        yield 0.1


def open_dialogs(person: Person) -> Doing:
    """Open a dialog of the menu."""
    action = person.window.action
    person.dice.choice(
        [action.library, action.shortcuts_overview, action.bin, action.deleted_messages, action.import_]
    ).trigger()
    yield 0.3


def manage_presets(person: Person) -> Doing:
    """Open the presets and press a button of theirs."""
    person.application.presets.show_dialog()
    yield 0.1
    person.press_any()
    yield 0.2


def message_menu(person: Person) -> Doing:
    """Open a message's menu and choose from it."""
    person.click(QToolButton, "moreMessageButton")
    yield 0.1
    for _ in range(person.dice.randint(1, 3)):
        person.key(Qt.Key.Key_Down)
    person.key(person.dice.choice([Qt.Key.Key_Return, Qt.Key.Key_Escape]))
    yield 0.1
    yield person.is_quiet


def press_anything(person: Person) -> Doing:
    """Press some buttons, whatever they do."""
    for _ in range(person.dice.randint(1, 4)):
        person.press_any()
        yield person.dice.uniform(0.05, 0.5)


def sort_chats(person: Person) -> Doing:
    """Pin, tag, name and move a chat, as the sidebar's menus ask for it."""
    menus, model = person.window.sidebar.menus, person.window.sidebar.model
    ids = [row.id for row in model.conversations]
    if not ids:
        return
    chosen = person.dice.sample(ids, k=min(len(ids), person.dice.randint(1, 3)))
    match person.dice.randrange(5):
        case 0:
            menus.pinRequested.emit(chosen, person.dice.random() < 0.5)
        case 1:
            menus.tagsRequested.emit(chosen, [person.dice.choice(["tea", "work"])])
        case 2:
            menus.renameRequested.emit(chosen[0], person.words(4))
        case 3 if model.folders:
            menus.moveRequested.emit(chosen, person.dice.choice([None, *(folder.id for folder in model.folders)]))
        case 4 if model.folders:
            menus.folderDeleted.emit(person.dice.choice(model.folders).id)
        case _:
            menus.folderCreated.emit(person.words(2), None, chosen)
    yield 0.1


def resize(person: Person) -> Doing:
    """Give the window another size, and turn the wheel of the transcript."""
    person.window.resize(person.dice.randint(420, 1400), person.dice.randint(360, 1000))
    bar = person.window.transcript.verticalScrollBar()
    for _ in range(5):
        bar.setValue(person.dice.randint(bar.minimum(), bar.maximum()))
        yield 0.03
    person.window.sidebar.setVisible(True)
    QTest.mouseMove(person.window, QPoint(5, 5))


def tidy(person: Person) -> Doing:
    """Where chats have become many, delete the oldest for ever."""
    shown = person.window.sidebar.model.conversations
    if len(shown) > MOST_CHATS:
        old: list[ConversationRow] = list(shown[KEPT_CHATS:])
        person.window.sidebar.menus.deleteRequested.emit([row.id for row in old])
        yield 0.1
    person.window.action.bin.trigger()
    yield 0.1
    if len(person.application.store.binned()) > KEPT_CHATS:
        person.click(QPushButton, "emptyBin")
        yield 0.2


def _perhaps_undo(person: Person) -> Doing:
    if person.dice.random() < 0.7:
        person.click(QPushButton, "messageBarAction")
        yield 0.1


ACTS: dict[Act, int] = {
    send: 24,
    stop: 6,
    regenerate: 5,
    go_on: 2,
    edit: 5,
    see_versions: 4,
    branch: 3,
    delete_message: 3,
    delete_chat: 3,
    open_chat: 10,
    new_chat: 6,
    temporary_chat: 2,
    switch_model: 3,
    reload_with_another_cache: 1,
    export: 3,
    import_again: 2,
    search: 4,
    find_in_chat: 3,
    change_look: 3,
    see_settings: 2,
    change_reply_settings: 3,
    look_inside: 4,
    command_palette: 4,
    slash_command: 2,
    attach: 3,
    open_dialogs: 4,
    manage_presets: 1,
    message_menu: 3,
    press_anything: 6,
    sort_chats: 4,
    resize: 4,
    tidy: 2,
}
