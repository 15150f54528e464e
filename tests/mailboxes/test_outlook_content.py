"""Content: are the bytes those that came by mail, by whatever id they are asked for?"""

import pytest

from connectors.contract import Copy
from connectors.errors import NotFound, NotPermitted, Refused, TryLater
from connectors.outlook import content
from mailboxes.contract import ANA, BEN, mail, wanted
from mailboxes.outlook_world import APP, TID, OutlookWorld


@pytest.mark.parametrize("kind", ["immutable", "volatile", "ews"])
def test_every_form_of_id_is_understood(outlook: OutlookWorld, kind: str):
    outlook.deliver(ANA, mail("<2@x>"))
    copy = outlook.deliver(ANA, mail())
    assert outlook.mailboxes.fetch(ANA, getattr(outlook.message(copy), kind)) == mail()


def test_office_s_id_of_a_moved_message_is_not_found(outlook: OutlookWorld):
    copy = outlook.deliver(ANA, mail())
    before = outlook.message(copy).ews
    outlook.owner_moves(copy, "archive")
    with pytest.raises(NotFound):
        outlook.mailboxes.fetch(ANA, before)


@pytest.mark.parametrize(
    "wrong", ["", "x", "../../users", ".", "..", "a/b+c=", "AAkALg'", "%2e%2e", "?$top=1", "$value", "ü" * 300]
)
def test_an_id_that_is_none_is_not_found(outlook: OutlookWorld, wrong: str):
    outlook.deliver(ANA, mail())
    with pytest.raises(Refused):
        outlook.mailboxes.fetch(ANA, wrong)
    assert outlook.graph.asked("^GET /users/ana@example.org/messages/") == len(outlook.graph.log) - outlook.graph.asked(
        "translateExchangeIds"
    )


def test_nobody_reads_another_s_mail_by_office_s_id(outlook: OutlookWorld):
    copy = outlook.deliver(ANA, mail())
    for kind in ("immutable", "volatile", "ews"):
        with pytest.raises(NotFound):
            outlook.mailboxes.fetch(BEN, getattr(outlook.message(copy), kind))


def test_a_message_over_the_limit_is_not_fetched(outlook: OutlookWorld):
    small = outlook.connect(max_bytes=1_000)
    fine, large = outlook.deliver(ANA, mail(body="x" * 100)), outlook.deliver(ANA, mail(body="word " * 300))
    assert small.fetch(ANA, fine.id) == mail(body="x" * 100)
    with pytest.raises(Refused, match="larger than 1,000 bytes"):
        small.fetch(ANA, large.id)
    answers = dict(_by_id(small.fetch_many(small.find(ANA, wanted()))))
    assert answers[fine.id] == mail(body="x" * 100)
    assert isinstance(answers[large.id], Refused)


def test_small_ones_come_together_and_large_ones_alone(outlook: OutlookWorld):
    sizes = [10, 150_000, 20, 30, 400_000, 40]
    raws = {
        outlook.deliver(ANA, mail(body="word " * (size // 5))).id: mail(body="word " * (size // 5)) for size in sizes
    }
    answers = dict(_by_id(outlook.mailboxes.fetch_many(outlook.mailboxes.find(ANA, wanted()))))
    assert answers == raws
    assert outlook.graph.batches == [4]


def test_copies_of_unknown_size_are_streamed(outlook: OutlookWorld):
    copies = [outlook.deliver(ANA, mail()) for _ in range(6)]
    outlook.graph.latency, outlook.graph.gathers = 0.02, 4
    assert {raw for _, raw in outlook.mailboxes.fetch_many(copies)} == {mail()}
    assert (outlook.graph.batches, outlook.graph.most_at_once) == ([], 4)


@pytest.mark.parametrize("size", [0, 500])
def test_one_that_is_gone_is_its_own_answer(outlook: OutlookWorld, size: int):
    there = outlook.deliver(ANA, mail())
    gone = Copy(ANA, "AAkALgAAB-gone=", "folder", {"size": size})
    answers = dict(_by_id(outlook.mailboxes.fetch_many([there, gone])))
    assert answers[there.id] == mail()
    assert isinstance(answers[gone.id], NotFound)


@pytest.mark.parametrize("body", [None, {}, "", "Subject: in the clear\r\n\r\nHello", "not/base64!", 7])
def test_what_is_not_base64_in_a_batch_is_streamed_instead(body: object):
    assert content._decoded(body) is None


def test_a_stream_that_breaks_is_begun_again(outlook: OutlookWorld):
    copy = outlook.deliver(ANA, mail())
    outlook.graph.troubles.order(r"/\$value", lost=True, times=2)
    assert outlook.mailboxes.fetch(ANA, copy.id) == mail()
    outlook.graph.troubles.order(r"/\$value", status=429, headers={"Retry-After": "90"})
    with pytest.raises(TryLater):
        outlook.mailboxes.fetch(ANA, copy.id)


def test_reading_needs_a_right(outlook: OutlookWorld):
    copy = outlook.deliver(ANA, mail())
    outlook.entra.grant(TID, APP, ["User.Read.All"])
    with pytest.raises(NotPermitted):
        outlook.mailboxes.fetch(ANA, copy.id)
    assert [type(said) for _, said in outlook.mailboxes.fetch_many([copy])] == [NotPermitted]


def _by_id(answers):
    return [(copy.id, answer) for copy, answer in answers]
