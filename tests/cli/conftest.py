"""Fixtures for the command line: `unhook` in this process, with a data folder of the test's own."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from backend.cli import main

Run = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder; no other setting comes from outside."""
    for name in list(os.environ):
        if name.startswith("UNHOOK_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "var"
    monkeypatch.setenv("UNHOOK_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def unhook(data: Path) -> Iterator[Run]:
    """Run a command as a shell would; anything but an exit code is a failure of the test."""

    def run(*words: object, **more: object) -> Result:
        result = CliRunner().invoke(main, [str(word) for word in words], **more)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    handlers = list(logging.getLogger().handlers)
    yield run
    logging.getLogger().handlers[:] = handlers
    structlog.reset_defaults()


@pytest.fixture
def acme(unhook: Run) -> Run:
    """The same, with a tenant that has one reporter and one owner."""
    unhook("tenant", "add", "acme", "Acme Ltd")
    unhook("person", "add", "acme", "ana@example.org", "--name", "Ana")
    unhook("operator", "add", "olga", "--tenant", "acme", "--role", "owner")
    return unhook
