"""Gmail's faults: what does each cost in calls, and what is the outcome all the same? `-s` prints the table."""

from datetime import datetime

import pytest

from connectors.contract import Action, Copy, Outcome, OutgoingMail, Receipt
from connectors.errors import NoMailbox, NotFound, NotPermitted, Refused, TryLater
from connectors.gmail.client import LIST
from connectors.gmail.credentials import refused
from connectors.gmail.scopes import MAIL
from connectors.likeness import Like
from mailboxes.contract import ANA, BEN, mail, wanted
from mailboxes.gmail_world import GmailWorld


def cycle(world: GmailWorld, copy: Copy) -> list[Outcome]:
    """Taken away and brought back."""
    receipt = world.mailboxes.retract(copy, Action.TRASH)
    back = world.mailboxes.restore(copy, receipt.held)
    return [receipt.outcome, back.outcome]


def told(world: GmailWorld, fault: str, method: str, first: int, outcome: object) -> int:
    """Print one line of the table; how often the method was asked again."""
    again = world.google.calls[method] - first
    waited = ", ".join(f"{seconds:.1f} s" for seconds in world.waiting.slept) or "no time"
    print(f"\n{fault:<42} {method:<16} asked again {again} times, after {waited}: {outcome}", end="")
    return again


THROTTLED = {
    "429 with Retry-After": {"status": 429, "reason": "rateLimitExceeded", "retry_after": "3"},
    "403 rateLimitExceeded": {"status": 403, "reason": "rateLimitExceeded"},
    "403 userRateLimitExceeded": {"status": 403, "reason": "userRateLimitExceeded"},
    "502": {"status": 502},
    "connection lost": {"lost": True},
    "commit, then 504": {"status": 504, "after": True},
    "commit, then connection lost": {"lost": True, "after": True},
    "duplicate commit": {"twice": True},
}


@pytest.mark.parametrize("fault", THROTTLED)
@pytest.mark.parametrize("method", ["messages.modify", "messages.get"])
def test_a_copy_goes_and_comes_back_exactly_whatever_goes_wrong(gmail, method, fault):
    copy = gmail.deliver(ANA, mail(), "Projects")
    before = gmail.look(ANA)
    gmail.google.troubles.order(method, times=2, **THROTTLED[fault])

    outcomes = cycle(gmail, copy)

    again = told(gmail, fault, method, 2, ", ".join(outcomes))
    assert outcomes == [Outcome.RETRACTED, Outcome.RESTORED]
    assert gmail.look(ANA) == before
    assert gmail.google.troubles.met == 2
    assert 0 <= again <= 4
    assert len(gmail.google.gmail.modified) == 2


def test_a_wish_to_wait_is_obeyed(gmail):
    copy = gmail.deliver(ANA, mail())
    gmail.google.troubles.order("messages.modify", status=429, reason="rateLimitExceeded", retry_after="7")

    assert gmail.mailboxes.retract(copy, Action.TRASH).outcome is Outcome.RETRACTED
    assert [7 <= seconds < 8 for seconds in gmail.waiting.slept] == [True]


def test_a_commit_whose_answer_is_lost_is_not_done_again(gmail):
    copy = gmail.deliver(ANA, mail())
    gmail.google.troubles.order("messages.modify", status=504, after=True)

    receipt = gmail.mailboxes.retract(copy, Action.TRASH)

    told(gmail, "commit, then 504: labels are re-read", "messages.modify", 1, receipt.outcome)
    assert receipt.outcome is Outcome.RETRACTED
    assert gmail.google.calls["messages.modify"] == 1


def test_throttling_without_end_ends(gmail):
    copy = gmail.deliver(ANA, mail())
    gmail.google.troubles.order("messages.get", status=429, reason="rateLimitExceeded", times=99)

    with pytest.raises(TryLater):
        gmail.mailboxes.retract(copy, Action.TRASH)
    assert told(gmail, "429 without end", "messages.get", 1, "left to the next go") == 7
    assert sum(gmail.waiting.slept) < 200


@pytest.mark.parametrize("reason", ["dailyLimitExceeded", "quotaExceeded"])
def test_a_quota_of_the_day_is_not_asked_against(gmail, reason):
    copy = gmail.deliver(ANA, mail())
    gmail.google.troubles.order("messages.get", status=403, reason=reason, times=99)

    with pytest.raises(TryLater) as error:
        gmail.mailboxes.retract(copy, Action.TRASH)
    assert told(gmail, f"403 {reason}", "messages.get", 1, "left for an hour") == 0
    assert error.value.after_seconds >= 3600


@pytest.mark.parametrize("number", ["not-hex", "zz", "msg-a:r123", "../labels", "1'or'1"])
def test_an_id_that_gmail_cannot_read_is_nobodys(gmail, number):
    with pytest.raises(NotFound):
        gmail.mailboxes.fetch(ANA, number)
    receipt = gmail.mailboxes.retract(Copy(ANA, number, "INBOX"), Action.TRASH)
    told(gmail, f"400 Invalid id value: {number}", "messages.modify", 0, receipt.outcome)
    assert receipt.outcome is Outcome.ALREADY_GONE


def test_the_id_that_the_add_on_gives_is_the_same_number(gmail):
    copy = gmail.deliver(ANA, mail())

    assert gmail.mailboxes.fetch(ANA, f"msg-f:{int(copy.id, 16)}") == mail()
    assert gmail.mailboxes.fetch(ANA, f"#msg-f:{int(copy.id, 16)}") == mail()


def test_delegation_denied_is_said_and_not_asked_again(gmail):
    google = gmail.mailboxes.google

    with pytest.raises(NotPermitted, match="forbidden"):
        google.call(google.messages.list(userId=BEN), ANA, LIST)
    assert told(gmail, "403 Delegation denied", "messages.list", 1, "not_permitted") == 0


def test_what_is_not_delegated_is_said_and_nothing_is_touched(gmail):
    copy = gmail.deliver(ANA, mail())
    before = gmail.look(ANA)
    gmail.google.tokens.granted.clear()

    with pytest.raises(NotPermitted, match=r"gmail\.modify"):
        gmail.mailboxes.retract(copy, Action.TRASH)
    assert told(gmail, "unauthorized_client", "token", 1, "not_permitted") == 0
    assert gmail.look(ANA) == before


@pytest.mark.parametrize("status", [429, 403, 500, 503])
def test_a_busy_token_service_is_asked_again(gmail, status):
    copy = gmail.deliver(ANA, mail())
    reason = "userRateLimitExceeded" if status in {403, 429} else "backendError"
    gmail.google.troubles.order("token", status=status, reason=reason, retry_after="2")

    assert gmail.mailboxes.retract(copy, Action.TRASH).outcome is Outcome.RETRACTED
    assert told(gmail, f"token service: {status}", "token", 1, "retracted") == 1


def test_a_token_that_is_revoked_is_asked_for_again_once(gmail):
    copy = gmail.deliver(ANA, mail())
    gmail.mailboxes.find(ANA, wanted())
    gmail.google.tokens.revoke()

    assert gmail.mailboxes.retract(copy, Action.TRASH).outcome is Outcome.RETRACTED
    assert told(gmail, "401 token revoked", "token", 1, "retracted") == 1


def test_tokens_that_are_never_taken_do_not_count_as_a_missing_mailbox(gmail):
    """A mailbox that is not there cannot hold a copy; one that we are not let into may."""
    gmail.deliver(ANA, mail())
    gmail.google.troubles.order("messages.list", status=401, reason="authError", times=99)

    with pytest.raises(NotPermitted, match="a fresh one"):
        gmail.mailboxes.find(ANA, wanted())
    assert [type(one.error) for one in gmail.mailboxes.search(wanted())] == [NotPermitted] * 4


@pytest.mark.parametrize(
    ("why", "error"),
    [
        ("Invalid email or User ID", NoMailbox),
        ("Account disabled: suspended", NoMailbox),
        ("Invalid JWT Signature.", NotPermitted),
        ("java.security.SignatureException: Invalid signature for token", NotPermitted),
        ("Invalid grant: account not found", NotPermitted),
        ("Bad Request", NotPermitted),
        ("", NotPermitted),
    ],
)
def test_only_what_google_says_of_a_person_is_a_missing_mailbox(why, error):
    said = refused(400, {"error": "invalid_grant", "error_description": why}, {}, ANA, MAIL)
    assert type(said) is error


def test_a_page_is_not_the_whole(gmail):
    copies = {gmail.deliver(ANA, mail()).id for _ in range(120)}

    assert {copy.id for copy in gmail.mailboxes.find(ANA, wanted())} == copies
    assert told(gmail, "paging: 120 copies, 50 a page", "messages.list", 1, "120 found") == 2


def test_more_copies_than_can_be_proven_gone_are_refused(gmail):
    for _ in range(1_001):
        gmail.deliver(ANA, mail())

    with pytest.raises(Refused, match="1,000"):
        gmail.mailboxes.find(ANA, wanted())


def test_a_copy_that_the_index_does_not_know_yet_is_found_by_the_next_search(gmail):
    copy = gmail.deliver(ANA, mail())
    gmail.mail(copy).indexed = False
    assert gmail.mailboxes.find(ANA, wanted()) == []

    gmail.mail(copy).indexed = True
    assert [one.id for one in gmail.mailboxes.find(ANA, wanted())] == [copy.id]
    told(gmail, "search lag", "messages.list", 1, "found by the next search")


def test_an_answer_whose_fate_is_lost_leaves_once(gmail):
    gmail.google.troubles.order("messages.send", lost=True, after=True)

    with pytest.raises(TryLater):
        gmail.mailboxes.send(OutgoingMail(ANA, "Thank you", "It was malicious.\n", "answer-81"))
    assert told(gmail, "sent, then connection lost", "messages.send", 1, "unconfirmed, sent once") == 0
    assert len(gmail.look(ANA)) == 1


# Labels


def test_labels_that_are_gone_are_left_out_and_said(gmail):
    copy = gmail.deliver(ANA, mail(), "Projects")
    receipt = gmail.mailboxes.retract(copy, Action.TRASH)
    gmail.google.store.delete_label(ANA, gmail.google.store.label(ANA, "Projects"))

    back = gmail.mailboxes.restore(copy, receipt.held)

    assert (back.outcome, back.detail) == (Outcome.RESTORED, "1 of its labels were deleted meanwhile")
    assert gmail.labels(copy) == {"CATEGORY_PERSONAL", "UNREAD"}


def test_our_label_that_its_owner_deleted_is_made_again(gmail):
    first, second = gmail.deliver(ANA, mail()), gmail.deliver(ANA, mail("<2@phish.example>"))
    gmail.mailboxes.retract(first, Action.TRASH)
    for label in list(gmail.google.store.box(ANA).labels):
        gmail.google.store.delete_label(ANA, label)

    assert gmail.mailboxes.retract(second, Action.TRASH).outcome is Outcome.RETRACTED
    assert gmail.is_marked(second)


def test_a_label_made_by_a_call_whose_answer_was_lost_is_used(gmail):
    copy = gmail.deliver(ANA, mail())
    gmail.google.troubles.order("labels.create", status=504, after=True)

    assert gmail.mailboxes.retract(copy, Action.TRASH).outcome is Outcome.RETRACTED
    assert len(gmail.google.store.box(ANA).labels) == 1


def test_a_label_that_its_owner_made_since_we_looked_is_kept(gmail):
    first, second = gmail.deliver(ANA, mail()), gmail.deliver(ANA, mail("<2@phish.example>"), "Later")
    gmail.mailboxes.retract(first, Action.TRASH)
    gmail.google.store.label(ANA, "Newest")
    gmail.owner_moves(second, "Newest")
    before = gmail.labels(second)

    assert cycle(gmail, second) == [Outcome.RETRACTED, Outcome.RESTORED]
    assert gmail.labels(second) == before


def test_nothing_is_deleted_unless_that_is_the_action(gmail):
    for action in (Action.JUNK, Action.TRASH, Action.SOFT_DELETE):
        gmail.mailboxes.retract(gmail.deliver(ANA, mail(f"<{action}@phish.example>")), action)
    assert gmail.google.calls["messages.delete"] == 0
    assert {scope for _, scope in gmail.google.tokens.asked} == {"https://www.googleapis.com/auth/gmail.modify"}


def test_each_token_is_asked_for_with_one_scope(gmail):
    gmail.deliver(ANA, mail())
    list(gmail.mailboxes.search(wanted()))

    asked = {scope for _, scope in gmail.google.tokens.asked}
    assert len(asked) == 3
    assert all(" " not in scope for scope in asked)


# Whose mailboxes


def test_suspended_archived_and_mailless_people_are_not_listed(gmail):
    gmail.google.store.add("sue@example.org", suspended=True)
    gmail.google.store.add("archie@example.org", archived=True)
    gmail.google.store.add("nomail@example.org", has_mailbox=False)

    listed = set(gmail.mailboxes.list_mailboxes())
    assert {ANA, BEN} <= listed
    assert not listed & {"sue@example.org", "archie@example.org", "nomail@example.org"}


def test_the_directory_is_read_page_by_page(gmail):
    for number in range(1_100):
        gmail.google.store.add(f"person{number:04}@example.org")

    assert len(set(gmail.mailboxes.list_mailboxes())) == 1_104
    assert told(gmail, "paging: 1,104 accounts, 500 a page", "users.list", 1, "all listed") == 2


def reported(world: GmailWorld, *addresses: str) -> None:
    for address in addresses:
        world.google.admin.deliver("<1@phish.example>", address)


def searched(world: GmailWorld) -> dict[str, int]:
    return {one.mailbox: len(one.copies) for one in world.mailboxes.search(wanted())}


def test_the_report_spares_the_others(gmail):
    gmail.deliver(ANA, mail())
    reported(gmail, ANA)

    assert searched(gmail) == {ANA: 1}


def test_an_alias_in_the_report_leads_to_whose_it_is(gmail):
    gmail.google.store.accounts[ANA].aliases.add("sales@example.org")
    gmail.deliver(ANA, mail())
    reported(gmail, "sales@example.org")

    assert searched(gmail) == {ANA: 1}


def test_a_group_in_the_report_means_that_everybody_is_searched(gmail):
    gmail.deliver(BEN, mail())
    reported(gmail, "everyone@example.org")

    found = searched(gmail)
    assert found[BEN] == 1
    assert {ANA, BEN} <= set(found)


@pytest.mark.parametrize("group", ["everyone@second.example", "everyone@alias.example"])
def test_a_group_at_any_domain_of_the_organisation_means_that_everybody_is_searched(gmail, group):
    """A tenant names one domain, and a Workspace has as many as it likes."""
    gmail.google.store.add("chloe@second.example", aliases={"chloe@alias.example"})
    gmail.deliver("chloe@second.example", mail())
    reported(gmail, ANA, group)

    assert searched(gmail)["chloe@second.example"] == 1


def test_an_address_elsewhere_in_the_report_is_not_ours_to_look_into(gmail):
    gmail.deliver(ANA, mail())
    reported(gmail, ANA, "partner@elsewhere.example")

    assert searched(gmail) == {ANA: 1}


def test_a_mailbox_of_another_organisation_is_not_opened_though_it_let_us_in(gmail):
    """One service account serves every tenant: whoever names, or wrote to, another's mailbox does not get into it."""
    partner = "partner@elsewhere.example"
    gmail.google.store.add(partner)
    gmail.google.admin.elsewhere.add(partner)
    theirs = gmail.deliver(partner, mail())
    gmail.deliver(ANA, mail())
    reported(gmail, ANA, partner)

    assert searched(gmail) == {ANA: 1}
    like = Like("", "subject", datetime(2000, 1, 1), datetime(2100, 1, 1), 10)
    for ask in (
        lambda: gmail.mailboxes.find(partner, wanted()),
        lambda: gmail.mailboxes.look(partner, like),
        lambda: gmail.mailboxes.fetch(partner, theirs.id),
    ):
        with pytest.raises(NoMailbox, match="nobody's address in this organisation"):
            ask()


def test_an_edition_without_a_report_searches_everybody_and_is_not_asked_at_once_again(gmail):
    gmail.google.admin.has_reports = False
    gmail.deliver(ANA, mail())

    assert {ANA, BEN} <= set(searched(gmail))
    assert searched(gmail)[ANA] == 1
    assert gmail.google.calls["activities.list"] == 1


def test_many_mailboxes_with_a_third_of_all_calls_throttled_lose_nothing(gmail):
    people = [f"person{number:02}@example.org" for number in range(12)]
    for address in people:
        gmail.google.store.add(address)
        gmail.deliver(address, mail(), "Projects")
    before = {address: gmail.look(address) for address in people}
    gmail.google.troubles.throttled_share = 0.3

    taken, goes = {}, 0
    while len(taken) < 12 and (goes := goes + 1) < 20:  # what is put off is left to the next go, as the flow does
        copies = [copy for one in gmail.mailboxes.search(wanted()) for copy in one.copies]
        answers = gmail.mailboxes.retract_many(copies, Action.TRASH)
        taken |= {copy.id: (copy, said.held) for copy, said in answers if isinstance(said, Receipt)}
    back: set[str] = set()
    while len(back) < 12 and (goes := goes + 1) < 40:
        answers = gmail.mailboxes.restore_many(taken.values())
        back |= {copy.id for copy, said in answers if isinstance(said, Receipt) and said.outcome is Outcome.RESTORED}

    calls = sum(gmail.google.calls.values())
    print(
        f"\n30 % throttled: {gmail.google.troubles.throttled} of {calls} calls, {goes} goes; {len(back)} back", end=""
    )
    assert {address: gmail.look(address) for address in people} == before


def test_the_pace_holds_the_quota_of_one_person(gmail):
    for _ in range(200):
        gmail.deliver(ANA, mail())
    gmail.mailboxes.find(ANA, wanted())

    spent = gmail.google.units[ANA]
    assert spent >= 200 * 20
    assert sum(gmail.waiting.slept) >= (spent - 3_000) * 60 / 6_000 - 1
