"""Writes what can be read of a damaged database as an export; the window and `python -m app rescue` call this."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core import exporting
from app.core.exporters import Exporter
from app.core.import_writer import OWN_SOURCE
from app.core.imported import ImportOutcome
from app.core.rescue import Rescue
from app.core.store import Store
from engine.api import RequestError


def export_rescued(
    damaged: Path, exporter: Exporter, output: Path, *, replace: bool = False
) -> tuple[ImportOutcome, int]:
    """What was rescued, and how many rows were unreadable; the damaged file is only read.

    Raises `RequestError` when nothing can be read, `StoreError`, `ExportError` and OSError.
    """
    with (
        TemporaryDirectory(prefix="fireside-") as place,
        closing(Rescue(damaged)) as found,
        closing(Store(Path(place) / "rescued.sqlite3")) as store,
    ):
        outcome = store.add_import(found.conversations(), source=OWN_SOURCE)
        if not outcome.added:
            raise RequestError(f"“{damaged.name}” holds no conversation that can be read.")
        ids = [one.id for one in (*store.conversations(), *store.binned())]
        exporting.export(store, ids, exporter, output, replace=replace)
        return outcome, found.unreadable_rows


def newest_damaged(database: Path) -> Path | None:
    """The damaged file that was set aside last, see `open_store`; None when there is none."""
    prefix = f"{database.name}.damaged-"
    kept = [path for path in database.parent.glob(f"{prefix}*") if path.name.removeprefix(prefix).isdigit()]
    return max(kept, key=lambda path: int(path.name.removeprefix(prefix)), default=None)
