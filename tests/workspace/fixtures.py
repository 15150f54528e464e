"""Fixtures: import those you use into a conftest.py (`from workspace.fixtures import google`)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from workspace.google import FakeGoogle


@pytest.fixture
def google(tmp_path: Path) -> Iterator[FakeGoogle]:
    """A Google of the test's own, with nobody in it."""
    folder = tmp_path / "google"
    folder.mkdir()
    with FakeGoogle(folder) as running:
        yield running
