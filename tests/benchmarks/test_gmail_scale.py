"""How long does a retraction take over 5,000 Gmail mailboxes, and does it lose a copy or a label?"""

import os
from pathlib import Path

import pytest
from builders import make_services, seed_tenant
from google_process import ADMIN, Plan, google_with, person
from measure import Cost, cost, memory_peak, show

from backend.flow.intake import intake
from backend.flow.respond import order_restore
from backend.store import copies, retractions, submissions
from connectors.contract import Copy
from connectors.gmail.client import google_for
from connectors.gmail.mailboxes import GmailMailboxes

PEOPLE = int(os.environ.get("GMAIL_PEOPLE", "5000"))
COPIES = PEOPLE // 5
PLAN = Plan(people=PEOPLE, copies=COPIES, latency=0.1, throttled=0.02)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("by", ["delivery report", "searching"])
def test_a_retraction_over_thousands_of_gmail_mailboxes(tmp_path: Path, by: str):
    with google_with(PLAN, tmp_path) as google:
        google.ask("reports", by == "delivery report")
        client = google_for(google.key, f"{google.url}/token", google.url, google.url, google.ca_file)
        gmail = GmailMailboxes(client, ADMIN, domain="example.org")
        services = make_services(tmp_path, instead={"mailboxes": lambda _: gmail})
        world = seed_tenant(services, addresses=[person(0)])
        world.set_policy(psr={"switch": "on", "max_automatic": PEOPLE})
        world.judge_right(person(0), 20)
        services.predictor()
        before, resting = google.ask("labels"), memory_peak(os.getpid())

        report = world.report(person(0), Copy(*google.copies[0], ""))
        took = cost(lambda: intake(services, report))
        figures, taken = google.ask("figures"), google.ask("labels")
        with services.database.read() as tx:
            submission = submissions.own(tx, world.tenant_id, world.people[person(0)].id)[0]
            (retraction,) = retractions.of_message(tx, world.tenant_id, submission.message_id)
            journal = copies.of_retraction(tx, world.tenant_id, retraction.id, limit=PEOPLE)
        back = cost(lambda: order_restore(services, world.owner, retraction.id))
        undone, after = google.ask("figures"), google.ask("labels")
        gmail.close()

    _show(by, took, back, figures, undone, str(retraction.state), memory_peak(os.getpid()) - resting)
    assert [entry.outcome for entry in journal] == ["retracted"] * COPIES
    assert len({(entry.copy.mailbox, entry.copy.id) for entry in journal}) == COPIES
    assert all("INBOX" not in labels and {"TRASH", "SPAM"} & set(labels) for labels in taken)
    assert (figures["modified"], figures["modified twice"]) == (COPIES, 0)
    assert (undone["modified"], undone["modified twice"]) == (COPIES, 0)
    assert after == before


def _show(by: str, took: Cost, back: Cost, figures: dict, undone: dict, state: str, grown: int) -> None:
    calls = sum(figures["calls"].values())
    show(
        f"Gmail, by {by}: {PEOPLE:,} mailboxes, {COPIES:,} copies, {PLAN.latency * 1000:.0f} ms, "
        f"{PLAN.throttled:.0%} throttled for 1-5 s",
        {
            "report -> proof of zero copies": f"{took.wall:.1f} s ({state}), {took.cpu:.1f} s of processor",
            "undo": f"{back.wall:.1f} s, {back.cpu:.1f} s of processor",
            "calls": f"{calls:,}: " + ", ".join(f"{name} {times:,}" for name, times in figures["calls"].items()),
            "throttled": f"{figures['throttled']:,} of {calls:,}; undo {undone['throttled']:,}",
            "at once": f"{figures['at once']}",
            "units in the busiest minute": f"{figures['units of the project in a minute']:,} of 1,200,000 a project, "
            f"{figures['units of the busiest person in a minute']:,} of 6,000 a person",
            "memory grown by": f"{grown / 1e6:.0f} MB",
        },
    )
