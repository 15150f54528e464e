"""Gmail, end to end: from a posted event to mailboxes without the phish, and back with the labels they had."""

import pytest
from builders import ANA, BEN, record_judged
from mails import note, phish
from workspace.addon import GoogleWithAddOn
from workspace.addon_site import URL, make_gmail_site
from workspace.card_shapes import card_of, shown, wrong_with_card

from backend.domain.people import Role
from backend.domain.retraction import RetractionState
from backend.flow.respond import order_restore
from backend.store import copies, operators, people, retractions, tenants
from connectors.contract import Outcome

THEIRS = "<update-77@mailer.account-check.test>"


@pytest.fixture
def google(tmp_path):
    folder = tmp_path / "google"
    folder.mkdir()
    with GoogleWithAddOn(folder) as running:
        yield running


@pytest.fixture
def site(tmp_path, database, google):
    made = make_gmail_site(tmp_path, database, google, works=True)
    with made.services.database.begin() as tx:
        tenants.change_policy(
            tx, made.tenant_id, {"senders": {"authserv_ids": ["mx.example.org"]}, "psr": {"switch": "on"}}
        )
    yield made
    made.close()


def trust(site, address: str) -> None:
    """Let Gmail introduce somebody, and give them a record of twenty right reports."""
    button = site.button(address)
    assert button.post("/gmail/homepage", button.event()).status_code == 200
    now = site.services.now()
    with site.services.database.begin() as tx:
        person = people.find_person(tx, site.tenant_id, "gmail", f"sub-{address}")
        for number in range(20):
            record_judged(tx, site.tenant_id, person.id, f"{address}-{number}", now)


def owner(site):
    with site.services.database.begin() as tx:
        return operators.add_operator(tx, site.tenant_id, "owner", "a long password", Role.OWNER, site.services.now())


def labels(google) -> dict[str, list[tuple[str, ...]]]:
    """Every mail's labels by name, but for the answers to reporters."""
    found = {}
    for address, account in google.store.accounts.items():
        names = account.box.labels
        mails = [mail for mail in account.box.mails.values() if b"auto-replied" not in mail.raw]
        found[address] = sorted((mail.id, *sorted(names.get(one, one) for one in mail.labels)) for mail in mails)
    return found


def in_sight(google, address: str) -> list[str]:
    mails = google.store.box(address).mails.values()
    return [mail.id for mail in mails if not mail.labels & {"TRASH", "SPAM"} and b"auto-replied" not in mail.raw]


def test_an_event_empties_the_mailboxes_and_undo_fills_them_again(site, google):
    trust(site, ANA)
    reported = site.deliver(ANA, phish(ANA))
    google.store.put(BEN, phish(BEN), {"STARRED", "IMPORTANT", google.store.label(BEN, "Projects")})
    google.store.put("admin@example.org", phish("admin@example.org"), {"SPAM", "UNREAD"})
    twin = google.store.put(BEN, note(BEN, message_id=THEIRS), {"INBOX"})
    kept = google.store.put(BEN, note(BEN), {"INBOX"})
    before = labels(google)

    answer = site.button().report(reported)

    card = card_of(answer.json)
    assert wrong_with_card(card, URL) == []
    assert "Attack" in shown(card)
    assert "taken out of mailboxes" in shown(card)
    assert (in_sight(google, ANA), in_sight(google, BEN)) == ([], [twin.id, kept.id])
    (report,) = site.kept()[-1:]
    with site.services.database.read() as tx:
        (retraction,) = retractions.of_message(tx, site.tenant_id, report.message_id)
        journal = copies.of_retraction(tx, site.tenant_id, retraction.id)
    assert retraction.state is RetractionState.DONE
    outcomes = sorted((entry.copy.mailbox, entry.outcome) for entry in journal)
    assert outcomes == [
        ("admin@example.org", Outcome.RETRACTED),
        (ANA, Outcome.RETRACTED),
        (BEN, Outcome.DIFFERENT_MESSAGE),
        (BEN, Outcome.RETRACTED),
    ]

    order_restore(site.services, owner(site), retraction.id)

    assert labels(google) == before
    with site.services.database.read() as tx:
        assert retractions.of_message(tx, site.tenant_id, report.message_id)[0].state is RetractionState.RESTORED


def test_a_message_that_could_not_be_read_in_the_event_goes_the_same_way_through_the_mailbox(site, google):
    trust(site, ANA)
    reported = site.deliver(ANA, phish(ANA))
    google.store.put(BEN, phish(BEN), {"INBOX"})
    google.troubles.order("messages.get", status=503, times=1)

    assert site.button().report(reported).status_code == 200

    assert google.troubles.met == 1
    assert (in_sight(google, ANA), in_sight(google, BEN)) == ([], [])


def test_an_exercise_stays_where_it_is(site, google):
    trust(site, ANA)
    with site.services.database.begin() as tx:
        tenants.change_policy(tx, site.tenant_id, {"senders": {"simulation_tokens": ["exercise-17"]}})
    raw = phish(ANA).replace(b"From: ", b"X-Unhook-Simulation: exercise-17\nFrom: ", 1)
    reported = site.deliver(ANA, raw)

    answer = site.button().report(reported)

    assert "Well spotted!" in shown(card_of(answer.json))
    assert in_sight(google, ANA) == [reported.id]
