"""The settings: PSR's switch and its licence, the actions, and the log from which the licence is earned."""

import pytest
from seeded import seed_message

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.flow import feedback
from backend.flow.backtest import run_backtest
from backend.store import psr_log, tables, tenants
from backend.web.progress import EXTENSION

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
    page = owner.page("/settings/auto-retract")
    assert 'value="on" disabled' in page
    assert "Judge 59 more of the messages" in page

    owner.post("/settings/psr", seen_on="/settings/auto-retract", psr="on", typed="turn on")

    assert policy_of(world).psr.switch is Psr.PREVIEW
    assert "Not yet: of 0 judged" in owner.text("/settings/auto-retract")


def test_fifty_nine_right_judgements_earn_the_licence(owner, world):
    judged(world, right=59)
    page = owner.text("/settings/auto-retract")
    assert "Judged 59 Of them wrong 0 Right at least 95 %" in page
    assert "Granted." in page
    run_backtest(world.services, world.owner)

    owner.post("/settings/psr", seen_on="/settings/auto-retract", psr="on", typed="turn on")

    assert policy_of(world).psr.switch is Psr.ON
    assert "Phish Submission Response is now: On." in owner.text("/settings/auto-retract")


def test_a_wrong_judgement_costs_more_of_them(owner, world):
    judged(world, right=10, wrong=1)
    page = owner.text("/settings/auto-retract")
    assert "Judged 11 Of them wrong 1" in page
    assert "It cannot be on yet." in page


def test_psr_needs_something_to_do(owner, world):
    judged(world, right=59)
    world.set_policy(actions={D.MALICIOUS: "no-action"})
    assert "Choose an action for malicious mail first." in owner.text("/settings/auto-retract")


@pytest.mark.parametrize("psr", ["off", "preview"])
def test_psr_can_always_be_switched_back(owner, world, psr):
    owner.post("/settings/psr", seen_on="/settings/auto-retract", psr=psr)
    assert policy_of(world).psr.switch == psr


def test_actions_are_kept_for_each_disposition(owner, world):
    owner.post("/settings/actions", seen_on="/settings/auto-retract", **{**ALL, "MALICIOUS": "trash", "SPAM": "junk"})
    actions = policy_of(world).actions
    assert (actions[D.MALICIOUS], actions[D.SPAM], actions[D.BULK]) == ("trash", "junk", "no-action")


@pytest.mark.parametrize("fields", [{}, {**ALL, "SPAM": "shred"}, {"MALICIOUS": "trash"}])
def test_half_a_form_changes_nothing(owner, world, fields):
    before = policy_of(world)
    assert owner.post("/settings/actions", seen_on="/settings/auto-retract", **fields).status_code == 400
    assert policy_of(world) == before


def test_hard_delete_is_typed_not_clicked(owner, world):
    owner.post("/settings/hard-delete", seen_on="/settings/auto-retract", confirmed="yes", typed="yes")
    assert not policy_of(world).hard_delete_confirmed
    owner.post("/settings/hard-delete", seen_on="/settings/auto-retract", confirmed="yes", typed="Hard delete ")
    assert policy_of(world).hard_delete_confirmed
    owner.post("/settings/hard-delete", seen_on="/settings/auto-retract", confirmed="no")
    assert not policy_of(world).hard_delete_confirmed


@pytest.mark.parametrize("psr", ["", "maybe", "ON"])
def test_a_switch_position_that_is_none_is_refused(owner, world, psr):
    assert owner.post("/settings/psr", seen_on="/settings/auto-retract", psr=psr).status_code == 400
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
    page = owner.text("/overview")
    assert "Reports 1 People who reported 1 Different messages 1" in page
    assert "Retractions 1 Of them by PSR 1" in page
    assert "Overdue" not in page
    assert "example.org" not in page


def test_a_provider_is_offered_what_it_can_do(owner, world):
    with world.services.database.begin() as tx:
        tx.execute(tables.tenants.update().values(provider="gmail"))
    page = owner.text("/settings/auto-retract")
    assert "Labelled Spam. Gmail deletes it after 30 days." in page
    assert "Soft delete" not in page


def test_on_is_typed_not_clicked(owner, world):
    judged(world, right=59)
    run_backtest(world.services, world.owner)
    owner.post("/settings/psr", seen_on="/settings/auto-retract", psr="on")
    assert policy_of(world).psr.switch is Psr.PREVIEW
    owner.post("/settings/pdr", seen_on="/settings/auto-retract", pdr="on")
    assert policy_of(world).pdr.switch is Psr.PREVIEW
    owner.post("/settings/pdr", seen_on="/settings/auto-retract", pdr="on", typed="turn on")
    assert policy_of(world).pdr.switch is Psr.ON


def test_a_back_test_is_asked_for_again_when_the_settings_have_changed(owner, world):
    judged(world, right=59)
    owner.post("/settings/backtest", seen_on="/settings/auto-retract")
    world.set_policy(psr={"max_automatic": 400})
    assert "This result is out of date" in owner.text("/settings/auto-retract")
    owner.post("/settings/psr", seen_on="/settings/auto-retract", psr="on", typed="turn on")
    assert policy_of(world).psr.switch is Psr.PREVIEW


def test_psr_that_errs_falls_back_and_every_page_says_so_until_it_was_seen(owner, world):
    judged(world, right=30)
    world.set_policy(psr={"switch": "on"})
    for number in range(2):
        wrong = seed_message(world, f"a letter {number}")
        feedback.correct(world.services, world.owner, wrong.message_id, D.NONE)
    assert policy_of(world).psr.switch is Psr.PREVIEW
    for address in ("/settings", "/queue", "/log"):
        assert "Phish Submission Response fell back to preview." in owner.text(address)
    number = owner.page("/settings").split("/alarms/")[1].split("/")[0]
    owner.post(f"/alarms/{number}/acknowledge", seen_on="/settings")
    assert "fell back" not in owner.text("/settings")


def test_the_log_is_filtered_and_taken_along_without_formulas(owner, world):
    seed_message(world, "=HYPERLINK(1)", to_judge=True)
    right = seed_message(world, "Full")
    feedback.correct(world.services, world.owner, right.message_id, D.NONE)
    assert "Full" not in owner.text("/log?judged=drawn")
    assert "HYPERLINK" not in owner.text("/log?judged=wrong")
    assert "Nothing fits" in owner.text("/log?response=retract")
    assert "Full" in owner.text("/log?since=0001-01-01&until=9999-12-31")
    assert "Nothing fits" in owner.text("/log?until=2001-01-01")
    file = owner.get("/log.csv?judged=drawn").text
    assert "'=HYPERLINK(1)" in file
    assert "Full" not in file


def test_progress_ends_when_nothing_moves_and_only_so_many_follow_along(owner, world):
    done = seed_message(world, retracted=True)
    address = f"/retractions/{done.retraction_id}/progress"
    told = owner.get(address)
    assert told.mimetype == "text/event-stream"
    assert '"retracted": 1' in told.text
    assert "event: end" in told.text
    told.close()
    streams = owner.client.application.extensions[EXTENSION]
    while streams.acquire(blocking=False):
        pass
    assert owner.get(address).status_code == 503
