"""Fixtures for every test: a migrated store on each engine, fresh for each test, and a real Redis."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis as redis_client
import servers
from chromium import launch
from flask import Flask
from hypothesis import settings
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser, Playwright, sync_playwright

from backend.store.database import Database, open_database, upgrade

# A machine that does something else meanwhile must not turn a test red: speed is measured in tests/benchmarks.
settings.register_profile("unhook", deadline=None)
settings.load_profile("unhook")

# Each app has templates of its own, and compiling them takes longer than most tests of a page.
compiled = tempfile.TemporaryDirectory(prefix="templates-")
Flask.jinja_options["bytecode_cache"] = FileSystemBytecodeCache(compiled.name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh store with all tables; the test runs once on each engine."""
    return request.getfixturevalue("sqlite_database" if request.param == "sqlite" else "postgres_database")


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A fresh embedded store in the test's own folder."""
    path = tmp_path / "store" / "unhook.db"
    path.parent.mkdir(mode=0o700)
    shutil.copy(sqlite_template, path)
    database = open_database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    """A fresh store on PostgreSQL."""
    database = open_database(postgres_url)
    yield database
    database.close()


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database that has all tables."""
    with _fresh(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database without tables."""
    with _fresh(postgres_server, "template0") as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of an empty Redis."""
    with redis_client.Redis(unix_socket_path=redis_server) as client:
        client.flushall()
    return f"unix://{redis_server}?db=0"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated file that tests copy; closing it has put everything into the file itself."""
    path = tmp_path_factory.mktemp("template") / "unhook.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The one driver of this process: Playwright refuses a second while the first is alive.

    It ends with its module, because no other event loop can run in this thread while it lives: a receiver's, say.
    """
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One browser for a module's tests; each opens a context of its own, which shares nothing with another's."""
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL for this session (with xdist: for this worker); the folder of its socket."""
    with servers.postgres() as socket_folder:
        yield socket_folder


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """One migrated database that tests copy."""
    _administer(postgres_server, "CREATE DATABASE unhook_template TEMPLATE template0")
    _migrate(_url(postgres_server, "unhook_template"))
    return "unhook_template"


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """A Redis for this session; the path of its socket."""
    with servers.redis() as socket:
        yield socket


_numbers = itertools.count(1)


@contextmanager
def _fresh(socket_folder: str, template: str) -> Iterator[str]:
    """A database copied from a template, dropped after use."""
    name = f"test_{next(_numbers)}"
    _administer(socket_folder, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield _url(socket_folder, name)
    _administer(socket_folder, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(socket_folder: str, statement: str) -> None:
    with psycopg.connect(f"host={socket_folder} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute(statement)


def _url(socket_folder: str, name: str) -> str:
    return f"postgresql://postgres@/{name}?host={socket_folder}"


def _migrate(url: str) -> None:
    database = open_database(url)
    upgrade(database)
    database.close()
