"""The database's tables as numbered migrations. Before each, the file is copied, so that none can lose anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from app.core.sqlite_copy import copy_database, damage

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
    # Rows get a number that never changes, because the index of words names them by it. What a reply was made of
    # moves to a table of its own, so that reading a conversation's texts does not pass over it. `text` is what a
    # search finds; `parts` is JSON, NULL for a message of nothing but that text.
    #
    # The index keeps no text and no positions: 42 MB beside 37 million characters, where positions take 121 MB; a
    # search looks at the text itself for the last word. Three characters make one entry, so two line ends behind a
    # text give its last two characters entries of their own. Titles are indexed under minus their number. A reply is
    # indexed when it ends, not while it is saved every second.
    """
    CREATE TABLE imports (
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        created_at REAL NOT NULL
    );
    CREATE TABLE folders (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        parent_id TEXT REFERENCES folders (id),
        position INTEGER NOT NULL,
        import_id TEXT REFERENCES imports (id)
    );
    CREATE TABLE attachments (
        sha256 TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        media_type TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        data BLOB NOT NULL
    );
    ALTER TABLE messages RENAME TO messages_1;
    ALTER TABLE conversations RENAME TO conversations_1;
    DROP INDEX messages_by_conversation;
    DROP INDEX messages_streaming;
    CREATE TABLE conversations (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        created_at REAL NOT NULL,
        updated_at REAL NOT NULL,
        leaf_id TEXT,
        deleted_at REAL,
        folder_id TEXT REFERENCES folders (id),
        is_pinned INTEGER NOT NULL DEFAULT 0,
        tags TEXT,
        source TEXT,
        source_id TEXT,
        import_id TEXT REFERENCES imports (id),
        extra TEXT
    );
    CREATE TABLE messages (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        conversation_id TEXT NOT NULL REFERENCES conversations (id),
        parent_id TEXT,
        role TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at REAL NOT NULL,
        deleted_at REAL,
        edited_from TEXT,
        source_id TEXT,
        import_id TEXT REFERENCES imports (id),
        error TEXT,
        text TEXT NOT NULL,
        parts TEXT,
        extra TEXT
    );
    CREATE TABLE records (
        message_number INTEGER PRIMARY KEY REFERENCES messages (number) ON DELETE CASCADE,
        record TEXT NOT NULL
    );
    CREATE INDEX conversations_by_time ON conversations (updated_at) WHERE deleted_at IS NULL;
    CREATE INDEX conversations_in_bin ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;
    CREATE INDEX conversations_by_source ON conversations (source, source_id) WHERE source_id IS NOT NULL;
    CREATE INDEX conversations_by_folder ON conversations (folder_id) WHERE folder_id IS NOT NULL;
    CREATE INDEX conversations_by_import ON conversations (import_id) WHERE import_id IS NOT NULL;
    CREATE INDEX messages_by_conversation ON messages (conversation_id);
    CREATE INDEX messages_streaming ON messages (status) WHERE status = 'streaming';
    CREATE INDEX messages_in_bin ON messages (deleted_at) WHERE deleted_at IS NOT NULL;
    CREATE INDEX messages_by_import ON messages (import_id) WHERE import_id IS NOT NULL;

    CREATE VIRTUAL TABLE words USING fts5 (text, content='', tokenize='trigram', detail='none', columnsize=0);
    CREATE VIRTUAL TABLE word_list USING fts5vocab ('words', 'row');
    CREATE TRIGGER title_added AFTER INSERT ON conversations BEGIN
        INSERT INTO words (rowid, text) VALUES (-new.number, new.title || char(10, 10));
    END;
    CREATE TRIGGER title_changed AFTER UPDATE OF title ON conversations BEGIN
        INSERT INTO words (words, rowid, text) VALUES ('delete', -old.number, old.title || char(10, 10));
        INSERT INTO words (rowid, text) VALUES (-new.number, new.title || char(10, 10));
    END;
    CREATE TRIGGER title_removed AFTER DELETE ON conversations BEGIN
        INSERT INTO words (words, rowid, text) VALUES ('delete', -old.number, old.title || char(10, 10));
    END;
    CREATE TRIGGER message_added AFTER INSERT ON messages WHEN new.status <> 'streaming' BEGIN
        INSERT INTO words (rowid, text) VALUES (new.number, new.text || char(10, 10));
    END;
    CREATE TRIGGER message_ended AFTER UPDATE OF text, status ON messages
    WHEN old.status = 'streaming' AND new.status <> 'streaming' BEGIN
        INSERT INTO words (rowid, text) VALUES (new.number, new.text || char(10, 10));
    END;
    CREATE TRIGGER message_changed AFTER UPDATE OF text, status ON messages
    WHEN old.status <> 'streaming' AND new.status <> 'streaming' AND old.text <> new.text BEGIN
        INSERT INTO words (words, rowid, text) VALUES ('delete', old.number, old.text || char(10, 10));
        INSERT INTO words (rowid, text) VALUES (new.number, new.text || char(10, 10));
    END;
    CREATE TRIGGER message_resumed AFTER UPDATE OF status ON messages
    WHEN old.status <> 'streaming' AND new.status = 'streaming' BEGIN
        INSERT INTO words (words, rowid, text) VALUES ('delete', old.number, old.text || char(10, 10));
    END;
    CREATE TRIGGER message_removed AFTER DELETE ON messages WHEN old.status <> 'streaming' BEGIN
        INSERT INTO words (words, rowid, text) VALUES ('delete', old.number, old.text || char(10, 10));
    END;

    INSERT INTO conversations (number, id, title, created_at, updated_at, leaf_id, deleted_at)
        SELECT rowid, id, title, created_at, updated_at, leaf_id, deleted_at FROM conversations_1 ORDER BY rowid;
    INSERT INTO messages
        (number, id, conversation_id, parent_id, role, status, created_at, deleted_at, error, text)
        SELECT rowid, id, conversation_id, parent_id, role, status, created_at, deleted_at, error, text
        FROM messages_1 ORDER BY rowid;
    INSERT INTO records (message_number, record)
        SELECT rowid, record FROM messages_1 WHERE record IS NOT NULL ORDER BY rowid;
    DROP TABLE messages_1;
    DROP TABLE conversations_1;
    """,
    # What is written and not sent yet: at 0 what stands in the composer, behind it what waits for its turn. A chat
    # that was not begun has no id. `settings` of a conversation is JSON: its preset and the values changed in it.
    """
    CREATE TABLE drafts (
        conversation_id TEXT REFERENCES conversations (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        text TEXT NOT NULL,
        parts TEXT
    );
    CREATE INDEX drafts_by_conversation ON drafts (conversation_id);
    ALTER TABLE records ADD COLUMN alternatives BLOB;
    ALTER TABLE conversations ADD COLUMN settings TEXT;
    """,
)


class NewerSchemaError(sqlite3.NotSupportedError):
    """The database was written by a newer Fireside, in the format `version`."""

    def __init__(self, version: int) -> None:
        super().__init__(f"a database of format {version}")
        self.version = version


def migrate(database: sqlite3.Connection, path: Path | None) -> None:
    """Bring the tables up to date, a version in one transaction. `path` is the file; None when there is none.

    Raises sqlite3.Error (`NewerSchemaError` for a database of a newer version) and, for the copy, OSError.
    """
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise NewerSchemaError(version)
    if version < 0:
        raise damage(f"its format is {version}")
    holds_something = version < len(MIGRATIONS) and bool(_names(database))
    while version < len(MIGRATIONS):
        database.execute("BEGIN IMMEDIATE")
        try:
            (version,) = database.execute("PRAGMA user_version").fetchone()  # another process may have been faster
            version = _version_of_tables(database, version)
            if version < len(MIGRATIONS):
                if holds_something and path is not None:
                    with closing(sqlite3.connect(path)) as reader:
                        copy_database(reader, copy_before(path, version + 1))
                _run(database, version)
                version += 1
            database.execute(f"PRAGMA user_version = {version}")
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


def _version_of_tables(database: sqlite3.Connection, version: int) -> int:
    """`version`, or the next one whose tables these are where they are not its own: the number was lowered."""
    names = _names(database)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        for number in range(len(MIGRATIONS) + 1):
            if number >= version and _names(made) == names:
                return number
            if number < len(MIGRATIONS):
                _run(made, number)
    return version


def _names(database: sqlite3.Connection) -> set[tuple[str, str]]:
    """Tables with their columns, indices and triggers; what SQLite adds by itself is left out."""
    return set(
        database.execute(
            "SELECT name, '' FROM sqlite_master WHERE name NOT LIKE 'sqlite%' UNION "
            "SELECT held.name, part.name FROM sqlite_master AS held JOIN pragma_table_info(held.name) AS part "
            "WHERE held.type = 'table' AND held.name NOT LIKE 'sqlite%'"
        )
    )


def _run(database: sqlite3.Connection, version: int) -> None:
    """Bring the tables from a version to the next; where they are those of another one, that is damage."""
    try:
        for statement in _statements(MIGRATIONS[version]):
            database.execute(statement)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_ERROR":
            raise
        raise damage(f"its tables are not those of its format, {version}: {error}") from error


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, which end with their lines."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def copy_before(path: Path, version: int) -> Path:
    """Where the copy lies that was made before the database at `path` was brought to `version`."""
    return path.with_name(f"{path.name}.before-{version}")
