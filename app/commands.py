"""What the verbs of `python -m app` do; `app.__main__` parses the arguments and reports errors."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.core.exporters import EXPORTERS
from app.core.exporting import export_conversation
from app.core.files import safe_file_name
from app.core.importers import ImportFileError
from app.core.importing import preview_import, run_import
from app.core.library import KnownModel, Library
from app.core.paths import DataFolder
from app.core.store import Conversation, Store
from engine.api import FiresideError, RequestError

FORMATS = tuple(exporter.name for exporter in EXPORTERS)


def models(options: Namespace, folder: DataFolder) -> None:
    """Print the known models: place, size, family, loadable or why not."""
    found = [_describe(model) for model in Library(folder.models).models()]
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for model in found:
        print(f"{model['name']}  {model['size_bytes'] / 1e6:.0f} MB  {model['problem'] or model['path']}")


def conversations(options: Namespace, folder: DataFolder) -> None:
    """Print the conversations, the newest first."""
    store = Store(folder.database)
    try:
        found = store.conversations()
    finally:
        store.close()
    if options.json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        print(f"{one.id}  {one.title}")


def export(options: Namespace, folder: DataFolder) -> None:
    """Write one conversation to a file, or all of them to a folder."""
    exporter = next(one for one in EXPORTERS if one.name == options.format)
    output = Path(options.output).expanduser()
    store = Store(folder.database)
    try:
        if not options.all:
            if output.exists():
                raise RequestError(f"{output.name} already exists; name a new file.")
            export_conversation(store, options.conversation, exporter, output)
            return
        output.mkdir(parents=True, exist_ok=True)
        for one in store.conversations():
            export_conversation(store, one.id, exporter, _free_place(output, one, exporter.ending))
    finally:
        store.close()


def import_(options: Namespace, folder: DataFolder) -> None:
    """Take conversations in; a file that cannot be read is told and the others go on, unless there are none."""
    done: list[dict[str, Any]] = []
    failed: list[ImportFileError] = []
    store = Store(folder.database)
    try:
        for name in options.files:
            try:
                done.append({"file": name, **_import(Path(name).expanduser(), store, is_dry=options.dry_run)})
            except ImportFileError as error:
                failed.append(error)
    finally:
        store.close()
    if not done:
        raise failed[0]
    skipped = [sentence for one in done for sentence in one["skipped"]]
    for sentence in (*map(str, failed), *skipped):
        print(f"fireside: {sentence}", file=sys.stderr)
    if options.json:
        print(json.dumps(done, ensure_ascii=False))
        return
    for one in done:
        for found in one["formats"]:
            what = ("conversations", "messages", "known") if options.dry_run else ("added", "merged", "unchanged")
            print(f"{one['file']}  {found['format']}: " + ", ".join(f"{found[key]} {key}" for key in what))


def _import(path: Path, store: Store, *, is_dry: bool) -> dict[str, Any]:
    """What an import did or, dry, would do: an entry a format."""
    progress = _show_progress if sys.stderr.isatty() else None
    if is_dry:
        preview = preview_import(path, store, progress=progress)
        formats = [{"format": one.title, **asdict(one)} for one in preview.formats] if preview else []
        return {"formats": formats, "skipped": preview.skipped if preview else ()}
    report = run_import(path, store, progress=progress)
    skipped = [*report.skipped, *(sentence for _, outcome in report.outcomes for sentence in outcome.skipped)]
    return {"formats": [{"format": title, **asdict(one)} for title, one in report.outcomes], "skipped": skipped}


def _show_progress(done_bytes: int, total_bytes: int) -> None:
    end = "\n" if done_bytes == total_bytes else ""
    print(f"\r{done_bytes / max(total_bytes, 1):4.0%}", end=end, file=sys.stderr, flush=True)


def _free_place(folder: Path, conversation: Conversation, ending: str) -> Path:
    """A file name of its own for every conversation: by title, then by title and id."""
    path = folder / safe_file_name(conversation.title, ending)
    if path.exists():
        path = folder / safe_file_name(f"{conversation.title[:40]} {conversation.id}", ending)
    if path.exists():
        raise RequestError(f"{path.name} already exists; export into an empty folder.")
    return path


def _describe(model: KnownModel) -> dict[str, Any]:
    """What the header says, read without weights."""
    described: dict[str, Any] = {
        "name": model.name,
        "path": str(model.path),
        "size_bytes": model.size_bytes,
        "family": None,
        "loadable": False,
        "problem": model.problem,
    }
    if model.problem is None:
        from app.worker import read_model_info

        try:
            info = read_model_info(model.path)
        except FiresideError as error:
            described["problem"] = str(error)
        else:
            described |= {"family": info.family, "quantisation": info.quantisation, "loadable": True}
    return described
