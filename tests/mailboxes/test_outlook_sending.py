"""Sending: does an answer leave at most once, from the mailbox that was chosen?"""

import pytest

from connectors.contract import OutgoingMail
from connectors.errors import NoMailbox, NotPermitted, Refused, TryLater
from mailboxes.contract import ANA
from mailboxes.outlook_world import ANSWERS, APP, TID, OutlookWorld

ANSWER = OutgoingMail(ANA, "Thank you\r\nBcc: other@example.net", "It was malicious.\n", "answer-81")


def test_an_answer_says_what_it_is(outlook: OutlookWorld):
    outlook.mailboxes.send(ANSWER)
    (sight,) = outlook.look(ANA)
    assert b"x-unhook-key: answer-81" in sight.raw
    assert b"x-auto-response-suppress: All" in sight.raw
    assert f"From: {ANSWERS}".encode() in sight.raw
    assert b"Subject: Thank you Bcc: other@example.net" in sight.raw
    assert outlook.look(ANSWERS) == []


def test_without_a_mailbox_to_send_from_nothing_is_sent(outlook: OutlookWorld):
    with pytest.raises(Refused, match="UNHOOK_OUTLOOK_ANSWERS_FROM"):
        outlook.connect(answers_from="").send(ANSWER)
    assert outlook.graph.log == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("how", [{"lost": True}, {"status": 503}, {"status": 504}])
def test_when_its_own_answer_is_lost_it_is_not_sent_again(outlook: OutlookWorld, how: dict[str, object], after: bool):
    outlook.graph.troubles.order("sendMail", after=after, **how)
    with pytest.raises(TryLater):
        outlook.mailboxes.send(ANSWER)
    assert (outlook.graph.asked("sendMail"), len(outlook.look(ANA))) == (1, int(after))


def test_an_operator_who_sends_again_what_had_arrived_sends_nothing(outlook: OutlookWorld):
    outlook.graph.troubles.order("sendMail", after=True, lost=True)
    with pytest.raises(TryLater):
        outlook.mailboxes.send(ANSWER)
    outlook.connect().send(ANSWER)
    assert len(outlook.look(ANA)) == 1


def test_a_throttled_answer_has_not_left_and_is_sent_later(outlook: OutlookWorld):
    outlook.graph.troubles.order("sendMail", status=429, headers={"Retry-After": "4"})
    outlook.mailboxes.send(ANSWER)
    assert (outlook.waiting.slept, len(outlook.look(ANA))) == ([4], 1)


def test_a_missing_right_is_named(outlook: OutlookWorld):
    outlook.entra.grant(TID, APP, ["Mail.ReadWrite", "User.Read.All"])
    with pytest.raises(NotPermitted, match=r"Mail\.Send"):
        outlook.mailboxes.send(ANSWER)


def test_a_person_outside_our_scope_is_answered_all_the_same(outlook: OutlookWorld):
    outlook.entra.grant(TID, APP, ["User.Read.All"])
    outlook.graph.scopes[APP] = {ANSWERS}
    outlook.mailboxes.send(ANSWER)
    assert len(outlook.look(ANA)) == 1


def test_a_mailbox_to_send_from_that_is_none_is_refused(outlook: OutlookWorld):
    with pytest.raises(NoMailbox):
        outlook.connect(answers_from="nobody@example.org").send(ANSWER)
