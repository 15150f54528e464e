"""Moving: does each copy come back exactly as it lay, and is nothing moved that is not ours?"""

import json
from dataclasses import replace

import httpx
import pytest
from microsoft.store import RECOVERABLE

from connectors import registry
from connectors.contract import Action, Copy, Outcome
from connectors.errors import ConnectorError
from connectors.outlook.mailboxes import OutlookMailboxes
from connectors.outlook.mark import MARK_ID, Mark, parse
from mailboxes.contract import ANA, REVERSIBLE, mail, wanted
from mailboxes.outlook_world import OutlookWorld

FLAG = {"flagStatus": "flagged", "dueDateTime": {"dateTime": "2026-12-01T00:00:00.0000000", "timeZone": "UTC"}}


@pytest.fixture
def copy(outlook: OutlookWorld) -> Copy:
    """Read, flagged until December, in two categories, in a folder of Ana's own."""
    made = outlook.deliver(ANA, mail(), "Projects", read=True)
    message = outlook.message(made)
    message.flag, message.categories = dict(FLAG), ["Red category", "Überprüfen"]
    return made


@pytest.mark.parametrize("action", REVERSIBLE)
def test_folder_read_state_flag_and_categories_come_back(outlook: OutlookWorld, copy: Copy, action: Action):
    before = outlook.look(ANA)
    receipt = outlook.mailboxes.retract(copy, action)
    message = outlook.message(copy)  # what rules and people may do to it meanwhile
    message.read, message.flag, message.categories = False, {"flagStatus": "complete"}, ["Junk"]
    assert outlook.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
    assert outlook.look(ANA) == before


def test_what_is_as_it_was_is_not_set_again(outlook: OutlookWorld, copy: Copy):
    receipt = outlook.mailboxes.retract(copy, Action.SOFT_DELETE)
    changed: list[dict[str, object]] = []
    outlook.graph.troubles.next = lambda line: changed.append({"line": line}) if "PATCH" in line else None  # type: ignore[assignment, func-returns-value, method-assign]
    outlook.mailboxes.restore(copy, receipt.held)
    assert len(changed) == 1  # the mark alone
    assert json.loads(receipt.held).keys() == {"action", "folder", "read", "flag", "categories", "target"}


@pytest.mark.parametrize("action", REVERSIBLE)
def test_a_folder_that_is_gone_becomes_the_inbox(outlook: OutlookWorld, copy: Copy, action: Action):
    receipt = outlook.mailboxes.retract(copy, action)
    box = outlook.directory.box(ANA)
    del box.folders[outlook.folder(ANA, "Projects")]
    restored = outlook.mailboxes.restore(copy, receipt.held)
    assert (restored.outcome, restored.detail) == (Outcome.RESTORED, "its folder is gone: it lies in the inbox")
    (sight,) = outlook.look(ANA)
    assert sight.folder == "Inbox"
    assert sight.marks == ("True", json.dumps(FLAG, sort_keys=True), "Red category", "Überprüfen")


@pytest.mark.parametrize("action", REVERSIBLE)
def test_a_copy_that_its_owner_took_back_is_left_there_and_counts_again(
    outlook: OutlookWorld, copy: Copy, action: Action
):
    receipt = outlook.mailboxes.retract(copy, action)
    outlook.owner_moves(copy, "archive")
    assert [found.id for found in outlook.mailboxes.find(ANA, wanted())] == [copy.id]
    restored = outlook.mailboxes.restore(copy, receipt.held)
    assert (restored.outcome, restored.detail) == (Outcome.RESTORED, "its owner had already taken it out")
    assert outlook.lies_in(copy) == "Archive"


def test_a_copy_that_its_owner_took_back_can_be_taken_again(outlook: OutlookWorld, copy: Copy):
    outlook.mailboxes.retract(copy, Action.TRASH)
    outlook.owner_moves(copy, "archive")
    receipt = outlook.mailboxes.retract(copy, Action.TRASH)
    assert receipt.outcome is Outcome.RETRACTED
    outlook.mailboxes.restore(copy, receipt.held)
    assert outlook.lies_in(copy) == "Archive"


def test_a_copy_that_its_owner_had_trashed_counts_until_we_retract_it(outlook: OutlookWorld):
    copy = outlook.deliver(ANA, mail(), "deleteditems")
    before = outlook.look(ANA)
    assert len(outlook.mailboxes.find(ANA, wanted())) == 1
    receipt = outlook.mailboxes.retract(copy, Action.TRASH)
    assert (receipt.outcome, outlook.mailboxes.find(ANA, wanted())) == (Outcome.RETRACTED, [])
    assert (outlook.graph.moves, outlook.look(ANA)) == ([], before)
    assert outlook.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
    assert [found.id for found in outlook.mailboxes.find(ANA, wanted())] == [copy.id]


@pytest.mark.parametrize("action", Action)
def test_what_its_owner_deleted_for_good_is_left_alone(outlook: OutlookWorld, copy: Copy, action: Action):
    outlook.owner_deletes(copy)
    receipt = outlook.mailboxes.retract(copy, action)
    assert (receipt.outcome, receipt.held, outlook.graph.moves) == (Outcome.ALREADY_GONE, "", [])


def test_another_process_knows_what_was_taken(outlook: OutlookWorld, copy: Copy):
    first = outlook.mailboxes.retract(copy, Action.JUNK)
    other = outlook.connect()
    assert other.find(ANA, wanted()) == []
    assert other.retract(copy, Action.JUNK).held == first.held


def test_a_copy_that_vanishes_between_reading_and_moving_is_gone(outlook: OutlookWorld, copy: Copy):
    outlook.graph.troubles.order("PATCH", status=404, code="ErrorItemNotFound")
    outlook.graph.troubles.order("/move", status=404, code="ErrorItemNotFound")
    receipt = outlook.mailboxes.retract(copy, Action.TRASH)
    assert (receipt.outcome, receipt.held) == (Outcome.ALREADY_GONE, "")


def test_hard_delete_is_for_good(outlook: OutlookWorld, copy: Copy):
    receipt = outlook.mailboxes.retract(copy, Action.HARD_DELETE)
    assert (receipt.outcome, receipt.held) == (Outcome.RETRACTED, "")
    assert outlook.directory.box(ANA).messages == {}
    assert outlook.mailboxes.retract(copy, Action.HARD_DELETE).outcome is Outcome.ALREADY_GONE
    assert outlook.mailboxes.restore(copy, receipt.held).outcome is Outcome.EXPIRED


def test_a_hard_delete_whose_answer_is_lost_is_made_once(outlook: OutlookWorld, copy: Copy):
    outlook.graph.troubles.order("permanentDelete", lost=True, after=True)
    assert outlook.mailboxes.retract(copy, Action.HARD_DELETE).outcome is Outcome.ALREADY_GONE
    assert [folder for _, _, folder in outlook.graph.moves] == ["purges"]


def test_a_copy_in_recoverable_items_can_still_be_read(outlook: OutlookWorld, copy: Copy):
    outlook.mailboxes.retract(copy, Action.SOFT_DELETE)
    assert (
        outlook.lies_in(copy) == outlook.directory.box(ANA).folders[outlook.directory.box(ANA).well_known(RECOVERABLE)]
    )
    assert outlook.mailboxes.fetch(ANA, copy.id) == mail()


@pytest.mark.parametrize(
    "held", ["", "nonsense", "{}", "[]", "null", '{"action": "junk"}', '{"action": "hard-delete"}']
)
def test_a_damaged_journal_entry_is_made_up_for_by_the_mark(outlook: OutlookWorld, copy: Copy, held: str):
    before = outlook.look(ANA)
    outlook.mailboxes.retract(copy, Action.SOFT_DELETE)
    assert outlook.mailboxes.restore(copy, held).outcome is Outcome.RESTORED
    assert outlook.look(ANA) == before


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"action":"fly","folder":"x","read":true,"flag":{},"categories":[]}']
)
def test_a_mark_that_is_not_ours_is_no_mark(outlook: OutlookWorld, copy: Copy, text: str):
    assert parse(text) is None
    outlook.message(copy).properties[MARK_ID] = text
    assert outlook.mailboxes.retract(copy, Action.TRASH).outcome is Outcome.RETRACTED


def test_a_mark_says_the_same_after_it_was_written():
    mark = Mark(Action.JUNK, "folder", True, {"flagStatus": "flagged"}, ("a", "b"))
    assert parse(mark.text()) == mark
    assert parse(mark.text("target")) == replace(mark, target="target")


def test_the_fake_changes_ids_on_move_unless_asked_not_to(outlook: OutlookWorld, copy: Copy):
    """So that a request of ours without the Prefer header would not get through the tests above."""
    token = outlook.entra.app_token(outlook.directory.tid, "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")
    url = f"{outlook.graph.url}/users/{ANA}/messages"
    with httpx.Client(verify=_context(outlook), headers={"Authorization": f"Bearer {token}"}) as client:
        (found,) = client.get(url).json()["value"]
        moved = client.post(f"{url}/{found['id']}/move", json={"DestinationId": "junkemail"})
        assert moved.status_code == 201
        assert moved.json()["id"] != found["id"] != copy.id
        assert client.get(f"{url}/{found['id']}").json()["error"]["code"] == "ErrorItemNotFound"
        assert client.get(f"{url}?$filter=contains(subject,'x')").status_code == 400


def _context(outlook: OutlookWorld):
    import ssl

    return ssl.create_default_context(cafile=str(outlook.entra.ca_file))


def test_one_refusal_among_many_is_its_own(outlook: OutlookWorld, copy: Copy):
    other = outlook.deliver(ANA, mail())
    gone = replace(copy, mailbox="nobody@example.org")
    answers = {
        one.mailbox + one.id: said for one, said in outlook.mailboxes.retract_many([copy, gone, other], Action.JUNK)
    }
    kinds = [isinstance(answers[one.mailbox + one.id], ConnectorError) for one in (copy, gone, other)]
    assert kinds == [False, True, False]


def test_the_registry_knows_outlook(outlook: OutlookWorld):
    options = {"directory": "d", "client_id": "c", "secret": "s", "certificate": "", "answers_from": ""}
    made = registry.connect(
        "outlook", **options, login_url="https://l", graph_url="https://g", ca_file=None, max_bytes=9
    )
    assert isinstance(made, OutlookMailboxes)
