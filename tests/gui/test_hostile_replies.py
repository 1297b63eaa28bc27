"""What replies must not be able to do: load anything, hide anything, or keep the window from going on."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QTimer
from PySide6.QtGui import QColor, QImage, QTextDocument
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from app.theme import load_theme
from app.views.pictures import ShownImage, decoded_picture
from app.views.text_block import InertDocument
from app.views.transcript import Transcript, TranscriptMessage

BAIT = """<script src="https://evil.example/x.js"></script>
<img src="file:///etc/hostname"> <img src="https://evil.example/a.png">
<link rel="stylesheet" href="file:///etc/passwd"><style>@import url(file:///etc/passwd);</style>
<iframe src="https://evil.example"></iframe><object data="/etc/hostname"></object>

![p](file:///etc/hostname) ![q](https://evil.example/b.png) ![r](/etc/hostname) ![s](data:image/png;base64,AAAA)

[a]: file:///etc/passwd
[x][a] and <file:///etc/passwd> and [y](javascript:alert(1))

| <img src="/etc/hostname"> | ![t](/etc/hostname) |
|---|---|
| `<img src=/etc/hostname>` | <b>b</b> |

$\\input{/etc/passwd}$ and $\\includegraphics{/etc/hostname}$ and $\\href{file:///etc/passwd}{x}$

```html
<img src="file:///etc/hostname">
```
"""
_watched: list[str] | None = None


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _watched is not None and event in ("open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        _watched.append(f"{event} {arguments[0] if event == 'open' else arguments}")


sys.addaudithook(_audit)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What is opened or connected to meanwhile, but for Python's own modules and fonts."""
    global _watched  # noqa: PLW0603 - an audit hook cannot be taken away
    _watched = []
    try:
        yield _watched
    finally:
        _watched = None


@pytest.fixture
def transcript(qtbot: QtBot) -> Transcript:
    made = Transcript()
    qtbot.addWidget(made)
    made.apply_theme(load_theme("light"))
    made.resize(800, 700)
    made.show()
    return made


def test_a_hostile_reply_loads_nothing(transcript: Transcript, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = InertDocument.loadResource

    def load(self: InertDocument, kind: int, name: object) -> object:
        answer = real(self, kind, name)  # type: ignore[arg-type]
        if answer is not None:
            asked.append(str(name))
        return answer

    monkeypatch.setattr(InertDocument, "loadResource", load)
    monkeypatch.setattr(QTextDocument, "loadResource", lambda *_: asked.append("Qt's own"))
    with watched() as opened:
        transcript.show_messages([TranscriptMessage("0", "user", BAIT), TranscriptMessage("1", "assistant", BAIT)])
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            QApplication.processEvents()
        transcript.grab()
    assert [one for one in asked if not one.startswith(("formula:", "PySide6.QtCore.QUrl('formula:"))] == []
    foreign = ("/etc/", "evil", "socket", "subprocess")
    assert [one for one in opened if any(part in one for part in foreign)] == []


HOSTILE = {
    "brackets": "[" * 10_000,
    "quotes": ">" * 10_000,
    "table": "| a | b |\n|---|---|\n" + "| some text | more |\n" * 20_000,
    "code": "```python\n" + "x = 1\n" * 100_000 + "```\n",
    "no space": "x" * 1_000_000,
    "marks": "a" + "\u0301" * 100_000,
    "parentheses": "\\(" * 5_000 + "\\[" * 5_000,
    "dollars": "$a" * 5_000,
    "stars": "**a " * 5_000,
    "notes": "".join(f"[^{at}] " for at in range(2_000)),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_reply_does_not_stop_the_window(transcript: Transcript, text: str) -> None:
    """The figures are those of `python -m benchmarks.transcript --only hostile`; here only a freeze fails."""
    beats = [time.monotonic()]
    heart = QTimer(transcript)
    heart.timeout.connect(lambda: beats.append(time.monotonic()))
    heart.start(5)
    transcript.show_messages([TranscriptMessage("1", "assistant", text)])
    end = time.monotonic() + 0.4
    while time.monotonic() < end:
        QApplication.processEvents()
    transcript.verticalScrollBar().setValue(0)
    QApplication.processEvents()
    beats.append(time.monotonic())
    heart.stop()
    assert max(after - before for before, after in itertools.pairwise(beats)) < 5.0


def test_overrides_of_direction_are_visible_in_code_and_links(transcript: Transcript) -> None:
    text = "`a\u202eb` [c](https://example.org/\u202egnp.exe)\n\n```\nx\u200by\n```"
    transcript.show_messages([TranscriptMessage("1", "assistant", text)])
    QApplication.processEvents()
    shown = [surface.shown_text() for _, surface in transcript.views()[0].built_surfaces()]
    assert "a⟨U+202E⟩b" in shown[0]
    assert shown[1] == "x⟨U+200B⟩y"


def picture(width: int, height: int) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#336699"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def test_pictures_are_decoded_small_and_within_limits() -> None:
    small = decoded_picture(picture(400, 200), 100)
    assert small is not None
    assert (small.width(), small.height()) == (100, 50)
    png = bytearray(picture(4, 4))
    png[16:24] = (20_000).to_bytes(4) + (20_000).to_bytes(4)  # says that it is 400 megapixels large
    assert decoded_picture(bytes(png), 100) is None
    assert decoded_picture(b"no picture", 100) is None
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/hostname"/></svg>'
    assert decoded_picture(svg, 100) is None
    assert QByteArray(svg).size() > 0


def test_pictures_of_a_message_are_shown_and_open_large(transcript: Transcript, qtbot: QtBot) -> None:
    images = (
        ShownImage("good.png", "image/png", "sha-good", lambda: picture(300, 200)),
        ShownImage("broken<b>.png", "image/png", "sha-broken", lambda: b"x"),
    )
    transcript.show_messages([TranscriptMessage("1", "user", "Look", images=images)])
    good, broken = transcript.findChildren(QToolButton, "pictureButton")
    qtbot.waitUntil(lambda: not good.icon().isNull())
    qtbot.waitUntil(lambda: broken.text() == "broken<b>.png")
    assert good.accessibleName() == "Picture good.png"
    good.click()
    dialog = transcript.findChild(QDialog, "pictureDialog")
    assert isinstance(dialog, QDialog)
    label = dialog.findChild(QLabel)
    assert isinstance(label, QLabel)
    qtbot.waitUntil(lambda: not label.pixmap().isNull())
    dialog.close()
