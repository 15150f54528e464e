"""Mail intake: what waits in the spool becomes submissions, once each, of whoever is proven to have sent it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import ANA, World, make_services, seed_tenant
from huey import MemoryHuey
from mails import note
from outlook_builder import outlook_file
from reports_by_mail import DOMAIN, FAILED, PASSED, PHISH, RELAY, SOC, TEAM, USER, report, with_file
from sqlalchemy import select

from backend.domain.disposition import Disposition
from backend.domain.people import Actor
from backend.domain.received_mail import Problem
from backend.domain.submission import EvidenceSource, Identity, Kind, State, SubmittedAs
from backend.errors import StoreUnavailable
from backend.flow.mail_intake import take_in
from backend.flow.sweep import recover, sweep
from backend.intake_mail.spool import Envelope, spool_of
from backend.jobs import Queue
from backend.store import answers, audit, decisions, labels, received_mails, submissions, verdicts
from backend.store.erasure import erase_person
from backend.store.retention import expire_evidence
from backend.store.tables import received_mails as rows
from connectors.errors import Refused, TryLater
from connectors.maildir.deliver import make_mailbox

SETTINGS = {"receive_domain": DOMAIN, "receive_authserv_ids": (RELAY,), "max_message_bytes": 100_000}
SPOOF = f"acme+team+spoof@{DOMAIN}"


@pytest.fixture
def world(tmp_path, database) -> Iterator[World]:
    """A queue that only collects, so that a test looks at what intake alone did."""
    services = make_services(tmp_path, database, **SETTINGS)
    services = replace(services, wake=Queue(MemoryHuey("tests", immediate=False, results=False)))
    services.wake.serve(services)
    world = seed_tenant(services)
    world.set_policy(intake={"team_senders": [SOC]})
    yield world
    services.database.close()


@pytest.fixture
def working(tmp_path, database) -> Iterator[World]:
    """The whole way through, at once."""
    world = seed_tenant(make_services(tmp_path, database, **SETTINGS))
    world.set_policy(intake={"team_senders": [SOC]})
    make_mailbox(world.mail, ANA)
    yield world
    world.services.database.close()


def receive(world: World, mail, *to: str) -> None:
    """Put a mail into the spool, as the receiver does."""
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    envelope = Envelope("sender@example.org", to or (TEAM,), world.services.now().isoformat())
    spool_of(world.services.settings).keep(envelope, raw)


def taken(world: World, mail, *to: str):
    """What became of one mail: its rows, the last one first, and its submissions in order."""
    receive(world, mail, *to)
    take_in(world.services)
    assert spool_of(world.services.settings).waiting() == []
    return received(world), reported(world)


def received(world: World):
    with world.services.database.read() as tx:
        ids = tx.scalars(select(rows.c.id).where(rows.c.tenant_id == world.tenant_id).order_by(rows.c.id.desc())).all()
        return [received_mails.get(tx, world.tenant_id, number) for number in ids]


def reported(world: World):
    with world.services.database.read() as tx:
        return submissions.of_tenant(tx, world.tenant_id, 200)[::-1]


def label_of(world: World, message_id: int):
    with world.services.database.read() as tx:
        return labels.standing_of(tx, world.tenant_id, [message_id]).get(message_id)


def test_the_teams_word_is_a_label_when_it_is_the_teams(working):
    (mail,), (one,) = taken(working, report(PHISH, to=SPOOF), SPOOF)
    assert (one.kind, one.identity, one.submitted_as, one.said) == (
        Kind.TEAM,
        Identity.VERIFIED,
        SubmittedAs.PHISH,
        "SPOOF",
    )
    assert (one.state, one.evidence_source) == (State.ANSWERED, EvidenceSource.TEAM)
    label = label_of(working, one.message_id)
    assert (label.disposition, label.source, label.given_by) == (Disposition.SPOOF, "team", f"person:{one.person_id}")
    assert (mail.problem, mail.submissions, mail.proven, mail.evidence_sha256) == (None, 1, True, "")
    with working.services.database.read() as tx:
        (line,) = audit.newest(tx, working.tenant_id, subject=f"mail:{mail.id}")
        last = verdicts.latest(tx, working.tenant_id, one.message_id)
    assert (line.action, line.actor, line.detail["submissions"]) == (
        "mail received",
        f"person:{one.person_id}",
        [one.id],
    )
    assert (last.verdict.reporter_value, last.verdict.margin) == (0, last.verdict.base_margin)


@pytest.mark.parametrize(
    "mail",
    [
        report(PHISH, results=FAILED),
        report(PHISH, results=""),
        report(
            PHISH, results=PASSED.replace(RELAY, "mx.example.org")
        ),  # the tenant's own gateway is none of our relays
        report(PHISH, sender="evil@bad.example", results=PASSED.replace("example.org", "bad.example")),
        report(PHISH, sender="other@example.org"),
        report(PHISH, sender=ANA),  # a known person, and not the team
    ],
    ids=["dmarc-failed", "nothing-found", "another-server", "another-domain", "not-on-the-list", "known-person"],
)
def test_whoever_only_says_to_be_the_team_is_a_stranger(working, mail):
    working.judge_right(ANA, 20)
    working.set_policy(psr={"switch": "on"})
    _, (*_, one) = taken(working, mail)
    assert (one.kind, one.identity, one.person_id) == (Kind.USER, Identity.UNVERIFIED, None)
    assert (one.state, one.evidence_source) == (State.ANSWERED, EvidenceSource.CLIENT)
    assert label_of(working, one.message_id) is None
    with working.services.database.read() as tx:
        last = verdicts.latest(tx, working.tenant_id, one.message_id)
        standing = decisions.standing(tx, working.tenant_id, one.message_id)
    assert last.reporters == ()
    assert standing.response == "nothing"
    assert working.files(ANA) == {}


def test_a_known_persons_mail_is_their_report_and_their_own_mailbox_brings_the_evidence(working):
    working.deliver(ANA, PHISH)
    _, (one,) = taken(working, report(PHISH, sender=ANA, to=USER), USER)
    assert (one.kind, one.identity, one.person_id) == (Kind.USER, Identity.VERIFIED, working.people[ANA].id)
    assert (one.evidence_source, one.state) == (EvidenceSource.FETCHED, State.ANSWERED)
    with working.services.database.read() as tx:
        last = verdicts.latest(tx, working.tenant_id, one.message_id)
    assert [share.person_id for share in last.reporters] == [working.people[ANA].id]


@pytest.mark.parametrize(
    ("mail", "told"),
    [
        (report(PHISH), True),
        (report(PHISH, Auto_Submitted="auto-generated"), False),
        (report(PHISH, List_Id="<soc.example.org>"), False),
        (report(b"X-Unhook-Key: answer-7\r\n" + PHISH), False),
    ],
    ids=["by-hand", "by-a-machine", "through-a-list", "our-own-answer-attached"],
)
def test_a_team_that_a_machine_speaks_for_is_heard_and_not_answered(working, mail, told):
    """A program that submits whatever comes in would submit our answer as well, and be answered again."""
    _, (one,) = taken(working, mail)
    assert label_of(working, one.message_id) is not None
    with working.services.database.read() as tx:
        kept = answers.stages_of(tx, working.tenant_id, one.id)
    assert [one.state == "called_off" for one in kept.values()] == [not told] * 2


@pytest.mark.parametrize("said", ["spam", "bulk", "none"])
def test_a_user_who_holds_it_to_be_no_attack_lifts_nothing(world, said):
    to = f"acme+user+{said}@{DOMAIN}"
    _, (one,) = taken(world, report(PHISH, sender=ANA, to=to), to)
    assert (one.submitted_as, one.said) == (SubmittedAs.SPAM, said.upper())


def test_each_attached_mail_is_a_submission_with_what_was_written_beside_it(world):
    outlook = outlook_file("From: a@bad.example\r\nSubject: Bonus\r\n\r\n", "body")
    mail = report(PHISH, note(), text="Three of them.")
    mail.add_attachment(outlook, maintype="application", subtype="vnd.ms-outlook", filename="third.msg")
    (row,), made = taken(world, mail)
    assert [one.comment for one in made] == ["Three of them."] * 3
    assert (row.submissions, row.kind, row.said) == (3, "team", "MALICIOUS")
    kept = [world.services.evidence.read(world.tenant_id, one.client_copy_sha256) for one in made]
    assert b"Subject: Bonus" in kept[2]


def test_a_mail_to_two_addresses_is_a_submission_for_each(world):
    mails, made = taken(world, report(PHISH), TEAM, f"acme+team+spam@{DOMAIN}")
    assert [one.said for one in made] == ["MALICIOUS", "SPAM"]
    assert len(mails) == 2


def test_a_mail_that_comes_again_is_taken_once(world):
    mail = report(PHISH)
    for _ in range(3):
        mails, made = taken(world, mail)
    assert (len(mails), len(made)) == (1, 1)


def test_a_worker_that_dies_after_the_commit_leaves_nothing_twice(world, monkeypatch):
    receive(world, report(PHISH))
    monkeypatch.setattr(world.services.wake, "submission", lambda _number: 1 / 0)  # the next thing after the commit
    with pytest.raises(ZeroDivisionError):
        take_in(world.services)
    monkeypatch.undo()
    assert len(spool_of(world.services.settings).waiting()) == 1
    assert take_in(world.services) == 1
    assert (len(received(world)), len(reported(world))) == (1, 1)
    assert sweep(world.services) == 1  # and it is found although nobody woke it


def test_mail_stays_in_the_spool_while_the_store_is_away(world, monkeypatch):
    receive(world, report(PHISH))

    def away(_tenant_id: int, _raw: bytes) -> str:
        raise StoreUnavailable("away")

    monkeypatch.setattr(world.services.evidence, "keep", away)
    assert take_in(world.services) == 0
    monkeypatch.undo()
    assert take_in(world.services) == 1


@pytest.mark.parametrize("cursed", [1, 3])
def test_mails_that_go_wrong_do_not_hold_up_the_others(world, monkeypatch, cursed):
    """Nor do more of them than one turn takes, though they came first."""
    monkeypatch.setattr("backend.flow.mail_intake.AT_ONCE", 2)
    for number in range(cursed):
        receive(world, report(note(), text=f"cursed {number}"))
    receive(world, report(PHISH, text="good"))
    keep = world.services.evidence.keep
    monkeypatch.setattr(
        world.services.evidence, "keep", lambda tenant, raw: keep(tenant, raw) if b"Minutes" not in raw else 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        take_in(world.services)
    assert len(reported(world)) == 1
    assert len(spool_of(world.services.settings).waiting()) == cursed


def test_a_turn_takes_some_and_asks_for_the_next(world, monkeypatch):
    monkeypatch.setattr("backend.flow.mail_intake.AT_ONCE", 2)
    for number in range(3):
        receive(world, report(text=str(number)))
    assert take_in(world.services) == 2
    assert any(task.name == "mail" for task in world.services.wake.huey.pending())
    assert take_in(world.services) == 1


def test_a_worker_that_starts_takes_in_what_was_left(world):
    receive(world, report(PHISH))
    recover(world.services)
    assert [task.name for task in world.services.wake.huey.pending()] == ["mail"]


@pytest.mark.parametrize(
    ("mail", "to", "problem"),
    [
        (report(), TEAM, Problem.NO_MAIL),
        (report(PHISH), f"acme+team+phish@{DOMAIN}", Problem.WRONG_ADDRESS),
        (with_file(b"\x89PNG\r\n\x1a\n", "s.png", "image/png"), TEAM, Problem.PICTURE),
        (with_file(b"%PDF-1.7", "m.pdf", "application/pdf"), TEAM, Problem.OTHER_FILE),
        (with_file(b"nothing", "m.eml"), TEAM, Problem.UNREADABLE),
        (report(PHISH + b"x" * 100_000), TEAM, Problem.TOO_LARGE),
    ],
)
def test_what_brings_nothing_is_kept_whole_with_the_reason(world, mail, to, problem):
    (row,), made = taken(world, mail, to)
    assert made == []
    assert (row.problem, row.submissions, row.address, row.sender) == (problem, 0, to, SOC)
    whole = mail if isinstance(mail, bytes) else mail.as_bytes()
    assert world.services.evidence.read(world.tenant_id, row.evidence_sha256) == whole
    with world.services.database.begin() as tx:
        assert received_mails.waiting(tx, world.tenant_id, 99) == 1
        assert received_mails.handle(tx, world.tenant_id, row.id, Actor("operator", world.owner.id), row.received_at)
        assert not received_mails.handle(tx, world.tenant_id, row.id, Actor("operator", 99), row.received_at)
        assert received_mails.invalid(tx, world.tenant_id, 9) == []
        (handled,) = received_mails.invalid(tx, world.tenant_id, 9, handled=True)
    assert handled.handled_by == f"operator:{world.owner.id}"


def test_a_mail_to_a_domain_that_is_ours_no_longer_holds_nothing_up(world):
    receive(world, report(PHISH), "acme+team+spoof@former.example")
    assert take_in(world.services) == 1
    assert received(world) == []


class Post:
    """The sending side of mailboxes: what leaves, or why it does not."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.sent = error, []

    def __call__(self, _tenant_id: int) -> "Post":
        return self

    def send(self, mail) -> None:
        if self.error:
            raise self.error
        self.sent.append(mail)


def explaining(world: World, error: Exception | None = None) -> tuple[World, Post]:
    post = Post(error)
    world.set_policy(intake={"team_senders": [SOC], "explain_invalid": True})
    return replace(world, services=replace(world.services, mailboxes=post)), post


def test_nobody_is_told_unless_the_tenant_wants_it(working):
    taken(working, report(sender=ANA, to=USER), USER)
    assert list(working.mail.rglob("new/*")) == []


def test_a_known_person_is_told_once_a_day_what_was_wrong(working):
    working.set_policy(intake={"team_senders": [SOC], "explain_invalid": True})
    for text in ("first", "second"):
        taken(working, report(sender=ANA, to=USER, text=text), USER)
    (told,) = [path.read_bytes() for path in (working.mail / ANA).rglob("new/*")]
    assert b"No mail was attached" in told
    assert b"Auto-Submitted: auto-replied" in told
    assert [one.told for one in received(working)] == ["", "sent"]


@pytest.mark.parametrize(
    "mail",
    [
        report(sender=ANA, to=USER, results=FAILED),
        report(sender="stranger@example.org", to=USER),
        report(sender=ANA, to=USER, Auto_Submitted="auto-generated"),
        report(sender=ANA, to=USER, List_Id="<all.example.org>"),
        report(sender=ANA, to=USER, Precedence="bulk"),
    ],
    ids=["forged", "stranger", "machine", "list", "bulk"],
)
def test_strangers_machines_and_lists_are_never_told_anything(world, mail):
    world, post = explaining(world)
    (row,), _ = taken(world, mail, USER)
    assert (post.sent, row.told) == ([], "")


@pytest.mark.parametrize(("error", "state"), [(Refused("no"), "failed"), (TryLater("lost"), "unconfirmed")])
def test_what_could_not_be_said_is_written_down_and_not_said_again(world, error, state):
    world, _ = explaining(world, error)
    (row,), _ = taken(world, report(sender=ANA, to=USER), USER)
    assert row.told == state


def test_what_a_crash_left_unsaid_is_unconfirmed(world):
    world, post = explaining(world, SystemExit())
    receive(world, report(sender=ANA, to=USER), USER)
    with pytest.raises(SystemExit):
        take_in(world.services)
    later = replace(world.services, now=lambda: received(world)[0].received_at + timedelta(hours=2))
    sweep(later)
    assert received(world)[0].told == "unconfirmed"
    post.error = None
    take_in(world.services)
    assert post.sent == []


def test_with_time_the_mail_and_its_sender_are_forgotten(world):
    (row,), _ = taken(world, report(sender=ANA))
    services = world.services
    expire_evidence(services.database, services.evidence, world.tenant_id, row.received_at + timedelta(days=80))
    assert received(world)[0].sender == ANA
    expire_evidence(services.database, services.evidence, world.tenant_id, row.received_at + timedelta(days=91))
    (later,) = received(world)
    assert (later.sender, later.evidence_sha256, later.problem) == ("", "", Problem.NO_MAIL)
    assert not services.evidence.exists(world.tenant_id, row.evidence_sha256)


def test_a_person_who_is_erased_leaves_no_mail(world):
    (row,), _ = taken(world, report(sender=ANA))
    services = world.services
    person = world.people[ANA].id
    erase_person(services.database, services.evidence, world.tenant_id, person, services.now())
    (later,) = received(world)
    assert (ANA in later.sender, later.evidence_sha256) == (False, "")
    assert not services.evidence.exists(world.tenant_id, row.evidence_sha256)
