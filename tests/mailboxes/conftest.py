"""Fixtures for the connectors: Microsoft and Google on loopback."""

from collections.abc import Iterator

import pytest
from microsoft.entra import Entra
from microsoft.fixtures import entra, graph
from microsoft.graph import FakeGraph
from workspace.fixtures import google
from workspace.google import FakeGoogle

from mailboxes.gmail_world import GmailWorld
from mailboxes.outlook_world import OutlookWorld

__all__ = ["entra", "google", "graph"]


@pytest.fixture
def outlook(entra: Entra, graph: FakeGraph) -> Iterator[OutlookWorld]:
    """A Microsoft tenant with Ana and Ben."""
    world = OutlookWorld(entra, graph)
    yield world
    world.close()


@pytest.fixture
def gmail(google: FakeGoogle) -> Iterator[GmailWorld]:
    """A Workspace organisation with Ana and Ben."""
    world = GmailWorld(google)
    yield world
    world.close()
