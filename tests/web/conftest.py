"""Fixtures of the page tests: a tenant, an app over it, and browsers that can sign in."""

from collections.abc import Iterator

import pytest
from browser import Browser
from builders import World, make_services, seed_tenant
from microsoft.entra import Entra
from microsoft.fixtures import entra
from microsoft.people import GraphWithPeople
from serving import serving

from backend.app import create_app

__all__ = ["entra"]


@pytest.fixture
def graph(entra: Entra) -> Iterator[GraphWithPeople]:
    """A Microsoft Graph on loopback, without tenants."""
    with GraphWithPeople(entra) as running:
        yield running


@pytest.fixture
def world(tmp_path, sqlite_database) -> Iterator[World]:
    services = make_services(tmp_path, sqlite_database, sign_ins_per_minute=1000)
    yield seed_tenant(services)
    services.database.close()


@pytest.fixture
def either_world(tmp_path, database) -> Iterator[World]:
    """The same on each engine."""
    services = make_services(tmp_path, database)
    yield seed_tenant(services)
    services.database.close()


@pytest.fixture
def app(world):
    return create_app(world.services)


@pytest.fixture
def site(app) -> Iterator[str]:
    """The address of the app on loopback, for browsers that are real."""
    with serving(app) as address:
        yield address


@pytest.fixture
def stranger(app) -> Browser:
    """Somebody who has not signed in."""
    return Browser(app)


@pytest.fixture
def owner(app, world) -> Browser:
    return Browser(app).signed_in_as(world.owner)
