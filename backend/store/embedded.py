"""Embedded: is the SQLite store in good order, and how is it kept so?

Its life, through sqlite-utils; nothing here writes rows of the application. On PostgreSQL each function that needs
the file says what to use instead.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlite_utils
from sqlalchemy import text

from backend.errors import BadInput, StoreUnavailable
from backend.store import queue_rows, search_index
from backend.store.database import Database, version
from backend.store.search_index import FTS_TABLE

WAIT_SECONDS = 60.0
MERGE_PAGES = 500
MOST_MERGES = 10_000


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
        raise BadInput("The store is on PostgreSQL, which has its own tools: %(instead)s", instead=instead)
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


def forget_deleted(database: Database) -> None:
    """Merge FTS5's segments: until then, words of deleted documents stay readable in the file. Nothing on PostgreSQL.

    Step by step, so that reports that come in meanwhile need not wait for the whole index.
    """
    if database.dialect != "sqlite":
        return
    merge = text(f"INSERT INTO {FTS_TABLE} ({FTS_TABLE}, rank) VALUES ('merge', :pages)")  # noqa: S608 - our constant
    pages = -MERGE_PAGES  # a negative number begins with all segments, whatever their size
    for _ in range(MOST_MERGES):
        with database.begin() as tx:
            before = tx.scalar(text("SELECT total_changes()")) or 0
            tx.execute(merge, {"pages": pages})
            if (tx.scalar(text("SELECT total_changes()")) or 0) - before < 2:  # as FTS5's manual says: merged
                return
        pages = MERGE_PAGES


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
        differing = queue_rows.count_differing(tx)
    if differing:
        found.append(f"The list says something else than the tables of {differing} messages: run unhook migrate.")
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
