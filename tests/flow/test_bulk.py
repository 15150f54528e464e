"""Bulk: the same is done to many messages, once, and all of it is taken back in one step."""

from datetime import timedelta

import pytest
from builders import ANA, BEN, PEOPLE, World, make_services, seed_tenant
from mails import note, phish

from backend.domain.disposition import Disposition
from backend.domain.operation import Deed
from backend.domain.people import POLICY, Role
from backend.domain.retraction import RetractionState
from backend.domain.submission import Kind, State
from backend.domain.triage import Triage
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow.bulk import MOST, Order, carry_out, of_campaign
from backend.flow.feedback import correct
from backend.flow.intake import intake
from backend.flow.overruled import UNDONE
from backend.flow.respond import order_restore
from backend.flow.steps import run_retraction
from backend.flow.undo import undo
from backend.store import (
    audit,
    campaigns,
    decisions,
    escalations,
    labels,
    messages,
    numbers,
    psr_log,
    queue,
    retractions,
    search,
    submissions,
)
from backend.store.message_view import message_view
from connectors.maildir.deliver import make_mailbox

KEY = "a key of one form"
BAD = Order(Deed.JUDGE, Disposition.MALICIOUS)
FINE = Order(Deed.JUDGE, Disposition.NONE)


@pytest.fixture
def world(tmp_path, database) -> World:
    world = seed_tenant(make_services(tmp_path, database))
    for address in PEOPLE:
        make_mailbox(world.mail, address)
    return world


def reported(world: World, raw: bytes, address: str = ANA) -> int:
    accepted = intake(world.services, world.report(address, world.deliver(address, raw)))
    with world.services.database.read() as tx:
        submission = submissions.get(tx, world.tenant_id, accepted.submission_id)
    assert submission
    assert submission.message_id
    return submission.message_id


@pytest.fixture
def two(world) -> list[int]:
    return [reported(world, phish(ANA)), reported(world, note(ANA))]


def standing(world: World, message_id: int):
    with world.services.database.read() as tx:
        return decisions.standing(tx, world.tenant_id, message_id)


def past(world: World, address: str = ANA):
    """What is known of a reporter's judged reports a moment from now."""
    with world.services.database.read() as tx:
        later = world.services.now() + timedelta(seconds=1)
        return {
            one.message: one.right for one in labels.past_of(tx, world.tenant_id, world.people[address].id, later, 0)
        }


def lines(world: World, action: str) -> list[str]:
    with world.services.database.read() as tx:
        return [line.subject for line in audit.newest(tx, world.tenant_id) if line.action == action]


def test_many_are_judged_at_once_and_the_reporter_with_them(world, two):
    done = carry_out(world.services, world.owner, BAD, two, KEY)
    assert (done.done, done.refused) == (2, 0)
    assert [standing(world, one).disposition for one in two] == [Disposition.MALICIOUS] * 2
    assert past(world) == dict.fromkeys(two, True)
    assert lines(world, "operation ordered") == [f"operation:{done.id}"]


def test_after_an_undo_everything_stands_as_it_stood(world, two):
    with world.services.database.read() as tx:
        before = [psr_log.judgement(tx, world.tenant_id, one) for one in two]
    earlier = [standing(world, one) for one in two]

    done = carry_out(world.services, world.owner, BAD, two, KEY)
    back = undo(world.services, world.owner, done.id)

    assert (back.undone, back.done) == (2, 0)
    for message_id, was in zip(two, earlier, strict=True):
        now = standing(world, message_id)
        assert (now.disposition, now.response, now.decided_by) == (was.disposition, was.response, str(POLICY))
        assert now.why == (*was.why, UNDONE)
        assert now.id > was.id
    assert past(world) == {}
    with world.services.database.read() as tx:
        assert [psr_log.judgement(tx, world.tenant_id, one) for one in two] == before
        assert [messages.get(tx, world.tenant_id, one).closed_at for one in two] == [None, None]
        assert search.find(tx, world.tenant_id, "disposition:malicious") == two[:1]
    assert len(lines(world, "judgement undone")) == 2


def test_an_undo_lets_an_earlier_judgement_count_again(world, two):
    correct(world.services, world.owner, two[1], Disposition.SUSPICIOUS)
    done = carry_out(world.services, world.owner, FINE, two, KEY)
    assert past(world) == dict.fromkeys(two, False)
    undo(world.services, world.owner, done.id)
    assert standing(world, two[1]).disposition is Disposition.SUSPICIOUS
    assert past(world) == {two[1]: True}


def test_an_undo_brings_back_what_the_judgement_took_away(world, two):
    before = world.files(ANA)
    world.set_policy(actions={"MALICIOUS": "soft-delete"})
    done = carry_out(world.services, world.owner, BAD, two, KEY)
    assert world.files(ANA) == {}
    undo(world.services, world.owner, done.id)
    assert world.files(ANA) == before
    assert [standing(world, one).decided_by for one in two] == [str(POLICY)] * 2


def test_what_a_judgement_brought_back_goes_again(world, two):
    carry_out(world.services, world.owner, Order(Deed.RETRACT, "trash"), two, KEY)
    gone = world.files(ANA)
    done = carry_out(world.services, world.owner, FINE, two, "another form's key")
    assert world.files(ANA) != gone
    undo(world.services, world.owner, done.id)
    assert set(world.files(ANA).values()) == set(gone.values())
    assert all("Trash" in path for path in world.files(ANA))


def test_a_retraction_of_many_is_undone_exactly(world, two):
    before = world.files(ANA)
    done = carry_out(world.services, world.owner, Order(Deed.RETRACT, "soft-delete"), two, KEY)
    assert world.files(ANA) == {}
    undo(world.services, world.owner, done.id)
    assert world.files(ANA) == before


def test_a_restore_of_many_is_undone_too(world, two):
    carry_out(world.services, world.owner, Order(Deed.RETRACT, "soft-delete"), two, KEY)
    done = carry_out(world.services, world.owner, Order(Deed.RESTORE), two, "another form's key")
    assert len(world.files(ANA)) == 2
    undo(world.services, world.owner, done.id)
    assert world.files(ANA) == {}


def test_an_exercise_is_marked_and_unmarked(world, two):
    done = carry_out(world.services, world.owner, Order(Deed.SIMULATION), two, KEY)
    assert [standing(world, one).simulation for one in two] == [True, True]
    assert past(world) == {}
    undo(world.services, world.owner, done.id)
    assert [standing(world, one).simulation for one in two] == [False, False]


def test_an_exercise_takes_back_what_was_learned_from_it_until_that_is_undone(world, two):
    correct(world.services, world.owner, two[0], Disposition.SUSPICIOUS)
    done = carry_out(world.services, world.owner, Order(Deed.SIMULATION), two, KEY)
    assert past(world) == {}
    undo(world.services, world.owner, done.id)
    assert past(world) == {two[0]: True}


def test_many_are_marked_as_exercises_in_the_words_of_one(world, two):
    carry_out(world.services, world.owner, Order(Deed.SIMULATION), two, KEY)
    assert [standing(world, one).why for one in two] == [("operator-simulation",)] * 2
    assert len(lines(world, "marked as simulation")) == 2


def test_a_retraction_that_still_runs_is_called_off(world, two):
    """No worker has taken it yet: the undo comes first, and then nothing may be taken away."""
    before = world.files(ANA)
    with world.services.database.begin() as tx:
        now = world.services.now()
        number = retractions.order(tx, world.tenant_id, two[0], None, "soft-delete", str(POLICY), now, automatic=True)
    order_restore(world.services, world.owner, number)
    run_retraction(world.services, number)
    run_retraction(world.services, number)

    assert world.files(ANA) == before
    with world.services.database.read() as tx:
        assert retractions.get(tx, world.tenant_id, number).state is not RetractionState.RUNNING


def test_undoing_an_escalation_withdraws_the_teams_submission(world, two):
    done = carry_out(world.services, world.owner, Order(Deed.ESCALATE, "SPOOF"), two[:1], KEY)
    with world.services.database.read() as tx:
        team = escalations.of_message(tx, world.tenant_id, two[0])
        assert search.find(tx, world.tenant_id, "team_submission") == two[:1]
    undo(world.services, world.owner, done.id)

    with world.services.database.read() as tx:
        assert submissions.get(tx, world.tenant_id, team).state is State.WITHDRAWN
        assert team not in [one.id for one in submissions.of_message(tx, world.tenant_id, two[0])]
        assert search.find(tx, world.tenant_id, "team_submission") == []
        (row,) = queue.rows_of(tx, world.tenant_id, two[:1])
        view = message_view(tx, world.tenant_id, two[0])
        assert numbers.last_days(tx, world.tenant_id, world.services.now(), 30).reports == 2
    assert (row.reports, row.kinds, row.triage) == (1, ("user",), Triage.UNREVIEWED)
    assert team in [one.submission.id for one in view.reports]
    assert view.escalations == {}
    assert "report withdrawn" in [event.action for event in view.events]


def test_what_was_escalated_and_undone_can_be_escalated_again(world, two):
    first = carry_out(world.services, world.owner, Order(Deed.ESCALATE, "SPOOF"), two[:1], KEY)
    undo(world.services, world.owner, first.id)
    again = carry_out(world.services, world.owner, Order(Deed.ESCALATE, "MALICIOUS"), two[:1], f"{KEY}-2")
    assert again.done == 1
    with world.services.database.read() as tx:
        teams = [one.kind for one in submissions.of_message(tx, world.tenant_id, two[0])]
        assert search.find(tx, world.tenant_id, "team_malicious_submission") == two[:1]
    assert teams.count(Kind.TEAM) == 1


def test_what_the_team_has_judged_stays_before_it(world, two):
    done = carry_out(world.services, world.owner, Order(Deed.ESCALATE, "SPOOF"), two[:1], KEY)
    correct(world.services, world.owner, two[0], Disposition.MALICIOUS)
    back = undo(world.services, world.owner, done.id)
    assert (back.undone, back.done) == (0, 1)
    with world.services.database.read() as tx:
        team = escalations.of_message(tx, world.tenant_id, two[0])
        assert submissions.get(tx, world.tenant_id, team).state is State.ANSWERED


def test_the_same_form_sent_twice_is_one_operation(world, two):
    first = carry_out(world.services, world.owner, BAD, two, KEY)
    again = carry_out(world.services, world.owner, BAD, two, KEY)
    assert again == first
    with world.services.database.read() as tx:
        assert [len(decisions.all_of(tx, world.tenant_id, one)) for one in two] == [2, 2]


def test_an_operation_is_undone_once(world, two):
    done = carry_out(world.services, world.owner, BAD, two, KEY)
    undo(world.services, world.owner, done.id)
    with pytest.raises(Conflict, match="already"):
        undo(world.services, world.owner, done.id)


def test_what_somebody_decided_since_is_left_alone(world, two):
    done = carry_out(world.services, world.owner, BAD, two, KEY)
    correct(world.services, world.owner, two[0], Disposition.SPAM)
    back = undo(world.services, world.owner, done.id)
    assert (back.undone, back.done) == (1, 1)
    assert standing(world, two[0]).disposition is Disposition.SPAM


def test_what_is_refused_for_one_is_done_for_the_others(world, two):
    carry_out(world.services, world.owner, Order(Deed.RETRACT, "trash"), two[:1], KEY)
    done = carry_out(world.services, world.owner, Order(Deed.RESTORE), two, "another form's key")
    assert (done.done, done.refused) == (1, 1)


def test_a_campaign_is_one_selection(world, two):
    with world.services.database.begin() as tx:
        campaign = campaigns.start(tx, world.tenant_id, world.services.now())
        messages.put_in_campaign(tx, world.tenant_id, two, campaign)
    assert sorted(of_campaign(world.services, world.owner, campaign)) == two
    with pytest.raises(Unknown):
        of_campaign(world.services, world.owner, campaign + 1)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER])
def test_who_handles_no_mail_does_and_undoes_nothing(world, two, role):
    other = world.operator(role)
    with pytest.raises(NotAllowed):
        carry_out(world.services, other, BAD, two, KEY)
    with pytest.raises(NotAllowed):
        of_campaign(world.services, other, 1)
    done = carry_out(world.services, world.owner, BAD, two, KEY)
    with pytest.raises(NotAllowed):
        undo(world.services, other, done.id)
    assert standing(world, two[0]).disposition is Disposition.MALICIOUS


def test_another_tenant_reaches_nothing(world, two):
    other = seed_tenant(world.services, "other", [BEN])
    done = carry_out(world.services, world.owner, BAD, two, KEY)
    for attempt in (
        lambda: carry_out(world.services, other.owner, BAD, two, KEY),
        lambda: undo(world.services, other.owner, done.id),
    ):
        with pytest.raises(Unknown):
            attempt()
    assert standing(world, two[0]).disposition is Disposition.MALICIOUS


@pytest.mark.parametrize(
    ("order", "ids", "key"),
    [
        (BAD, [], KEY),
        (BAD, list(range(1, MOST + 2)), KEY),
        (BAD, [1], ""),
        (Order(Deed.JUDGE, "WORSE"), [1], KEY),
        (Order(Deed.RETRACT, "burn"), [1], KEY),
        (Order(Deed.RESTORE, "x"), [1], KEY),
    ],
)
def test_what_cannot_be_used_is_said(world, order, ids, key):
    with pytest.raises(BadInput):
        carry_out(world.services, world.owner, order, ids, key)
