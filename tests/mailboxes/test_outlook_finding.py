"""Finding: is every copy found, and is only what may hold one asked?"""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from microsoft.store import RECOVERABLE

from connectors.contract import Wanted
from connectors.errors import NoMailbox, NotPermitted, Refused
from connectors.outlook import looking, trace
from connectors.outlook.search import moment
from connectors.outlook.trace import windows
from mailboxes.contract import ANA, BEN, NOON, like, mail, wanted
from mailboxes.outlook_world import ANSWERS, APP, ROLES, TID, TRACE, OutlookWorld

NOW = datetime.now(UTC).replace(tzinfo=None)


# --- one mailbox


@pytest.mark.parametrize(
    "message_id",
    ["<o'brien''s@x>", "<a+b@x>", "<50%25&c=d@x>", "<#?/\\@x>", '<"q" r@x>', "<ü€@x>", "<$filter eq 'x'@x>"],
)
def test_any_message_id_can_be_asked_for(outlook: OutlookWorld, message_id: str):
    other = outlook.directory.box(ANA).deliver(mail("<other@x>"))
    copy = outlook.directory.box(ANA).deliver(mail())
    copy.internet_id = message_id
    assert [found.id for found in outlook.mailboxes.find(ANA, wanted(message_id))] == [copy.immutable]
    searched = {one.mailbox: one for one in outlook.mailboxes.search(wanted(message_id))}
    assert [found.id for found in searched[ANA].copies] == [copy.immutable] != [other.immutable]


def test_any_address_can_be_asked_about(outlook: OutlookWorld):
    for address in ("o'brien@example.org", "a+b@example.org", "x#1@example.org"):
        outlook.directory.add_user(address)
        copy = outlook.deliver(address, mail())
        assert [found.id for found in outlook.mailboxes.find(address, wanted())] == [copy.id]


def test_a_copy_carries_what_the_journal_shows(outlook: OutlookWorld):
    copy = outlook.deliver(ANA, mail(), "Projects", read=True)
    message = outlook.message(copy)
    message.flag, message.categories = {"flagStatus": "flagged"}, ["Red", "Blue"]
    (found,) = outlook.mailboxes.find(ANA, wanted())
    state = {"read": True, "flag": "flagged", "categories": ["Red", "Blue"], "size": len(mail())}
    assert (found.folder, found.state) == (message.folder, state)


def test_candidates_are_read_page_by_page(outlook: OutlookWorld):
    copies = {outlook.deliver(ANA, mail()).id for _ in range(120)}
    assert {found.id for found in outlook.mailboxes.find(ANA, wanted())} == copies
    assert outlook.graph.asked("GET /users/ana@example.org/messages") + outlook.graph.asked("GET /users/.*skip") > 2


def test_too_many_claimants_are_refused_rather_than_left_out(outlook: OutlookWorld):
    for _ in range(1_001):
        outlook.directory.box(ANA).deliver(mail())
    with pytest.raises(Refused, match="1,000"):
        outlook.mailboxes.find(ANA, wanted())


def test_a_next_page_at_another_address_is_not_followed(outlook: OutlookWorld):
    with pytest.raises(Refused, match="another address"):
        outlook.mailboxes.graph.relative("https://phish.example/v1.0/users")
    with pytest.raises(Refused, match="another address"):
        outlook.mailboxes.graph.relative(outlook.graph.url + ".phish.example/users")


def test_recoverable_items_are_not_candidates(outlook: OutlookWorld):
    outlook.deliver(ANA, mail(), RECOVERABLE)
    assert outlook.mailboxes.find(ANA, wanted()) == []


def test_what_is_not_visible_yet_is_found_by_the_next_search(outlook: OutlookWorld):
    message = outlook.directory.deliver(ANA, mail(), visible_from=datetime.now(UTC).timestamp() + 3600)
    assert outlook.mailboxes.find(ANA, wanted()) == []
    message.visible_from = 0
    assert len(outlook.mailboxes.find(ANA, wanted())) == 1


def test_a_message_without_anything_to_go_by_is_refused(outlook: OutlookWorld):
    for nothing in (Wanted("", "", NOW), Wanted("", "a@b.example", None)):
        with pytest.raises(Refused, match="cannot be searched for"):
            outlook.mailboxes.find(ANA, nothing)


def test_the_time_a_mail_claims_counts_not_the_time_it_came(outlook: OutlookWorld):
    copy = outlook.deliver(ANA, mail("", date="Mon, 02 Mar 2026 10:30:15 +0100"))
    outlook.deliver(ANA, mail("", date="Mon, 02 Mar 2026 10:30:16 +0100"))
    assert [found.id for found in outlook.mailboxes.find(ANA, wanted(""))] == [copy.id]


def test_an_address_that_is_no_sign_in_name_is_looked_up(outlook: OutlookWorld):
    outlook.directory.add_user("chloe@example.org", upn="c.doe@corp.example", aliases=["cd@example.org"])
    copy = outlook.deliver("chloe@example.org", mail())
    for address in ("chloe@example.org", "cd@example.org", "Chloe@Example.org"):
        (found,) = outlook.mailboxes.find(address, wanted())
        assert (found.id, found.mailbox) == (copy.id, address)
    asked = outlook.graph.asked(r"GET /users\?.*chloe")
    outlook.mailboxes.find("chloe@example.org", wanted())
    assert outlook.graph.asked(r"GET /users\?.*chloe") == asked


def test_an_address_of_two_is_nobody_s(outlook: OutlookWorld):
    for name in ("one", "two"):
        outlook.directory.add_user(f"{name}@example.org", aliases=["both@example.org"])
    with pytest.raises(NoMailbox, match="more than one"):
        outlook.mailboxes.find("both@example.org", wanted())


@pytest.mark.parametrize("sent_at", [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)])
def test_any_date_can_be_claimed(outlook: OutlookWorld, sent_at: datetime):
    for message_id in ("", "<1@phish.example>"):
        assert outlook.mailboxes.find(ANA, Wanted(message_id, "billing@phish.example", sent_at)) == []


# --- all mailboxes


def test_everybody_is_listed_page_by_page_and_lazily(outlook: OutlookWorld):
    addresses = [f"p{number}@example.org" for number in range(2_500)]
    for address in addresses:
        outlook.directory.add_user(address, mailbox=False)
    listed = outlook.mailboxes.list_mailboxes()
    assert (next(listed), outlook.graph.asked("GET /users")) == (ANA, 1)
    assert [*listed][2:] == addresses
    assert outlook.graph.asked("GET /users") == 3


def test_guests_are_left_out_and_disabled_accounts_are_not(outlook: OutlookWorld):
    outlook.directory.add_user("guest@other.example", kind="Guest")
    outlook.directory.add_user("room@example.org", enabled=False)
    assert set(outlook.mailboxes.list_mailboxes()) == {ANA, BEN, ANSWERS, "room@example.org"}


def test_who_may_not_list_is_told_what_to_grant(outlook: OutlookWorld):
    outlook.entra.grant(TID, APP, ["Mail.ReadWrite"])
    with pytest.raises(NotPermitted, match=r"User\.Read\.All"):
        list(outlook.mailboxes.search(wanted()))


def test_a_search_that_is_broken_off_asks_little_more(outlook: OutlookWorld):
    for number in range(1_000):
        outlook.directory.add_user(f"p{number}@example.org")
    searching = outlook.mailboxes.search(wanted())
    assert len(list(islice(searching, 5))) == 5
    searching.close()  # type: ignore[attr-defined]
    outlook.mailboxes.graph.threads.shutdown()
    assert sum(outlook.graph.batches) <= 160


# --- message trace


@pytest.fixture
def traced(outlook: OutlookWorld) -> OutlookWorld:
    outlook.entra.grant(TID, APP, [*ROLES, TRACE])
    outlook.directory.add_user("chloe@example.org", aliases=["cd@example.org"])
    outlook.deliver(ANA, mail())
    (first,) = outlook.directory.traces
    first["receivedDateTime"] = moment(NOW - timedelta(hours=2))
    return outlook


def searched(world: OutlookWorld, sent_at: datetime | None = NOW) -> dict[str, int]:
    found = world.mailboxes.search(Wanted("<1@phish.example>", "billing@phish.example", sent_at))
    return {one.mailbox: len(one.copies) for one in found}


def test_only_recipients_are_opened(traced: OutlookWorld):
    assert searched(traced) == {ANA: 1}
    assert traced.graph.asked("messages") == 1


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(minutes=55)])
def test_while_trace_may_lag_behind_everybody_is_opened_once_and_recipients_come_first(
    traced: OutlookWorld, ago: timedelta
):
    traced.directory.box("chloe@example.org").deliver(mail())
    traced.directory.box(BEN).deliver(mail())  # trace does not know of this one yet
    traced.directory.trace("<1@phish.example>", "x@phish.example", "cd@example.org", moment(datetime.now(UTC) - ago))
    found = searched(traced)
    assert found == {ANA: 1, "chloe@example.org": 1, BEN: 1, ANSWERS: 0}
    assert set(list(found)[:2]) == {ANA, "chloe@example.org"}


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(hours=2)])
def test_recipients_can_be_looked_into_alone(traced: OutlookWorld, ago: timedelta):
    traced.directory.traces[0]["receivedDateTime"] = moment(NOW - ago)
    found = traced.mailboxes.search_recipients(Wanted("<1@phish.example>", "billing@phish.example", NOW))
    assert [(one.mailbox, len(one.copies)) for one in found] == [(ANA, 1)]


@pytest.mark.parametrize("said", ["", "yesterday"])
def test_a_delivery_at_no_time_is_none_that_was_long_ago(traced: OutlookWorld, said: str):
    assert trace.is_long_ago(said, NOW) is False


@pytest.mark.parametrize("address", ["cd@example.org", "CD@Example.org", "chloe@acme-of-old.example"])
def test_a_recipient_by_another_address_is_opened_by_the_one_the_mailbox_goes_by(traced: OutlookWorld, address: str):
    traced.directory.add_user("dora@example.org", aliases=["dora@acme-of-old.example"])
    traced.directory.at("chloe@example.org").aliases += ("chloe@acme-of-old.example",)
    traced.directory.box("chloe@example.org").deliver(mail())
    traced.directory.trace(
        "<1@phish.example>", "x@phish.example", address, traced.directory.traces[0]["receivedDateTime"]
    )
    assert searched(traced) == {ANA: 1, "chloe@example.org": 1}


@pytest.mark.parametrize(
    ("status", "opened"), [("filteredAsSpam", True), ("expanded", True), ("quarantined", True), ("failed", False)]
)
def test_whom_it_never_reached_is_not_opened(traced: OutlookWorld, status: str, opened: bool):
    at = traced.directory.traces[0]["receivedDateTime"]
    traced.directory.trace("<1@phish.example>", "x@phish.example", BEN, at, status)
    assert (BEN in searched(traced)) is opened


def test_outsiders_are_not_opened_and_our_own_sender_is(traced: OutlookWorld):
    at = traced.directory.traces[0]["receivedDateTime"]
    traced.directory.trace("<1@phish.example>", BEN, "customer@other.example", at)
    assert set(searched(traced)) == {ANA, BEN}


def test_a_trace_is_read_page_by_page(traced: OutlookWorld):
    at = traced.directory.traces[0]["receivedDateTime"]
    for number in range(1_100):
        traced.directory.trace("<1@phish.example>", "x@phish.example", f"p{number}@example.org", at, "failed")
    traced.directory.trace("<1@phish.example>", "x@phish.example", BEN, at)
    assert set(searched(traced)) == {ANA, BEN}
    assert traced.graph.asked("messageTraces") == 2


def test_without_the_right_everybody_is_opened_and_it_is_asked_once_an_hour(outlook: OutlookWorld):
    outlook.deliver(ANA, mail())
    for _ in range(2):
        assert searched(outlook) == {ANA: 1, BEN: 0, ANSWERS: 0}
    assert outlook.graph.asked("messageTraces") == 1
    outlook.waiting.sleep(3_601)
    searched(outlook)
    assert outlook.graph.asked("messageTraces") == 2


def test_a_trace_that_is_busy_is_done_without(traced: OutlookWorld):
    traced.graph.troubles.order("messageTraces", status=429, times=6, headers={"Retry-After": "2"})
    assert len(searched(traced)) == 4
    assert searched(traced) == {ANA: 1}


def test_a_trace_that_knows_nothing_proves_nothing(traced: OutlookWorld):
    traced.directory.traces.clear()
    assert len(searched(traced)) == 4


@pytest.mark.parametrize("sent_at", [NOW - timedelta(days=300), datetime(1970, 1, 1), datetime(1, 1, 1)])
def test_what_is_older_than_trace_remembers_is_looked_for_everywhere(traced: OutlookWorld, sent_at: datetime):
    assert len(searched(traced, sent_at)) == 4


@pytest.mark.parametrize(
    "sent_at", [None, NOW + timedelta(days=400), NOW - timedelta(days=9), NOW - timedelta(days=80)]
)
def test_whatever_date_the_mail_claims_the_last_ten_days_are_asked_about(
    traced: OutlookWorld, sent_at: datetime | None
):
    assert searched(traced, sent_at) == {ANA: 1}
    asked = windows(sent_at, NOW)
    assert all(last - first <= timedelta(days=10) for first, last in asked)
    assert asked[0][0] <= NOW - timedelta(days=10)
    assert asked[-1][1] == NOW
    assert [last for _, last in asked[:-1]] == [first for first, _ in asked[1:]]


def test_without_a_message_id_everybody_is_opened(traced: OutlookWorld):
    assert len(list(traced.mailboxes.search(wanted("")))) == 4
    assert traced.graph.asked("messageTraces") == 0


# --- looking for what nobody can name


def test_a_sender_is_asked_of_the_filter_and_words_alone_of_the_index(outlook: OutlookWorld):
    outlook.deliver(ANA, mail())
    outlook.mailboxes.look(ANA, like(sender="billing@phish.example", subject="invoice"))
    assert outlook.graph.asked(r"\$filter=receivedDateTime ge .* and from/emailAddress/address eq .*\$orderby=") == 1
    outlook.mailboxes.look(ANA, like(subject="your invoice"))
    assert outlook.graph.asked(r"\$search=.*subject:.*your.* AND .*received>=2026-03-08 AND received<=2026-03-11") == 1


def test_looking_into_many_mailboxes_takes_few_requests_and_names_those_that_are_closed(outlook: OutlookWorld):
    people = [f"p{number}@example.org" for number in range(45)]
    for address in people:
        outlook.directory.add_user(address)
    outlook.directory.add_user("gone@example.org", mailbox=False)
    copy = outlook.deliver(people[7], mail())
    outlook.arrives(copy, NOON)
    seen = {one.mailbox: one for one in outlook.mailboxes.look_everywhere(like(subject="invoice"))}
    assert len(seen) == 49
    assert [found.id for found in seen[people[7]].copies] == [copy.id]
    assert isinstance(seen["gone@example.org"].error, NoMailbox)
    assert len(outlook.graph.batches) <= 6


def test_a_mailbox_full_of_candidates_is_read_to_an_end_and_said_to_be_cut(outlook: OutlookWorld, monkeypatch):
    monkeypatch.setattr(looking, "MOST_READ", 60)
    for number in range(120):
        outlook.arrives(outlook.deliver(ANA, mail(f"<{number}@x>", subject="something else")), NOON)
    seen = outlook.mailboxes.look(ANA, like(sender="billing@phish.example", subject="invoice"))
    assert (seen.copies, seen.cut) == ((), True)
    assert outlook.graph.asked(r"/messages\?") == 2
