"""Kill whoever reads a mailbox, at any moment: each mail in it is a submission, once, and none of it changed."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import killed
import pytest
from microsoft.fixtures import entra, graph
from microsoft.graph import FakeGraph
from plant import Plant
from sqlalchemy import func, select

from backend.services import utc_now
from backend.store import tenants
from backend.store.database import Database, open_database, upgrade
from backend.store.tables import polled_mailboxes, polled_mails, received_mails, submissions

__all__ = ["entra", "graph"]

TID, APP = "11111111-2222-4333-8444-555555555555", "aaaaaaaa-0000-4000-8000-000000000002"
MAILBOX = "phish@example.org"
MAILS, KILLS, PATIENCE = 80, 3, 120


@pytest.fixture(params=["embedded", "shared"])
def plant(request, tmp_path: Path, graph: FakeGraph) -> Iterator[Plant]:
    microsoft = {
        "UNHOOK_LEASE_SECONDS": "1",
        "UNHOOK_MICROSOFT_LOGIN_URL": graph.entra.url,
        "UNHOOK_MICROSOFT_GRAPH_URL": graph.url,
        "UNHOOK_CA_FILE": str(graph.entra.ca_file),
        "UNHOOK_OUTLOOK_CLIENT_ID": APP,
        "UNHOOK_OUTLOOK_CLIENT_SECRET": "not a secret",
    }
    plant = Plant(killed.environment(request, tmp_path, **microsoft), tmp_path)
    yield plant
    plant.stop()


@pytest.fixture
def store(plant: Plant, tmp_path: Path) -> Iterator[Database]:
    """A tenant whose mailbox is read."""
    (tmp_path / "data").mkdir(mode=0o700)
    database = open_database(plant.environment["UNHOOK_DATABASE_URL"])
    upgrade(database)
    with database.begin() as tx:
        tenant_id = tenants.add(tx, "acme", "Acme", "outlook", utc_now(), TID)
        tenants.change_policy(tx, tenant_id, {"intake": {"mailboxes": {MAILBOX: "user+malicious"}}})
    yield database
    database.close()


def count(store: Database, table) -> int:
    with store.read() as tx:
        return tx.execute(select(func.count()).select_from(table)).scalar_one()


def wait_until(plant: Plant, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, (plant.logs / "poller.log").read_text()[-2000:]
        time.sleep(0.01)


@pytest.mark.timeout(300)
def test_every_mail_of_a_mailbox_is_a_submission_once(plant, store, graph):
    directory = graph.add_tenant(TID)
    graph.entra.add_app(APP, "not a secret")
    graph.entra.grant(TID, APP, ("Mail.ReadWrite", "User.Read.All"))
    directory.add_user(MAILBOX)
    for number in range(MAILS):
        directory.deliver(MAILBOX, killed.report(number, "ana@example.org"))
    graph.latency = 0.01  # so that there is something under way whenever somebody is killed
    before = [(one.read, one.folder) for one in directory.box(MAILBOX).messages.values()]
    draw, in_hand = random.Random(7), 0

    killed.start(plant, "poller")
    for _ in range(KILLS):
        had = count(store, received_mails)
        wait_until(plant, lambda had=had: count(store, received_mails) >= had + 15)
        time.sleep(draw.uniform(0, 0.1))
        plant.kill("poller")
        with store.read() as tx:
            (row,) = tx.execute(select(polled_mailboxes)).all()
            newest = tx.execute(select(func.max(polled_mails.c.arrived_at))).scalar_one()
        in_hand += row.leased_until is not None and row.looked_at is None and newest is not None
        killed.start(plant, "poller")
    wait_until(plant, lambda: count(store, received_mails) >= MAILS)
    asked = graph.asked("GET /users/.*/mailFolders/inbox/messages")
    wait_until(plant, lambda: graph.asked("GET /users/.*/mailFolders/inbox/messages") > asked + 2)

    with store.read() as tx:
        brought = tx.scalars(select(submissions.c.client_copy_sha256)).all()
        rows = tx.execute(select(received_mails.c.submissions, received_mails.c.problem)).all()
    assert (len(brought), len(set(brought))) == (MAILS, MAILS)
    assert [tuple(row) for row in rows] == [(1, "")] * MAILS
    assert in_hand > 0  # somebody died between a mail and the place up to which the mailbox is read
    assert [(one.read, one.folder) for one in directory.box(MAILBOX).messages.values()] == before
