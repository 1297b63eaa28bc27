"""The kinds of hostile files: each spoils a sound file by the dice and has the code that meets such files read it.

A file may be read or refused with a `FiresideError`; anything else that comes out of it is a finding. To add a kind:
a class with `spoil` and `read`, and a line in `KINDS`.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Protocol

import torch

from app.core.importing import run_import
from app.core.library import Library
from app.core.presets import Presets, read_presets
from app.core.rescue import Rescue
from app.core.settings import SettingsFile
from app.core.store import MEMORY, Store, open_store
from benchmarks.alternating import REPOSITORY
from benchmarks.soak.spoil import spoiled, spoiled_bytes, spoiled_template
from engine.api import Message
from engine.builtin_templates import BUILTIN_TEMPLATES
from engine.cache_file import Refusal, load_cache, save_cache, saved_ids
from engine.chat import render
from engine.model import load_model

DATA = REPOSITORY / "tests" / "reference" / "data"
SAMPLES = REPOSITORY / "tests" / "app" / "samples"
GGUF = DATA / "gguf" / "llama-q8_0.gguf"
FOLDER = DATA / "models" / "llama"
SAID = "Hello, 绿茶 <|im_end|> \ufffd"


class Kind(Protocol):
    """A kind of file, with a folder of its own."""

    def spoil(self, dice: Random) -> None:
        """Write another hostile file."""

    def read(self) -> None:
        """Have it read. Raises `FiresideError` when it is refused."""


class Gguf:
    """A model in one file."""

    def __init__(self, folder: Path) -> None:
        self._path, self._sound = folder / "model.gguf", GGUF.read_bytes()

    def spoil(self, dice: Random) -> None:
        """Mostly the header."""
        self._path.write_bytes(spoiled_bytes(self._sound, dice))

    def read(self) -> None:
        """Load it, and let it read a text."""
        _try_model(self._path)


class ModelFolder:
    """A model in a folder, one file of which is spoiled."""

    def __init__(self, folder: Path, name: str, spoil: Callable[[bytes, Random], bytes]) -> None:
        self._folder, self._spoil = folder / "model", spoil
        shutil.copytree(FOLDER, self._folder, copy_function=shutil.copyfile)
        self._path = self._folder / name
        self._sound = self._path.read_bytes()

    def spoil(self, dice: Random) -> None:
        """The one file."""
        self._path.write_bytes(self._spoil(self._sound, dice))

    def read(self) -> None:
        """Load it, and let it read a text."""
        _try_model(self._folder)


def _try_model(path: Path) -> None:
    model = load_model(path, threads=1, context=128)
    try:
        ids = [one for one in model.tokenizer.encode(SAID) if one < model.info.vocabulary][:64]
        model.tokenizer.decode(ids)
        if ids:
            model.forward(torch.tensor([ids]))
    finally:
        model.close()


class Template:
    """A chat template."""

    def __init__(self, folder: Path) -> None:
        stored = sorted((DATA / "chat_templates").glob("*.json"))
        own = [json.loads(path.read_text(encoding="utf-8")).get("template", "") for path in stored]
        self._sound = [*(one.text for one in BUILTIN_TEMPLATES), *filter(None, own)]
        self._path, self._template = folder / "template.jinja", ""

    def spoil(self, dice: Random) -> None:
        """Loops, powers, endless texts, what a sandbox forbids, and what is no template."""
        self._template = spoiled_template(self._sound, dice)
        self._path.write_text(self._template, encoding="utf-8", errors="replace")

    def read(self) -> None:
        """Render a short chat."""
        messages = [Message("system", "Be brief."), Message("user", SAID), Message("assistant", "Hi")]
        render(self._template, messages, add_generation_prompt=True, bos_token="<s>", eos_token="</s>")


class Import:
    """Conversations of other programs, alone or in a zip."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._samples = [path for path in sorted(SAMPLES.rglob("*")) if path.is_file()]
        self._path = folder

    def spoil(self, dice: Random) -> None:
        """One sample, under its own name."""
        sample = dice.choice(self._samples)
        spoil = spoiled if sample.suffix == ".json" else spoiled_bytes
        content = spoil(sample.read_bytes(), dice)
        shutil.rmtree(self._folder / "given", ignore_errors=True)
        self._path = self._folder / "given" / sample.name
        self._path.parent.mkdir()
        if dice.random() < 0.3:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(dice.choice((sample.name, "../" + sample.name, "/" + sample.name)), content)
            content = spoiled_bytes(packed.getvalue(), dice) if dice.random() < 0.7 else packed.getvalue()
            self._path = self._path.with_suffix(".zip")
        self._path.write_bytes(content)

    def read(self) -> None:
        """Take it in, and out again."""
        with closing(Store(MEMORY)) as store:
            report = run_import(self._path, store)
            for one in store.conversations():
                store.tree(one.id)
            report.undo(store)


class OwnJson:
    """Fireside's own small files: settings, presets, the list of models."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        settings = {
            "version": 1,
            "theme": "dark",
            "text_percent": 120,
            "window": {"geometry": "AA==", "panel_width": 9},
        }
        settings |= {"own_values": {"temperature": 0.5, "stop": ["x"]}, "own_by_model": {"/m.gguf": {"top_k": 3}}}
        settings |= {"load": {"threads": 2, "cache_type": "q8_0"}, "shortcuts": {"newChat": ["Ctrl+N"]}}
        preset = {"id": "1", "name": "Mine", "values": {"temperature": 1.0}, "emoji": "🦊", "color": "#aabbcc"}
        models = {"version": 1, "models": ["/m.gguf"], "last": "/m.gguf", "forgotten": [], "load": {"/m.gguf": {}}}
        self._sound = {
            "settings.json": settings,
            "presets.json": {"version": 1, "presets": [preset]},
            "models.json": models,
        }

    def spoil(self, dice: Random) -> None:
        """One of them; what was set aside is taken away."""
        for old in self._folder.iterdir():
            old.unlink()
        for name, sound in self._sound.items():
            (self._folder / name).write_bytes(spoiled(json.dumps(sound).encode(), dice))

    def read(self) -> None:
        """Open all of them and write them anew; they are never refused, for the window must open."""
        settings = SettingsFile(self._folder / "settings.json")
        settings.write(settings.settings)
        library = Library(self._folder / "models.json")
        library.models()
        library.remember(self._folder / "other.gguf")
        presets = Presets(self._folder / "presets.json")
        for preset in presets:
            presets.free_name(preset.name)
        if (self._folder / "presets.json").exists():
            read_presets(self._folder / "presets.json")


class OwnDatabase:
    """The database of the conversations."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "data"
        self._folder.mkdir()
        path = folder / "sound.sqlite3"
        with closing(Store(path)) as store:
            file = store.add_attachment(bytes(5000), name="a.bin", media_type="image/png")
            for number in range(12):
                chat = store.create_conversation(f"Chat {number} 绿茶")
                store.set_tags(chat.id, ["tea"])
                parent = None
                for turn in range(8):
                    text = f"message {number}.{turn} {file.sha256} " * 20
                    parent = store.add_message(chat.id, parent_id=parent, role="user", text=text).id
        self._sound = path.read_bytes()

    def spoil(self, dice: Random) -> None:
        """Bytes of the header or of any page, or a cut."""
        shutil.rmtree(self._folder)
        self._folder.mkdir()
        content = bytearray(self._sound)
        for _ in range(dice.choice((1, 3, 20, 400))):
            content[dice.randrange(dice.choice((100, len(content))))] = dice.randrange(256)
        kept = len(content) if dice.random() < 0.7 else dice.randrange(len(content))
        (self._folder / "conversations.sqlite3").write_bytes(content[:kept])

    def read(self) -> None:
        """Open it as the window does, read everything, and rescue what is left."""
        path = self._folder / "conversations.sqlite3"
        with closing(Rescue(path)) as rescue:
            for _ in rescue.conversations():
                pass
        store, _notice = open_store(path)
        with closing(store):
            store.check()
            for one in store.conversations():
                store.tree(one.id)
            store.search("tea")


class SavedCache:
    """What the engine has read of a conversation."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "cache.safetensors"
        self._model = load_model(GGUF, threads=1, context=128)
        self._cache = self._model.decoder.new_cache(128)
        self._model.decoder(torch.tensor([[1, 2, 3, 4, 5]]), self._cache, last_only=True)
        self._cache.ids = [1, 2, 3, 4, 5]
        save_cache(self._cache, self._path, "model")
        self._sound = self._path.read_bytes()

    def spoil(self, dice: Random) -> None:
        """Header or values."""
        self._path.write_bytes(spoiled_bytes(self._sound, dice))

    def read(self) -> None:
        """Never refused with an error: what cannot be used is read again. Nothing but what was saved comes back."""
        ids = saved_ids(self._path, "model")
        found = load_cache(self._path, "model", self._cache)
        if not isinstance(found, Refusal):
            assert found.ids == ids == self._cache.ids, "a spoiled cache was taken for the one that was saved"


KINDS: dict[str, Callable[[Path], Kind]] = {
    "gguf": Gguf,
    "safetensors": lambda folder: ModelFolder(folder, "model.safetensors", spoiled_bytes),
    "config": lambda folder: ModelFolder(folder, "config.json", spoiled),
    "tokenizer": lambda folder: ModelFolder(folder, "tokenizer.json", spoiled),
    "template": Template,
    "import": Import,
    "own files": OwnJson,
    "database": OwnDatabase,
    "saved cache": SavedCache,
}
