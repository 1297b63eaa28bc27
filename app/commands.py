"""What the verbs of `python -m app` do; `app.__main__` parses the arguments and reports errors."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.core import exporting
from app.core.discovery import Machine
from app.core.exporters import Branches, ExportOptions
from app.core.fit import Memory, estimate
from app.core.importers import ImportFileError
from app.core.importing import preview_import, run_import
from app.core.known_model import KnownModel
from app.core.library import Library, sources_of
from app.core.model_hash import ModelHashes
from app.core.paths import DataFolder
from app.core.rescuing import export_rescued
from app.core.scan import survey
from app.core.settings import LoadSettings, Settings, SettingsFile
from app.core.store import Store
from app.export_formats import EXPORTERS
from app.worker import free_memory, read_model_header
from engine.api import RequestError

FORMATS = tuple(exporter.name for exporter in EXPORTERS)


def models(options: Namespace, folder: DataFolder) -> None:
    """Look for models and print them: place, size, family, loadable or why not, and how they fit."""
    library, settings = Library(folder.models), SettingsFile(folder.settings).settings
    look_for_models(library, settings, folder)
    memory = free_memory()
    described = [_describe(model, memory, library.load_settings(model.path)) for model in library.models()]
    if options.json:
        print(json.dumps(described, ensure_ascii=False))
        return
    for model in described:
        facts = f"{model['family'] or '?'}  {model['quantisation'] or '?'}  {model['size_bytes'] / 1e6:.0f} MB"
        print(f"{model['name']}  {facts}  {model['problem'] or model['path']}")


def look_for_models(library: Library, settings: Settings, folder: DataFolder) -> None:
    """Let the library know of the models on this machine, and say what could not be looked at."""
    found = survey(
        folder.found_models,
        sources_of(library, settings, folder.fetched_models),
        Machine.here(),
        read_header=read_model_header,
        sha256_of=ModelHashes(folder.model_hashes).known,
    )
    library.see_all(found.sightings, missing=found.missing)
    for notice in found.notices:
        print(f"fireside: {notice}", file=sys.stderr)


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
    """Write conversations to one file, or to a folder where the format needs a file for each."""
    exporter = next(one for one in EXPORTERS if one.name == options.format)
    output = Path(options.output).expanduser()
    asked = ExportOptions(
        branches=Branches.TREE if options.tree else Branches.PATH,
        thinking=options.thinking,
        settings=options.settings,
        attachments=options.attachments,
    )
    store = Store(folder.database)
    try:
        ids = exporting.selected_ids(store, ids=options.conversation or (), folder=options.folder)
        if not options.conversation and not exporter.is_joint and output.suffix.lower() != ".zip":
            output.mkdir(parents=True, exist_ok=True)
        progress = _show_progress if sys.stderr.isatty() else None
        exporting.export(store, ids, exporter, output, options=asked, replace=options.replace, progress=progress)
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


def backup(options: Namespace, folder: DataFolder) -> None:
    """Write everything to one file."""
    output = Path(options.output).expanduser()
    if output.exists():
        raise RequestError(f"“{output.name}” already exists; name a new file.")
    with closing(Store(folder.database)) as store:
        store.backup(output)


def restore(options: Namespace, folder: DataFolder) -> None:
    """Take back what a backup has and the data folder has not."""
    with closing(Store(folder.database)) as store:
        outcome = store.merge_from(Path(options.file).expanduser())
    print(
        f"{options.file}: {outcome.added} added, {outcome.merged} merged, {outcome.unchanged} unchanged, "
        f"{outcome.messages} new messages"
    )


def rescue(options: Namespace, _folder: DataFolder) -> None:
    """Write what can be read of a damaged database as Fireside JSON, which `import` takes in."""
    damaged, output = Path(options.file).expanduser(), Path(options.output).expanduser()
    exporter = next(one for one in EXPORTERS if one.name == "json")
    outcome, unreadable_rows = export_rescued(damaged, exporter, output)
    lost = f"; {unreadable_rows} rows were unreadable" if unreadable_rows else ""
    print(f"{output}: {outcome.added} conversations, {outcome.messages} messages{lost}")


def serve(options: Namespace, folder: DataFolder) -> None:
    """Serve a model until it is interrupted or told to end."""
    from app.serving import serve_until_told  # only for those who serve

    serve_until_told(options, folder)


def _show_progress(done: int, total: int) -> None:
    end = "\n" if done == total else ""
    print(f"\r{done / max(total, 1):4.0%}", end=end, file=sys.stderr, flush=True)


def _describe(model: KnownModel, memory: Memory, load: LoadSettings | None) -> dict[str, Any]:
    """A model as JSON has it."""
    info = model.info
    fit = None if info is None or not model.is_loadable else asdict(estimate(info, memory, load))
    return {
        "name": model.name,
        "path": str(model.path),
        "size_bytes": model.size_bytes,
        "family": None if info is None else info.family,
        "loadable": model.is_loadable,
        "problem": model.problem,
        "parameters": None if info is None else info.parameters,
        "quantisation": None if info is None else info.quantisation,
        "context_length": None if info is None else info.context_length,
        "licence": None if info is None else info.licence,
        "tokenizer": None if info is None else info.tokenizer,
        "has_chat_template": None if info is None else info.has_chat_template,
        "sha256": model.sha256,
        "places": [{**asdict(place), "path": str(place.path)} for place in model.places],
        "fit": fit and {**fit, "device": memory.device},
    }
