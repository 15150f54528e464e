"""Throttling and lost answers: is Microsoft's wish obeyed, and does nothing happen twice?"""

import pytest

from connectors.contract import Action, Outcome
from connectors.errors import ConnectorError, NoMailbox, NotFound, NotPermitted, Refused, TryLater
from connectors.outlook.pace import Pace
from connectors.outlook.refusals import seconds
from mailboxes.contract import ANA, mail, wanted
from mailboxes.outlook_world import OutlookWorld


def test_retry_after_is_obeyed_to_the_second(outlook: OutlookWorld):
    outlook.deliver(ANA, mail())
    outlook.graph.troubles.order("/messages", status=429, headers={"Retry-After": "11"})
    assert len(outlook.mailboxes.find(ANA, wanted())) == 1
    assert outlook.waiting.slept == [11]


def test_without_a_wish_the_wait_doubles_with_jitter(outlook: OutlookWorld):
    outlook.graph.troubles.order("/messages", status=503, times=4)
    outlook.mailboxes.find(ANA, wanted())
    assert [low / 2 <= slept <= low for low, slept in zip((1, 2, 4, 8), outlook.waiting.slept, strict=True)] == [
        True
    ] * 4


def test_tries_are_counted(outlook: OutlookWorld):
    outlook.graph.troubles.order("/messages", status=429, headers={"Retry-After": "3"}, times=99)
    with pytest.raises(TryLater) as raised:
        outlook.mailboxes.find(ANA, wanted())
    assert (raised.value.after_seconds, outlook.waiting.slept) == (3, [3] * 5)


def test_no_wait_is_longer_than_a_minute(outlook: OutlookWorld):
    outlook.graph.troubles.order("/messages", status=429, headers={"Retry-After": "61"})
    with pytest.raises(TryLater) as raised:
        outlook.mailboxes.find(ANA, wanted())
    assert (raised.value.after_seconds, outlook.waiting.slept) == (61, [])


def test_a_retry_after_that_is_no_number_is_no_wish():
    assert 0.5 <= (Pace().wait(1, None) or 0) <= 1


@pytest.mark.parametrize(
    ("header", "wish"),
    [("7", 7), (" 1.5 ", 1.5), ("999999", 600), ("Wed, 02 Dec 2026 07:28:00 GMT", None), ("-1", None), (None, None)],
)
def test_a_wish_is_a_number_of_seconds_and_ten_minutes_at_most(header, wish):
    assert seconds(header) == wish


@pytest.mark.parametrize(
    ("status", "code", "ours"),
    [
        (400, "BadRequest", Refused),
        (403, "ErrorAccessDenied", NotPermitted),
        (404, "ErrorInvalidUser", NoMailbox),
        (404, "MailboxNotEnabledForRESTAPI", NoMailbox),
        (404, "ErrorItemNotFound", NotFound),
        (409, "ErrorIrresolvableConflict", TryLater),
        (429, "ApplicationThrottled", TryLater),
        (500, "ErrorInternalServerError", TryLater),
        (502, "", TryLater),
        (503, "ServiceUnavailable", TryLater),
        (504, "GatewayTimeout", TryLater),
    ],
)
def test_every_refusal_becomes_one_of_ours(outlook: OutlookWorld, status: int, code: str, ours: type[ConnectorError]):
    outlook.graph.troubles.order("/users/[^/]+/messages", status=status, code=code, times=99)
    with pytest.raises(ours) as raised:
        outlook.mailboxes.find("ben@example.org", wanted("<a secret id>"))
    assert "ben@example.org" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "as ordered" not in str(raised.value)


def test_a_graph_that_is_not_there_is_asked_later(outlook: OutlookWorld):
    away = outlook.connect(graph_url="https://127.0.0.1:1/v1.0")
    with pytest.raises(TryLater, match="cannot be reached"):
        away.find(ANA, wanted())
    assert len(outlook.waiting.slept) == 5


def test_a_certificate_by_somebody_else_is_no_graph(outlook: OutlookWorld):
    with pytest.raises(TryLater):
        outlook.connect(ca_file=None).find(ANA, wanted())


@pytest.mark.parametrize("action", [Action.JUNK, Action.TRASH, Action.SOFT_DELETE])
@pytest.mark.parametrize("many", [False, True])
def test_a_move_whose_answer_is_lost_is_made_once(outlook: OutlookWorld, action: Action, many: bool):
    copy = outlook.deliver(ANA, mail(), "Projects", read=True)
    before = outlook.look(ANA)
    if many:
        outlook.graph.troubles.order("/move", status=504, after=True, times=2)
        ((_, receipt),) = outlook.mailboxes.retract_many([copy], action)
    else:
        outlook.graph.troubles.order("/move", lost=True, after=True, times=2)
        receipt = outlook.mailboxes.retract(copy, action)
    assert not isinstance(receipt, ConnectorError)
    assert (receipt.outcome, len(outlook.graph.moves)) == (Outcome.RETRACTED, 1)
    assert outlook.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
    assert outlook.look(ANA) == before


@pytest.mark.parametrize("broken", ["PATCH", "/move"])
@pytest.mark.parametrize("after", [False, True])
def test_asking_again_after_giving_up_loses_and_repeats_nothing(outlook: OutlookWorld, broken: str, after: bool):
    copy = outlook.deliver(ANA, mail(), "Projects")
    before = outlook.look(ANA)
    outlook.graph.troubles.order(broken, lost=True, after=after, times=6)
    with pytest.raises(TryLater):
        outlook.mailboxes.retract(copy, Action.TRASH)
    again = outlook.connect().retract(copy, Action.TRASH)  # as another process would
    assert again.outcome is (Outcome.ALREADY_GONE if broken == "/move" and after else Outcome.RETRACTED)
    assert len(outlook.graph.moves) == 1
    assert outlook.connect().restore(copy, again.held).outcome is Outcome.RESTORED
    assert outlook.look(ANA) == before


@pytest.mark.parametrize("broken", ["/move", "PATCH"])
@pytest.mark.parametrize("after", [False, True])
def test_an_undo_that_breaks_off_is_finished_by_the_next(outlook: OutlookWorld, broken: str, after: bool):
    copy = outlook.deliver(ANA, mail(), "Projects", read=True)
    before = outlook.look(ANA)
    receipt = outlook.mailboxes.retract(copy, Action.JUNK)
    outlook.owner_reads(copy)
    outlook.message(copy).read = False
    outlook.graph.troubles.order(broken, lost=True, after=after, times=6)
    with pytest.raises(TryLater):
        outlook.mailboxes.restore(copy, receipt.held)
    assert outlook.connect().restore(copy, receipt.held).outcome is Outcome.RESTORED
    assert outlook.look(ANA) == before
