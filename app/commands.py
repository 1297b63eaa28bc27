"""What the verbs of `python -m app` do; `app.__main__` parses the arguments and reports errors."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.core import exporting
from app.core.exporters import Branches, ExportOptions
from app.core.library import KnownModel, Library
from app.core.paths import DataFolder
from app.core.store import Store
from app.export_formats import EXPORTERS
from engine.api import FiresideError

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
        exporting.export(store, ids, exporter, output, options=asked, replace=options.replace)
    finally:
        store.close()


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
