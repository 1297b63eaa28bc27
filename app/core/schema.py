"""The database's tables as numbered migrations. Before each, the file is copied, so that none can lose anything."""

from __future__ import annotations

import sqlite3
from pathlib import Path

# The place in this tuple is the version; released ones are never edited.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        created_at REAL NOT NULL,
        updated_at REAL NOT NULL,
        leaf_id TEXT,
        deleted_at REAL
    );
    CREATE TABLE messages (
        id TEXT PRIMARY KEY,
        conversation_id TEXT NOT NULL REFERENCES conversations (id),
        parent_id TEXT,
        role TEXT NOT NULL,
        text TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at REAL NOT NULL,
        error TEXT,
        record TEXT,
        deleted_at REAL
    );
    CREATE INDEX messages_by_conversation ON messages (conversation_id);
    CREATE INDEX messages_streaming ON messages (status) WHERE status = 'streaming';
    """,
)


def migrate(database: sqlite3.Connection, path: Path) -> None:
    """Bring the tables up to date. Raises sqlite3.Error, also for a database of a newer version."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise sqlite3.NotSupportedError(
            f"they were written by a newer Fireside (format {version}, this one knows {len(MIGRATIONS)}); update it"
        )
    for number in range(version, len(MIGRATIONS)):
        if version > 0:
            _copy(database, path.with_name(f"{path.name}.before-{number + 1}"))
        script = f"BEGIN; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        try:
            database.executescript(script)
        except sqlite3.Error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


def _copy(database: sqlite3.Connection, path: Path) -> None:
    copy = sqlite3.connect(path)
    try:
        database.backup(copy)
    finally:
        copy.close()
