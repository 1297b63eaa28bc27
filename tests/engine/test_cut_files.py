"""A model file that is cut while it is in use ends the reply with a sentence; without a guard it ends the process.

Each case runs in a process of its own, so that one that dies is a failed test.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine import kernels

pytestmark = pytest.mark.skipif(not kernels.guards(), reason="a cut file is answered by the compiled kernels")

LEFT = 4096  # bytes of a cut file
IN_THE_MIDDLE = """
import os, shutil, sys
from pathlib import Path
from engine.api import GenerateRequest, LoadRequest, ModelChangedError, ReplyFinished, SamplerSettings, TokenGenerated
from engine.decoding import MOST_A_CALL
from engine.engine import Engine

model, file, whole, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])

def reply(text):
    greedy = SamplerSettings(temperature=0.0)
    return engine.run(GenerateRequest(1, text, sampler=greedy, max_tokens=40))

def text_of(events):
    return [event.text for event in events if isinstance(event, ReplyFinished)]

engine = Engine()
list(engine.run(LoadRequest(1, model, threads=threads)))
expected = text_of(reply("Once upon a time"))
told = 0
try:
    for event in reply("A king and a queen"):
        told += isinstance(event, TokenGenerated)
        if told == 3:
            os.truncate(file, int(sys.argv[5]))
except ModelChangedError as error:
    assert "was cut while it was read" in str(error), error
else:
    sys.exit("the reply went on")
assert 3 <= told < 3 + MOST_A_CALL, f"{told} tokens were told"
shutil.copy(whole, file)
list(engine.run(LoadRequest(2, model, threads=threads)))
assert text_of(reply("Once upon a time")) == expected
engine.close()
"""


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "faulthandler", "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def folder_of(fixtures: Path, tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    shutil.copytree(fixtures / "models" / name, folder, copy_function=shutil.copy)
    folder.chmod(0o755)
    return folder


def test_a_reply_of_a_file_that_is_cut_ends_with_a_sentence_and_the_whole_file_replies_again(
    fixtures: Path, tmp_path: Path
) -> None:
    """The threads of the compiled kernels read it."""
    whole = fixtures / "gguf" / "llama-q8_0.gguf"
    model = Path(shutil.copy(whole, tmp_path / "m.gguf"))
    model.chmod(0o644)
    done = run(IN_THE_MIDDLE, model, model, whole, 4, LEFT)
    assert done.returncode == 0, done.stderr


def test_weights_that_torch_reads_are_guarded_too(fixtures: Path, tmp_path: Path) -> None:
    """No layer of gpt2 has a compiled form."""
    folder = folder_of(fixtures, tmp_path, "gpt2")
    file = folder / "model.safetensors"
    file.chmod(0o644)
    done = run(IN_THE_MIDDLE, folder, file, fixtures / "models" / "gpt2" / "model.safetensors", 2, LEFT)
    assert done.returncode == 0, done.stderr


CUT_WHILE_LOADING = """
import os, sys
from engine.api import ModelChangedError
from engine.loaders import checkpoint
from engine.model import load_model

read = checkpoint.MappedFile.slice

def cut_then_read(file, *arguments):
    os.truncate(file.path, 4096)
    return read(file, *arguments).clone()

checkpoint.MappedFile.slice = cut_then_read
try:
    load_model(sys.argv[1])
except ModelChangedError as error:
    sys.exit(0 if "was cut while it was read" in str(error) else str(error))
sys.exit("it was loaded")
"""


def test_a_file_that_is_cut_while_it_loads_is_not_loaded(fixtures: Path, tmp_path: Path) -> None:
    folder = folder_of(fixtures, tmp_path, "llama")
    (folder / "model.safetensors").chmod(0o644)
    done = run(CUT_WHILE_LOADING, folder)
    assert done.returncode == 0, done.stderr


FOREIGN = """
import faulthandler, mmap, os, sys
from pathlib import Path
from engine.loaders import open_checkpoint

if sys.argv[3] == "before":
    faulthandler.disable()
checkpoint = open_checkpoint(sys.argv[1])
if sys.argv[3] == "before":
    faulthandler.enable()
    second = open_checkpoint(sys.argv[1])
foreign = Path(sys.argv[2])
foreign.write_bytes(bytes(100_000))
with foreign.open("rb") as file:
    other = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
os.truncate(foreign, 0)
print(other[50_000])
"""


@pytest.mark.parametrize("ours", ["before", "after"])
def test_a_map_that_is_not_ours_ends_as_it_would_without_us(fixtures: Path, tmp_path: Path, ours: str) -> None:
    """The handler that was there before gets its turn, once, and the process ends: it does not hang."""
    done = run(FOREIGN, fixtures / "gguf" / "llama-q8_0.gguf", tmp_path / "foreign", ours)
    assert done.returncode == -signal.SIGBUS
    assert "Fatal Python error: Bus error" in done.stderr
