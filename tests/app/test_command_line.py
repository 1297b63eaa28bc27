"""What `fireside` does with the words behind it, before any window opens."""

from __future__ import annotations

from pathlib import Path

import pytest

import app.application
from app.__main__ import main
from app.core.paths import DataFolder

Opened = list[tuple[Path, Path | None]]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """The data folder and file of each window that was to open."""
    seen: Opened = []

    def run(folder: DataFolder, *, started: float, file: Path | None) -> int:
        seen.append((folder.root, file))
        return 0

    monkeypatch.setattr(app.application, "run", run)
    return seen


@pytest.mark.parametrize("verb", [[], ["open"]])
def test_a_file_opens_in_the_window(
    tmp_path: Path, opened: Opened, verb: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    monkeypatch.chdir(tmp_path)
    assert main(["--data-dir", str(tmp_path / "data"), *verb, "model.gguf"]) == 0
    assert opened == [(tmp_path / "data", tmp_path / "model.gguf")]


def test_without_a_file_the_window_opens_alone(tmp_path: Path, opened: Opened) -> None:
    assert main(["--data-dir", str(tmp_path)]) == 0
    assert opened == [(tmp_path, None)]


def test_a_file_that_is_missing_is_an_error(
    tmp_path: Path, opened: Opened, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data-dir", str(tmp_path), "open", str(tmp_path / "gone.gguf")]) == 1
    assert capsys.readouterr().err.startswith("fireside: “gone.gguf” does not exist; check the path")
    with pytest.raises(SystemExit, match="2"):
        main(["--data-dir", str(tmp_path), str(tmp_path / "gone.gguf")])
    assert opened == []


def test_it_says_which_version_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == "fireside 0.1.0\n"


def test_the_engine_is_reached_through_it(capsys: pytest.CaptureFixture[str], starter: Path) -> None:
    assert main(["engine", "tokenize", str(starter), "--text", "Hello", "--json"]) == 0
    assert '"pieces"' in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["engine", "nothing"])
    assert "fireside engine" in capsys.readouterr().err
