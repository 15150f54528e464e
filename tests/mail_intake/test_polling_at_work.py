"""Polling, at work: several workers, mails that go wrong, and deaths in between lose nothing and take nothing twice."""

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from huey import MemoryHuey
from inboxes import came, proven, received, remembered, reported, states
from mails import note
from polled import SOCBOX
from reports_by_mail import PHISH

from backend.domain.received_mail import Problem
from backend.flow.polling import MOST_TRIES, OVERLAP, poll, poll_all
from backend.jobs import Queue
from backend.store import polled_mailboxes
from connectors.errors import TryLater
from connectors.maildir.mailboxes import MaildirMailboxes


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
