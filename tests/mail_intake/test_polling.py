"""Polling: what comes into a mailbox that is read becomes submissions, once each, and nothing in it changes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import ANA, BEN, seed_tenant
from inboxes import came, path_of, proven, received, remembered, reported, states
from polled import PHISHBOX, READ, SOCBOX
from reports_by_mail import DOMAIN, PHISH, SOC, report
from stamped import results_of

from backend.domain.disposition import Disposition
from backend.domain.received_mail import Problem
from backend.domain.submission import EvidenceSource, Identity, Kind, State
from backend.flow.polling import OVERLAP, poll, poll_all
from backend.store import labels, polled_mailboxes
from connectors.maildir.mailboxes import MaildirMailboxes


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
