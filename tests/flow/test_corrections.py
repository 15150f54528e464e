"""Corrections: what each of them leaves behind, and what it moves."""

from datetime import timedelta
from pathlib import Path

import pytest
from builders import ANA, BEN, PEOPLE, World, make_services, seed_tenant
from mails import note, phish
from sqlalchemy import select

from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.domain.submission import EvidenceSource, Kind, State, SubmittedAs
from backend.domain.triage import Triage
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow import feedback
from backend.flow.escalate import escalate, escalate_message
from backend.flow.intake import intake
from backend.store import decisions, escalations, labels, messages, retractions, search, submissions
from backend.store.tables import audit
from backend.store.tables import labels as label_rows
from connectors.maildir.deliver import make_mailbox

D = Disposition


@pytest.fixture
def world(tmp_path: Path, database) -> World:
    world = seed_tenant(make_services(tmp_path, database))
    world.judge_right(ANA, 20)
    for address in PEOPLE:
        make_mailbox(world.mail, address)
    return world


def report(world: World, raw: bytes, address: str = ANA, client_copy: bytes | None = None, **fields: object):
    copy = None if client_copy else world.deliver(address, raw)
    accepted = intake(world.services, world.report(address, copy, **fields), client_copy)
    with world.services.database.read() as tx:
        found = submissions.get(tx, world.tenant_id, accepted.submission_id)
    assert found
    assert found.message_id
    return found


def standing(world: World, message_id: int):
    with world.services.database.read() as tx:
        return decisions.standing(tx, world.tenant_id, message_id)


def label(world: World, message_id: int) -> tuple[str, str] | None:
    with world.services.database.read() as tx:
        here = select(label_rows.c.disposition, label_rows.c.source)
        row = tx.execute(here.where(label_rows.c.message_id == message_id, label_rows.c.revoked_at.is_(None))).first()
    return tuple(row) if row else None


def record(world: World, address: str) -> list[bool]:
    """Whether each judged report of this person was right, as it counts from now on."""
    later = world.services.now() + timedelta(seconds=1)
    with world.services.database.read() as tx:
        return [one.right for one in labels.past_of(tx, world.tenant_id, world.people[address].id, later, 0)]


def done(world: World, message_id: int) -> list[str]:
    with world.services.database.read() as tx:
        here = select(audit.c.action).where(audit.c.subject == f"message:{message_id}").order_by(audit.c.id)
        return list(tx.scalars(here))


def test_the_lists_are_the_products():
    assert set(feedback.FALSE_POSITIVE) == {D.BULK, D.MALICIOUS, D.NONE, D.SPAM, D.SPOOF, D.SUSPICIOUS}
    assert set(feedback.FALSE_NEGATIVE) == {D.BULK, D.MALICIOUS, D.SPAM, D.SUSPICIOUS, D.SPOOF}


@pytest.mark.parametrize("as_", feedback.FALSE_POSITIVE)
def test_a_false_positive_is_a_decision_a_label_and_counts_for_or_against_the_reporter(world, as_):
    reported = report(world, note(BEN), BEN)
    feedback.report_false_positive(world.services, world.owner, reported.message_id, as_)
    stands = standing(world, reported.message_id)
    assert (stands.disposition, stands.why) == (as_, ("operator-false-positive",))
    assert label(world, reported.message_id) == (as_, "operator")
    assert record(world, BEN) == ([] if as_ is D.SPAM else [as_ in {D.MALICIOUS, D.SPOOF, D.SUSPICIOUS}])
    assert done(world, reported.message_id)[-1] == "false positive reported"


def test_a_false_positive_brings_back_what_was_taken(world):
    world.set_policy(psr={"switch": "on"})
    reported = report(world, phish(ANA))
    assert world.files(ANA) == {}
    feedback.report_false_positive(world.services, world.owner, reported.message_id, D.BULK)
    assert len(world.files(ANA)) == 1


def test_a_false_negative_takes_away_what_was_missed(world):
    world.deliver(ANA, note(ANA))
    reported = report(world, note(BEN), BEN)
    feedback.report_false_negative(world.services, world.owner, reported.message_id, D.MALICIOUS)
    assert [len(world.files(ANA)), len(world.files(BEN))] == [0, 0]
    assert record(world, BEN) == [True]
    with world.services.database.read() as tx:
        assert search.find(tx, world.tenant_id, "user_malicious_submission")[0] == reported.message_id


def test_a_false_negative_that_is_nothing_is_refused(world):
    reported = report(world, note(BEN), BEN)
    with pytest.raises(BadInput, match="missed message is something"):
        feedback.report_false_negative(world.services, world.owner, reported.message_id, D.NONE)
    assert label(world, reported.message_id) is None


def test_a_simulation_comes_back_and_teaches_nothing(world):
    world.set_policy(psr={"switch": "on"})
    reported = report(world, phish(ANA))
    before = record(world, ANA)
    feedback.mark_simulation(world.services, world.owner, reported.message_id)
    stands = standing(world, reported.message_id)
    assert (stands.simulation, stands.disposition, stands.action) == (True, D.MALICIOUS, "no-action")
    assert len(world.files(ANA)) == 1
    assert record(world, ANA) == before
    assert label(world, reported.message_id) is None


def test_an_exercise_takes_back_every_label_that_was_given_before(world):
    reported = report(world, note(BEN), BEN)
    escalate(world.services, world.owner, reported.id, D.SPOOF)
    analyst = world.operator(Role.ANALYST)
    feedback.report_false_negative(world.services, analyst, reported.message_id, D.SUSPICIOUS)
    assert record(world, BEN) == [True]
    feedback.mark_simulation(world.services, world.owner, reported.message_id)
    assert label(world, reported.message_id) is None
    assert record(world, BEN) == []
    with world.services.database.read() as tx:
        taken_back = tx.execute(select(label_rows.c.revoked_by, label_rows.c.revoked_why)).all()
        assert labels.unfollowed(tx, world.tenant_id, reported.message_id) == []
    assert (f"operator:{world.owner.id}", "simulation") in taken_back


def test_what_is_judged_after_being_an_exercise_teaches_again(world):
    reported = report(world, note(BEN), BEN)
    feedback.mark_simulation(world.services, world.owner, reported.message_id)
    feedback.report_false_negative(world.services, world.owner, reported.message_id, D.MALICIOUS)
    assert record(world, BEN) == [True]


def test_escalating_links_a_new_team_submission_that_goes_its_own_way(world):
    reported = report(world, note(BEN), BEN)
    team_id = escalate(world.services, world.owner, reported.id, D.SPOOF)
    with world.services.database.read() as tx:
        team = submissions.get(tx, world.tenant_id, team_id)
        link = escalations.of_submission(tx, world.tenant_id, reported.id)
        assert search.find(tx, world.tenant_id, "team_spoof_submission") == [reported.message_id]
    assert (team.kind, team.state, team.message_id) == (Kind.TEAM, State.ANSWERED, reported.message_id)
    assert (team.person_id, team.submitted_as) == (None, SubmittedAs.PHISH)
    assert (link.escalated_submission_id, link.escalated_as) == (team_id, D.SPOOF)
    assert link.escalated_by == f"operator:{world.owner.id}"
    stands = standing(world, reported.message_id)
    assert (stands.disposition, stands.why) == (D.SPOOF, ("operator-escalated",))
    assert label(world, reported.message_id) == (D.SPOOF, "team")
    assert record(world, BEN) == [True]
    with world.services.database.read() as tx:
        assert messages.get(tx, world.tenant_id, reported.message_id).triage is Triage.ESCALATED


def test_escalating_twice_is_escalating_once(world):
    reported = report(world, note(BEN), BEN)
    first = escalate(world.services, world.owner, reported.id, D.SPOOF)
    again = escalate(world.services, world.owner, reported.id, D.MALICIOUS)
    assert first == again
    assert done(world, reported.message_id).count("escalated") == 1
    assert standing(world, reported.message_id).disposition is D.SPOOF
    with world.services.database.read() as tx:
        teams = [one.id for one in submissions.of_message(tx, world.tenant_id, reported.message_id)]
    assert teams == [reported.id, first]


def test_escalating_as_malicious_takes_it_away_as_the_policy_says(world):
    reported = report(world, note(BEN), BEN)
    escalate_message(world.services, world.owner, reported.message_id, D.MALICIOUS)
    assert world.files(BEN) == {}


def test_a_later_judgement_stands_over_the_escalation(world):
    reported = report(world, note(BEN), BEN)
    escalate(world.services, world.owner, reported.id, D.MALICIOUS)
    feedback.correct(world.services, world.owner, reported.message_id, D.NONE)
    assert standing(world, reported.message_id).disposition is D.NONE
    assert record(world, BEN) == [False]
    assert len(world.files(BEN)) == 1


def test_a_clients_copy_is_believed_no_more_for_being_escalated(world):
    reported = report(world, b"", ANA, phish(ANA), provider_message_id="nowhere")
    team_id = escalate(world.services, world.owner, reported.id, D.MALICIOUS)
    with world.services.database.read() as tx:
        team = submissions.get(tx, world.tenant_id, team_id)
    assert team.evidence_source == EvidenceSource.CLIENT


def test_what_cannot_be_escalated_says_why(world):
    reported = report(world, note(BEN), BEN)
    team_id = escalate(world.services, world.owner, reported.id, D.SPOOF)
    with pytest.raises(Conflict, match="team submission already"):
        escalate(world.services, world.owner, team_id, D.SPOOF)
    with pytest.raises(Unknown):
        escalate(world.services, world.owner, 99_999, D.SPOOF)
    with pytest.raises(Conflict, match="No user reported"):
        escalate_message(world.services, world.owner, 99_999, D.SPOOF)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER])
def test_only_analysts_and_owners_correct_anything(world, role):
    reported = report(world, note(BEN), BEN)
    before = done(world, reported.message_id)
    operator = world.operator(role)
    for attempt in (
        lambda: feedback.report_false_positive(world.services, operator, reported.message_id, D.BULK),
        lambda: feedback.report_false_negative(world.services, operator, reported.message_id, D.MALICIOUS),
        lambda: feedback.mark_simulation(world.services, operator, reported.message_id),
        lambda: escalate(world.services, operator, reported.id, D.MALICIOUS),
        lambda: escalate_message(world.services, operator, reported.message_id, D.MALICIOUS),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert done(world, reported.message_id) == before
    feedback.report_false_negative(world.services, world.operator(Role.ANALYST), reported.message_id, D.SUSPICIOUS)
    assert standing(world, reported.message_id).disposition is D.SUSPICIOUS


def test_another_tenant_corrects_nothing(world):
    reported = report(world, note(BEN), BEN)
    stranger = seed_tenant(world.services, "other").owner
    before = done(world, reported.message_id)
    for attempt in (
        lambda: feedback.report_false_positive(world.services, stranger, reported.message_id, D.BULK),
        lambda: feedback.report_false_negative(world.services, stranger, reported.message_id, D.MALICIOUS),
        lambda: feedback.mark_simulation(world.services, stranger, reported.message_id),
        lambda: escalate(world.services, stranger, reported.id, D.MALICIOUS),
    ):
        with pytest.raises(Unknown):
            attempt()
    with pytest.raises(Conflict):
        escalate_message(world.services, stranger, reported.message_id, D.MALICIOUS)
    assert done(world, reported.message_id) == before
    with world.services.database.read() as tx:
        assert retractions.of_message(tx, world.tenant_id, reported.message_id) == []
