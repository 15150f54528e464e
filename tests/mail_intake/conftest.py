"""Fixtures of the tests of mail intake."""

from collections.abc import Iterator

import pytest
from builders import ANA, World, make_services, seed_tenant
from clocks import RunningClock
from polled import READ
from reports_by_mail import SOC
from running import Running, receiving

from backend.flow.polling import poll_all
from connectors.maildir.deliver import make_mailbox


@pytest.fixture
def receiver(tmp_path) -> Iterator[Running]:
    """A receiver as it comes, for the tenant acme."""
    with receiving(tmp_path) as running:
        yield running


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def world(tmp_path, database, clock) -> Iterator[World]:
    """The whole way through, at once; two mailboxes are read, and empty."""
    world = seed_tenant(make_services(tmp_path, database, {"now": clock}, max_message_bytes=100_000))
    for address in (ANA, *READ):
        make_mailbox(world.mail, address)
    world.set_policy(intake={"team_senders": [SOC], "mailboxes": READ})
    poll_all(world.services)
    yield world
    world.services.database.close()
