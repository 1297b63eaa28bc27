"""The store's folders: a tree of names that conversations lie in."""

from __future__ import annotations

import uuid

from app.core.catalogue import Folder
from app.core.database import Execute, OnDatabase, missing, storable


class Folders(OnDatabase):
    """The part of the store that keeps folders."""

    def folders(self) -> tuple[Folder, ...]:
        """All folders; those of one parent in their order."""
        return tuple(
            Folder(*row)
            for row in self._db.rows("SELECT id, name, parent_id, position FROM folders ORDER BY position, rowid")
        )

    def create_folder(self, name: str, parent_id: str | None = None) -> Folder:
        """A new folder behind the others of its parent."""
        with self._db.write() as execute:
            return add_folder(execute, name, parent_id)

    def rename_folder(self, folder_id: str, name: str) -> None:
        """Give a folder another name."""
        if not self._db.update("UPDATE folders SET name = ? WHERE id = ?", storable(name), folder_id):
            raise missing("folder", folder_id)

    def delete_folder(self, folder_id: str) -> None:
        """Remove a folder; what lies in it moves up one level."""
        with self._db.write() as execute:
            row = execute("SELECT parent_id FROM folders WHERE id = ?", (folder_id,)).fetchone()
            if row is None:
                raise missing("folder", folder_id)
            execute("UPDATE conversations SET folder_id = ? WHERE folder_id = ?", (row[0], folder_id))
            execute("UPDATE folders SET parent_id = ? WHERE parent_id = ?", (row[0], folder_id))
            execute("DELETE FROM folders WHERE id = ?", (folder_id,))


def add_folder(execute: Execute, name: str, parent_id: str | None, *, import_id: str | None = None) -> Folder:
    """A new folder, inside a transaction; `import_id` names the import that needed it."""
    (position,) = execute(
        "SELECT coalesce(max(position) + 1, 0) FROM folders WHERE parent_id IS ?", (parent_id,)
    ).fetchone()
    made = Folder(uuid.uuid4().hex, storable(name), parent_id, position)
    execute(
        "INSERT INTO folders (id, name, parent_id, position, import_id) VALUES (?, ?, ?, ?, ?)",
        (made.id, made.name, parent_id, position, import_id),
    )
    return made


def folder_at(execute: Execute, names: tuple[str, ...], *, import_id: str | None = None) -> str | None:
    """The folder of these names from the root, made where it is missing; None for no names."""
    parent_id: str | None = None
    for name in names:
        row = execute(
            "SELECT id FROM folders WHERE name = ? AND parent_id IS ? ORDER BY position, rowid",
            (storable(name), parent_id),
        ).fetchone()
        parent_id = row[0] if row else add_folder(execute, name, parent_id, import_id=import_id).id
    return parent_id
