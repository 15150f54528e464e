"""Look in mailboxes: what nobody reported is found, and becomes the team's submission."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from browser import Browser, words_of
from builders import BEN, CHLOE
from mails import note, phish
from seeded import ANA

from backend.domain.disposition import Disposition
from backend.domain.people import RIGHTS, Right, Role
from backend.domain.submission import EvidenceSource, Kind
from backend.flow import look as looking
from backend.flow.look import Sought
from backend.store import audit, decisions, labels, search, submissions
from backend.web.languages import ZONE_COOKIE, in_utc
from connectors.maildir.deliver import make_mailbox

THE_ID = "<update-77@mailer.account-check.test>"


@pytest.fixture
def boxes(world):
    for address in (ANA, BEN, CHLOE):
        make_mailbox(world.mail, address)
    world.deliver(ANA, phish(ANA))
    world.deliver(BEN, phish(BEN))
    world.deliver(CHLOE, note(CHLOE))


def lines(world, action: str):
    with world.services.database.read() as tx:
        return [line for line in audit.newest(tx, world.tenant_id) if line.action == action]


def copy_of(world, address: str) -> str:
    (copy,) = looking.look(world.services, world.owner, Sought(message_id=THE_ID, mailbox=address)).found
    return copy.copy_id


def test_what_nobody_reported_is_found_in_every_mailbox_that_holds_it(owner, world, boxes):
    page = words_of(owner.post("/look", seen_on="/look", message_id=THE_ID).text)
    assert "2 copies found" in page
    assert "3 mailboxes were looked into." in page
    assert ANA in page
    assert CHLOE not in page
    (line,) = lines(world, "looked in mailboxes")
    assert line.detail == {"by": ["message_id"], "mailboxes": 3, "found": 2}


def found(world, **asked: object) -> list[str]:
    return sorted(one.mailbox for one in looking.look(world.services, world.owner, Sought(**asked)).found)


SENDER, SUBJECT = "no-reply@account-check.test", "PASSWORD expires"


def test_a_message_is_found_by_sender_or_words_of_its_subject_and_mailbox(world, boxes):
    assert found(world, sender=SENDER) == [ANA, BEN]
    assert found(world, subject=SUBJECT) == [ANA, BEN]
    assert found(world, sender=SENDER, subject="expires today") == [ANA, BEN]
    assert found(world, sender=SENDER, subject="something else") == []
    assert found(world, subject=SUBJECT, mailbox=BEN) == [BEN]
    assert found(world, message_id=THE_ID, subject=SUBJECT) == [ANA, BEN]
    assert found(world, message_id=THE_ID, sender="other@example.org") == []


def test_only_what_came_in_the_time_is_found_and_that_is_a_week_unless_said(world, boxes):
    now = world.services.now()
    old = world.deliver(CHLOE, phish(CHLOE))
    path = world.mail / CHLOE / "Maildir" / "new" / old.id
    came = (now - timedelta(days=8)).replace(tzinfo=UTC).timestamp()
    os.utime(path, (came, came))
    assert found(world, sender=SENDER) == [ANA, BEN]
    assert found(world, sender=SENDER, since=now - timedelta(days=30)) == [ANA, BEN, CHLOE]
    assert found(world, sender=SENDER, since=now - timedelta(days=9), until=now - timedelta(days=7)) == [CHLOE]


def test_what_was_found_is_shown_with_its_folder_and_the_times_that_were_asked_for(owner, world, boxes):
    world.deliver(CHLOE, phish(CHLOE), ".Work")
    owner.client.set_cookie(ZONE_COOKIE, "Asia/Kolkata")
    since = (world.services.now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    page = owner.post("/look", seen_on="/look", subject=SUBJECT, since=since).text
    shown = words_of(page)
    assert "3 copies found" in shown
    assert "Came after (Asia/Kolkata)" in shown
    assert f'value="{since}"' in page
    assert "Work" in shown
    assert "Inbox" in shown
    assert "2 Mar 2026, 15:00 IST" in shown
    (line,) = lines(world, "looked in mailboxes")
    assert line.detail == {"by": ["subject", "since"], "mailboxes": 3, "found": 3}


def test_a_time_is_meant_on_the_viewers_clock(app):
    with app.test_request_context(headers={"Cookie": f"{ZONE_COOKIE}=Asia/Kolkata"}):
        assert in_utc(datetime(2026, 3, 2, 15)) == datetime(2026, 3, 2, 9, 30)
        assert in_utc(datetime(2026, 3, 2, 15, tzinfo=UTC)) == datetime(2026, 3, 2, 15)
    with app.test_request_context():
        assert in_utc(datetime(2026, 3, 2, 15)) == datetime(2026, 3, 2, 15)


def test_a_found_message_becomes_the_teams_submission_and_a_lesson(owner, world, boxes):
    answer = owner.post("/look/report", seen_on="/look", mailbox=BEN, copy=copy_of(world, BEN), disposition="MALICIOUS")
    assert answer.status_code == 303
    message_id = int(answer.location.rpartition("/")[2])
    with world.services.database.read() as tx:
        (submission,) = submissions.of_message(tx, world.tenant_id, message_id)
        standing = decisions.standing(tx, world.tenant_id, message_id)
        assert labels.standing(tx, world.tenant_id, message_id)
        assert search.find(tx, world.tenant_id, "team_malicious_submission") == [message_id]
    assert (submission.kind, submission.evidence_source) == (Kind.TEAM, EvidenceSource.FETCHED)
    assert standing.why == ("operator-false-negative",)
    assert len(lines(world, "missed message reported")) == 1
    assert world.files(BEN) == {}, "the policy's action for malicious mail follows"


def test_what_was_reported_already_leads_to_its_message(owner, world, boxes):
    message_id = looking.report_missed(world.services, world.owner, BEN, copy_of(world, BEN), Disposition.SPAM)
    page = owner.post("/look", seen_on="/look", message_id=THE_ID).text
    assert page.count(f'href="/messages/{message_id}">Reported already') == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Give a Message-ID"),
        ({"message_id": " "}, "Give a Message-ID"),
        ({"subject": "?!"}, "Give a Message-ID"),
        ({"sender": "phish.example"}, "whole address"),
        ({"sender": "a@b.example", "since": "soon"}, "That is no time"),
        ({"sender": "a@b.example", "since": "2026-05-02T10:00", "until": "2026-05-01T10:00"}, "ends before it begins"),
        ({"sender": "a@b.example", "since": "2026-01-01T10:00", "until": "2026-05-01T10:00"}, "90 days at a time"),
    ],
)
def test_what_cannot_be_looked_for_is_said(owner, boxes, fields, said):
    answer = owner.post("/look", seen_on="/look", **fields)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert said in words_of(answer.text)


@pytest.mark.parametrize(
    "fields",
    [
        {"mailbox": "nobody@example.org", "copy": "1", "disposition": "SPAM"},
        {"mailbox": ANA, "copy": "not there", "disposition": "SPAM"},
        {"mailbox": ANA, "copy": "1", "disposition": "NONE"},
        {"mailbox": ANA, "copy": "1", "disposition": "WORSE"},
    ],
)
def test_what_is_not_there_is_not_reported(owner, world, boxes, fields):
    assert owner.post("/look/report", seen_on="/look", **fields).location == "/look"
    with world.services.database.read() as tx:
        assert submissions.own(tx, world.tenant_id, world.people[ANA].id) == []
        assert search.find(tx, world.tenant_id, "team_submission") == []


def test_there_is_an_end_to_looking(world, boxes, monkeypatch):
    monkeypatch.setattr(looking, "MOST_FOUND", 1)
    looked = looking.look(world.services, world.owner, Sought(message_id=THE_ID))
    assert (len(looked.found), looked.whole) == (1, False)
    looked = looking.look(world.services, world.owner, Sought(sender=SENDER))
    assert (len(looked.found), looked.whole) == (1, False)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("address", ["/look", "/look/report"])
def test_only_who_handles_mail_looks_into_mailboxes(app, world, stranger, role, address, boxes):
    browser = Browser(app).signed_in_as(world.operator(role, f"some {role}"))
    may = Right.MAIL in RIGHTS[role]
    answer = browser.post(address, seen_on="/overview", message_id=THE_ID, mailbox=ANA, copy="x", disposition="SPAM")
    assert answer.status_code in ({200, 303} if may else {403})
    assert browser.client.post(address, data={"message_id": THE_ID}).status_code in {400, 403}
    assert stranger.post(address, message_id=THE_ID).location == "/sign-in"
    assert len(lines(world, "looked in mailboxes")) == (may and address == "/look")
