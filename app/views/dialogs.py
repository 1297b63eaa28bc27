"""The dialogs that ask for a place on disk. They return what was chosen, or None, and touch no file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget


def ask_model_file(parent: QWidget) -> str | None:
    """A model file to open."""
    pattern = _tr("Models (*.gguf *.safetensors config.json);;All files (*)")
    path, _ = QFileDialog.getOpenFileName(parent, _tr("Open model file"), str(Path.home()), pattern)
    return path or None


def ask_model_folder(parent: QWidget) -> str | None:
    """A folder with config.json and safetensors."""
    return QFileDialog.getExistingDirectory(parent, _tr("Open model folder"), str(Path.home())) or None


def ask_export_file(parent: QWidget, proposed: Path, formats: dict[str, str]) -> Path | None:
    """A file to export to. `formats` maps an ending (`md`) to its title; an existing file is asked about."""
    patterns = {f"{title} (*.{ending})": ending for ending, title in formats.items()}
    chosen, pattern = QFileDialog.getSaveFileName(
        parent,
        _tr("Export conversation"),
        str(proposed),
        ";;".join(patterns),
        options=QFileDialog.Option.DontConfirmOverwrite,
    )
    if not chosen:
        return None
    path = Path(chosen)
    if path.suffix.lstrip(".").lower() not in formats:
        path = path.with_name(f"{path.name}.{patterns.get(pattern, next(iter(formats)))}")
    if path.exists() and not _confirm_replacing(parent, path):
        return None
    return path


def _confirm_replacing(parent: QWidget, path: Path) -> bool:
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(_tr("Replace the file?"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(_tr("“{name}” already exists. Replace it?").format(name=path.name))
    box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    answer = box.exec()
    box.deleteLater()
    return answer == QMessageBox.StandardButton.Yes


def _tr(text: str) -> str:
    return QCoreApplication.translate("dialogs", text)
