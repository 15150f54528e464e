"""The first copies of a retraction prove that it does what it should, or it stops and an operator decides."""

from datetime import timedelta

import pytest
from builders import seed_tenant
from known_mail import CROWD, open_office
from mails import note, phish

from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.domain.retraction import Canary, RetractionState
from backend.errors import Conflict, NotAllowed, Unknown
from backend.flow.feedback import correct
from backend.flow.go_on import go_on, retry_failures
from backend.flow.respond import approve, order_restore, order_retraction
from backend.flow.retract import retract
from backend.store import audit
from connectors.contract import Outcome
from connectors.errors import NotPermitted, TryLater


@pytest.fixture
def office(tmp_path, sqlite_database):
    office = open_office(tmp_path, sqlite_database)
    office.deliver(*CROWD)
    return office


@pytest.fixture
def message_id(office):
    return office.know(phish())


def actions(office, retraction_id: int) -> list[str]:
    with office.world.services.database.read() as tx:
        lines = audit.newest(tx, office.world.tenant_id, subject=f"retraction:{retraction_id}")
    return [line.action for line in reversed(lines)]


def retracted(office) -> list[str]:
    return [mailbox for method, mailbox in office.provider.calls if method == "retract"]


def test_a_good_canary_goes_on_to_every_mailbox(office, message_id):
    done = office.order(message_id)
    assert (done.state, done.canary) == (RetractionState.DONE, Canary.PASSED)
    assert office.holding() == []
    assert actions(office, done.id) == ["canary passed", "retracted"]


def test_five_copies_are_taken_and_searched_for_before_the_sixth_is_touched(office, message_id):
    office.order(message_id)
    first = [index for index, (method, _) in enumerate(office.provider.calls) if method == "retract"][:6]
    between = office.provider.calls[first[4] : first[5]]
    taken = retracted(office)[:5]
    assert [mailbox for method, mailbox in between if method == "find"] == taken
    assert [mailbox for method, mailbox in between if method == "fetch"] == taken


def test_copies_that_are_still_seen_stop_it(office, message_id):
    find, remembered = office.provider.find, {}

    def still_there(mailbox, wanted):
        return remembered.setdefault(mailbox, find(mailbox, wanted))

    office.provider.find = still_there
    waiting = office.order(message_id)
    for _ in range(3):
        office.later(minutes=5)
    stopped = office.last(message_id)
    assert waiting.state is RetractionState.RUNNING
    assert (stopped.state, stopped.canary) == (RetractionState.STOPPED, Canary.FAILED)
    assert stopped.cause == "5 of the first 5 copies are still seen after they were taken"
    assert len(set(retracted(office))) == 5
    assert actions(office, stopped.id)[-1] == "canary stopped it"


def test_a_search_that_lags_behind_stops_nothing(office, message_id):
    find, stale = office.provider.find, {}

    def late(mailbox, wanted):
        seen = find(mailbox, wanted)
        if seen:
            stale[mailbox] = seen
        return seen or stale.pop(mailbox, [])  # what is gone is seen once more

    office.provider.find = late
    office.order(message_id)
    office.later(minutes=5)
    done = office.last(message_id)
    assert (done.state, done.canary) == (RetractionState.DONE, Canary.PASSED)
    assert office.holding() == []


def test_other_bytes_than_the_message_stop_it_at_once(office, message_id):
    fetch = office.provider.fetch

    def changed(mailbox, copy_id):
        raw = fetch(mailbox, copy_id)
        return note(mailbox) if ("retracted", mailbox) in office.provider.calls else raw

    office.provider.fetch = changed
    stopped = office.order(message_id)
    assert stopped.state is RetractionState.STOPPED
    assert stopped.cause == "5 of the first 5 copies taken are not this message"
    assert len(office.holding()) == len(CROWD) - 5


def test_a_right_that_is_missing_everywhere_is_noticed_after_five_mailboxes(office, message_id):
    office.provider.fault = lambda method, mailbox: refuse(method)
    stopped = office.order(message_id)
    assert stopped.state is RetractionState.STOPPED
    assert stopped.cause == "none of the first 5 copies could be taken: consent was withdrawn"
    assert len(retracted(office)) == 5


def refuse(method: str, refused: str = "retract") -> None:
    if method == refused:
        raise NotPermitted("consent was withdrawn")


def test_one_closed_mailbox_stops_nothing(office, message_id):
    def closed(method: str, mailbox: str) -> None:
        if (method, mailbox) == ("retract", CROWD[1]):
            raise NotPermitted("a mailbox on hold")

    office.provider.fault = closed
    left = office.order(message_id)
    assert left.canary == Canary.PASSED
    assert [address for address in office.holding() if address != CROWD[1]] == []


def test_copies_that_are_gone_prove_nothing_and_the_next_are_tried(office, message_id):

    def owners_delete_the_first_five(method: str, mailbox: str) -> None:
        if method == "retract" and len(retracted(office)) <= 5:
            for path in office.world.files(mailbox):
                (office.world.mail / mailbox / "Maildir" / path).unlink()

    office.provider.fault = owners_delete_the_first_five
    finished = office.order(message_id)
    assert (finished.state, finished.canary) == (RetractionState.DONE, Canary.PASSED)
    outcomes = list(office.outcomes(message_id).values())
    assert (outcomes.count(Outcome.ALREADY_GONE), outcomes.count(Outcome.RETRACTED)) == (5, 7)


def test_however_many_are_gone_the_next_are_the_canary(office, message_id):
    office.deliver(*[CROWD[0]] * 99)

    def owner_empties_the_mailbox(method: str, mailbox: str) -> None:
        if (method, mailbox) == ("retract", CROWD[0]):
            for path in office.world.files(mailbox):
                (office.world.mail / mailbox / "Maildir" / path).unlink()

    fetch = office.provider.fetch
    office.provider.fault = owner_empties_the_mailbox
    office.provider.fetch = lambda mailbox, copy_id: (
        note(mailbox) if ("retracted", mailbox) in office.provider.calls else fetch(mailbox, copy_id)
    )
    assert office.order(message_id).state is RetractionState.STOPPED
    assert office.holding() == list(CROWD[6:])


def test_a_throttled_canary_waits_and_never_stops(office, message_id):
    office.provider.fault = lambda method, mailbox: throttle(method)
    office.order(message_id)
    for _ in range(4):
        office.later(minutes=6)
    assert office.last(message_id).state is RetractionState.RUNNING
    office.provider.fault = lambda method, mailbox: None
    office.later(minutes=6)
    assert office.last(message_id).state is RetractionState.DONE


def throttle(method: str, throttled: str = "retract") -> None:
    if method == throttled:
        raise TryLater("429")


def test_a_crash_between_taking_and_proving_proves_before_it_goes_on(office, message_id):
    crash = [True]

    def once(method: str, mailbox: str) -> None:
        if method == "fetch" and crash[0] and len(retracted(office)) == 5:
            crash[0] = False
            raise RuntimeError("killed here")

    office.provider.fault = once
    office.order(message_id)
    assert len(retracted(office)) == 5
    office.later(minutes=5)
    assert office.last(message_id).canary == Canary.PASSED
    assert len(retracted(office)) == len(CROWD)
    assert office.holding() == []


def test_a_small_retraction_needs_no_canary(office):
    office.deliver(*CROWD[:3], message_id="<small@x.test>", extra="small")
    small = office.know(phish(message_id="<small@x.test>", extra="small"))
    assert office.order(small).canary == Canary.NONE


def test_an_operators_retraction_has_one_from_the_size_that_policy_calls_large(office, message_id):
    office.world.set_policy(canary={"large": 12})
    order_retraction(office.world.services, office.world.owner, message_id, "trash")
    assert office.last(message_id).canary == Canary.PASSED
    office.deliver(*CROWD[:8], message_id="<two@x.test>", extra="two")
    second = office.know(phish(message_id="<two@x.test>", extra="two"))
    order_retraction(office.world.services, office.world.owner, second, "trash")
    assert office.last(second).canary == Canary.NONE


@pytest.fixture
def stopped(office, message_id):
    office.provider.fault = lambda method, mailbox: refuse(method)
    return office.order(message_id)


def test_an_operator_goes_on_once_the_reason_is_mended(office, message_id, stopped):
    office.provider.fault = lambda method, mailbox: None
    go_on(office.world.services, office.world.owner, stopped.id)
    done = office.last(message_id)
    assert (done.state, done.canary) == (RetractionState.DONE, Canary.OVERRULED)
    assert office.holding() == []
    with pytest.raises(Conflict):
        go_on(office.world.services, office.world.owner, stopped.id)


def test_an_operator_restores_what_the_canary_took(office, message_id):
    fetch = office.provider.fetch
    office.provider.fetch = lambda mailbox, copy_id: (
        note(mailbox) if ("retracted", mailbox) in office.provider.calls else fetch(mailbox, copy_id)
    )
    stopped = office.order(message_id)
    order_restore(office.world.services, office.world.owner, stopped.id)
    assert office.last(message_id).state is RetractionState.RESTORED
    assert office.holding() == list(CROWD)


def test_a_canary_that_failed_comes_before_the_next_order_as_well(office, message_id):
    fetch = office.provider.fetch
    office.provider.fetch = lambda mailbox, copy_id: (
        note(mailbox) if ("retracted", mailbox) in office.provider.calls else fetch(mailbox, copy_id)
    )
    office.provider.fault = lambda method, mailbox: refuse(method, "restore")
    order_restore(office.world.services, office.world.owner, office.order(message_id).id)
    for _ in range(office.world.services.settings.max_attempts):
        office.later(hours=1)
    assert office.last(message_id).state is RetractionState.INCOMPLETE
    order_retraction(office.world.services, office.world.owner, message_id, "soft-delete")
    assert office.last(message_id).state is RetractionState.STOPPED
    assert len(office.holding()) == len(CROWD) - 5


def see_what_was_taken(office):
    """From here on every search shows what it has shown once, whatever was taken since."""
    find, remembered = office.provider.find, {}
    office.provider.find = lambda mailbox, wanted: remembered.setdefault(mailbox, find(mailbox, wanted))


def deliver_late(office, mailboxes):
    """Copies of the message that reach people after its first retraction has ended."""
    office.clock.ahead += timedelta(hours=1)
    office.deliver(*mailboxes)
    office.provider.calls.clear()
    see_what_was_taken(office)


def test_a_canary_that_passed_does_not_stand_for_a_later_order(office, message_id):
    first = office.order(message_id)
    assert first.canary == Canary.PASSED
    deliver_late(office, CROWD)
    order_retraction(office.world.services, office.world.owner, message_id, "trash")
    for _ in range(3):
        office.later(minutes=5)
    stopped = office.last(message_id)
    assert (stopped.id, stopped.state, stopped.canary) == (first.id, RetractionState.STOPPED, Canary.FAILED)
    assert len(set(retracted(office))) == 5
    assert actions(office, first.id)[-1] == "canary stopped it"


def test_a_later_look_that_finds_many_has_a_canary_of_its_own(office, message_id):
    office.world.set_policy(pdr={"switch": "on"}, actions={"MALICIOUS": "trash"})
    correct(office.world.services, office.world.owner, message_id, Disposition.MALICIOUS)
    assert office.last(message_id).automatic is False
    deliver_late(office, CROWD)
    for _ in range(4):
        office.later(minutes=5)
    assert office.last(message_id).state is RetractionState.STOPPED
    assert len(set(retracted(office))) == 5


def test_a_later_look_that_finds_a_few_needs_none(office, message_id):
    first = office.order(message_id)
    office.deliver(*CROWD[:5])
    order_retraction(office.world.services, office.world.owner, message_id, "soft-delete")
    done = office.last(message_id)
    assert (done.id, done.state, done.canary) == (first.id, RetractionState.DONE, Canary.NONE)
    assert office.holding() == []


def test_who_went_on_after_a_canary_did_so_for_that_order(office, message_id, stopped):
    office.provider.fault = lambda method, mailbox: None
    go_on(office.world.services, office.world.owner, stopped.id)
    office.deliver(*CROWD)
    office.provider.fault = lambda method, mailbox: refuse(method)
    order_retraction(office.world.services, office.world.owner, message_id, "trash")
    assert office.last(message_id).state is RetractionState.STOPPED
    assert office.holding() == list(CROWD)


def test_copies_that_go_again_while_they_come_back_are_proven_anew(office, message_id):
    office.provider.fault = lambda method, mailbox: throttle(method, "restore")
    order_restore(office.world.services, office.world.owner, office.order(message_id).id)
    assert office.last(message_id).state is RetractionState.RESTORING
    order_retraction(office.world.services, office.world.owner, message_id, "trash")
    office.provider.fault = lambda method, mailbox: refuse(method)
    office.later(minutes=6)
    assert office.last(message_id).state is RetractionState.STOPPED
    assert office.holding() == list(CROWD)


def test_nobody_else_goes_on(office, stopped):
    services = office.world.services
    stranger = seed_tenant(services, "other", addresses=()).owner
    for role in (Role.ADMIN, Role.VIEWER):
        for act in (go_on, retry_failures):
            with pytest.raises(NotAllowed):
                act(services, office.world.operator(role, f"{role}-{act.__name__}"), stopped.id)
    for act in (go_on, retry_failures):
        with pytest.raises(Unknown):
            act(services, stranger, stopped.id)
    assert office.last(stopped.message_id).state is RetractionState.STOPPED


def test_a_stopped_retraction_is_nobodys_to_work_on(office, stopped):
    calls = len(office.provider.calls)
    retract(office.world.services, stopped.id)
    office.later(hours=1)
    assert len(office.provider.calls) == calls


def test_failures_are_tried_again_the_way_the_retraction_went(office, message_id):
    shut = [CROWD[3]]
    office.provider.fault = lambda method, mailbox: hold(method, mailbox, shut)
    office.order(message_id)
    for _ in range(office.world.services.settings.max_attempts + 1):
        office.later(minutes=10)
    assert office.last(message_id).state is RetractionState.INCOMPLETE
    assert office.outcomes(message_id)[CROWD[3]] is Outcome.NOT_PERMITTED
    shut.clear()
    retry_failures(office.world.services, office.world.owner, office.last(message_id).id)
    assert office.last(message_id).state is RetractionState.DONE
    assert office.holding() == []
    with pytest.raises(Conflict, match="nothing"):
        retry_failures(office.world.services, office.world.owner, office.last(message_id).id)


def test_failures_of_an_undo_are_brought_back_and_nothing_else_is_taken(office, message_id):
    done = office.order(message_id)
    shut = [CROWD[3]]
    office.provider.fault = lambda method, mailbox: hold(method, mailbox, shut)
    order_restore(office.world.services, office.world.owner, done.id)
    for _ in range(office.world.services.settings.max_attempts + 1):
        office.later(minutes=10)
    left = office.last(message_id)
    assert (left.state, left.undoing) == (RetractionState.INCOMPLETE, True)
    assert len(office.holding()) == len(CROWD) - 1
    shut.clear()
    retry_failures(office.world.services, office.world.owner, left.id)
    assert office.last(message_id).state is RetractionState.RESTORED
    assert office.holding() == list(CROWD)


def hold(method: str, mailbox: str, shut: list[str]) -> None:
    if method in ("retract", "restore") and mailbox in shut:
        raise NotPermitted("a mailbox on hold")


def test_approvals_come_from_two_people_of_this_tenant_who_handle_mail(office, message_id):
    office.world.set_policy(psr={"max_automatic": 5, "max_single_approval": 10})
    services, owner = office.world.services, office.world.owner
    waiting = office.order(message_id)
    assert (waiting.state, waiting.approvals_needed) == (RetractionState.AWAITING_APPROVAL, 2)

    stranger = seed_tenant(services, "other", addresses=()).owner
    with pytest.raises(Unknown):
        approve(services, stranger, waiting.id)
    for role in (Role.ADMIN, Role.VIEWER):
        with pytest.raises(NotAllowed):
            approve(services, office.world.operator(role), waiting.id)
    approve(services, owner, waiting.id)
    with pytest.raises(Conflict, match="another operator"):
        approve(services, owner, waiting.id)
    assert office.holding() == list(CROWD)

    approve(services, office.world.operator(Role.ANALYST), waiting.id)
    done = office.last(message_id)
    assert (done.state, done.canary) == (RetractionState.DONE, Canary.PASSED)
    assert office.holding() == []


def test_whoever_orders_a_large_retraction_has_said_yes_to_it(office, message_id):
    office.world.set_policy(psr={"max_automatic": 5, "max_single_approval": 100})
    order_retraction(office.world.services, office.world.owner, message_id, "trash")
    assert office.last(message_id).state is RetractionState.DONE
