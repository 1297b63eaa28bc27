"""Importing conversations from a file, a folder or a zip: find the formats by content, preview, run, undo.

The window and `python -m app import` call this; `importers` reads the formats, the store writes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.core.import_files import ZIP_MAGIC, import_files, metered
from app.core.imported import ImportedConversation, ImportOutcome
from app.core.importers import IMPORTERS, Importer, ImportFileError, Sample, Skipped, Source, fireside_json
from app.core.importers.json_records import HEAD_BYTES, sample
from app.core.store import Store, StoreError

TITLES_SHOWN = 5
DATABASE_TITLE = "Fireside database"
_DATABASE_MAGIC = b"SQLite format 3\0"
_MAGIC_BYTES = 64
_BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"

Progress = Callable[[int, int], None]  # bytes read, bytes in all
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class FormatPreview:
    """What the files of one format hold; times in seconds since 1970, `known` are here already."""

    importer: str  # its name in the store
    title: str
    files: int
    conversations: int
    messages: int
    known: int
    first_at: float
    last_at: float
    titles: tuple[str, ...]  # of the first few


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What an import would read; `databases` are Fireside's own, which are merged without a preview."""

    formats: tuple[FormatPreview, ...]
    databases: tuple[str, ...]
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, by the title of each format. One that was cancelled left nothing behind."""

    outcomes: tuple[tuple[str, ImportOutcome], ...]
    skipped: tuple[str, ...]
    was_cancelled: bool = False

    def undo(self, store: Store) -> None:
        """Take out again what this import brought."""
        for _, outcome in reversed(self.outcomes):
            store.undo_import(outcome.import_id)


def preview_import(
    path: Path, store: Store, *, progress: Progress | None = None, cancelled: Cancelled | None = None
) -> ImportPreview | None:
    """Read everything and write nothing; None when cancelled.

    Raises `ImportFileError` when the path holds nothing that can be imported.
    """
    skipped = Skipped()
    with import_files(path, skipped) as sources:
        found = _recognised(path, sources, skipped)
        meter = _Meter(found.size_bytes, progress, cancelled)
        here = {(one.source, one.source_id) for one in store.conversations()}
        here |= {(fireside_json.IMPORTER.name, one.id) for one in store.conversations()}
        formats = tuple(_preview(importer, files, skipped, meter, here) for importer, files in found.formats)
    if meter.is_cancelled:
        return None
    if not found.databases and not any(one.conversations for one in formats):
        raise _nothing(path, skipped)
    return ImportPreview(formats, tuple(one.name for one in found.databases), skipped.sentences())


def holds_conversations(path: Path) -> bool:
    """Whether an import would find something it knows; only the beginning of each file is read."""
    skipped = Skipped()
    try:
        with import_files(path, skipped) as sources:
            _recognised(path, sources, skipped)
    except ImportFileError:
        return False
    return True


def run_import(
    path: Path, store: Store, *, progress: Progress | None = None, cancelled: Cancelled | None = None
) -> ImportReport:
    """Read everything into the store; nothing is taken in twice, and after a cancel nothing stays.

    Raises `ImportFileError` when the path holds nothing that can be imported, and `StoreError` when it cannot be
    written; what was written before that stays, so that the same import can go on from there.
    """
    skipped = Skipped()
    outcomes: list[tuple[str, ImportOutcome]] = []
    with import_files(path, skipped) as sources:
        found = _recognised(path, sources, skipped)
        meter = _Meter(found.size_bytes, progress, cancelled)
        for importer, files in found.formats:
            if not meter.is_cancelled:
                batch = _conversations(importer, files, skipped, meter)
                outcomes.append((importer.title, store.add_import(batch, source=importer.name)))
        for database in found.databases if not meter.is_cancelled else ():
            try:
                outcomes.append((DATABASE_TITLE, store.merge_from(database)))
            except StoreError as error:
                skipped.add(str(error))
    report = ImportReport(tuple(outcomes), skipped.sentences(), meter.is_cancelled)
    if report.was_cancelled:
        report.undo(store)
    elif not any(outcome.added + outcome.merged + outcome.unchanged for _, outcome in outcomes):
        raise _nothing(path, skipped)
    return report


@dataclass(frozen=True, slots=True)
class _Found:
    """What the files of a path are."""

    formats: tuple[tuple[Importer, tuple[Source, ...]], ...]
    databases: tuple[Path, ...]

    @property
    def size_bytes(self) -> int:
        return sum(source.size_bytes for _, files in self.formats for source in files)


def _recognised(path: Path, sources: Iterable[Source], skipped: Skipped) -> _Found:
    """The files by their formats. Raises `ImportFileError` when none of them is known."""
    by_importer: dict[Importer, list[Source]] = {}
    databases: list[Path] = []
    for source in sources:
        try:
            shown = _beginning(source)
        except ImportFileError as error:
            skipped.add(str(error))
            continue
        importer = next((one for one in IMPORTERS if one.sniff(shown)), None)
        if importer is not None:
            by_importer.setdefault(importer, []).append(source)
        elif shown.head.startswith(ZIP_MAGIC):
            skipped.add(f"{source.name} is a zip inside of what was chosen; import it by itself.")
        elif shown.head.startswith(_DATABASE_MAGIC):
            if path.is_dir() or path.name == source.name:
                databases.append(path / source.name if path.is_dir() else path)
            else:
                skipped.add(f"{source.name} is a database in a zip; unpack it and import it by itself.")
    if not by_importer and not databases:
        raise _nothing(path, skipped)
    return _Found(tuple((one, tuple(files)) for one, files in by_importer.items()), tuple(databases))


def _nothing(path: Path, skipped: Skipped) -> ImportFileError:
    """The first thing that was wrong, if that is known."""
    why = next(iter(skipped.sentences()), None)
    return ImportFileError(why or f"{path.name} holds no conversations in a format that Fireside can read.")


def _beginning(source: Source) -> Sample:
    """What a file begins with; of one that cannot be JSON only as much as tells what it is."""
    with source.open() as stream:
        head = stream.read(_MAGIC_BYTES)
        return sample(head + stream.read(HEAD_BYTES) if head.lstrip(_BEFORE_JSON)[:1] in (b"{", b"[", b"") else head)


def _conversations(
    importer: Importer, files: Iterable[Source], skipped: Skipped, meter: _Meter
) -> Iterator[ImportedConversation]:
    """All conversations of one format; a file that breaks off gives what was read of it."""
    for source in files:
        try:
            yield from importer.read(metered(source, meter.count), skipped)
        except ImportFileError as error:
            skipped.add(str(error))
        if meter.is_cancelled:
            return


def _preview(
    importer: Importer,
    files: tuple[Source, ...],
    skipped: Skipped,
    meter: _Meter,
    here: set[tuple[str | None, str | None]],
) -> FormatPreview:
    conversations = messages = known = 0
    first_at, last_at = math.inf, 0.0
    titles: list[str] = []
    for one in _conversations(importer, files, skipped, meter):
        conversations += 1
        messages += len(one.messages)
        known += one.source_id is not None and (importer.name, one.source_id) in here
        first_at, last_at = min(first_at, one.created_at), max(last_at, one.updated_at)
        if len(titles) < TITLES_SHOWN:
            titles.append(one.title)
    return FormatPreview(
        importer.name,
        importer.title,
        len(files),
        conversations,
        messages,
        known,
        min(first_at, last_at),
        last_at,
        tuple(titles),
    )


class _Meter:
    """Counts what is read, tells it, and ends the reading when the person cancels."""

    def __init__(self, total_bytes: int, progress: Progress | None, cancelled: Cancelled | None) -> None:
        self.is_cancelled = False
        self._total_bytes, self._done_bytes = total_bytes, 0
        self._progress, self._cancelled = progress, cancelled

    def count(self, size_bytes: int) -> None:
        """Raises `ImportFileError` when cancelled."""
        self._done_bytes = min(self._done_bytes + size_bytes, self._total_bytes)
        if self._progress is not None:
            self._progress(self._done_bytes, self._total_bytes)
        if self._cancelled is not None and self._cancelled():
            self.is_cancelled = True
            raise ImportFileError("The import was cancelled.")
