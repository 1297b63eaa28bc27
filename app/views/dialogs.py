"""The dialogs that ask for a place on disk. They return what was chosen, or None, and touch no file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

translate = QCoreApplication.translate


def ask_model_file(parent: QWidget) -> str | None:
    """A model file to open."""
    pattern = translate("dialogs", "Models (*.gguf *.safetensors config.json);;All files (*)")
    path, _ = QFileDialog.getOpenFileName(parent, translate("dialogs", "Open model file"), str(Path.home()), pattern)
    return path or None


def ask_model_folder(parent: QWidget) -> str | None:
    """A folder with config.json and safetensors."""
    return (
        QFileDialog.getExistingDirectory(parent, translate("dialogs", "Open model folder"), str(Path.home())) or None
    )


def ask_files(parent: QWidget) -> list[str]:
    """Files to attach to a message; none when the person thought better of it."""
    title, pattern = translate("dialogs", "Attach files"), translate("dialogs", "All files (*)")
    paths, _ = QFileDialog.getOpenFileNames(parent, title, str(Path.home()), pattern)
    return paths


def ask_text_file(parent: QWidget) -> Path | None:
    """A document whose text the model reads."""
    return _ask_file(
        parent,
        translate("dialogs", "Open a document"),
        translate("dialogs", "Documents (*.txt *.md *.pdf);;All files (*)"),
    )


def ask_import_file(parent: QWidget) -> str | None:
    """A file with conversations of another program."""
    pattern = translate("dialogs", "Conversations (*.json *.jsonl *.zip *.chat *.sqlite3 *.db);;All files (*)")
    path, _ = QFileDialog.getOpenFileName(
        parent, translate("dialogs", "Import conversations"), str(Path.home()), pattern
    )
    return path or None


def ask_import_folder(parent: QWidget) -> str | None:
    """A folder with conversations of another program."""
    return (
        QFileDialog.getExistingDirectory(parent, translate("dialogs", "Import conversations"), str(Path.home()))
        or None
    )


def ask_preset_file(parent: QWidget) -> Path | None:
    """A file with presets."""
    return _ask_file(
        parent, translate("dialogs", "Import presets"), translate("dialogs", "Presets (*.json);;All files (*)")
    )


def ask_new_file(parent: QWidget, title: str, proposed: Path, kind: str) -> Path | None:
    """Where to write a file whose kind is named as `PDF (*.pdf)`; the dialog does not ask about an existing one."""
    chosen, _ = QFileDialog.getSaveFileName(
        parent, title, str(proposed), kind, options=QFileDialog.Option.DontConfirmOverwrite
    )
    return Path(chosen) if chosen else None


def ask_folder(parent: QWidget, title: str, proposed: Path) -> Path | None:
    """A folder to write files into."""
    chosen = QFileDialog.getExistingDirectory(parent, title, str(proposed))
    return Path(chosen) if chosen else None


def ask_backup_file(parent: QWidget) -> Path | None:
    """A backup to take back."""
    return _ask_file(
        parent, translate("dialogs", "Restore a backup"), translate("dialogs", "Backups (*.sqlite3);;All files (*)")
    )


def confirm_replacing(parent: QWidget, name: str) -> bool:
    """Whether an existing file may be replaced."""
    return confirm(
        parent,
        translate("dialogs", "Replace the file?"),
        translate("dialogs", "“{name}” already exists. Replace it?").format(name=name),
    )


def confirm(parent: QWidget, title: str, sentence: str) -> bool:
    """Whether to do what cannot be undone."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(sentence)
    box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    answer = box.exec()
    box.deleteLater()
    return answer == QMessageBox.StandardButton.Yes


def _ask_file(parent: QWidget, title: str, pattern: str) -> Path | None:
    chosen, _ = QFileDialog.getOpenFileName(parent, title, str(Path.home()), pattern)
    return Path(chosen) if chosen else None
