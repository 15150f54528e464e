"""How long until the last of 1,000 copies in 5,000 Outlook mailboxes is gone, and is each back exactly?

Beside it: what the requests would take if Microsoft, with the same latency and limits, never throttled and we did
nothing but wait for it.
"""

import os
import time
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from builders import make_services, seed_tenant
from mails import phish
from measure import memory_peak, show
from microsoft.apart import Apart, Load, address

from backend.flow.intake import intake
from backend.flow.respond import order_restore
from backend.store import copies, retractions, submissions
from connectors.contract import Action, Outcome, Wanted
from connectors.outlook.mailboxes import OutlookMailboxes, connect

MAILBOXES, COPIES, LATENCY, THROTTLED = 5_000, 1_000, 0.1, 0.02
AT_A_TIME = 16  # four requests of which Microsoft serves four parts at a time
SENT = datetime.now(UTC).replace(microsecond=0)


def recent() -> bytes:
    """A phish sent just now: message trace knows the last ninety days."""
    head, _, rest = phish("people@example.org").partition(b"\nDate: ")
    return head + b"\nDate: " + format_datetime(SENT).encode() + b"\n" + rest.partition(b"\n")[2]


RAW = recent()


def client(apart: Apart) -> OutlookMailboxes:
    return connect(**{name: value for name, value in apart.options.items() if name != "first"})


def done(state: dict) -> dict[str, str]:
    """The facts that must hold, as a table shows them."""
    moved = Counter((who, what) for who, what, _ in state["moves"])
    return {
        "copies moved": f"{len(moved):,}",
        "moved twice": f"{sum(times > 1 for times in moved.values())}",
        "parts throttled": f"{state['throttled']:,}",
        "requests at a time, the most": f"{state['most_at_once']}",
    }


@pytest.mark.parametrize("traced", [True, False], ids=["trace", "search"])
def test_the_connector_over_five_thousand_mailboxes(traced: bool):
    with Apart(Load(MAILBOXES, COPIES, RAW, LATENCY, THROTTLED, traced)) as apart:
        before, outlook = apart.state(), client(apart)
        wanted = Wanted(
            "<update-77@mailer.account-check.test>", "no-reply@account-check.test", SENT.replace(tzinfo=None)
        )

        search = outlook.search_recipients if traced else outlook.search
        start = time.time()
        found = [copy for one in search(wanted) for copy in one.copies]
        searched = time.time() - start
        raws = {copy.id: raw for copy, raw in outlook.fetch_many(found)}
        fetched = time.time() - start
        receipts = {copy.id: (copy, receipt) for copy, receipt in outlook.retract_many(found, Action.SOFT_DELETE)}
        after = apart.state()
        took = after["last_move"] - start
        left = [copy for one in search(wanted) for copy in one.copies]

        start = time.time()
        back = list(outlook.restore_many((copy, receipt.held) for copy, receipt in receipts.values()))
        undone = time.time() - start
        restored = apart.state()
        outlook.graph.close()

    asked = (COPIES if traced else MAILBOXES) + 4 * COPIES
    show(
        f"Outlook, the connector: {MAILBOXES:,} mailboxes, {COPIES:,} copies, {'trace' if traced else 'search'}",
        {
            "order -> last copy moved": f"{took:.1f} s",
            "  of which searching": f"{searched:.1f} s",
            "  of which fetching": f"{fetched - searched:.1f} s",
            f"beside: {asked:,} parts, {AT_A_TIME} at a time, unthrottled": f"{asked * LATENCY / AT_A_TIME:.1f} s",
            "undo": f"{undone:.1f} s",
            **done(after),
            "our memory at its peak": f"{memory_peak_of_this() / 1e6:.0f} MB",
        },
    )
    assert len(found) == len(raws) == COPIES
    assert set(raws.values()) == {RAW}
    assert {receipt.outcome for _, receipt in receipts.values()} == {Outcome.RETRACTED}
    assert (len(after["moves"]), left) == (COPIES, [])
    assert {receipt.outcome for _, receipt in back} == {Outcome.RESTORED}
    assert restored["lying"] == before["lying"]
    assert after["most_at_once"] <= 4


@pytest.mark.parametrize("traced", [True, False], ids=["trace", "search"])
def test_from_the_report_to_the_last_copy(tmp_path: Path, traced: bool):
    with Apart(Load(MAILBOXES, COPIES, RAW, LATENCY, THROTTLED, traced)) as apart:
        outlook = client(apart)
        reporter = address(0)
        services = make_services(tmp_path, instead={"mailboxes": lambda tenant_id: outlook})
        world = seed_tenant(services, addresses=[reporter])
        world.set_policy(psr={"switch": "on", "max_automatic": MAILBOXES}, actions={"MALICIOUS": "soft-delete"})
        world.judge_right(reporter, 20)
        services.predictor()
        before = apart.state()

        reported = time.time()
        intake(services, world.report(reporter, None, provider_message_id=apart.options["first"]))
        proven = time.time() - reported
        after = apart.state()
        with services.database.read() as tx:
            submission = submissions.own(tx, world.tenant_id, world.people[reporter].id)[0]
            (retraction,) = retractions.of_message(tx, world.tenant_id, submission.message_id)
            journal = copies.of_retraction(tx, world.tenant_id, retraction.id)

        start = time.time()
        order_restore(services, world.owner, retraction.id)
        undone = time.time() - start
        restored = apart.state()
        outlook.graph.close()

    outcomes = Counter(str(entry.outcome) for entry in journal)
    show(
        f"Outlook, the whole flow: {MAILBOXES:,} mailboxes, {COPIES:,} copies, {'trace' if traced else 'search'}",
        {
            "report -> last copy moved": f"{after['last_move'] - reported:.1f} s",
            "report -> proof of zero copies": f"{proven:.1f} s ({retraction.state})",
            "undo": f"{undone:.1f} s",
            **done(after),
            "outcomes": f"{dict(outcomes)}",
            "our memory at its peak": f"{memory_peak_of_this() / 1e6:.0f} MB (with torch)",
        },
    )
    assert len(after["moves"]) == COPIES
    assert restored["lying"] == before["lying"]


def test_memory_does_not_grow_with_the_mailboxes():
    peaks = {}
    for mailboxes in (500, MAILBOXES):
        with Apart(Load(mailboxes, 100, RAW)) as apart:
            outlook = client(apart)
            outlook.find(address(0), Wanted("<warm@up>", "", None))
            tracemalloc.start()
            searched = sum(1 for _ in outlook.search(Wanted("<update-77@mailer.account-check.test>", "", None)))
            peaks[mailboxes] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            outlook.graph.close()
        assert searched == mailboxes
    show("Outlook, memory of one search", {f"{n:,} mailboxes": f"{peak / 1e6:.1f} MB" for n, peak in peaks.items()})


def memory_peak_of_this() -> int:
    return memory_peak(os.getpid())
