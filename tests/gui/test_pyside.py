"""The PySide release in use keeps reference counts right (6.12.0 lost one of True a signal on CPython 3.11)."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLabel

class Sender(QObject):
    happened = Signal(object, bool)

app = QApplication(["test", "-platform", "offscreen"])
sender, label, heard = Sender(), QLabel(), []
sender.happened.connect(lambda value, flag: heard.append(flag))
before = sys.getrefcount(True)
for number in range(2000):
    sender.happened.emit(number, True)
    label.setText(str(number))
    heard.pop()
after = sys.getrefcount(True)
print(before - after)
"""


def test_signals_keep_the_reference_count_of_true() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert abs(int(done.stdout)) < 100
