"""Arriving: is what is new told whole, whatever the provider does meanwhile, and is a refusal said as such?"""

import re
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import NoMailbox, NotPermitted, TooLarge, TryLater
from connectors.gmail.scopes import DIRECTORY, MAIL
from mailboxes.contract import ANA, NOON, mail
from mailboxes.gmail_world import GmailWorld
from mailboxes.outlook_world import APP, TID, OutlookWorld

DAY = timedelta(days=1)


# --- Outlook


def test_a_draft_in_an_outlook_inbox_came_from_nobody(outlook: OutlookWorld):
    copy = outlook.deliver(ANA, mail())
    outlook.message(copy).draft = True
    assert outlook.mailboxes.arrived(ANA, NOON, set(), 10) == []


def test_an_outlook_inbox_is_read_page_by_page_and_no_further_than_needed(outlook: OutlookWorld):
    ids = [outlook.directory.box(ANA).deliver(mail()).immutable for _ in range(1_003)]
    known = set(ids[:1_001])
    assert len(outlook.mailboxes.arrived(ANA, NOON - DAY, known, 10)) == 2
    assert outlook.graph.asked("GET /users/.*/mailFolders/inbox/messages") == 2
    assert len(outlook.mailboxes.arrived(ANA, NOON - DAY, set(), 10)) == 10
    assert outlook.graph.asked("GET /users/.*/mailFolders/inbox/messages") == 3


def test_what_outlook_does_not_show_yet_is_new_once_it_does(outlook: OutlookWorld):
    late = outlook.directory.deliver(ANA, mail(), visible_from=datetime.now(UTC).timestamp() + 3600)
    soon = outlook.deliver(ANA, mail())
    assert [one.id for one in outlook.mailboxes.arrived(ANA, NOON - DAY, set(), 9)] == [soon.id]
    late.visible_from = 0
    assert [one.id for one in outlook.mailboxes.arrived(ANA, NOON - DAY, {soon.id}, 9)] == [late.immutable]


@pytest.mark.parametrize(
    ("status", "code", "ours"),
    [
        (403, "ErrorAccessDenied", NotPermitted),
        (404, "MailboxNotEnabledForRESTAPI", NoMailbox),
        (429, "ApplicationThrottled", TryLater),
        (503, "ServiceUnavailable", TryLater),
    ],
)
def test_outlooks_refusals_are_ours_and_name_the_mailbox(outlook: OutlookWorld, status: int, code: str, ours: type):
    outlook.graph.troubles.order("/mailFolders/inbox/messages", status=status, code=code, times=99)
    with pytest.raises(ours, match=ANA):
        outlook.mailboxes.arrived(ANA, NOON, set(), 1)


def test_reading_an_outlook_inbox_needs_no_right_that_searching_does_not(outlook: OutlookWorld):
    outlook.entra.grant(TID, APP, ("User.Read.All",))
    outlook.graph.scopes[APP] = {ANA}
    copy = outlook.deliver(ANA, mail())
    assert [one.id for one in outlook.mailboxes.arrived(ANA, NOON - DAY, set(), 1)] == [copy.id]
    with pytest.raises(NotPermitted):
        outlook.mailboxes.arrived("ben@example.org", NOON, set(), 1)


def test_a_shared_mailbox_is_known_by_any_of_its_addresses(outlook: OutlookWorld):
    outlook.directory.add_user(
        "phish@example.org", upn="shared-7@corp.example", enabled=False, aliases=["spam@x.example"]
    )
    copy = outlook.deliver("phish@example.org", mail())
    for address in ("phish@example.org", "spam@x.example"):
        assert [one.id for one in outlook.mailboxes.arrived(address, NOON - DAY, set(), 1)] == [copy.id]


# --- Gmail


def test_a_gmail_inbox_is_read_page_by_page_and_only_what_is_wanted_is_opened(gmail: GmailWorld):
    ids = [gmail.deliver(ANA, mail()).id for _ in range(503)]
    for number, copy_id in enumerate(ids):
        gmail.google.store.box(ANA).mails[copy_id].received = NOON.replace(tzinfo=UTC).timestamp() + number
    assert [one.id for one in gmail.mailboxes.arrived(ANA, NOON, set(ids[2:]), 10)] == ids[:2]
    assert (gmail.google.calls["messages.list"], gmail.google.calls["messages.get"]) == (2, 2)


def test_what_gmails_index_does_not_know_yet_is_new_once_it_does(gmail: GmailWorld):
    late, soon = gmail.deliver(ANA, mail()), gmail.deliver(ANA, mail())
    gmail.mail(late).indexed = False
    since = datetime(2026, 3, 1)
    assert [one.id for one in gmail.mailboxes.arrived(ANA, since, set(), 9)] == [soon.id]
    gmail.mail(late).indexed = True
    assert [one.id for one in gmail.mailboxes.arrived(ANA, since, {soon.id}, 9)] == [late.id]


def test_gmails_refusals_are_ours(gmail: GmailWorld):
    gmail.google.troubles.order("messages.list", status=429, reason="rateLimitExceeded", times=99)
    with pytest.raises(TryLater):
        gmail.mailboxes.arrived(ANA, NOON, set(), 1)
    for scope in (MAIL, DIRECTORY):
        gmail.google.tokens.granted.discard(scope)
        with pytest.raises(NotPermitted, match=re.escape(scope)):
            gmail.connect().arrived(ANA, NOON, set(), 1)


def test_somebody_without_a_gmail_mailbox_has_none(gmail: GmailWorld):
    gmail.google.store.add("cho@example.org", has_mailbox=False)
    with pytest.raises(NoMailbox):
        gmail.mailboxes.arrived("cho@example.org", NOON, set(), 1)


# --- both


@pytest.mark.parametrize("provider", ["outlook", "gmail"])
def test_what_is_too_large_says_so(request: pytest.FixtureRequest, provider: str):
    world = request.getfixturevalue(provider)
    copy = world.deliver(ANA, mail(body="x" * 2_000))
    with pytest.raises(TooLarge):
        world.connect(max_bytes=1_000).fetch(ANA, copy.id)
