"""A report's way through: from the button to empty inboxes, and back."""

from pathlib import Path

import pytest
from builders import ANA, BEN, CHLOE, PEOPLE, World, make_services, seed_tenant
from mails import note, phish

from backend.domain.decision import Response
from backend.domain.disposition import Disposition
from backend.domain.retraction import RetractionState
from backend.domain.submission import EvidenceSource, State, SubmittedAs
from backend.flow.feedback import correct
from backend.flow.intake import intake
from backend.flow.respond import order_restore, order_retraction
from backend.flow.steps import SUBMISSION_STEPS
from backend.store import answers, copies, decisions, psr_log, retractions, search, submissions, verdicts
from backend.store.submissions import get
from connectors.contract import Copy, Outcome
from connectors.maildir.deliver import make_mailbox


@pytest.fixture
def world(tmp_path: Path, database) -> World:
    world = seed_tenant(make_services(tmp_path, database))
    world.judge_right(ANA, 20)
    for address in PEOPLE:
        make_mailbox(world.mail, address)
    return world


def submit(world: World, address: str, copy: Copy | None = None, client_copy: bytes | None = None, **fields: object):
    accepted = intake(world.services, world.report(address, copy, **fields), client_copy)
    with world.services.database.read() as tx:
        submission = get(tx, world.tenant_id, accepted.submission_id)
    assert submission is not None
    return submission


def turn_on(world: World) -> None:
    world.set_policy(psr={"switch": "on"})


def standing(world: World, message_id: int):
    with world.services.database.read() as tx:
        return decisions.standing(tx, world.tenant_id, message_id)


def last_retraction(world: World, message_id: int):
    with world.services.database.read() as tx:
        found = retractions.of_message(tx, world.tenant_id, message_id)
    return found[0] if found else None


def journal(world: World, retraction_id: int):
    with world.services.database.read() as tx:
        return copies.of_retraction(tx, world.tenant_id, retraction_id)


def test_a_reported_phish_vanishes_from_every_mailbox_and_comes_back_exactly(world):
    turn_on(world)
    reported = world.deliver(ANA, phish(ANA))
    world.deliver(BEN, phish(BEN), flags="FS")
    world.deliver(CHLOE, phish(CHLOE), folder="Projects.Old", flags="S")
    world.deliver(BEN, note(BEN))
    before = {address: world.files(address) for address in PEOPLE}

    submission = submit(world, ANA, reported)

    assert submission.state is State.ANSWERED
    assert [len(world.files(address)) for address in PEOPLE] == [0, 1, 0]
    retraction = last_retraction(world, submission.message_id)
    assert retraction.state is RetractionState.DONE
    assert {entry.outcome for entry in journal(world, retraction.id)} == {Outcome.RETRACTED}
    assert retraction.restorable_until is not None

    order_restore(world.services, world.owner, retraction.id)
    assert {address: world.files(address) for address in PEOPLE} == before
    assert last_retraction(world, submission.message_id).state is RetractionState.RESTORED


def test_in_preview_the_log_says_what_would_have_gone_and_nothing_moves(world):
    reported = world.deliver(ANA, phish(ANA))
    submission = submit(world, ANA, reported)
    assert standing(world, submission.message_id).response is Response.WOULD_RETRACT
    assert len(world.files(ANA)) == 1
    assert last_retraction(world, submission.message_id) is None
    with world.services.database.read() as tx:
        (entry,) = psr_log.entries(tx, world.tenant_id)
    assert (entry.message_id, entry.response) == (submission.message_id, Response.WOULD_RETRACT)


def test_a_colleagues_note_stays_even_when_a_perfect_reporter_reports_it(world):
    turn_on(world)
    submission = submit(world, ANA, world.deliver(ANA, note(ANA)))
    assert standing(world, submission.message_id).disposition in {Disposition.NONE, Disposition.BULK}
    assert len(world.files(ANA)) == 1


def test_another_message_with_the_same_message_id_is_left_alone_and_shown(world):
    turn_on(world)
    reported = world.deliver(ANA, phish(ANA))
    world.deliver(BEN, note(BEN, message_id="<update-77@mailer.account-check.test>"))
    submission = submit(world, ANA, reported)
    assert [len(world.files(ANA)), len(world.files(BEN))] == [0, 1]
    outcomes = {e.copy.mailbox: e.outcome for e in journal(world, last_retraction(world, submission.message_id).id)}
    assert outcomes == {ANA: Outcome.RETRACTED, BEN: Outcome.DIFFERENT_MESSAGE}


def test_a_copy_whose_links_a_gateway_rewrote_is_found_all_the_same(world):
    turn_on(world)
    plain = "http://login.microsoft.account-check.test/verify/session?id=77"
    wrapped = "https://eur01.safelinks.protection.outlook.com/?url=" + plain.replace(":", "%3A").replace(
        "/", "%2F"
    ).replace("?", "%3F").replace("=", "%3D")
    reported = world.deliver(ANA, phish(ANA))
    world.deliver(BEN, phish(BEN, link=wrapped))
    submit(world, ANA, reported)
    assert [len(world.files(ANA)), len(world.files(BEN))] == [0, 0]


def test_two_reporters_make_two_submissions_one_message_and_one_retraction(world):
    turn_on(world)
    by_ana, by_ben = world.deliver(ANA, phish(ANA)), world.deliver(BEN, phish(BEN))
    raw = phish(BEN)
    first = submit(world, ANA, by_ana)
    second = submit(world, BEN, by_ben, client_copy=raw)  # his copy is gone by now: the client's serves
    assert (first.message_id, second.state) == (second.message_id, State.ANSWERED)
    with world.services.database.read() as tx:
        kept = verdicts.latest(tx, world.tenant_id, first.message_id)
        assert len(retractions.of_message(tx, world.tenant_id, first.message_id)) == 1
    assert {share.person_id for share in kept.reporters} == {world.people[ANA].id, world.people[BEN].id}


def test_one_person_counts_once_however_often_they_report(world):
    reported = world.deliver(ANA, phish(ANA))
    first, second = submit(world, ANA, reported), submit(world, ANA, reported)
    assert (first.reported_before, second.reported_before) == (False, True)
    with world.services.database.read() as tx:
        kept = verdicts.latest(tx, world.tenant_id, first.message_id)
    assert [share.person_id for share in kept.reporters] == [world.people[ANA].id]


def test_a_copy_that_arrives_later_goes_with_the_next_report(world):
    turn_on(world)
    submission = submit(world, ANA, world.deliver(ANA, phish(ANA)))
    late = world.deliver(BEN, phish(BEN))
    submit(world, BEN, late)
    assert world.files(BEN) == {}
    outcomes = [entry.outcome for entry in journal(world, last_retraction(world, submission.message_id).id)]
    assert outcomes == [Outcome.RETRACTED, Outcome.RETRACTED]


def test_an_idempotency_key_makes_one_submission_of_two_reports(world):
    reported = world.deliver(ANA, phish(ANA))
    first = intake(world.services, world.report(ANA, reported, idempotency_key="k"))
    again = intake(world.services, world.report(ANA, reported, idempotency_key="k"))
    others = intake(world.services, world.report(BEN, reported, idempotency_key="k"))
    assert (first.submission_id, again.duplicate) == (again.submission_id, True)
    assert others.submission_id != first.submission_id


def test_a_client_copy_serves_when_fetching_is_impossible_but_never_for_psr(world):
    turn_on(world)
    submission = submit(world, ANA, None, phish(ANA), provider_message_id="nowhere")
    assert submission.evidence_source == EvidenceSource.CLIENT
    decision = standing(world, submission.message_id)
    assert (decision.response, decision.why[-1]) in {
        (Response.NOTHING, "untrusted-evidence"),
        (Response.NOTHING, "margin-below-threshold"),
    }


def test_without_any_bytes_the_submission_fails_with_a_cause_a_person_understands(world):
    submission = submit(world, ANA, None, internet_message_id="<nothing@here.test>")
    assert submission.state is State.FAILED
    assert "mailbox" in submission.cause


def test_reported_as_spam_adds_nothing_and_moves_nothing(world):
    turn_on(world)
    submission = submit(world, ANA, world.deliver(ANA, phish(ANA)), submitted_as=SubmittedAs.SPAM)
    with world.services.database.read() as tx:
        kept = verdicts.latest(tx, world.tenant_id, submission.message_id)
    assert (kept.reporters, kept.verdict.reporter_value) == ((), 0.0)
    assert kept.verdict.margin == kept.verdict.base_margin
    assert len(world.files(ANA)) == 1


def test_every_step_may_run_twice(world):
    turn_on(world)
    submission = submit(world, ANA, world.deliver(ANA, phish(ANA)))
    for step in SUBMISSION_STEPS.values():
        step(world.services, submission.id)
    with world.services.database.read() as tx:
        assert len(verdicts.all_of(tx, world.tenant_id, submission.message_id)) == 1
        assert len(decisions.all_of(tx, world.tenant_id, submission.message_id)) == 1
        assert len(retractions.of_message(tx, world.tenant_id, submission.message_id)) == 1


def test_an_undo_stands_against_the_next_report(world):
    turn_on(world)
    submission = submit(world, ANA, world.deliver(ANA, phish(ANA)))
    order_restore(world.services, world.owner, last_retraction(world, submission.message_id).id)
    (back,) = world.files(ANA)
    unique = Path(back).name.partition(":")[0]
    submit(world, ANA, Copy(ANA, unique, ""))
    assert len(world.files(ANA)) == 1
    assert standing(world, submission.message_id).why == ("operator-restored",)


def test_a_search_that_finds_nothing_more_takes_no_undo_away(world):
    turn_on(world)
    submission = submit(world, ANA, world.deliver(ANA, phish(ANA)))
    retraction_id = order_retraction(world.services, world.owner, submission.message_id, "soft-delete")
    order_restore(world.services, world.owner, retraction_id)
    assert len(world.files(ANA)) == 1


def test_an_undo_of_an_operators_retraction_stands_as_well(world):
    submission = submit(world, ANA, world.deliver(ANA, phish(ANA)))  # PSR is in preview
    retraction_id = order_retraction(world.services, world.owner, submission.message_id, "soft-delete")
    order_restore(world.services, world.owner, retraction_id)
    turn_on(world)
    submit(world, BEN, world.deliver(BEN, phish(BEN)))
    assert [len(world.files(ANA)), len(world.files(BEN))] == [1, 1]


def test_judging_it_legitimate_brings_every_copy_back(world):
    turn_on(world)
    world.deliver(BEN, phish(BEN))
    submission = submit(world, ANA, world.deliver(ANA, phish(ANA)))
    correct(world.services, world.owner, submission.message_id, Disposition.NONE)
    assert [len(world.files(ANA)), len(world.files(BEN))] == [1, 1]
    assert standing(world, submission.message_id).disposition is Disposition.NONE


def test_an_operator_takes_away_what_the_network_missed(world):
    submission = submit(world, ANA, world.deliver(ANA, note(ANA)))
    retraction_id = order_retraction(world.services, world.owner, submission.message_id, "trash")
    assert all("/.Trash/" in f"/{path}" for path in world.files(ANA))
    assert journal(world, retraction_id)[0].outcome is Outcome.RETRACTED


def test_the_reporter_is_answered_once(world):
    submission = submit(world, ANA, world.deliver(ANA, note(ANA)))
    SUBMISSION_STEPS[State.DECIDED](world.services, submission.id)
    with world.services.database.read() as tx:
        answer = answers.of_submission(tx, world.tenant_id, submission.id)
    assert answer.state == "sent"
    mails = list((world.mail / ANA / "Maildir" / "new").iterdir())
    assert sum(b"auto-replied" in path.read_bytes() for path in mails) == 1


def test_a_failed_submission_goes_on_from_where_it_failed(world):
    from backend.flow.sweep import retry

    submission = submit(world, ANA, None, provider_message_id="1700000000.M1P1.late")
    assert submission.state is State.FAILED
    box = world.mail / ANA / "Maildir" / "cur"
    world.deliver(ANA, note(ANA))
    (box / "1700000000.M1P1.late:2,S").write_bytes(phish(ANA))
    retry(world.services, world.owner, submission.id)
    with world.services.database.read() as tx:
        assert submissions.get(tx, world.tenant_id, submission.id).state is State.ANSWERED


@pytest.mark.parametrize("keyword", ["phish_submission", "user_malicious_submission", "phish_submission_response"])
def test_the_keywords_people_know_find_it(world, keyword):
    turn_on(world)
    submission = submit(world, ANA, world.deliver(ANA, phish(ANA)))
    submit(world, ANA, world.deliver(ANA, note(ANA)))
    with world.services.database.read() as tx:
        found = search.find(tx, world.tenant_id, keyword)
    assert submission.message_id in found
    everything = 2 + 20  # what Ana reported earlier was submitted as well, all of it as phish: most of it is none
    assert len(found) == (1 if keyword == "phish_submission_response" else everything)


def test_a_correction_changes_the_keyword(world):
    submission = submit(world, ANA, world.deliver(ANA, note(ANA)))
    correct(world.services, world.owner, submission.message_id, Disposition.SPAM)
    with world.services.database.read() as tx:
        assert search.find(tx, world.tenant_id, "user_spam_submission") == [submission.message_id]
        assert search.find(tx, world.tenant_id, "user_none_submission") == []
