"""Database: how do the steps reach the tables, and how do the tables come to be?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlite_utils
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, exc

from backend.errors import StoreUnavailable
from backend.store import embedded_file, queue_rows, search_index
from backend.store.engines import READ_ONLY, make_engine, parse_url

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 7_305_814_229_001  # any number of our own: PostgreSQL's advisory lock while tables change
UPGRADE_SECONDS = 60  # how long a process waits for another one's upgrade


class Database:
    """One store. Safe to share between threads; each process opens its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dialect = engine.dialect.name
        self._reader = engine.execution_options(
            **(READ_ONLY if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}),
            postgresql_readonly=True,
        )

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One write transaction: kept at the end of the block, undone by any exception."""
        with _border(), self.engine.begin() as tx:
            queue_rows.forget_marks(tx)
            yield tx
            if tx.in_transaction():  # else the block undid it itself
                queue_rows.write_marked(tx)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One moment of the store; writing through it is refused."""
        with _border(), self._reader.begin() as tx:
            yield tx

    def close(self) -> None:
        """Give back all connections; the object can still be used and opens new ones."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """The store behind `url`. An SQLite file is made when missing; tables come from `upgrade`."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        assert parsed.database is not None
        embedded_file.make(Path(parsed.database))
    return Database(make_engine(parsed))


def upgrade(database: Database) -> None:
    """Bring the tables to the newest migration: all of it or nothing, and once when several processes start."""
    with _border(), database.engine.connect() as connection:
        if database.dialect == "sqlite":
            _upgrade_sqlite(connection)
        else:
            _upgrade_postgres(connection)


def version(database: Database) -> tuple[str | None, str | None]:
    """The migration the tables are at, and the newest one this program knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    with database.read() as tx:
        return MigrationContext.configure(tx).get_current_revision(), newest


@contextmanager
def _border() -> Iterator[None]:
    """Foreign errors of a database that is away, full, locked or broken become ours; mistakes in SQL stay loud."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError) as error:
        raise StoreUnavailable(f"the database cannot be used now: {_first_line(error.orig)}") from error
    except exc.TimeoutError as error:
        raise StoreUnavailable("the database cannot be used now: every connection is busy") from error
    except exc.DatabaseError as error:
        if type(error) is not exc.DatabaseError:  # integrity, data and programming errors have callers who know better
            raise
        raise StoreUnavailable(f"the database is damaged: {_first_line(error.orig)}") from error


def _first_line(error: BaseException | None) -> str:
    return (str(error).splitlines() or ["no reason given"])[0]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _migrate(connection: Connection) -> bool:
    """Run what is missing inside the caller's transaction; whether there was anything."""
    before = MigrationContext.configure(connection).get_current_revision()
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return before != MigrationContext.configure(connection).get_current_revision()


def _upgrade_sqlite(connection: Connection) -> None:
    raw = connection.connection.driver_connection
    assert raw is not None
    try:
        # Rebuilding a table would look like deleting what others point at; checked below instead.
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute(f"PRAGMA busy_timeout = {UPGRADE_SECONDS * 1000}")
        with connection.begin():
            changed = _migrate(connection)
            if changed and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise StoreUnavailable("the upgrade would leave rows that point nowhere: nothing was changed")
            if changed:
                queue_rows.write_missing(connection)
            search_index.ensure(sqlite_utils.Database(raw, execute_plugins=False), rebuild=changed)
    finally:
        connection.invalidate()  # the next connection has the usual limits again


def _upgrade_postgres(connection: Connection) -> None:
    with connection.begin():
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{UPGRADE_SECONDS}s'")
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})")
        if _migrate(connection):
            queue_rows.write_missing(connection)
