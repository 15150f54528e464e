"""Batches: does everybody get the answer that is theirs, whatever comes late, wrong or not at all?"""

import pytest
from microsoft.store import Directory

from connectors.contract import Action, Outcome, Searched
from connectors.errors import NoMailbox, NotPermitted, TryLater
from connectors.outlook import asks
from connectors.outlook.batch import together
from mailboxes.contract import ANA, BEN, mail, wanted
from mailboxes.outlook_world import ANSWERS, APP, ROLES, TID, OutlookWorld

MANY = 45


@pytest.fixture
def crowd(outlook: OutlookWorld) -> list[str]:
    """Addresses of 45 more people, every third with a copy of their own."""
    addresses = [f"person{number:02}@example.org" for number in range(MANY)]
    for number, address in enumerate(addresses):
        outlook.directory.add_user(address)
        if number % 3 == 0:
            outlook.deliver(address, mail())
    return addresses


def search(outlook: OutlookWorld) -> dict[str, Searched]:
    return {one.mailbox: one for one in outlook.mailboxes.search(wanted())}


def having(directory: Directory) -> dict[str, list[str]]:
    return {str(user.mail): [message.immutable] for user, message in directory.all_messages()}


def test_answers_in_disorder_reach_their_mailboxes(outlook: OutlookWorld, crowd: list[str]):
    found = search(outlook)
    assert set(found) == {*crowd, ANA, BEN, ANSWERS}
    assert {one: [copy.id for copy in said.copies] for one, said in found.items() if said.copies} == having(
        outlook.directory
    )
    assert sum(outlook.graph.batches) == MANY + 3
    assert max(outlook.graph.batches) == 20


def test_nothing_is_asked_before_the_answer_is_wanted(outlook: OutlookWorld, crowd: list[str]):
    copies = [copy for said in search(outlook).values() for copy in said.copies]
    before = len(outlook.graph.log)
    retracting = outlook.mailboxes.retract_many(copies, Action.TRASH)
    outlook.mailboxes.search(wanted())
    assert (len(outlook.graph.log), outlook.graph.moves) == (before, [])
    next(retracting)
    assert outlook.graph.moves


def test_a_throttled_part_is_asked_again_alone_after_its_own_time(outlook: OutlookWorld, crowd: list[str]):
    busy = outlook.directory.at(crowd[7]).id
    outlook.graph.troubles.order(f"{busy}/messages", status=429, headers={"Retry-After": "7"}, times=2)
    found = search(outlook)
    assert all(said.error is None for said in found.values())
    assert sorted(outlook.graph.batches) == [1, 1, 8, 20, 20]
    assert sum(outlook.waiting.slept) == pytest.approx(14)


@pytest.mark.parametrize("status", [0, 429, 503, 504])
def test_a_part_without_a_good_answer_is_asked_again(outlook: OutlookWorld, crowd: list[str], status: int):
    for address in (crowd[0], crowd[9]):
        outlook.graph.troubles.order(outlook.directory.at(address).id, status=status)
    found = search(outlook)
    assert {address for address, said in found.items() if said.copies} == set(crowd[::3])
    assert 0 < sum(outlook.waiting.slept) <= 2


@pytest.mark.parametrize("status", [0, 429])
def test_a_part_that_stays_busy_is_named_and_holds_up_nobody(outlook: OutlookWorld, crowd: list[str], status: int):
    busy = outlook.directory.at(crowd[3]).id
    outlook.graph.troubles.order(busy, status=status, headers={"Retry-After": "30"}, times=99)
    found = search(outlook)
    error = found.pop(crowd[3]).error
    assert isinstance(error, TryLater)
    assert crowd[3] in str(error)
    assert all(said.error is None for said in found.values())


def test_a_wait_longer_than_ours_is_left_to_whoever_asked(outlook: OutlookWorld, crowd: list[str]):
    busy = outlook.directory.at(crowd[3]).id
    outlook.graph.troubles.order(busy, status=429, headers={"Retry-After": "600"})
    error = search(outlook)[crowd[3]].error
    assert isinstance(error, TryLater)
    assert (error.after_seconds, outlook.waiting.slept) == (600, [])


@pytest.mark.parametrize("how", [{"status": 503}, {"status": 504}, {"lost": True}, {"lost": True, "after": True}])
def test_a_whole_batch_is_asked_again(outlook: OutlookWorld, crowd: list[str], how: dict[str, object]):
    outlook.graph.troubles.order(r"\$batch", times=2, **how)
    assert all(said.error is None for said in search(outlook).values())


def test_a_batch_that_stays_lost_names_its_mailboxes(outlook: OutlookWorld, crowd: list[str]):
    outlook.graph.troubles.order(r"\$batch", times=999, status=503)
    found = search(outlook)
    assert len(found) == MANY + 3
    assert all(isinstance(said.error, TryLater) for said in found.values())


def test_never_more_than_four_requests_at_a_time(outlook: OutlookWorld, crowd: list[str]):
    outlook.graph.latency, outlook.graph.gathers = 0.02, 4
    many = [address for address in crowd for _ in range(6)]
    asked = ((n, outlook.mailboxes._find_in(address, wanted())) for n, address in enumerate(many))
    assert len(list(together(outlook.mailboxes.graph, asked))) == len(many)
    assert outlook.graph.most_at_once == 4


def test_every_request_wants_ids_that_stay(outlook: OutlookWorld):
    copy = outlook.deliver(ANA, mail())
    (found,) = outlook.mailboxes.find(ANA, wanted())
    ((_, receipt),) = outlook.mailboxes.retract_many([found], Action.TRASH)
    assert (found.id, outlook.message(copy).immutable) == (copy.id, copy.id)
    assert receipt.outcome is Outcome.RETRACTED  # type: ignore[union-attr]


def test_mailboxes_that_graph_cannot_open_are_named(outlook: OutlookWorld, crowd: list[str]):
    outlook.directory.add_user("old@example.org", mailbox=False)
    outlook.directory.add_user("room@example.org", enabled=False)
    found = search(outlook)
    error = found["old@example.org"].error
    assert isinstance(error, NoMailbox)
    assert str(error).startswith("old@example.org: no mailbox in Exchange Online")
    assert found["room@example.org"].error is None


def test_a_mailbox_outside_our_scope_is_named(outlook: OutlookWorld):
    outlook.entra.grant(TID, APP, ["User.Read.All"])
    outlook.graph.scopes[APP] = {ANA}
    found = search(outlook)
    error = found[BEN].error
    assert (found[ANA].error, type(error)) == (None, NotPermitted)
    assert "Mail.ReadWrite" in str(error)


def test_a_token_that_dies_in_the_middle_is_replaced(outlook: OutlookWorld, crowd: list[str]):
    outlook.graph.troubles.order(outlook.directory.at(crowd[5]).id, status=401, code="InvalidAuthenticationToken")
    assert all(said.error is None for said in search(outlook).values())
    assert outlook.entra.tokens_given == 2


def test_many_are_retracted_and_restored_each_once(outlook: OutlookWorld, crowd: list[str]):
    before = {address: outlook.look(address) for address in crowd}
    outlook.graph.troubles.throttled_share = 0.2
    copies = [copy for said in search(outlook).values() for copy in said.copies]
    receipts = dict(_hashable(outlook.mailboxes.retract_many(copies, Action.SOFT_DELETE)))
    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.RETRACTED}
    assert len(outlook.graph.moves) == len({(who, what) for who, what, _ in outlook.graph.moves}) == len(copies)
    assert not any(said.copies for said in search(outlook).values())
    held = [(copy, receipts[copy.mailbox].held) for copy in copies]
    assert {answer.outcome for _, answer in outlook.mailboxes.restore_many(held)} == {Outcome.RESTORED}  # type: ignore[union-attr]
    assert {address: outlook.look(address) for address in crowd} == before


def _hashable(answers):
    return [(copy.mailbox, answer) for copy, answer in answers]


def test_an_error_of_our_own_is_not_swallowed(outlook: OutlookWorld):
    def broken():
        yield asks.organisation()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(together(outlook.mailboxes.graph, [(1, broken())]))


def test_all_roles_of_the_world_are_needed():
    assert set(ROLES) == {asks.READ_WRITE, asks.SEND, asks.DIRECTORY}
