"""Polling: what comes into a mailbox that is read becomes submissions, once each, and nothing in it changes."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from builders import ANA, BEN, GATEWAY, World, make_services, seed_tenant
from clocks import RunningClock
from huey import MemoryHuey
from mails import note
from polled import PHISHBOX, READ, SOCBOX
from reports_by_mail import DOMAIN, PHISH, SOC, report
from sqlalchemy import select
from stamped import results_of

from backend.domain.disposition import Disposition
from backend.domain.received_mail import Problem
from backend.domain.submission import EvidenceSource, Identity, Kind, State
from backend.flow.polling import MOST_TRIES, OVERLAP, poll, poll_all
from backend.jobs import Queue
from backend.store import labels, polled_mailboxes, received_mails, submissions
from backend.store.tables import polled_mails
from backend.store.tables import received_mails as rows
from connectors.contract import Copy
from connectors.errors import TryLater
from connectors.maildir.deliver import deliver, make_mailbox
from connectors.maildir.mailboxes import MaildirMailboxes


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def world(tmp_path, database, clock) -> Iterator[World]:
    """The whole way through, at once; two mailboxes are read, and empty."""
    world = seed_tenant(make_services(tmp_path, database, {"now": clock}, max_message_bytes=100_000))
    for address in (ANA, *READ):
        make_mailbox(world.mail, address)
    world.set_policy(intake={"team_senders": [SOC], "mailboxes": READ})
    poll_all(world.services)
    yield world
    world.services.database.close()


def came(world: World, mail, mailbox: str = SOCBOX, hours: float = 0, folder: str = "") -> Copy:
    """A mail that came into a mailbox so many hours ago."""
    copy = deliver(world.mail, mailbox, mail if isinstance(mail, bytes) else mail.as_bytes(), folder)
    moment = (world.services.now() - timedelta(hours=hours)).timestamp()
    os.utime(path_of(world, copy), (moment, moment))
    return copy


def path_of(world: World, copy: Copy) -> Path:
    (path,) = [one for one in (world.mail / copy.mailbox).rglob(f"{copy.id}*") if one.is_file()]
    return path


def proven(*attached: bytes, sender: str = SOC, **more):
    return report(*attached, sender=sender, results=f"{GATEWAY}; {results_of(sender, 'pass')}", **more)


def reported(world: World):
    with world.services.database.read() as tx:
        return submissions.of_tenant(tx, world.tenant_id, 200)[::-1]


def received(world: World):
    with world.services.database.read() as tx:
        ids = tx.scalars(select(rows.c.id).where(rows.c.tenant_id == world.tenant_id).order_by(rows.c.id)).all()
        return [received_mails.get(tx, world.tenant_id, number) for number in ids]


def states(world: World):
    with world.services.database.read() as tx:
        return {one.mailbox: one for one in polled_mailboxes.of_tenant(tx, world.tenant_id)}


def remembered(world: World) -> int:
    with world.services.database.read() as tx:
        return len(tx.execute(select(polled_mails.c.id)).all())


def test_the_teams_word_is_a_label_and_nothing_in_the_mailbox_changes(world):
    came(world, proven(PHISH))
    before = world.files(SOCBOX)
    assert poll_all(world.services) == 2
    (one,) = reported(world)
    assert (one.kind, one.identity, one.said) == (Kind.TEAM, Identity.VERIFIED, "SPOOF")
    assert (one.state, one.evidence_source) == (State.ANSWERED, EvidenceSource.TEAM)
    with world.services.database.read() as tx:
        label = labels.standing_of(tx, world.tenant_id, [one.message_id])[one.message_id]
    assert (label.disposition, label.source) == (Disposition.SPOOF, "team")
    (mail,) = received(world)
    assert (mail.address, mail.sender, mail.proven, mail.problem) == (SOCBOX, SOC, True, None)
    assert world.files(SOCBOX) == before


def test_a_known_person_reports_and_their_own_mailbox_brings_the_evidence(world):
    world.deliver(ANA, PHISH)
    came(world, proven(PHISH, sender=ANA), PHISHBOX)
    poll_all(world.services)
    (one,) = reported(world)
    assert (one.kind, one.identity, one.person_id) == (Kind.USER, Identity.VERIFIED, world.people[ANA].id)
    assert (one.said, one.evidence_source) == ("MALICIOUS", EvidenceSource.FETCHED)


def test_who_sends_to_the_team_and_is_not_proven_is_a_stranger(world):
    came(world, report(PHISH, results=""))
    came(world, proven(PHISH, sender="other@example.org"))
    poll_all(world.services)
    assert [(one.kind, one.identity, one.person_id) for one in reported(world)] == [
        (Kind.USER, Identity.UNVERIFIED, None)
    ] * 2
    with world.services.database.read() as tx:
        assert labels.standing_of(tx, world.tenant_id, [one.message_id for one in reported(world)]) == {}


def test_the_names_of_our_relays_prove_nothing_in_a_mailbox(world):
    settings = world.services.settings.model_copy(update={"receive_authserv_ids": ("mx.relay.example",)})
    services = replace(world.services, settings=settings)
    came(world, report(PHISH, results=f"mx.relay.example; {results_of(SOC, 'pass')}"))
    for one in states(world).values():
        poll(services, one.id)
    assert [one.identity for one in reported(world)] == [Identity.UNVERIFIED]


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("team+spam@example.org", "SPAM"),
        ("Team+NONE@Example.org", "NONE"),
        ("ben@example.org, Reports <team+bulk@example.org>", "BULK"),
        ("team@example.org", "SPOOF"),
        ("team+urgent@example.org", "SPOOF"),
        ("team+spam+bulk@example.org", "SPOOF"),
        ("phish+spam@example.org", "SPOOF"),
        ("team+spam@elsewhere.example", "SPOOF"),
    ],
)
def test_a_word_after_the_plus_of_the_mailboxes_address_is_what_is_said(world, to, said):
    came(world, proven(PHISH, to=to))
    poll_all(world.services)
    assert [(one.kind, one.said) for one in reported(world)] == [(Kind.TEAM, said)]


def test_a_mail_is_read_once_however_often_one_looks(world):
    raw = proven(PHISH).as_bytes()
    copy = came(world, raw)
    poll_all(world.services)
    path = path_of(world, copy)
    path.rename(path.parent.parent / "cur" / f"{copy.id}:2,S")
    for _ in range(2):
        poll_all(world.services)
    came(world, raw)  # delivered twice, the same to the byte
    poll_all(world.services)
    assert (len(reported(world)), len(received(world))) == (1, 1)


def test_what_lay_there_before_is_left_alone(world):
    came(world, proven(PHISH), hours=OVERLAP / timedelta(hours=1) + 1)
    poll_all(world.services)
    assert received(world) == []


def test_what_comes_late_or_is_moved_in_is_read(world):
    late = came(world, proven(PHISH, text="held back"), folder=".Junk", hours=5)
    came(world, proven(PHISH, text="in time"))
    poll_all(world.services)
    assert len(received(world)) == 1
    path = path_of(world, late)
    path.rename(world.mail / SOCBOX / "Maildir" / "new" / path.name)
    poll_all(world.services)
    assert len(received(world)) == 2


def test_what_no_look_finds_again_is_forgotten_and_not_read_again(world, clock):
    came(world, proven(PHISH))
    poll_all(world.services)
    clock.ahead = OVERLAP + timedelta(hours=1)
    came(world, proven(PHISH, text="much later"))
    poll_all(world.services)
    assert remembered(world) == 1
    poll_all(world.services)
    assert len(received(world)) == 2


def test_a_clock_that_is_wrong_does_not_end_the_reading(world):
    came(world, proven(PHISH, text="from the future"), hours=-24 * 365)
    poll_all(world.services)
    came(world, proven(PHISH, text="from now"))
    poll_all(world.services)
    poll_all(world.services)
    assert len(received(world)) == 2
    assert states(world)[SOCBOX].reached_at <= world.services.now()


def test_many_are_read_in_several_looks(world, monkeypatch):
    monkeypatch.setattr("backend.flow.polling.AT_ONCE", 2)
    for number in range(5):
        came(world, proven(text=str(number)), hours=1)
    poll_all(world.services)
    assert len(received(world)) == 5
    assert not states(world)[SOCBOX].behind


@pytest.mark.parametrize(
    "mail",
    [
        proven(PHISH, Auto_Submitted="auto-replied"),
        proven(PHISH, X_Unhook_Key="answer-7"),
        report(PHISH, sender=f"acme+team+spoof@{DOMAIN}", results=""),
        b"Received: from a by b\r\n" * 31 + proven(PHISH).as_bytes(),
        proven(PHISH).as_bytes().replace(b"multipart/mixed", b"multipart/report"),
    ],
    ids=["answers-itself", "our-own-answer", "from-here", "in-circles", "delivery-report"],
)
def test_what_would_go_round_in_circles_is_left_alone(world, mail):
    settings = world.services.settings.model_copy(update={"receive_domain": DOMAIN})
    came(world, mail)
    assert poll(replace(world.services, settings=settings), states(world)[SOCBOX].id) == 1
    assert (received(world), reported(world), remembered(world)) == ([], [], 1)


def test_our_own_answer_to_a_mailbox_that_is_read_is_not_a_report(world):
    world.set_policy(intake={"team_senders": [SOCBOX], "mailboxes": READ, "explain_invalid": True})
    came(world, proven(sender=SOCBOX))
    for _ in range(3):
        poll_all(world.services)
    assert [one.told for one in received(world)] == ["sent"]
    assert len(list((world.mail / SOCBOX).rglob("new/*"))) == 2


def test_a_report_within_a_report_is_opened(world):
    inner = proven(PHISH, sender=ANA, to="phish+spam@example.org").as_bytes()
    came(world, proven(inner))
    poll_all(world.services)
    (one,) = reported(world)
    kept = world.services.evidence.read(world.tenant_id, one.client_copy_sha256)
    assert b"password expires today" in kept
    assert b"Subject: Reported" not in kept


def test_what_brings_nothing_is_kept_whole_and_what_is_too_large_is_at_least_named(world):
    came(world, proven(), hours=1)
    came(world, proven(b"Subject: x\r\nFrom: a@b.example\r\n\r\n" + b"x" * 200_000))
    small = replace(world.services, mailboxes=lambda _: MaildirMailboxes(world.mail, max_bytes=100_000))
    for _ in range(2):
        poll(small, states(world)[SOCBOX].id)
    none, large = received(world)
    assert (none.problem, bool(none.evidence_sha256), none.sender) == (Problem.NO_MAIL, True, SOC)
    assert (large.problem, large.evidence_sha256, large.address) == (Problem.TOO_LARGE, "", SOCBOX)


def test_a_mailbox_that_is_gone_or_forbidden_does_not_stop_the_others(world):
    world.set_policy(intake={"mailboxes": {**READ, "gone@example.org": "user+spam"}})
    came(world, proven(PHISH))
    (world.mail / PHISHBOX / "Maildir").rename(world.mail / PHISHBOX / "Moved")
    assert poll_all(world.services) == 3
    assert len(received(world)) == 1
    problems = {mailbox: one.problem for mailbox, one in states(world).items()}
    assert "there is no mailbox" in problems["gone@example.org"]
    assert "there is no mailbox" in problems[PHISHBOX]
    assert problems[SOCBOX] == ""

    (world.mail / PHISHBOX / "Moved").rename(world.mail / PHISHBOX / "Maildir")
    poll_all(world.services)
    assert states(world)[PHISHBOX].problem == ""


def test_a_tenant_reads_no_mailbox_of_another(world, tmp_path):
    other = seed_tenant(world.services, "other", ["zoe@other.example"])
    came(world, proven(PHISH))
    other.set_policy(intake={"mailboxes": {SOCBOX: "team+malicious"}, "team_senders": [SOC]})
    poll_all(world.services)
    assert len(reported(world)) == 1
    assert (reported(other), received(other)) == ([], [])
    assert "there is no mailbox" in states(other)[SOCBOX].problem or "is not there" in states(other)[SOCBOX].problem
    with world.services.database.read() as tx:
        (theirs,) = polled_mailboxes.of_tenant(tx, other.tenant_id)
        assert polled_mailboxes.known(tx, theirs) == frozenset()


def test_what_no_policy_names_any_more_is_read_no_more(world):
    came(world, proven(PHISH))
    poll_all(world.services)
    last = states(world)[SOCBOX].id
    world.set_policy(intake={"mailboxes": {PHISHBOX: "user+malicious"}})
    came(world, proven(PHISH, text="too late"))
    assert poll(world.services, last) == 0
    assert poll_all(world.services) == 1
    assert (list(states(world)), remembered(world), len(received(world))) == ([PHISHBOX], 0, 1)
    assert poll(world.services, last) == 0


def test_workers_look_every_minute_by_themselves(world):
    came(world, proven(PHISH))
    (task,) = [one for one in world.services.wake.huey.read_periodic(datetime(2026, 3, 2)) if one.name == "poll"]
    world.services.wake.huey.execute(task)
    assert len(received(world)) == 1


def test_one_at_a_time_looks_into_a_mailbox(world):
    came(world, proven(PHISH))
    soc = states(world)[SOCBOX]
    with world.services.database.begin() as tx:
        held = polled_mailboxes.claim(tx, soc.id, world.services.now(), timedelta(minutes=1))
    assert replace(held, leased_until=None) == soc
    assert poll(world.services, soc.id) == 0
    assert poll_all(world.services) == 1


def test_two_who_look_all_the_same_take_a_mail_once(world, monkeypatch):
    """The second one's lease began after the first one's was over: both have listed the mail."""
    came(world, proven(PHISH))
    soc = states(world)[SOCBOX].id
    fetch = MaildirMailboxes.fetch

    def meanwhile(mailboxes, mailbox, copy_id):
        monkeypatch.setattr(MaildirMailboxes, "fetch", fetch)
        later = replace(world.services, now=lambda: world.services.now() + timedelta(hours=1))
        assert poll(later, soc) == 1
        return fetch(mailboxes, mailbox, copy_id) + b"\r\n"  # a provider may put a mail together anew each time

    monkeypatch.setattr(MaildirMailboxes, "fetch", meanwhile)
    assert poll(world.services, soc) == 1
    assert (len(reported(world)), len(received(world))) == (1, 1)


@pytest.fixture
def curse(world, monkeypatch):
    """Makes us stumble over each mail that brings a certain attachment."""
    keep = world.services.evidence.keep

    def stumble(tenant, raw):
        return keep(tenant, raw) if b"Minutes" not in raw else 1 / 0

    monkeypatch.setattr(world.services.evidence, "keep", stumble)
    return monkeypatch


def test_whoever_comes_too_late_sends_no_reading_back_and_takes_nobodys_lease(world, clock):
    soc, minute, now = states(world)[SOCBOX].id, timedelta(minutes=1), clock()
    with world.services.database.begin() as tx:
        slow = polled_mailboxes.claim(tx, soc, now, minute)
        other = polled_mailboxes.claim(tx, soc, now + minute, minute)
        polled_mailboxes.finish(tx, other, now + minute, OVERLAP, now, behind=False)
        again = polled_mailboxes.claim(tx, soc, now + minute, minute)
        polled_mailboxes.finish(tx, slow, now, OVERLAP, now, behind=True)
        polled_mailboxes.fail(tx, slow, "lost", now)
    kept = states(world)[SOCBOX]
    assert (kept.reached_at, kept.problem, kept.leased_until) == (now + minute, "", again.leased_until)


def test_one_mail_that_goes_wrong_is_read_again_and_holds_up_no_other(world, clock, curse):
    came(world, proven(note(), text="cursed"), hours=2)
    came(world, proven(PHISH, text="good"), hours=1)
    with pytest.raises(ZeroDivisionError):
        poll(world.services, states(world)[SOCBOX].id)
    assert len(reported(world)) == 1
    poll_all(world.services)
    assert states(world)[SOCBOX].problem == "1 of its mails cannot be taken in (ZeroDivisionError)"
    curse.undo()
    clock.ahead = timedelta(minutes=2)
    poll_all(world.services)
    assert (len(reported(world)), states(world)[SOCBOX].problem) == (2, "")
    poll_all(world.services)
    assert (len(received(world)), remembered(world)) == (2, 2)


def test_many_mails_that_go_wrong_fill_no_look_and_are_named_in_the_end(world, clock, curse):
    curse.setattr("backend.flow.polling.AT_ONCE", 2)
    for number in range(4):
        came(world, proven(note(), text=f"cursed {number}"), hours=2)
    came(world, proven(PHISH, text="good"), hours=1)
    soc = states(world)[SOCBOX].id
    for _ in range(3):
        with contextlib.suppress(ZeroDivisionError):
            poll(world.services, soc)
    assert len(reported(world)) == 1

    for hours in range(1, 40):
        clock.ahead = timedelta(hours=hours)
        came(world, proven(PHISH, text=f"good {hours}"))
        for _ in range(2):
            with contextlib.suppress(ZeroDivisionError):
                poll(world.services, soc)
    wrong = [(one.problem, one.evidence_sha256) for one in received(world) if one.problem]
    assert wrong == [(Problem.UNREADABLE, "")] * 4
    assert (len(reported(world)), states(world)[SOCBOX].problem) == (40, "")
    assert remembered(world) < 10


def test_a_mail_that_the_provider_never_gives_holds_up_no_other(world, clock, monkeypatch):
    first = came(world, proven(PHISH, text="first"), hours=2)
    came(world, proven(PHISH, text="second"), hours=1)
    fetch, tries = MaildirMailboxes.fetch, []

    def stumble(mailboxes, mailbox, copy_id):
        if copy_id != first.id:
            return fetch(mailboxes, mailbox, copy_id)
        tries.append(clock.ahead)
        raise TryLater("busy")

    monkeypatch.setattr(MaildirMailboxes, "fetch", stumble)
    poll_all(world.services)
    assert (reported(world), states(world)[SOCBOX].problem) == ([], "busy")
    poll_all(world.services)
    assert (len(reported(world)), states(world)[SOCBOX].problem) == (1, "busy")
    for hours in range(40):
        clock.ahead = timedelta(hours=hours)
        poll_all(world.services)
    assert [one.problem for one in received(world)] == [None, Problem.UNREADABLE]
    assert (len(tries), states(world)[SOCBOX].problem) == (MOST_TRIES, "")


def test_a_worker_that_dies_after_the_commit_leaves_nothing_twice(world, monkeypatch):
    services = replace(world.services, wake=Queue(MemoryHuey("tests", immediate=False, results=False)))
    services.wake.serve(services)
    came(world, proven(PHISH))
    soc = states(world)[SOCBOX].id

    def dies(_number: int) -> None:
        raise SystemExit

    monkeypatch.setattr(services.wake, "submission", dies)  # the next thing after the commit
    with pytest.raises(SystemExit):
        poll(services, soc)
    monkeypatch.undo()
    later = replace(world.services, now=lambda: world.services.now() + timedelta(hours=1))  # the lease is over
    assert poll(later, soc) == 0
    assert (len(reported(world)), len(received(world)), states(world)[SOCBOX].problem) == (1, 1, "")


def test_a_report_is_never_taken_for_a_copy_of_what_is_attached_to_it(world):
    """Not even one that claims the phish's own Message-ID."""
    world.set_policy(psr={"switch": "on"})
    world.judge_right(ANA, 20)
    for address in (ANA, BEN):
        world.deliver(address, PHISH)
    same = proven(PHISH, sender=ANA)
    same.replace_header("Message-ID", "<update-77@mailer.account-check.test>")
    came(world, same, PHISHBOX)
    came(world, proven(PHISH, sender=ANA, text="again"), PHISHBOX)
    came(world, proven(PHISH))
    before = {mailbox: world.files(mailbox) for mailbox in READ}
    poll_all(world.services)
    assert [one.submissions for one in received(world)] == [1, 1, 1]
    assert (world.files(ANA), world.files(BEN)) == ({}, {})
    assert {mailbox: world.files(mailbox) for mailbox in READ} == before
