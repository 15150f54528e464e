"""Fixtures for the web process: its site on both engines, and what it logs."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from microsoft.entra import Entra
from microsoft.fixtures import entra
from microsoft.people import GraphWithPeople
from sites import Site, make_site
from workspace.addon import GoogleWithAddOn

from backend import log
from backend.store.database import Database

__all__ = ["entra"]


@pytest.fixture(autouse=True)
def log_lines() -> Iterator[io.StringIO]:
    """Everything logged, as JSON lines, through the set-up that the commands use."""
    root = logging.getLogger()
    handlers, level, loud = root.handlers[:], root.level, logging.raiseExceptions
    stream = io.StringIO()
    log.set_up("json", stream)
    yield stream
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], root.level, logging.raiseExceptions = handlers, level, loud


@pytest.fixture
def graph(entra: Entra) -> Iterator[GraphWithPeople]:
    """A Microsoft Graph on loopback, without tenants."""
    with GraphWithPeople(entra) as running:
        yield running


@pytest.fixture
def google(tmp_path: Path) -> Iterator[GoogleWithAddOn]:
    """A Google on loopback, with nobody in it yet."""
    folder = tmp_path / "google"
    folder.mkdir()
    with GoogleWithAddOn(folder) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, database: Database) -> Iterator[Site]:
    """On both engines."""
    made = make_site(tmp_path, database)
    yield made
    made.services.database.close()


@pytest.fixture
def embedded(tmp_path: Path, sqlite_database: Database) -> Iterator[Site]:
    """On the embedded store only."""
    made = make_site(tmp_path, sqlite_database)
    yield made
    made.services.database.close()
