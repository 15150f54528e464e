"""The settings: PSR's switch and its licence, the actions, and the log from which the licence is earned."""

import pytest
from seeded import seed_message

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.flow import feedback
from backend.store import psr_log, tables, tenants

D = Disposition
ALL = dict.fromkeys(D, "no-action")


def policy_of(world):
    with world.services.database.read() as tx:
        return tenants.get(tx, world.tenant_id).policy


def judged(world, right: int, wrong: int = 0) -> None:
    """That many lines of the log, judged."""
    for number in range(right + wrong):
        message_id = seed_message(world, f"mail {number}").message_id
        with world.services.database.begin() as tx:
            held = D.NONE if number < wrong else D.MALICIOUS
            psr_log.judge(tx, world.tenant_id, message_id, held, world.services.now())


def test_without_a_licence_psr_cannot_be_switched_on(owner, world):
    page = owner.page("/settings")
    assert 'value="on" disabled' in page
    assert "Judge 59 more of the messages" in page

    owner.post("/settings/psr", seen_on="/settings", psr="on")

    assert policy_of(world).psr.switch is Psr.PREVIEW
    assert "Not yet: of 0 judged" in owner.text("/settings")


def test_fifty_nine_right_judgements_earn_the_licence(owner, world):
    judged(world, right=59)
    page = owner.text("/settings")
    assert "Judged 59 Of them wrong 0 Right at least 95 %" in page
    assert "Granted." in page

    owner.post("/settings/psr", seen_on="/settings", psr="on")

    assert policy_of(world).psr.switch is Psr.ON
    assert "is now set to on" in owner.text("/settings")


def test_a_wrong_judgement_costs_more_of_them(owner, world):
    judged(world, right=10, wrong=1)
    page = owner.text("/settings")
    assert "Judged 11 Of them wrong 1" in page
    assert "It cannot be on yet." in page


def test_psr_needs_something_to_do(owner, world):
    judged(world, right=59)
    world.set_policy(actions={D.MALICIOUS: "no-action"})
    assert "Choose an action for malicious mail first." in owner.text("/settings")


@pytest.mark.parametrize("psr", ["off", "preview"])
def test_psr_can_always_be_switched_back(owner, world, psr):
    owner.post("/settings/psr", seen_on="/settings", psr=psr)
    assert policy_of(world).psr.switch == psr


def test_actions_are_kept_for_each_disposition(owner, world):
    owner.post("/settings/actions", seen_on="/settings", **{**ALL, "MALICIOUS": "trash", "SPAM": "junk"})
    actions = policy_of(world).actions
    assert (actions[D.MALICIOUS], actions[D.SPAM], actions[D.BULK]) == ("trash", "junk", "no-action")


@pytest.mark.parametrize("fields", [{}, {**ALL, "SPAM": "shred"}, {"MALICIOUS": "trash"}])
def test_half_a_form_changes_nothing(owner, world, fields):
    before = policy_of(world)
    assert owner.post("/settings/actions", seen_on="/settings", **fields).status_code == 400
    assert policy_of(world) == before


def test_hard_delete_is_typed_not_clicked(owner, world):
    owner.post("/settings/hard-delete", seen_on="/settings", confirmed="yes", typed="yes")
    assert not policy_of(world).hard_delete_confirmed
    owner.post("/settings/hard-delete", seen_on="/settings", confirmed="yes", typed="Hard delete ")
    assert policy_of(world).hard_delete_confirmed
    owner.post("/settings/hard-delete", seen_on="/settings", confirmed="no")
    assert not policy_of(world).hard_delete_confirmed


@pytest.mark.parametrize("psr", ["", "maybe", "ON"])
def test_a_switch_position_that_is_none_is_refused(owner, world, psr):
    assert owner.post("/settings/psr", seen_on="/settings", psr=psr).status_code == 400
    assert policy_of(world).psr.switch is Psr.PREVIEW


def test_the_log_says_what_would_have_been_done_and_what_is_to_judge(owner, world):
    seed_message(world, "Overdue", to_judge=True)
    right = seed_message(world, "Full")
    feedback.correct(world.services, world.owner, right.message_id, D.NONE)
    page = owner.text("/log")
    assert "nothing was touched" in page
    assert "Full desk@intranet-renewal.example No threat" in page
    assert "Overdue desk@intranet-renewal.example Please judge" in page
    assert "Judged 1 Wrong 1" in page


def test_a_long_log_goes_on(owner, world):
    for number in range(51):
        seed_message(world, f"mail {number:02}")
    first = owner.page("/log")
    assert "mail 00" not in first
    address = first.split('rel="next" href="')[1].split('"')[0]
    assert "mail 00" in owner.page(address)


def test_numbers_count_and_name_nobody(owner, world):
    seed_message(world, "Overdue", retracted=True)
    page = owner.text("/numbers")
    assert "Reports 1 People who reported 1 Different messages 1" in page
    assert "Retractions 1 Of them by PSR 1" in page
    assert "Overdue" not in page
    assert "example.org" not in page


def test_a_provider_is_offered_what_it_can_do(owner, world):
    with world.services.database.begin() as tx:
        tx.execute(tables.tenants.update().values(provider="gmail"))
    page = owner.text("/settings")
    assert "Labelled Spam. Gmail deletes it after 30 days." in page
    assert "Soft delete (not offered by this provider)" in page
