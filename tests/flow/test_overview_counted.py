"""Counting ahead: nobody waits for the overview of a large tenant, and a small one's is fresh."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import ANA, World, make_services, seed_tenant
from mails import phish

from backend.flow import overview as counting
from backend.flow.intake import intake
from backend.services import Services
from backend.store import overviews
from backend.store.tables import overviews as kept_overviews
from connectors.maildir.deliver import make_mailbox


@pytest.fixture
def world(tmp_path, database) -> World:
    world = seed_tenant(make_services(tmp_path, database))
    make_mailbox(world.mail, ANA)
    return world


def after(services: Services, minutes: float) -> Services:
    return replace(services, now=lambda: services.now() + timedelta(minutes=minutes))


def report(world: World) -> None:
    intake(world.services, world.report(ANA, world.deliver(ANA, phish(ANA))), None)


def reports(services: Services, world: World) -> int:
    return counting.lately(services, world.tenant_id).numbers.reports


def slow(world: World, seconds: float = 2.0) -> None:
    """As if counting had taken so long."""
    with world.services.database.begin() as tx:
        kept = overviews.last(tx, world.tenant_id)
        overviews.keep(tx, world.tenant_id, replace(kept, seconds=seconds))


def test_what_was_counted_is_kept_whole(world):
    report(world)
    counted = counting.count(world.services, world.tenant_id)
    assert counted.numbers.reports == 1
    assert counted.numbers.dispositions
    with world.services.database.read() as tx:
        kept = overviews.last(tx, world.tenant_id)
    assert kept == counted


def test_a_small_tenants_is_some_minutes_old_at_most(world):
    assert reports(world.services, world) == 0
    report(world)
    assert reports(after(world.services, 4), world) == 0
    assert reports(after(world.services, 6), world) == 1


def test_a_large_tenants_is_counted_by_a_worker_and_shown_as_old_as_it_is(world):
    assert counting.count_ahead(world.services) == 1
    assert counting.count_ahead(after(world.services, 10)) == 0  # quick: whoever opens the page counts
    report(world)
    slow(world, seconds=6.0)
    assert reports(after(world.services, 9), world) == 0
    assert counting.count_ahead(after(world.services, 9)) == 0  # it took six seconds, so it rests for ten minutes
    assert counting.count_ahead(after(world.services, 11)) == 1
    assert reports(after(world.services, 11), world) == 1


def test_what_another_version_kept_is_counted_again(world):
    counting.count(world.services, world.tenant_id)
    with world.services.database.begin() as tx:
        tx.execute(kept_overviews.update().values(known={"began": "2026-11-02T00:00:00"}))
        assert overviews.last(tx, world.tenant_id) is None
    report(world)
    assert reports(world.services, world) == 1
