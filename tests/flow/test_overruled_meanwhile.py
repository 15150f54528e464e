"""A judgement counts at whichever moment of a retraction, or of its undo, an operator comes to it."""

from collections.abc import Callable, Iterator
from shutil import rmtree

import pytest
from interrupted import asleep, at_each_moment
from known_mail import CROWD, Office, open_office
from mails import phish
from sqlalchemy import select

from backend.domain.disposition import Disposition
from backend.domain.people import POLICY
from backend.domain.retraction import OPEN, RetractionState
from backend.flow.feedback import correct
from backend.flow.respond import order_restore, order_retraction
from backend.flow.steps import run_retraction
from backend.store import retractions, tables

TWO = list(CROWD[:2])


@pytest.fixture
def office(tmp_path, sqlite_database) -> Office:
    office = open_office(tmp_path, sqlite_database)
    for address in CROWD[2:]:
        rmtree(office.world.mail / address)
    return office


@pytest.fixture
def mails(office) -> Iterator[int]:
    """Another message in two mailboxes each time; the ones before are gone."""

    def one(number: int) -> int:
        for address in TWO:
            for path in office.world.files(address):
                (office.world.mail / address / "Maildir" / path).unlink()
        words = {"message_id": f"<{number}@x.test>", "extra": f"Number {number}."}
        office.deliver(*TWO, **words)
        return office.know(phish(**words))

    return map(one, range(1000))


def judge(office: Office, message_id: int, disposition: Disposition) -> None:
    services, _ = asleep(office.world.services)
    correct(services, office.world.owner, message_id, disposition)


def give_back(office: Office, message_id: int) -> None:
    services, _ = asleep(office.world.services)
    order_restore(services, office.world.owner, office.last(message_id).id)


def order(office: Office, message_id: int) -> int:
    with office.world.services.database.begin() as tx:
        now = office.world.services.now()
        ordered = retractions.order(
            tx, office.world.tenant_id, message_id, None, "soft-delete", str(POLICY), now, automatic=True
        )
    assert ordered is not None
    return ordered


def waits(office: Office) -> int:
    """How many retractions wait for somebody's approval."""
    with office.world.services.database.read() as tx:
        every = tx.scalars(select(tables.retractions.c.state)).all()
    return every.count(RetractionState.AWAITING_APPROVAL)


def settle(office: Office, message_id: int) -> None:
    """Everybody works on to the end."""
    for _ in range(3):
        if office.last(message_id).state in OPEN:
            office.later(hours=1)


def after_each_moment(
    office: Office, mails: Iterator[int], act: Callable[[Office, int], object], first: int = 0
) -> Iterator[int]:
    """Somebody acts in the middle of a retraction, each time at another moment; then everybody works on to the end."""
    services, _ = asleep(office.world.services)
    current: list[int] = []

    def prepare() -> Callable[[], object]:
        message_id = next(mails)
        current[:] = [message_id, order(office, message_id)]
        return lambda: act(office, message_id)

    for moment in at_each_moment(services, lambda inside: run_retraction(inside, current[1]), prepare, first):
        settle(office, current[0])
        yield moment


@pytest.mark.parametrize(
    ("act", "first"), [(lambda office, one: judge(office, one, Disposition.NONE), 0), (give_back, 14)]
)
def test_what_was_taken_comes_back_whenever_people_say_so(office, mails, act, first):
    for moment in after_each_moment(office, mails, act, first):
        assert office.holding() == TWO, f"at moment {moment}"


def test_a_canary_that_fails_does_not_keep_what_was_judged_legitimate(office, mails):
    office.world.set_policy(canary={"copies": 1, "looks": 1})
    find, remembered = office.provider.find, {}

    def still_there(mailbox, wanted):
        return remembered.setdefault((mailbox, wanted.message_id), find(mailbox, wanted))

    office.provider.find = still_there
    for moment in after_each_moment(office, mails, lambda office, one: judge(office, one, Disposition.NONE), 8):
        assert office.holding() == TWO, f"at moment {moment}"


def test_nobody_is_asked_to_approve_what_was_judged_legitimate(office, mails):
    office.world.set_policy(psr={"max_automatic": 1})
    for moment in after_each_moment(office, mails, lambda office, one: judge(office, one, Disposition.NONE), 8):
        assert waits(office) == 0, f"at moment {moment}"


def test_what_is_judged_malicious_after_it_was_called_off_goes_all_the_same(office, mails):
    office.world.set_policy(actions={"MALICIOUS": "soft-delete"})

    def both(office: Office, message_id: int) -> None:
        give_back(office, message_id)
        judge(office, message_id, Disposition.MALICIOUS)

    for moment in after_each_moment(office, mails, both, 14):
        assert office.holding() == [], f"at moment {moment}"


def test_what_is_judged_malicious_while_it_comes_back_goes_again(office, mails):
    office.world.set_policy(actions={"MALICIOUS": "soft-delete"})
    services, _ = asleep(office.world.services)
    current: list[int] = []

    def prepare() -> Callable[[], object]:
        message_id = next(mails)
        current[:] = [message_id, order(office, message_id)]
        office.later(seconds=1)
        give_back(office, message_id)
        return lambda: judge(office, message_id, Disposition.MALICIOUS)

    for moment in at_each_moment(services, lambda inside: run_retraction(inside, current[1]), prepare):
        settle(office, current[0])
        assert office.holding() == [], f"at moment {moment}"


def test_who_changes_their_mind_twice_while_copies_come_back_keeps_them(office, mails):
    message_id = next(mails)
    number = order(office, message_id)
    office.later(seconds=1)
    give_back(office, message_id)
    services, _ = asleep(office.world.services)
    order_retraction(services, office.world.owner, message_id, "soft-delete")
    give_back(office, message_id)
    run_retraction(services, number)
    assert office.last(message_id).state is RetractionState.RESTORED
    assert office.holding() == TWO
