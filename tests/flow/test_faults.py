"""What goes wrong at a provider, in a worker, or in a mailbox: named, tried again, never done twice."""

from datetime import timedelta
from pathlib import Path

import pytest
from builders import ANA, BEN, CHLOE, PEOPLE, make_services, seed_tenant
from clocks import RunningClock
from faulty import Faulty, Stage, failing
from interrupted import asleep
from mails import note, phish

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.domain.retraction import RetractionState
from backend.domain.submission import State
from backend.errors import Conflict, NotAllowed, StoreUnavailable, Unknown
from backend.flow.decide import decide
from backend.flow.feedback import correct
from backend.flow.fetch import fetch
from backend.flow.intake import intake
from backend.flow.parse import parse
from backend.flow.respond import approve, order_restore, order_retraction, respond
from backend.flow.retract import retract
from backend.flow.score import score
from backend.flow.steps import run_submission
from backend.flow.sweep import forget, retry
from backend.flow.switch import set_psr
from backend.store import answers, decisions, retractions, tenants, verdicts
from connectors.contract import Outcome
from connectors.errors import NotPermitted, TryLater


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    provider = Faulty(tmp_path / "data" / "mail" / "acme")
    provider.calls = []
    clock = RunningClock()
    services = make_services(tmp_path, instead={"mailboxes": lambda tenant_id: provider, "now": clock})
    world = seed_tenant(services)
    world.judge_right(ANA, 20)
    world.set_policy(psr={"switch": "on"})
    return Stage(world, provider, clock)


def test_a_throttled_fetch_is_tried_again_and_then_succeeds(stage):
    stage.provider.fault = failing(2, TryLater("429", after_seconds=40), "fetch", ANA)
    submission = stage.submit(ANA, phish(ANA))
    assert (submission.state, submission.cause) == (State.RECEIVED, "429")
    stage.later(seconds=39)
    assert stage.submission(submission.id).state is State.RECEIVED
    stage.later(seconds=2)
    stage.later(seconds=41)
    assert stage.submission(submission.id).state is State.ANSWERED


def test_mailboxes_that_cannot_even_be_told_are_asked_for_again(stage):
    stage.world.deliver(BEN, phish(BEN))
    stage.provider.fault = failing(1, TryLater("the directory is throttled", after_seconds=30), "list", "")
    message_id = stage.submit(ANA, phish(ANA)).message_id
    waiting = stage.retraction(message_id)
    assert (waiting.state, waiting.cause) == (RetractionState.RUNNING, "the directory is throttled")
    stage.later(seconds=31)
    assert stage.outcomes(message_id) == {ANA: Outcome.RETRACTED, BEN: Outcome.RETRACTED}


def test_a_fetch_that_never_succeeds_ends_with_its_cause(stage):
    stage.provider.fault = failing(99, TryLater("the provider is down"), "fetch", ANA)
    submission = stage.submit(ANA, phish(ANA))
    for _ in range(stage.world.services.settings.max_attempts):
        stage.later(minutes=10)
    ended = stage.submission(submission.id)
    assert (ended.state, ended.cause) == (State.FAILED, "the provider is down")

    stage.provider.fault = lambda method, mailbox: None
    retry(stage.world.services, stage.world.owner, submission.id)
    assert stage.submission(submission.id).state is State.ANSWERED


def test_an_unreachable_mailbox_is_named_and_searched_again(stage):
    stage.provider.fault = failing(2, TryLater("timed out"), "find", BEN)
    stage.world.deliver(BEN, phish(BEN))
    submission = stage.submit(ANA, phish(ANA))
    assert stage.outcomes(submission.message_id) == {ANA: Outcome.RETRACTED, BEN: Outcome.UNREACHABLE}
    assert stage.retraction(submission.message_id).state is RetractionState.RUNNING
    stage.later(minutes=1)
    assert stage.outcomes(submission.message_id) == {ANA: Outcome.RETRACTED, BEN: Outcome.RETRACTED}
    assert stage.retraction(submission.message_id).state is RetractionState.DONE


def test_a_mailbox_we_may_not_open_leaves_the_retraction_incomplete_and_says_so(stage):
    stage.world.deliver(BEN, note(BEN))
    stage.provider.fault = failing(99, NotPermitted("consent was withdrawn"), "find", BEN)
    submission = stage.submit(ANA, phish(ANA))
    retraction = stage.retraction(submission.message_id)
    assert retraction.state is RetractionState.INCOMPLETE
    assert "1 not permitted" in retraction.cause
    assert stage.outcomes(submission.message_id)[BEN] is Outcome.NOT_PERMITTED


def test_copies_that_nobody_has_by_the_message_id_are_found_by_sender_and_time(stage, monkeypatch):
    """Of two Message-IDs the provider may have read the other one: the search says that there is nothing, anywhere."""
    find = stage.provider.find

    def by_time_only(mailbox, wanted):
        return [] if wanted.message_id else find(mailbox, wanted)

    monkeypatch.setattr(stage.provider, "find", by_time_only)
    stage.world.deliver(BEN, phish(BEN))
    submission = stage.submit(ANA, phish(ANA))
    assert stage.retraction(submission.message_id).state is RetractionState.DONE
    assert stage.outcomes(submission.message_id) == {ANA: Outcome.RETRACTED, BEN: Outcome.RETRACTED}
    assert (stage.world.files(ANA), stage.world.files(BEN)) == ({}, {})


def test_an_answer_lost_after_the_act_is_settled_without_acting_twice(stage):
    stage.provider.fault = failing(1, RuntimeError("killed here"), "retracted", BEN)
    stage.world.deliver(BEN, phish(BEN))
    before = stage.world.files(BEN)
    submission = stage.submit(ANA, phish(ANA))
    assert stage.outcomes(submission.message_id)[BEN] is None  # intended, and nobody knows
    stage.later(minutes=5)
    assert stage.outcomes(submission.message_id) == {ANA: Outcome.RETRACTED, BEN: Outcome.RETRACTED}
    order_restore(stage.world.services, stage.world.owner, stage.retraction(submission.message_id).id)
    assert stage.world.files(BEN) == before


def test_above_the_limit_nothing_moves_until_operators_agree(stage):
    stage.world.set_policy(psr={"max_automatic": 1, "max_single_approval": 2})
    for address in (BEN, CHLOE):
        stage.world.deliver(address, phish(address))
    submission = stage.submit(ANA, phish(ANA))
    waiting = stage.retraction(submission.message_id)
    assert (waiting.state, waiting.approvals_needed) == (RetractionState.AWAITING_APPROVAL, 2)
    assert all(stage.world.files(address) for address in PEOPLE)

    approve(stage.world.services, stage.world.owner, waiting.id)
    with pytest.raises(Conflict, match="another operator"):
        approve(stage.world.services, stage.world.owner, waiting.id)
    assert all(stage.world.files(address) for address in PEOPLE)
    approve(stage.world.services, stage.world.operator(Role.ANALYST), waiting.id)
    assert stage.retraction(submission.message_id).state is RetractionState.DONE
    assert not any(stage.world.files(address) for address in PEOPLE)


def test_a_crash_while_searching_never_overrides_the_limit(stage):
    stage.world.set_policy(psr={"max_automatic": 0})
    stage.provider.fault = failing(1, RuntimeError("killed here"), "find", CHLOE)
    submission = stage.submit(ANA, phish(ANA))
    stage.later(minutes=5)
    assert stage.retraction(submission.message_id).state is RetractionState.AWAITING_APPROVAL
    assert ("retract", ANA) not in stage.provider.calls


def test_two_workers_on_one_retraction_do_not_disturb_each_other(stage):
    submission = stage.submit(ANA, phish(ANA))
    done = stage.retraction(submission.message_id)
    calls = len(stage.provider.calls)
    retract(stage.world.services, done.id)
    run_submission(stage.world.services, submission.id)
    assert len(stage.provider.calls) == calls


def test_a_crash_of_a_step_is_counted_and_never_quotes_mail(stage):
    stage.provider.fault = failing(1, RuntimeError("quoting: your password expires"), "fetch", ANA)
    submission = stage.submit(ANA, phish(ANA))
    assert (submission.state, submission.cause) == (State.RECEIVED, "unexpected RuntimeError after received")
    stage.later(minutes=5)
    assert stage.submission(submission.id).state is State.ANSWERED


def test_what_cannot_be_undone_any_more_says_so(stage):
    submission = stage.submit(ANA, phish(ANA))
    stage.clock.ahead += timedelta(days=31)
    with pytest.raises(Conflict, match="over"):
        order_restore(stage.world.services, stage.world.owner, stage.retraction(submission.message_id).id)


def test_a_call_that_timed_out_after_it_took_effect_can_be_undone(stage):
    stage.provider.fault = failing(1, TryLater("no answer in time"), "retracted", BEN)
    stage.world.deliver(BEN, phish(BEN))
    before = stage.world.files(BEN)
    submission = stage.submit(ANA, phish(ANA))
    assert stage.outcomes(submission.message_id)[BEN] is None
    stage.later(minutes=10)
    assert stage.retraction(submission.message_id).state is RetractionState.DONE
    order_restore(stage.world.services, stage.world.owner, stage.retraction(submission.message_id).id)
    assert stage.world.files(BEN) == before


def test_a_copy_its_owner_brought_back_is_asked_for_once_in_a_go(stage):
    submission = stage.submit(ANA, phish(ANA))
    done = stage.retraction(submission.message_id)
    order_restore(stage.world.services, stage.world.owner, done.id)
    stage.provider.fault = failing(99, NotPermitted("consent was withdrawn"), "retract", ANA)
    order_retraction(stage.world.services, stage.world.owner, submission.message_id, "trash")
    last = stage.retraction(submission.message_id)
    assert last.state is not RetractionState.DONE
    assert stage.provider.calls.count(("retract", ANA)) < 20


def test_looking_again_does_what_is_ordered_now_with_a_deadline_of_its_own(stage):
    stage.world.set_policy(actions={"MALICIOUS": "trash"})
    submission = stage.submit(ANA, phish(ANA))
    first = stage.retraction(submission.message_id)
    stage.clock.ahead += timedelta(days=40)
    stage.world.deliver(BEN, phish(BEN))
    order_retraction(stage.world.services, stage.world.owner, submission.message_id, "junk")
    again = stage.retraction(submission.message_id)
    assert (again.id, again.action) == (first.id, "junk")
    assert again.restorable_until > first.restorable_until + timedelta(days=39)
    assert all("/.Junk/" in f"/{path}" for path in stage.world.files(BEN))


def test_an_undo_that_is_not_permitted_now_can_be_asked_for_again(stage):
    submission = stage.submit(ANA, phish(ANA))
    done = stage.retraction(submission.message_id)
    stage.provider.fault = failing(99, NotPermitted("consent was withdrawn"), "restore", ANA)
    order_restore(stage.world.services, stage.world.owner, done.id)
    for _ in range(stage.world.services.settings.max_attempts):
        stage.later(minutes=10)
    assert stage.retraction(submission.message_id).state is RetractionState.INCOMPLETE
    stage.provider.fault = lambda method, mailbox: None
    order_restore(stage.world.services, stage.world.owner, done.id)
    assert len(stage.world.files(ANA)) == 1


def test_an_undo_waits_as_long_as_the_provider_wishes(stage):
    submission = stage.submit(ANA, phish(ANA))
    stage.provider.fault = failing(1, TryLater("the quota is used up", after_seconds=3600), "restore", ANA)
    order_restore(stage.world.services, stage.world.owner, stage.retraction(submission.message_id).id)
    asked = stage.provider.calls.count(("restore", ANA))
    stage.later(minutes=59)
    assert stage.provider.calls.count(("restore", ANA)) == asked
    stage.later(minutes=2)
    assert stage.retraction(submission.message_id).state is RetractionState.RESTORED


def test_an_undo_keeps_its_lease_however_slow_the_provider_is(stage):
    for address in (BEN, CHLOE):
        stage.world.deliver(address, phish(address))
    submission = stage.submit(ANA, phish(ANA))
    busy = []

    def slow(method: str, mailbox: str) -> None:
        if method == "restore":
            stage.clock.ahead += timedelta(seconds=stage.world.services.settings.lease_seconds * 0.6)
            with stage.world.services.database.read() as tx:
                busy.append(retractions.lost(tx, stage.clock()))

    stage.provider.fault = slow
    order_restore(stage.world.services, stage.world.owner, stage.retraction(submission.message_id).id)
    assert busy == [[], [], []]
    assert stage.retraction(submission.message_id).state is RetractionState.RESTORED


def test_what_was_deleted_for_good_is_not_called_restored(stage):
    stage.world.set_policy(actions={"MALICIOUS": "hard-delete"})
    with stage.world.services.database.begin() as tx:
        tenants.change_policy(tx, stage.world.tenant_id, {"hard_delete_confirmed": True})
    submission = stage.submit(ANA, phish(ANA))
    with pytest.raises(Conflict, match="for good"):
        order_restore(stage.world.services, stage.world.owner, stage.retraction(submission.message_id).id)
    correct(stage.world.services, stage.world.owner, submission.message_id, Disposition.NONE)
    assert stage.retraction(submission.message_id).state is RetractionState.DONE


def test_judging_it_legitimate_while_copies_are_being_taken_gives_them_back(stage):
    services, owner = stage.world.services, stage.world.owner
    stage.provider.fault = failing(2, TryLater("timed out"), "find", BEN)
    stage.world.deliver(BEN, note(BEN))
    submission = stage.submit(ANA, phish(ANA))
    assert stage.retraction(submission.message_id).state is RetractionState.RUNNING
    assert stage.world.files(ANA) == {}
    correct(services, owner, submission.message_id, Disposition.NONE)
    stage.later(minutes=10)
    assert stage.retraction(submission.message_id).state is RetractionState.RESTORED
    assert len(stage.world.files(ANA)) == 1


def test_a_copy_whose_call_was_never_answered_comes_back_with_the_others(stage):
    stage.provider.fault = failing(99, TryLater("no answer in time"), "retracted", ANA)
    submission = stage.submit(ANA, phish(ANA))
    assert (stage.world.files(ANA), stage.outcomes(submission.message_id)) == ({}, {ANA: None})
    stage.provider.fault = lambda method, mailbox: None
    correct(stage.world.services, stage.world.owner, submission.message_id, Disposition.NONE)
    stage.later(minutes=10)
    assert stage.outcomes(submission.message_id) == {ANA: Outcome.RESTORED}
    assert len(stage.world.files(ANA)) == 1


def test_a_copy_that_was_taken_before_consent_was_withdrawn_comes_back_with_the_others(stage):
    """The call did it and was not answered; then nothing is permitted. Undo still has to ask for that copy."""
    stage.provider.fault = failing(99, TryLater("no answer in time"), "retracted", ANA)
    submission = stage.submit(ANA, phish(ANA))

    def withdrawn(method: str, mailbox: str) -> None:
        raise NotPermitted("consent was withdrawn")

    stage.provider.fault = withdrawn
    for _ in range(stage.world.services.settings.max_attempts):
        stage.later(minutes=10)
    assert (stage.world.files(ANA), stage.retraction(submission.message_id).state) == ({}, RetractionState.INCOMPLETE)

    stage.provider.fault = lambda method, mailbox: None
    order_restore(stage.world.services, stage.world.owner, stage.retraction(submission.message_id).id)
    stage.later(minutes=10)
    assert len(stage.world.files(ANA)) == 1
    assert stage.outcomes(submission.message_id)[ANA] is Outcome.RESTORED


def test_a_copy_that_is_in_sight_was_not_taken_whatever_was_begun(stage):
    """Its call was throttled, and then not permitted: that is what is said of it, and an undo has nothing to ask."""
    stage.provider.fault = failing(99, TryLater("429"), "retract", ANA)
    submission = stage.submit(ANA, phish(ANA))
    stage.provider.fault = failing(99, NotPermitted("out of our scope"), "retract", ANA)
    for _ in range(stage.world.services.settings.max_attempts):
        stage.later(minutes=10)
    done = stage.retraction(submission.message_id)
    assert (done.state, stage.outcomes(submission.message_id)) == (
        RetractionState.INCOMPLETE,
        {ANA: Outcome.NOT_PERMITTED},
    )


def test_a_retraction_that_waits_for_approval_can_be_refused(stage):
    stage.world.set_policy(psr={"max_automatic": 0})
    submission = stage.submit(ANA, phish(ANA))
    correct(stage.world.services, stage.world.owner, submission.message_id, Disposition.BULK)
    assert stage.retraction(submission.message_id).state is RetractionState.RESTORED
    assert len(stage.world.files(ANA)) == 1


def test_a_store_that_was_away_for_a_moment_fails_no_report(stage):
    stage.provider.fault = failing(1, StoreUnavailable("the database is locked"), "fetch", ANA)
    submission = stage.submit(ANA, phish(ANA))
    assert (submission.state, submission.cause) == (State.RECEIVED, "the database is locked")
    stage.later(minutes=1)
    assert stage.submission(submission.id).state is State.ANSWERED


def test_copies_past_their_undo_are_deleted_for_good(stage):
    stage.submit(ANA, phish(ANA))
    quarantine = stage.world.mail / ANA / "quarantine"
    assert _holds_the_phish(quarantine)
    stage.clock.ahead += timedelta(days=29)
    forget(stage.world.services)
    assert _holds_the_phish(quarantine)
    stage.clock.ahead += timedelta(days=2)
    assert forget(stage.world.services) >= 1
    assert not _holds_the_phish(quarantine)


def _holds_the_phish(quarantine: Path) -> bool:
    return any(b"mailbox password" in path.read_bytes() for path in quarantine.rglob("*") if path.is_file())


def test_the_wrong_role_and_the_wrong_tenant_move_nothing(stage):
    submission = stage.submit(ANA, phish(ANA))
    services, retraction = stage.world.services, stage.retraction(submission.message_id)
    stranger = seed_tenant(services, "rival", ["eve@example.net"]).owner
    calls = len(stage.provider.calls)
    for role in (Role.ADMIN, Role.VIEWER):
        other = stage.world.operator(role)
        for forbidden in (
            lambda o=other: correct(services, o, submission.message_id, Disposition.NONE),
            lambda o=other: order_retraction(services, o, submission.message_id, "trash"),
            lambda o=other: order_restore(services, o, retraction.id),
            lambda o=other: approve(services, o, retraction.id),
            lambda o=other: retry(services, o, submission.id),
        ):
            with pytest.raises(NotAllowed):
                forbidden()
    for unknown in (
        lambda: correct(services, stranger, submission.message_id, Disposition.NONE),
        lambda: order_retraction(services, stranger, submission.message_id, "trash"),
        lambda: order_restore(services, stranger, retraction.id),
        lambda: approve(services, stranger, retraction.id),
        lambda: retry(services, stranger, submission.id),
    ):
        with pytest.raises(Unknown):
            unknown()
    with pytest.raises(NotAllowed):
        set_psr(services, stage.world.operator(Role.ANALYST), Psr.OFF)
    assert len(stage.provider.calls) == calls


def test_psr_cannot_be_switched_on_without_a_licence_and_falls_back_when_it_errs(stage):
    services, owner = stage.world.services, stage.world.owner
    with pytest.raises(Conflict, match="59 more"):
        set_psr(services, owner, Psr.ON)
    submission = stage.submit(ANA, phish(ANA))
    correct(services, owner, submission.message_id, Disposition.NONE)
    with services.database.read() as tx:
        assert tenants.get(tx, stage.world.tenant_id).policy.psr.switch is Psr.PREVIEW


@pytest.mark.parametrize(("switch", "response"), [("preview", "would_retract"), ("off", "nothing")])
def test_psr_that_was_switched_back_since_it_decided_takes_nothing(stage, switch, response):
    services, _ = asleep(stage.world.services)
    copy = stage.world.deliver(ANA, phish(ANA))
    number = intake(services, stage.world.report(ANA, copy)).submission_id
    for step in (fetch, parse, score, decide):
        step(services, number)
    stage.world.set_policy(psr={"switch": switch})
    respond(services, number)

    answered = stage.submission(number)
    with services.database.read() as tx:
        assert retractions.of_message(tx, stage.world.tenant_id, answered.message_id) == []
        assert decisions.standing(tx, stage.world.tenant_id, answered.message_id).response == response
        assert answers.of_submission(tx, stage.world.tenant_id, number).template == "malicious"


def test_judging_malicious_takes_away_what_policy_left(stage):
    stage.world.set_policy(psr={"switch": "preview"})
    submission = stage.submit(ANA, note(ANA))
    correct(stage.world.services, stage.world.owner, submission.message_id, Disposition.MALICIOUS)
    assert stage.world.files(ANA) == {}


def test_an_exercise_teaches_nothing_and_moves_nothing(stage):
    submission = stage.submit(BEN, note(BEN))
    correct(stage.world.services, stage.world.owner, submission.message_id, Disposition.MALICIOUS, simulation=True)
    assert len(stage.world.files(BEN)) == 1
    another = stage.submit(BEN, phish(BEN))
    with stage.world.services.database.read() as tx:
        (share,) = verdicts.latest(tx, stage.world.tenant_id, another.message_id).reporters
    assert (share.confirmed, share.judged) == (0, 0)
