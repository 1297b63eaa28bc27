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


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("words", [("open", "model.gguf"), ("model.gguf",), ("conversations", "--json")])
def test_the_folder_stands_before_a_verb_or_after_it(
    tmp_path: Path,
    opened: Opened,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    place: int,
) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    monkeypatch.chdir(tmp_path)
    assert main([*words[:place], "--data-dir", "data", *words[place:]]) == 0
    if words[0] == "conversations":
        assert capsys.readouterr().out == "[]\n"
        assert (tmp_path / "data").is_dir()
    else:
        assert opened == [(tmp_path / "data", tmp_path / "model.gguf")]


def test_every_verb_says_that_it_takes_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("open", "models", "conversations", "export", "import", "serve", "backup", "restore", "rescue"):
        with pytest.raises(SystemExit, match="0"):
            main([verb, "--help"])
        said = capsys.readouterr().out
        assert (said.startswith(f"usage: fireside {verb} "), "--data-dir DIR" in said) == (True, True)


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
    assert main(["--data-dir", "unused", "engine", "detokenize", str(starter), "--ids", "28120"]) == 0
    assert capsys.readouterr().out == "hello\n"
    with pytest.raises(SystemExit, match="2"):
        main(["engine", "nothing"])
    assert "fireside engine" in capsys.readouterr().err
