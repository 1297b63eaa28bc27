"""The forms of what an import tells of the things it leaves out, and why. See `app.views.known_sentences`."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP

IMPORT_FORMS = (
    QT_TRANSLATE_NOOP("errors", "{name} holds more than {most} files; the others were skipped."),
    QT_TRANSLATE_NOOP("errors", "{name} holds files without a name, which were skipped."),
    QT_TRANSLATE_NOOP("errors", "{name} is encrypted; unpack {archive} with its password and import the folder."),
    QT_TRANSLATE_NOOP("errors", "{name} is packed far too tightly to be what it claims to be, so it was skipped."),
    QT_TRANSLATE_NOOP("errors", "{name} is a zip inside of what was chosen; import it by itself."),
    QT_TRANSLATE_NOOP("errors", "{name} is a database in a zip; unpack it and import it by itself."),
    QT_TRANSLATE_NOOP("errors", "{name}: entry {number} was skipped because it is not an object."),
    QT_TRANSLATE_NOOP("errors", "{name}: entry {number} was skipped because it is {reason}."),
    QT_TRANSLATE_NOOP("errors", "nested too deeply"),
    QT_TRANSLATE_NOOP("errors", "not valid JSON ({reason})"),
    QT_TRANSLATE_NOOP("errors", "{name}: an entry of more than {most} MB or {values} values was skipped."),
    QT_TRANSLATE_NOOP("errors", "{name} goes on behind the end of its array; that was skipped."),
    QT_TRANSLATE_NOOP("errors", "{name} ends in the middle of an entry, which was skipped."),
    QT_TRANSLATE_NOOP("errors", "{name}: “{title}” has no messages."),
    QT_TRANSLATE_NOOP("errors", "{name}: an entry has no messages."),
    QT_TRANSLATE_NOOP("errors", "{name}: an entry has no turns."),
    QT_TRANSLATE_NOOP("errors", "{name}: a line is not a message, so it was skipped."),
    QT_TRANSLATE_NOOP("errors", "{name} has no messages in {file} beside it."),
    QT_TRANSLATE_NOOP("errors", "{name} has no messages."),
    QT_TRANSLATE_NOOP("errors", "{name} holds a conversation of a newer Fireside; update this one to read it."),
    QT_TRANSLATE_NOOP("errors", "The attachment “{name}” is damaged, so it was skipped."),
    QT_TRANSLATE_NOOP("errors", "“{name}” is kept by its name alone: its chat holds too much beside it."),
    QT_TRANSLATE_NOOP("errors", "A picture"),
    QT_TRANSLATE_NOOP("errors", "{sentence} The messages before that were kept."),
    QT_TRANSLATE_NOOP("errors", "{count} more were skipped."),
)
