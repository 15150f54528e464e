"""Fixtures: import those you use into a conftest.py (`from microsoft.fixtures import entra`)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from microsoft.entra import Entra
from microsoft.graph import FakeGraph


@pytest.fixture
def entra(tmp_path: Path) -> Iterator[Entra]:
    """A sign-in service of the test's own, without tenants or apps."""
    folder = tmp_path / "entra"
    folder.mkdir()
    with Entra(folder) as running:
        yield running


@pytest.fixture
def graph(entra: Entra) -> Iterator[FakeGraph]:
    """A Microsoft Graph beside it, without tenants."""
    with FakeGraph(entra) as running:
        yield running
