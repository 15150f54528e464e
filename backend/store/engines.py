"""Engines: what does each database engine promise, and what limits does it work under?

Both give a write transaction that is on disk when it is committed, a read that sees one moment, and an end to
every wait. SQLite is one file in WAL mode; PostgreSQL goes through psycopg.
"""

import os
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from backend.errors import BadInput
from backend.store import embedded_file

BUSY_MS = 20_000  # how long SQLite waits for the one writer before it gives up
POOL_SECONDS = 20
READ_ONLY = {"unhook_read_only": True}
SQLITE_POOL = {"pool_size": 10, "max_overflow": 54, "pool_timeout": POOL_SECONDS}
POSTGRES_POOL = {"pool_size": 10, "max_overflow": 10, "pool_timeout": POOL_SECONDS, "pool_recycle": 1800}
POSTGRES_CONNECT = {"connect_timeout": 5, "keepalives_idle": 30, "tcp_user_timeout": 30_000}
POSTGRES_SESSION = (
    "SET statement_timeout = '30s'",
    "SET lock_timeout = '20s'",
    "SET idle_in_transaction_session_timeout = '120s'",
    "SET timezone = 'UTC'",
    # An acknowledged report is on disk; a server that was told to relax may not relax this.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)


def parse_url(text: str) -> URL:
    """A database URL with the driver Unhook brings. Raises BadInput in words, without the password."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise BadInput("the database URL cannot be read; it looks like postgresql://user@host/name") from error

    engine = url.drivername.partition("+")[0]
    if engine == "sqlite":
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise BadInput("SQLite needs a file: sqlite:////srv/unhook/unhook.db")
        return url.set(drivername="sqlite+pysqlite")
    if engine in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise BadInput("the database URL names %(engine)s; Unhook works on sqlite and postgresql", engine=engine)


def make_engine(url: URL) -> Engine:
    """The engine for `url`. Errors never show the values of a statement: they may be somebody's mail."""
    sqlite = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = (
        {"connect_args": {"timeout": BUSY_MS / 1000, "check_same_thread": False}, **SQLITE_POOL}
        if sqlite
        else {"connect_args": POSTGRES_CONNECT, "pool_pre_ping": True, **POSTGRES_POOL}
    )
    engine = create_engine(url, hide_parameters=True, poolclass=QueuePool, **options)

    event.listen(engine, "connect", _prepare_sqlite if sqlite else _prepare_postgres)
    event.listen(engine, "connect", _remember_process)
    event.listen(engine, "checkout", _stay_in_process)
    if sqlite:
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # BEGIN comes from _begin_sqlite, not from the driver
    cursor = connection.cursor()
    for pragma in embedded_file.PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock first: a read that later writes would fail instead of waiting."""
    reads = connection.get_execution_options().get("unhook_read_only", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _prepare_postgres(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for statement in POSTGRES_SESSION:
        cursor.execute(statement)
    cursor.close()
    connection.commit()


def _remember_process(_connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    entry.info["pid"] = os.getpid()


def _stay_in_process(_connection: DBAPIConnection, entry: Any, proxy: Any) -> None:
    """A connection that came along through a fork would corrupt both processes' work: open another."""
    if entry.info["pid"] != os.getpid():
        entry.dbapi_connection = proxy.dbapi_connection = None
        raise DisconnectionError("opened before a fork")
