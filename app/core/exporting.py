"""Exports conversations to a file, a folder or a zip; the window's menus and `python -m app export` call this.

Everything is written beside its place and put there at the end: an export that fails or is cancelled leaves nothing,
and what lies there already is replaced only if the person said so. Memory holds one conversation at a time.
"""

from __future__ import annotations

import errno
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypedDict, Unpack
from urllib.parse import quote

from app.core.exporters import ExportedConversation, Exporter, ExportOptions
from app.core.files import safe_file_name, written_through
from app.core.store import Store, StoreError
from engine.api import FiresideError

JOINT_NAME = "conversations"  # of a file that holds many, where the person named only a folder


class ExportError(FiresideError):
    """The export cannot be made as asked; nothing was written."""


class ExportStoppedError(ExportError):
    """The person stopped the export; nothing was written."""


PLAIN = ExportOptions()
Progress = Callable[[int, int], None]  # conversations done and all
Cancelled = Callable[[], bool]


class How(TypedDict, total=False):
    """What `write_conversations` can be told by name; its defaults stand there."""

    options: ExportOptions
    replace: bool
    progress: Progress | None
    cancelled: Cancelled | None


def export(
    store: Store, conversation_ids: Sequence[str], exporter: Exporter, output: Path, **how: Unpack[How]
) -> Path:
    """Write conversations and return the file or folder that holds them.

    `output` is a file, or a folder that exists or that many files need; a name that ends with .zip packs them.
    Raises `ExportError` for what is there already, `ExportStoppedError`, `StoreError`, and OSError where nothing can
    be written.
    """
    read = _reader(store)
    conversations = (read(one) for one in conversation_ids)
    return write_conversations(conversations, len(conversation_ids), exporter, output, **how)


def write_conversations(
    conversations: Iterable[ExportedConversation],
    total: int,
    exporter: Exporter,
    output: Path,
    *,
    options: ExportOptions = PLAIN,
    replace: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Path:
    """The same for conversations that are in no store, such as rescued ones; each is read once, in order."""
    if exporter.is_whole and not options.thinking:
        raise ExportError(f"{exporter.title} always holds everything; choose another format to leave thinking out.")
    watched = _watched(conversations, total, progress, cancelled)
    if output.suffix.lower() == ".zip":
        _refuse_existing([output], replace=replace)
        with _staging(output.parent) as work:
            _pack(_documents(watched, exporter, options, work / "now"), work / "now", work / output.name)
            _refuse_existing([output], replace=replace)
            (work / output.name).replace(output)
        return output
    if (exporter.is_joint or total == 1) and not output.is_dir():
        _refuse_existing([output], replace=replace)
        folder, name = output.parent, output.name
    else:
        folder, name = output, None
    with _staging(folder if name else next(at for at in (folder, *folder.absolute().parents) if at.exists())) as work:
        for _made in _documents(watched, exporter, options, work / "now", name=name):
            pass  # every document is written; none is needed again before the end
        _move(work / "now", folder, replace=replace)
    return output


def selected_ids(store: Store, *, ids: Sequence[str] = (), folder: str | None = None) -> tuple[str, ...]:
    """The conversations of these ids, of a folder by its name or path (`Work/Fireside`) with all below it, or all.

    Raises `StoreError` for a folder that is not there; an id that is not is told when it is read.
    """
    if ids:
        return tuple(dict.fromkeys(ids))
    if folder is None:
        return tuple(one.id for one in store.conversations())
    paths = _folder_paths(store)
    wanted = [name.casefold() for name in folder.split("/") if name]
    roots = [path for path in paths.values() if [name.casefold() for name in path[-len(wanted) :]] == wanted]
    if not roots:
        raise StoreError(f"There is no folder “{folder:.60}”; name one as the sidebar shows it (Work or Work/Tea).")
    inside = {key for key, path in paths.items() if any(path[: len(root)] == root for root in roots)}
    return tuple(one.id for one in store.conversations() if one.folder_id in inside)


def _reader(store: Store) -> Callable[[str], ExportedConversation]:
    folders = _folder_paths(store)

    def attachment(sha256: str) -> bytes | None:
        try:
            return store.attachment_data(sha256)
        except StoreError:
            return None  # only its name is known, which the export says

    def read(conversation_id: str) -> ExportedConversation:
        header = store.conversation(conversation_id)
        return ExportedConversation(
            header,
            store.tree(conversation_id),
            store.records(conversation_id),
            folders.get(header.folder_id or "", ()),
            attachment,
        )

    return read


def _folder_paths(store: Store) -> dict[str, tuple[str, ...]]:
    """Names from the root, by folder id."""
    folders = {folder.id: folder for folder in store.folders()}
    paths: dict[str, tuple[str, ...]] = {}
    for folder in folders.values():
        names, at = [folder.name], folder.parent_id
        while at in folders and len(names) <= len(folders):
            names.append(folders[at].name)
            at = folders[at].parent_id
        paths[folder.id] = tuple(reversed(names))
    return paths


def _watched(
    conversations: Iterable[ExportedConversation],
    total: int,
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> Iterator[ExportedConversation]:
    def watch(done: int) -> None:
        if cancelled is not None and cancelled():
            raise ExportStoppedError("The export was stopped; nothing was written.")
        if progress is not None:
            progress(done, total)

    done = 0
    watch(done)
    for conversation in conversations:
        yield conversation
        done += 1
        watch(done)


def _documents(
    conversations: Iterator[ExportedConversation],
    exporter: Exporter,
    options: ExportOptions,
    folder: Path,
    *,
    name: str | None = None,
) -> Iterator[list[Path]]:
    """Write the files into `folder`, those of one document after the other; `name` if there is only one."""
    folder.mkdir()
    if exporter.is_joint or name is not None:
        yield _document(conversations, exporter, options, folder / (name or f"{JOINT_NAME}.{exporter.ending}"))
        return
    taken: set[str] = set()
    for conversation in conversations:
        header = conversation.header
        for title in (header.title, f"{header.title[:40]} {header.id}"):
            file_name = safe_file_name(title, exporter.ending)
            if file_name.casefold() not in taken:
                break
        taken.add(file_name.casefold())
        yield _document(iter([conversation]), exporter, options, folder / file_name)


def _document(
    conversations: Iterator[ExportedConversation], exporter: Exporter, options: ExportOptions, path: Path
) -> list[Path]:
    with written_through(path) as file:
        document = _DocumentFile(path, file)
        exporter.write(conversations, options, document)
    return [path, *document.attached]


@dataclass(slots=True)
class _DocumentFile:
    """A document that is being written, and the folder of files beside it."""

    path: Path
    file: BinaryIO
    attached: list[Path] = field(default_factory=list)

    def write(self, content: str | bytes) -> None:
        self.file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)

    def attach(self, name: str, data: bytes) -> str:
        folder = self.path.with_name(f"{self.path.stem} files")
        folder.mkdir(exist_ok=True)
        stem, _, ending = re.split(r"[/\\]", name)[-1].rpartition(".")
        if not stem:
            stem, ending = ending, ""
        path = folder / safe_file_name(
            f"{len(self.attached) + 1} {stem}", re.sub("[^A-Za-z0-9]", "", ending)[:12] or "bin"
        )
        with written_through(path) as file:
            file.write(data)
        self.attached.append(path)
        return quote(path.relative_to(self.path.parent).as_posix())


def _pack(documents: Iterator[list[Path]], folder: Path, packed: Path) -> None:
    """Put each document's files into a zip as soon as they are written, so that they lie on the disk once."""
    with written_through(packed) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for made in documents:
            for path in made:
                archive.write(path, path.relative_to(folder).as_posix())
                path.unlink()


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder inside `folder`, on the same disk, gone at the end. Raises OSError where nothing can be."""
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder", str(folder))
    work = Path(tempfile.mkdtemp(prefix=".fireside-export.", suffix=".part", dir=folder))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _move(files: Path, folder: Path, *, replace: bool) -> None:
    """Put everything in its place: all of it, or, if something is there that must stay, none."""
    moves = [(path, folder / path.relative_to(files)) for path in sorted(files.rglob("*")) if path.is_file()]
    _refuse_existing([target for _, target in moves], replace=replace)
    folder.mkdir(parents=True, exist_ok=True)
    for path, target in moves:
        target.parent.mkdir(exist_ok=True)
        path.replace(target)


def _refuse_existing(targets: Iterable[Path], *, replace: bool) -> None:
    for target in targets:
        if target.is_dir() or (not replace and target.exists()):
            raise ExportError(f"{target.name} already exists in {target.parent}; name a new file or folder.")
