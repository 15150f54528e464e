"""An order for many messages whose process dies is finished by sweep: once, as its operator, and undone as one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import ANA, PEOPLE, World, make_services, seed_tenant
from clocks import RunningClock
from mails import phish

from backend.domain.disposition import Disposition
from backend.domain.operation import Deed, ItemOutcome
from backend.domain.people import Role
from backend.flow.bulk import Order, carry_out, operation
from backend.flow.claim import lease
from backend.flow.feedback import correct
from backend.flow.intake import intake
from backend.flow.sweep import sweep
from backend.flow.undo import undo
from backend.store import decisions, operations, retractions, staff, submissions
from connectors.maildir.deliver import make_mailbox

KEY = "a key of one form"
RETRACT = Order(Deed.RETRACT, "soft-delete")
BAD = Order(Deed.JUDGE, Disposition.MALICIOUS)


class Killed(BaseException):
    """The process ends here."""


class Ends:
    """A clock on which the process ends the next time it looks, after so many looks."""

    def __init__(self, clock: RunningClock, looks: int) -> None:
        self.clock, self.left = clock, looks

    def __call__(self):
        self.left -= 1
        if self.left < 0:
            raise Killed
        return self.clock()


class DiesWaking:
    """Wakes the queue so many times; the process ends at the next, with everything committed but nothing said."""

    def __init__(self, wake, times: int) -> None:
        self.wake, self.left = wake, times

    def retraction(self, retraction_id: int, *, after_seconds: float = 0) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed
        self.wake.retraction(retraction_id, after_seconds=after_seconds)


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def world(tmp_path, database, clock) -> World:
    world = seed_tenant(make_services(tmp_path, database, instead={"now": clock}))
    for address in PEOPLE:
        make_mailbox(world.mail, address)
    return world


@pytest.fixture
def three(world) -> list[int]:
    return [reported(world, number) for number in range(3)]


def reported(world: World, number: int) -> int:
    raw = phish(ANA, message_id=f"<{number}@x.test>", link=f"http://{number}.x.test/", extra=f"Number {number}.")
    accepted = intake(world.services, world.report(ANA, world.deliver(ANA, raw)))
    with world.services.database.read() as tx:
        submission = submissions.get(tx, world.tenant_id, accepted.submission_id)
    assert submission
    assert submission.message_id
    return submission.message_id


def killed_while_retracting(world: World, ids: list[int]) -> int:
    """The first is done, the second is done but not written down, the third was never begun."""
    dying = replace(world.services, wake=DiesWaking(world.services.wake, 1))
    with pytest.raises(Killed):
        carry_out(dying, world.owner, RETRACT, ids, KEY)
    number = last(world)
    assert outcomes(world, number) == [ItemOutcome.DONE, ItemOutcome.INTENDED, ItemOutcome.INTENDED]
    return number


def last(world: World) -> int:
    with world.services.database.read() as tx:
        found = operations.last_of(tx, world.tenant_id, world.owner.id, world.services.now() - timedelta(hours=1))
    assert found
    return found.id


def outcomes(world: World, operation_id: int) -> list[ItemOutcome]:
    with world.services.database.read() as tx:
        return [item.outcome for item in operations.items(tx, world.tenant_id, operation_id)]


def later(world: World, clock: RunningClock) -> None:
    """The lease of whoever died is over, and sweep comes by."""
    clock.ahead += 2 * lease(world.services)
    sweep(world.services)


def test_what_a_crash_left_is_finished_once_and_undone_as_one(world, clock, three):
    before = world.files(ANA)
    number = killed_while_retracting(world, three)
    sweep(world.services)
    assert outcomes(world, number)[1:] == [ItemOutcome.INTENDED] * 2, "its lease still runs"

    later(world, clock)
    assert outcomes(world, number) == [ItemOutcome.DONE] * 3
    assert world.files(ANA) == {}
    with world.services.database.read() as tx:
        assert [len(retractions.of_message(tx, world.tenant_id, one)) for one in three] == [1, 1, 1]

    undo(world.services, world.owner, number)
    assert world.files(ANA) == before


def test_an_order_that_died_between_two_messages_goes_on_with_the_next(world, clock, three):
    with pytest.raises(Killed):
        carry_out(replace(world.services, now=Ends(clock, 8)), world.owner, BAD, three, KEY)
    assert set(outcomes(world, last(world))) == {ItemOutcome.DONE, ItemOutcome.INTENDED}
    later(world, clock)
    with world.services.database.read() as tx:
        standing = [decisions.standing(tx, world.tenant_id, one) for one in three]
    assert [one.disposition for one in standing] == [Disposition.MALICIOUS] * 3
    done = carry_out(world.services, world.owner, BAD, three, KEY)
    assert (done.done, done.refused) == (3, 0)


def test_what_somebody_decided_since_is_left_alone_after_a_crash(world, clock, three):
    number = killed_while_retracting(world, three)
    correct(world.services, world.owner, three[2], Disposition.NONE)
    later(world, clock)
    assert outcomes(world, number) == [ItemOutcome.DONE, ItemOutcome.DONE, ItemOutcome.REFUSED]
    assert len(world.files(ANA)) == 1


def test_an_order_that_was_undone_is_not_finished_but_undone(world, clock, three):
    before = world.files(ANA)
    number = killed_while_retracting(world, three)
    undo(world.services, world.owner, number)
    later(world, clock)
    assert outcomes(world, number) == [ItemOutcome.UNDONE, ItemOutcome.UNDONE, ItemOutcome.REFUSED]
    assert world.files(ANA) == before
    with world.services.database.read() as tx:
        assert retractions.of_message(tx, world.tenant_id, three[2]) == []


def test_nothing_is_finished_for_somebody_who_may_not_any_more(world, clock, three):
    number = killed_while_retracting(world, three)
    with world.services.database.begin() as tx:
        staff.set_role(tx, world.tenant_id, world.owner.id, Role.VIEWER)
    later(world, clock)
    assert outcomes(world, number)[1:] == [ItemOutcome.REFUSED] * 2
    assert operation(world.services, world.owner, number).refused == 2


def test_whoever_comes_too_late_does_nothing_more(world, clock, three):
    """A process that only slept finds that sweep has its operation, and stops."""
    with world.services.database.begin() as tx:
        now = world.services.now()
        held = now - lease(world.services)
        number, _ = operations.begin(tx, world.tenant_id, world.owner.id, KEY, Deed.STATUS, "reviewed", {}, now, held)
        assert operations.hold(tx, world.tenant_id, number, held, now)
        assert not operations.hold(tx, world.tenant_id, number, held, now)


def test_an_undo_whose_process_died_is_gone_on_with(world, clock, three):
    before = world.files(ANA)
    done = carry_out(world.services, world.owner, RETRACT, three, KEY)
    dying = replace(world.services, wake=DiesWaking(world.services.wake, 1))
    with pytest.raises(Killed):
        undo(dying, world.owner, done.id)
    assert outcomes(world, done.id) == [ItemOutcome.UNDONE, ItemOutcome.DONE, ItemOutcome.DONE]
    later(world, clock)
    assert world.files(ANA) == before
    assert outcomes(world, done.id)[2] is ItemOutcome.UNDONE


def test_nobody_goes_on_with_an_undo_days_later(world, clock, three):
    done = carry_out(world.services, world.owner, RETRACT, three, KEY)
    dying = replace(world.services, wake=DiesWaking(world.services.wake, 0))
    with pytest.raises(Killed):
        undo(dying, world.owner, done.id)
    clock.ahead += timedelta(days=2)
    later(world, clock)
    assert outcomes(world, done.id)[1:] == [ItemOutcome.DONE] * 2


def test_an_undo_stops_who_still_works_on_the_operation(world, clock, three):
    """The operation is undone from another window while its second message is being done."""

    class UndoneMeanwhile(DiesWaking):
        def retraction(self, retraction_id: int, *, after_seconds: float = 0) -> None:
            self.left -= 1
            if self.left == -1:
                undo(world.services, world.owner, last(world))
            self.wake.retraction(retraction_id, after_seconds=after_seconds)

    before = world.files(ANA)
    busy = replace(world.services, wake=UndoneMeanwhile(world.services.wake, 1))
    done = carry_out(busy, world.owner, RETRACT, three, KEY)
    with world.services.database.read() as tx:
        assert retractions.of_message(tx, world.tenant_id, three[2]) == []
    assert outcomes(world, done.id) == [ItemOutcome.UNDONE, ItemOutcome.DONE, ItemOutcome.INTENDED]
    later(world, clock)
    assert outcomes(world, done.id) == [ItemOutcome.UNDONE, ItemOutcome.UNDONE, ItemOutcome.REFUSED]
    assert world.files(ANA) == before
