"""Message trace runs behind: what it does not name yet is found all the same, and what comes later by a later look."""

from datetime import datetime, timedelta

import pytest
from builders import make_services, seed_tenant
from clocks import RunningClock
from known_mail import Office
from mailboxes.contract import ANA, BEN
from mailboxes.outlook_world import APP, ROLES, TID, TRACE, OutlookWorld
from mails import mail
from microsoft.fixtures import entra, graph

from backend.domain.disposition import Disposition
from backend.domain.listed import ListKind
from backend.domain.retraction import RetractionState
from backend.flow import lists
from backend.flow.feedback import correct
from backend.services import utc_now
from connectors.contract import Outcome
from connectors.outlook.search import moment

__all__ = ["entra", "graph"]
PHISH = mail(
    to="people@example.org",
    sender="Security <no-reply@account-check.test>",
    subject="Your mailbox password expires today",
    message_id="<update-77@account-check.test>",
    text="Confirm it at http://account-check.test/verify",
    sent=utc_now(),
)


@pytest.fixture
def outlook(entra, graph):
    world = OutlookWorld(entra, graph)
    entra.grant(TID, APP, [*ROLES, TRACE])
    yield world
    world.close()


@pytest.fixture
def office(tmp_path, outlook):
    clock = RunningClock()
    services = make_services(tmp_path, instead={"mailboxes": lambda tenant_id: outlook.mailboxes, "now": clock})
    office = Office(seed_tenant(services), outlook.mailboxes, clock)
    office.world.set_policy(pdr={"switch": "on"}, actions={"MALICIOUS": "soft-delete"})
    yield office
    services.database.close()


def arrive(outlook, address: str, ago: timedelta, *, traced: bool = True) -> None:
    outlook.directory.box(address).deliver(PHISH)
    if traced:
        learn(outlook, address, utc_now() - ago)


def learn(outlook, address: str, at: datetime) -> None:
    outlook.directory.trace("<update-77@account-check.test>", "no-reply@account-check.test", address, moment(at))


def in_sight(outlook) -> list[str]:
    return [address for address in (ANA, BEN) if outlook.look(address)]


def test_a_copy_that_trace_does_not_name_yet_is_taken(office, outlook):
    arrive(outlook, ANA, timedelta(minutes=3))
    arrive(outlook, BEN, timedelta(minutes=1), traced=False)
    done = office.order(office.know(PHISH))
    assert (done.state, in_sight(outlook)) == (RetractionState.DONE, [])


def test_those_whom_it_names_do_not_wait_for_all_others(office, outlook):
    arrive(outlook, ANA, timedelta(minutes=3))
    office.order(office.know(PHISH))
    asked = outlook.graph.log
    (moved,) = [number for number, line in enumerate(asked) if line.endswith("/move")]
    assert [line.split("/messages")[0] for line in asked[:moved] if "internetMessageId eq" in line] == [
        f"GET /users/{ANA}"
    ]


def test_what_trace_learned_since_is_found_by_a_later_look(office, outlook):
    arrive(outlook, ANA, timedelta(hours=2))
    message_id = office.know(PHISH)
    correct(office.world.services, office.world.owner, message_id, Disposition.MALICIOUS)
    assert in_sight(outlook) == []
    arrive(outlook, BEN, timedelta(hours=2))
    office.later(minutes=6)
    assert in_sight(outlook) == []


@pytest.mark.parametrize("header", [b"update <update-77@account-check.test>", b"<update-77@account-check.test> (77)"])
def test_a_message_id_that_exchange_reads_otherwise_hides_no_copy(office, outlook, header):
    """What is beside the angle brackets is part of it for one, and none for the other: the sender chooses."""
    odd = PHISH.replace(b"<update-77@account-check.test>", header)
    for address in (ANA, BEN):
        outlook.directory.box(address).deliver(odd)
    done = office.order(office.know(odd))
    assert (done.state, in_sight(outlook)) == (RetractionState.DONE, [])


@pytest.mark.parametrize("ago", [timedelta(minutes=3), timedelta(hours=2)])
def test_a_mailbox_is_exempt_by_whichever_of_its_addresses_trace_names_it(office, outlook, ago):
    outlook.directory.add_user("chloe@example.org", aliases=["cd@example.org"])
    outlook.directory.box("chloe@example.org").deliver(PHISH)
    learn(outlook, "cd@example.org", utc_now() - ago)
    arrive(outlook, ANA, ago)
    lists.add(office.world.services, office.world.owner, ListKind.EXEMPT, "chloe@example.org", "for a test", "")
    message_id = office.know(PHISH)
    office.order(message_id)
    assert [len(outlook.look(one)) for one in ("chloe@example.org", ANA)] == [1, 0]
    assert office.outcomes(message_id) == {"chloe@example.org": Outcome.EXEMPT, ANA: Outcome.RETRACTED}
