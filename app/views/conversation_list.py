"""What the sidebar lists: pinned chats, folders, then the others by date; or what a search found, by chat."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from app.core.catalogue import Folder, SearchHit
from app.core.row_changes import Change, Step, steps

AnyIndex = QModelIndex | QPersistentModelIndex
DRAGGED = "application/x-fireside-conversations"  # ids, a line each


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One conversation; `updated_at` is in local time, `depth` how many folders it is shown in."""

    id: str
    title: str
    updated_at: datetime
    folder_id: str | None = None
    is_pinned: bool = False
    tags: tuple[str, ...] = ()
    depth: int = 0


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A folder with the number of chats in it and below it."""

    folder: Folder
    depth: int
    is_open: bool
    chats: int


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """The name of a period, of the pinned chats, or of nothing but itself."""

    title: str


@dataclass(frozen=True, slots=True)
class HitRow:
    """A message that a search found."""

    hit: SearchHit


Row = ConversationRow | FolderRow | HeaderRow | HitRow


class Role(IntEnum):
    """What a row tells beside its text."""

    ID = Qt.ItemDataRole.UserRole + 1  # of the conversation; None for headers and folders
    ROW = Qt.ItemDataRole.UserRole + 2  # the row itself


def one_line(title: str) -> str:
    """The title without line breaks and direction overrides, which could make one row look like another."""
    if title.isprintable():
        return title  # as nearly all are: of 5,000, the letters of each took 20 ms to look at
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") else letter for letter in title)


class ConversationListModel(QAbstractListModel):
    """A tree as flat rows, which a list view lays out fast; `conversationsDropped(ids, folder id or None)`."""

    conversationsDropped = Signal(list, object)

    def __init__(self, today: Callable[[], date] = date.today) -> None:
        super().__init__()
        self._today = today
        self._conversations: tuple[ConversationRow, ...] = ()
        self._folders: tuple[Folder, ...] = ()
        self._closed: set[str] = set()
        self._wanted_tags: tuple[str, ...] = ()
        self._hits: Sequence[SearchHit] | None = None
        self._rows: list[Row] = []
        self._numbers: dict[str, int] = {}

    @property
    def folders(self) -> tuple[Folder, ...]:
        """All folders."""
        return self._folders

    @property
    def conversations(self) -> tuple[ConversationRow, ...]:
        """All conversations, the newest first."""
        return self._conversations

    def set_conversations(self, conversations: Iterable[ConversationRow], folders: Sequence[Folder] = ()) -> None:
        """Replace the content."""
        self._conversations = tuple(sorted(conversations, key=lambda row: row.updated_at, reverse=True))
        self._folders = tuple(folders)
        self._rebuild()

    def conversation(self, conversation_id: str) -> ConversationRow | None:
        """A conversation that is listed, shown or not."""
        return next((row for row in self._conversations if row.id == conversation_id), None)

    def split_query(self, text: str) -> tuple[tuple[str, ...], str]:
        """The tags that a query names (`#work`; the beginning of one is enough), and the words that are left."""
        known = {tag.casefold() for row in self._conversations for tag in row.tags}
        tags: list[str] = []
        words: list[str] = []
        for word in text.split():
            tag = word[1:].casefold()
            is_tag = word.startswith("#") and tag and any(one.startswith(tag) for one in known)
            (tags if is_tag else words).append(tag if is_tag else word)
        return tuple(tags), " ".join(words)

    def show_all(self) -> None:
        """Show everything."""
        self._wanted_tags, self._hits = (), None
        self._rebuild()

    def show_tagged(self, tags: tuple[str, ...]) -> None:
        """Show only conversations that have all these tags."""
        self._wanted_tags, self._hits = tags, None
        self._rebuild()

    def show_hits(self, hits: Sequence[SearchHit], tags: tuple[str, ...]) -> None:
        """Show what a search found, only in conversations that have all these tags."""
        self._wanted_tags, self._hits = tags, hits
        self._rebuild()

    def say_again(self) -> None:
        """Name the headers in the language of now."""
        self._rebuild()

    @property
    def closed_folders(self) -> tuple[str, ...]:
        """The folders that are folded, as far as they are still there."""
        return tuple(folder.id for folder in self._folders if folder.id in self._closed)

    def close_folders(self, folder_ids: Iterable[str]) -> None:
        """Fold these and no others."""
        self._closed = set(folder_ids)
        self._rebuild()

    def toggle_folder(self, folder_id: str) -> None:
        """Open or close a folder."""
        self._closed ^= {folder_id}
        self._rebuild()

    def index_of(self, conversation_id: str) -> QModelIndex:
        """Where the conversation is shown; invalid when it is not."""
        number = self._numbers.get(conversation_id)
        return QModelIndex() if number is None else self.index(number)

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        """Headers count as rows."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> str | Row | None:
        """A text for people and accessibility tools, the id under `Role.ID`, the row under `Role.ROW`."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Role.ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return _text(row)
        if role == Role.ID:
            if isinstance(row, HitRow):
                return row.hit.conversation_id
            return row.id if isinstance(row, ConversationRow) else None
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """A header cannot be chosen; chats can be dragged onto everything that lies in or is a folder."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        row = self._rows[index.row()]
        if isinstance(row, HeaderRow):
            return Qt.ItemFlag.ItemIsDropEnabled
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        if isinstance(row, ConversationRow):
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags if isinstance(row, HitRow) else flags | Qt.ItemFlag.ItemIsDropEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        """Chats move."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """Chats of this window only."""
        return [DRAGGED]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The ids of dragged chats."""
        data = QMimeData()
        ids = [index.data(Role.ID) for index in indexes if isinstance(index.data(Role.ROW), ConversationRow)]
        data.setData(DRAGGED, QByteArray("\n".join(ids).encode()))
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: AnyIndex) -> bool:
        """Tell where chats were dropped; who listens moves them and sets the content anew."""
        number = parent.row() if parent.isValid() else row - 1
        if not data.hasFormat(DRAGGED) or not 0 <= number < len(self._rows):
            return False
        ids = bytes(data.data(DRAGGED).data()).decode().split("\n")
        match self._rows[number]:
            case FolderRow(folder):
                self.conversationsDropped.emit(ids, folder.id)
            case ConversationRow(folder_id=folder_id, depth=depth):
                self.conversationsDropped.emit(ids, folder_id if depth else None)
            case _:
                self.conversationsDropped.emit(ids, None)
        return True

    def _rebuild(self) -> None:
        tagged = (row for row in self._conversations if _has_tags(row, self._wanted_tags))
        if self._hits is not None:
            rows = [*self._found_rows(self._hits, {row.id: row for row in tagged})]
        elif self._wanted_tags:
            rows = self._dated(tagged)
        else:
            rows = self._all_rows()
        self._numbers = {}
        for number, row in enumerate(rows):
            if isinstance(row, ConversationRow):
                self._numbers.setdefault(row.id, number)
        found = steps(self._rows, rows, _key)
        if found is None:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
            return
        for step in found:
            self._take(step, rows)

    def _take(self, step: Step, wanted: list[Row]) -> None:
        """Take one of the steps that lead to the rows that are wanted, and tell the view."""
        at, nowhere = step.at, QModelIndex()
        match step.change:
            case Change.REMOVE:
                self.beginRemoveRows(nowhere, at, at)
                del self._rows[at]
                self.endRemoveRows()
            case Change.INSERT:
                self.beginInsertRows(nowhere, at, at)
                self._rows.insert(at, wanted[at])
                self.endInsertRows()
            case Change.MOVE:
                self.beginMoveRows(nowhere, step.origin, step.origin, nowhere, at)
                self._rows.insert(at, self._rows.pop(step.origin))
                self.endMoveRows()
            case Change.REPLACE:
                self._rows[at] = wanted[at]
                self.dataChanged.emit(self.index(at), self.index(at))

    def _all_rows(self) -> list[Row]:
        known = {folder.id for folder in self._folders}
        inside: dict[str, list[ConversationRow]] = {}
        loose: list[ConversationRow] = []
        rows: list[Row] = []
        for row in self._conversations:
            if row.is_pinned:
                rows.append(row)
            elif row.folder_id in known:
                inside.setdefault(row.folder_id or "", []).append(row)
            else:
                loose.append(row)
        if rows:
            rows.insert(0, HeaderRow(self.tr("Pinned")))
        if self._folders:
            rows.append(HeaderRow(self.tr("Folders")))
            children: dict[str | None, list[Folder]] = {}
            for folder in self._folders:
                parent = folder.parent_id if folder.parent_id in known else None
                children.setdefault(parent, []).append(folder)
            for folder in children.get(None, ()):
                rows += self._folder_rows(folder, 0, children, inside)
        return rows + self._dated(loose)

    def _folder_rows(
        self,
        folder: Folder,
        depth: int,
        children: dict[str | None, list[Folder]],
        inside: dict[str, list[ConversationRow]],
    ) -> list[Row]:
        below: list[Row] = []
        for child in children.get(folder.id, ()):
            below += self._folder_rows(child, depth + 1, children, inside)
        own = inside.get(folder.id, [])
        chats = len(own) + sum(row.chats for row in below if isinstance(row, FolderRow) and row.depth == depth + 1)
        is_open = folder.id not in self._closed
        head = FolderRow(folder, depth, is_open, chats)
        if not is_open:
            return [head]
        return [head, *below, *(_at_depth(row, depth + 1) for row in own)]

    def _dated(self, conversations: Iterable[ConversationRow]) -> list[Row]:
        names = (self.tr("Today"), self.tr("Yesterday"), self.tr("Previous 7 days"), self.tr("Older"))
        today = self._today()
        rows: list[Row] = []
        period = None
        for row in conversations:
            if (found := _period(row.updated_at.date(), today)) != period:
                period = found
                rows.append(HeaderRow(names[period]))
            rows.append(row)
        return rows

    def _found_rows(self, hits: Sequence[SearchHit], allowed: dict[str, ConversationRow]) -> Iterable[Row]:
        """Chats by their newest hit; below each the messages, the newest first."""
        groups: dict[str, list[SearchHit]] = {}
        for hit in sorted(hits, key=lambda hit: -hit.created_at):
            groups.setdefault(hit.conversation_id, []).append(hit)
        for conversation_id, found in groups.items():
            if conversation_id in allowed:
                yield _at_depth(allowed[conversation_id], 0)
                yield from (HitRow(hit) for hit in found if hit.message_id is not None)


def _period(day: date, today: date) -> int:
    """0 for today, 1 for yesterday, 2 for the seven days before that, 3 for all others."""
    if day >= today:
        return 0
    if day == today - timedelta(days=1):
        return 1
    return 2 if day > today - timedelta(days=8) else 3


def _at_depth(row: ConversationRow, depth: int) -> ConversationRow:
    if row.depth == depth:
        return row
    return ConversationRow(row.id, row.title, row.updated_at, row.folder_id, row.is_pinned, row.tags, depth)


def _has_tags(row: ConversationRow, wanted: tuple[str, ...]) -> bool:
    return all(any(tag.casefold().startswith(one) for tag in row.tags) for one in wanted)


def _key(row: Row) -> tuple[str, ...]:
    match row:
        case ConversationRow(id=conversation_id):
            return "chat", conversation_id
        case FolderRow(folder):
            return "folder", folder.id
        case HitRow(hit):
            return "hit", hit.conversation_id, hit.message_id or ""
        case HeaderRow(title):
            return "header", title


def _text(row: Row) -> str:
    match row:
        case FolderRow(folder):
            return one_line(folder.name)
        case HitRow(hit):
            return one_line("".join(text for text, _ in hit.snippet))
        case _:
            return one_line(row.title)
