"""A report can be taken back for ten seconds, and its verdict contested: only a confirmed contest is a label."""

import pytest
from builders import ANA, BEN, CHLOE, World, make_services, seed_tenant
from clocks import StillClock
from mails import note, phish
from sqlalchemy import select

from backend.domain.contest import ContestState
from backend.domain.decision import Response
from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.domain.retraction import RetractionState
from backend.domain.submission import Kind, State
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow import contest as contesting
from backend.flow.answer_again import send_again
from backend.flow.intake import intake
from backend.flow.own_reports import accuracy, own_report
from backend.flow.sweep import sweep
from backend.flow.withdraw import unwind, withdraw
from backend.store import answers, contests, decisions, labels, psr_log, retractions, submissions
from backend.store.tables import answers as answer_rows
from backend.store.tables import queue_rows
from connectors.errors import TryLater
from connectors.maildir.deliver import make_mailbox

D = Disposition


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def world(tmp_path, database, clock):
    services = make_services(tmp_path, database, {"now": clock}, withdraw_seconds=10)
    world = seed_tenant(services)
    for address in (ANA, BEN, CHLOE):
        make_mailbox(world.mail, address)
    yield world
    services.database.close()


def report(world: World, address: str, raw: bytes, **fields: object) -> int:
    return intake(world.services, world.report(address, world.deliver(address, raw), **fields)).submission_id


def submission(world: World, number: int):
    with world.services.database.read() as tx:
        return submissions.get(tx, world.tenant_id, number)


def answer_to(world: World, number: int):
    with world.services.database.read() as tx:
        return answers.of_submission(tx, world.tenant_id, number)


def standing(world: World, message_id: int):
    with world.services.database.read() as tx:
        return decisions.standing(tx, world.tenant_id, message_id)


def mails_to(world: World, address: str) -> list[str]:
    box = world.mail / address / "Maildir" / "new"
    return [text for path in sorted(box.iterdir()) if "auto-replied" in (text := path.read_text())]


def row_of(world: World, message_id: int):
    with world.services.database.read() as tx:
        return tx.execute(select(queue_rows).where(queue_rows.c.message_id == message_id)).one()


def test_a_report_that_is_taken_back_counts_for_nothing(world, clock):
    number = report(world, ANA, note(ANA))
    message_id = submission(world, number).message_id
    clock.pass_(10)

    withdraw(world.services, world.people[ANA], number)

    taken = submission(world, number)
    assert (taken.state, taken.message_id) == (State.WITHDRAWN, None)
    assert (row_of(world, message_id).reports, row_of(world, message_id).review) == (0, False)
    clock.pass_(60)
    sweep(world.services)
    assert answer_to(world, number).state == "called_off"
    assert mails_to(world, ANA) == []
    with world.services.database.begin() as tx:
        labels.give(tx, world.tenant_id, message_id, D.MALICIOUS, "operator", "operator:1", clock())
    clock.pass_(1)
    with world.services.database.read() as tx:
        assert accuracy(tx, world.services, world.people[ANA]).judged == 0


def test_after_ten_seconds_it_is_refused_and_the_answer_leaves(world, clock):
    number = report(world, ANA, note(ANA))
    clock.pass_(10.1)
    with pytest.raises(Conflict, match="10 seconds"):
        withdraw(world.services, world.people[ANA], number)
    assert submission(world, number).state is State.ANSWERED

    assert answer_to(world, number).state == "intended"
    sweep(world.services)
    assert answer_to(world, number).state == "sent"
    assert len(mails_to(world, ANA)) == 1
    sweep(world.services)
    assert len(mails_to(world, ANA)) == 1


def test_what_psr_did_because_of_it_is_undone(world, clock):
    world.judge_right(ANA, 20)
    world.set_policy(psr={"switch": "on"})
    number = report(world, ANA, phish(ANA))
    message_id = submission(world, number).message_id
    assert standing(world, message_id).response is Response.RETRACT
    assert world.files(ANA) == {}

    withdraw(world.services, world.people[ANA], number)

    assert len(world.files(ANA)) == 1
    assert standing(world, message_id).response is Response.NOTHING
    with world.services.database.read() as tx:
        assert psr_log.judgement(tx, world.tenant_id, message_id) == ("", False)


def test_a_retraction_that_is_still_running_is_undone_once_it_ends(world, clock):
    world.judge_right(ANA, 20)
    world.set_policy(psr={"switch": "on"})
    number = report(world, ANA, phish(ANA))
    message_id = submission(world, number).message_id
    with world.services.database.begin() as tx:
        [last] = retractions.of_message(tx, world.tenant_id, message_id)
        was = last.state
        retractions.move(tx, world.tenant_id, last.id, [was], RetractionState.RUNNING)
    withdraw(world.services, world.people[ANA], number)
    assert submission(world, number).state is State.WITHDRAWING
    assert row_of(world, message_id).reports == 0

    with world.services.database.begin() as tx:
        retractions.move(tx, world.tenant_id, last.id, [RetractionState.RUNNING], was)
    clock.pass_(60)
    sweep(world.services)
    assert submission(world, number).state is State.WITHDRAWN
    assert len(world.files(ANA)) == 1


def test_other_peoples_reports_of_the_message_go_on_counting(world, clock):
    world.judge_right(ANA, 20)
    world.set_policy(psr={"switch": "on"})
    first = report(world, ANA, phish(ANA))
    message_id = submission(world, first).message_id
    world.deliver(BEN, phish(ANA))
    second = report(world, BEN, phish(ANA))
    assert submission(world, second).message_id == message_id

    withdraw(world.services, world.people[BEN], second)

    assert row_of(world, message_id).reports == 1
    assert standing(world, message_id).response is Response.RETRACT
    assert world.files(ANA) == {}


def test_it_may_be_reported_again(world):
    copy = world.deliver(ANA, note(ANA))
    first = intake(world.services, world.report(ANA, copy, idempotency_key="the same"))
    withdraw(world.services, world.people[ANA], first.submission_id)
    again = intake(world.services, world.report(ANA, copy, idempotency_key="the same"))
    assert not again.duplicate
    assert submission(world, again.submission_id).state is State.ANSWERED


def test_taking_back_twice_is_harmless_and_so_is_unwinding(world, clock):
    number = report(world, ANA, note(ANA))
    withdraw(world.services, world.people[ANA], number)
    clock.pass_(100)
    withdraw(world.services, world.people[ANA], number)
    unwind(world.services, number)
    assert submission(world, number).state is State.WITHDRAWN


def test_nobody_takes_back_or_contests_what_another_reported(world):
    number = report(world, ANA, note(ANA))
    neighbour = seed_tenant(world.services, "other")
    for person in (world.people[BEN], neighbour.people[ANA]):
        with pytest.raises(Unknown):
            withdraw(world.services, person, number)
        with pytest.raises(Unknown):
            contesting.contest(world.services, person, number, "it is mine")
        with world.services.database.read() as tx:
            assert own_report(tx, world.services, person, number) is None
    assert submission(world, number).state is State.ANSWERED


def test_a_team_takes_nothing_back(world):
    number = intake(world.services, world.report(ANA, kind=Kind.TEAM), note(ANA)).submission_id
    with pytest.raises(Conflict, match="team"):
        withdraw(world.services, world.people[ANA], number)


def contested(world: World) -> tuple[int, int, int]:
    number = report(world, ANA, note(ANA))
    message_id = submission(world, number).message_id
    return number, message_id, contesting.contest(world.services, world.people[ANA], number, " I know this trick. ")


def test_a_contest_waits_in_the_operators_queue(world):
    number, message_id, contest_id = contested(world)
    assert (row_of(world, message_id).review, row_of(world, message_id).contested) == (True, True)
    with world.services.database.read() as tx:
        kept = contests.get(tx, world.tenant_id, contest_id)
        seen = own_report(tx, world.services, world.people[ANA], number)
        assert labels.of_messages(tx, world.tenant_id, [message_id]) == {}
    assert (kept.comment, kept.state) == ("I know this trick.", ContestState.OPEN)
    assert (seen.contest.state, seen.can_contest) == (ContestState.OPEN, False)
    with pytest.raises(Conflict, match="before"):
        contesting.contest(world.services, world.people[ANA], number, "once more")


def test_a_confirmed_contest_is_a_label(world, clock):
    _, message_id, contest_id = contested(world)
    clock.pass_(60)
    contesting.confirm(world.services, world.owner, contest_id, D.MALICIOUS)

    with world.services.database.read() as tx:
        [label] = labels.of_messages(tx, world.tenant_id, [message_id])[message_id]
        assert contests.get(tx, world.tenant_id, contest_id).state is ContestState.CONFIRMED
    assert (label.disposition, label.source, label.given_by) == (D.MALICIOUS, "contest", f"operator:{world.owner.id}")
    assert standing(world, message_id).disposition is D.MALICIOUS
    assert not row_of(world, message_id).contested
    clock.pass_(1)
    with world.services.database.read() as tx:
        record = accuracy(tx, world.services, world.people[ANA])
    assert (record.right, record.judged) == (1, 1)
    assert 0 < record.low < 1 == record.high
    with pytest.raises(Conflict, match="settled"):
        contesting.leave(world.services, world.owner, contest_id)


def test_an_unconfirmed_contest_changes_nothing(world):
    number, message_id, contest_id = contested(world)
    before = standing(world, message_id)
    contesting.leave(world.services, world.owner, contest_id)

    assert standing(world, message_id) == before
    assert (row_of(world, message_id).contested, row_of(world, message_id).judged) == (False, False)
    with world.services.database.read() as tx:
        assert labels.of_messages(tx, world.tenant_id, [message_id]) == {}
        seen = own_report(tx, world.services, world.people[ANA], number)
    assert seen.contest.state is ContestState.UNCONFIRMED


def test_confirming_what_is_held_anyway_is_refused(world):
    _, message_id, contest_id = contested(world)
    with pytest.raises(Conflict, match="already"):
        contesting.confirm(world.services, world.owner, contest_id, standing(world, message_id).disposition)
    with world.services.database.read() as tx:
        assert contests.get(tx, world.tenant_id, contest_id).state is ContestState.OPEN


def test_contests_are_settled_by_who_handles_mail_of_the_tenant(world):
    _, _, contest_id = contested(world)
    for act in (contesting.leave, lambda *a: contesting.confirm(*a, D.SPAM)):
        with pytest.raises(NotAllowed):
            act(world.services, world.operator(Role.ADMIN, f"admin {id(act)}"), contest_id)
        with pytest.raises(Unknown):
            act(world.services, seed_tenant(world.services, f"t{id(act)}").owner, contest_id)


@pytest.mark.parametrize("comment", ["", "  \n ", "x" * 2001])
def test_a_contest_says_why(world, comment):
    number = report(world, ANA, note(ANA))
    with pytest.raises(BadInput):
        contesting.contest(world.services, world.people[ANA], number, comment)


def test_nobody_fills_the_operators_queue_alone(world, monkeypatch):
    monkeypatch.setattr(contesting, "MOST_OPEN", 1)
    contested(world)
    other = report(world, ANA, phish(ANA))
    with pytest.raises(Conflict, match="wait for an operator"):
        contesting.contest(world.services, world.people[ANA], other, "this one too")


def test_what_a_crash_leaves_unknown_is_sent_again_by_an_operator_only(world, clock):
    number = report(world, ANA, note(ANA))
    clock.pass_(11)
    with world.services.database.begin() as tx:
        assert answers.take(tx, answer_to(world, number).id, clock()) is not None
        assert answers.take(tx, answer_to(world, number).id, clock()) is None
    clock.pass_(3600)
    sweep(world.services)
    sweep(world.services)
    left = answer_to(world, number)
    assert (left.state, mails_to(world, ANA)) == ("unconfirmed", [])
    with world.services.database.read() as tx:
        assert [one.answer.id for one in answers.troubled(tx, world.tenant_id)] == [left.id]

    with pytest.raises(NotAllowed):
        send_again(world.services, world.operator(Role.ADMIN), left.id)
    with pytest.raises(Unknown):
        send_again(world.services, seed_tenant(world.services, "other").owner, left.id)
    send_again(world.services, world.owner, left.id)
    assert answer_to(world, number).state == "sent"
    with pytest.raises(Conflict):
        send_again(world.services, world.owner, left.id)
    assert len(mails_to(world, ANA)) == 1


class Lost:
    """Mailboxes whose answer to sending is lost."""

    def send(self, _mail):
        raise TryLater("timed out")


def test_a_send_without_an_answer_is_not_tried_again(world, clock):
    number = report(world, ANA, note(ANA))
    clock.pass_(11)
    object.__setattr__(world.services, "mailboxes", lambda _tenant: Lost())
    sweep(world.services)
    sweep(world.services)
    assert answer_to(world, number).state == "unconfirmed"
    with world.services.database.read() as tx:
        assert len(tx.execute(select(answer_rows)).all()) == 1
