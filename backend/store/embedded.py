"""Embedded: is the SQLite store in good order, and how is it kept so? Its life, through sqlite-utils.

Nothing here writes rows of the application. On PostgreSQL each function says what to use instead.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlite_utils

from backend.errors import BadInput, StoreUnavailable
from backend.store import search_index
from backend.store.database import Database, version

WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Size:
    """How large the embedded store is, in bytes."""

    database: int
    log: int  # what the last checkpoint has not yet taken over


@contextmanager
def opened(database: Database, instead: str) -> Iterator[sqlite_utils.Database]:
    """The embedded database for sqlite-utils. Raises BadInput with what to do `instead` on PostgreSQL."""
    path = file_of(database, instead)
    connection = sqlite3.connect(path, timeout=WAIT_SECONDS)
    try:
        yield sqlite_utils.Database(connection, execute_plugins=False)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the database file {path} cannot be used now: {error}") from error
    finally:
        connection.close()


def file_of(database: Database, instead: str) -> Path:
    """The file of the embedded database. Raises BadInput with what to do `instead` on PostgreSQL."""
    if database.dialect != "sqlite":
        raise BadInput(f"The store is on PostgreSQL, which has its own tools: {instead}")
    assert database.engine.url.database is not None
    return Path(database.engine.url.database)


def optimise(database: Database) -> Size:
    """Merge the search index, refresh the planner's statistics, and empty the log into the file. Safe while in use."""
    with opened(database, "autovacuum does this by itself; after an erasure run VACUUM.") as store:
        store.conn.execute("PRAGMA secure_delete = ON")
        store.table("search_documents").optimize()
        store.analyze()
        store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return size(database)


def size(database: Database) -> Size:
    """How large the file and its log are."""
    path = file_of(database, "SELECT pg_database_size(current_database())")
    log = Path(f"{path}-wal")
    return Size(path.stat().st_size, log.stat().st_size if log.exists() else 0)


def problems(database: Database) -> list[str]:
    """What is wrong with the tables, in sentences with what to do; empty when all is well. Works on both engines."""
    found = []
    current, newest = version(database)
    if current != newest:
        found.append(f"The tables are at version {current or 'none'}, this program needs {newest}: run unhook migrate.")
        return found

    with database.read() as tx:
        documents, indexed = search_index.count(tx)
    if documents != indexed:
        found.append(f"The search index holds {indexed} of {documents} messages: run unhook migrate.")
    if database.dialect == "sqlite":
        found += _damage(database)
    return found


def _damage(database: Database) -> list[str]:
    with opened(database, "amcheck") as store:
        said = [row[0] for row in store.execute("PRAGMA quick_check(5)").fetchall()]
        loose = store.execute("PRAGMA foreign_key_check").fetchone()
        journal = store.journal_mode
    found = [] if said == ["ok"] else [f"The database file is damaged, restore a backup: {'; '.join(said)}"]
    if loose:
        found.append(f"Rows of {loose[0]} point to rows of {loose[2]} that are not there: restore a backup.")
    if journal != "wal":
        found.append(f"The database is in {journal} mode instead of wal: readers and the writer block each other.")
    return found
