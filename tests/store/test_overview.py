"""Overview: are times, truths, copies, campaigns, reporters and margins counted rightly, on both engines?"""

from datetime import datetime, timedelta

import pytest
from rows import add_message, add_person, add_retraction, add_submission, add_tenant
from sqlalchemy import insert

from backend.store import overview
from backend.store.overview import Accuracy, Attack, Bin, Margins, Taken, Truth, Waits
from backend.store.tables import campaigns, copies, labels, verdicts

NOW = datetime(2026, 11, 26, 15, 0)  # a Thursday
BEGAN = datetime(2026, 9, 7)  # the Monday eleven weeks before its own
SECOND = timedelta(seconds=1)


class Rows:
    def __init__(self, tx) -> None:
        self.tx, self.tenant, self.count = tx, add_tenant(tx), 0
        self.ana = add_person(tx, self.tenant)

    def message(self, at: datetime = NOW, **values: object) -> int:
        self.count += 1
        return add_message(self.tx, self.tenant, f"f{self.count}", first_reported_at=at, **values)

    def report(self, message: int | None, at: datetime = NOW, **values: object) -> int:
        who = values.pop("person", self.ana)
        return add_submission(self.tx, self.tenant, who, message, received_at=at, **values)

    def label(self, message: int, disposition: str, **values: object) -> None:
        row = {"tenant_id": self.tenant, "message_id": message, "source": "operator", "given_by": "operator:1"}
        self.tx.execute(insert(labels).values(**row, disposition=disposition, given_at=NOW, **values))

    def verdict(self, message: int, base: float, version: int = 1, threshold: float = 0.0) -> None:
        row = {"tenant_id": self.tenant, "message_id": message, "version": version, "base_margin": base}
        row |= {"margin": base, "reporter_value": 0.0, "reporters": [], "probabilities": [], "reasons": []}
        row |= {"opinions": [], "counterfactual": [], "threshold": threshold, "checkpoint": "v1", "scored_at": NOW}
        self.tx.execute(insert(verdicts).values(**row))

    def copy(self, retraction: int, outcome: str, was_read: bool | None = None) -> None:
        self.count += 1
        row = {"tenant_id": self.tenant, "retraction_id": retraction, "mailbox": f"m{self.count}", "state": {}}
        row |= {"provider_copy_id": "c", "outcome": outcome, "was_read": was_read, "intended_at": NOW}
        self.tx.execute(insert(copies).values(**row))

    def campaign(self) -> int:
        row = {"tenant_id": self.tenant, "name": "", "first_seen_at": NOW}
        return self.tx.execute(insert(campaigns).values(**row).returning(campaigns.c.id)).scalar_one()


@pytest.fixture
def rows(database):
    with database.begin() as tx:
        yield Rows(tx)


@pytest.mark.parametrize(
    ("now", "began"),
    [(NOW, BEGAN), (datetime(2026, 11, 23), BEGAN), (datetime(2026, 11, 22, 23, 59), datetime(2026, 8, 31))],
)
def test_twelve_weeks_begin_on_a_monday_and_end_with_this_one(now, began):
    assert overview.first_monday(now) == began


def test_waiting_times_are_counted_by_week_with_median_and_slow_end(rows):
    for seconds in range(1, 101):
        rows.report(None, BEGAN, scored_at=BEGAN + seconds * SECOND)
    rows.report(None, NOW, scored_at=NOW + 7 * SECOND)
    rows.report(None, NOW)
    rows.report(None, BEGAN - SECOND, scored_at=BEGAN)
    first, last = overview.verdict_waits(rows.tx, rows.tenant, BEGAN)
    assert (first.week, first.count) == (0, 100)
    assert (first.median, first.slow) == (pytest.approx(50, abs=0.01), pytest.approx(95, abs=0.01))
    assert last == Waits(11, 1, pytest.approx(7, abs=0.01), pytest.approx(7, abs=0.01))


def test_only_a_retraction_that_stands_and_was_proven_says_how_long_it_took(rows):
    for state, remaining in (("done", 0), ("done", 2), ("restored", 0), ("running", None)):
        message = rows.message(NOW - timedelta(minutes=5))
        add_retraction(rows.tx, rows.tenant, message, state=state, remaining=remaining, finished_at=NOW)
    assert overview.gone_waits(rows.tx, rows.tenant, BEGAN) == [Waits(11, 1, pytest.approx(300), pytest.approx(300))]


def test_reports_are_told_apart_by_what_people_judged(rows):
    for disposition in ("MALICIOUS", "SPOOF", "SUSPICIOUS", "SPAM", "BULK", "NONE"):
        message = rows.message()
        rows.report(message)
        rows.label(message, disposition)
    revoked = rows.message()
    rows.report(revoked)
    rows.label(revoked, "MALICIOUS", revoked_at=NOW)
    rows.report(None)
    assert overview.truth(rows.tx, rows.tenant, BEGAN) == [Truth(11, 3, 1, 2, 2)]


def test_copies_that_were_read_first_are_told_apart(rows):
    retraction = add_retraction(rows.tx, rows.tenant, rows.message(), ordered_at=NOW)
    told = [("retracted", True), ("retracted", False), ("restored", True), ("retracted", None), ("unreachable", True)]
    for outcome, was_read in [*told, ("not_permitted", None), ("already_gone", None), ("", None)]:
        rows.copy(retraction, outcome, was_read)
    assert overview.taken(rows.tx, rows.tenant, BEGAN) == [Taken(11, 4, 2, 2, 1)]


def test_campaigns_are_counted_and_named_by_their_newest_message(rows):
    large, small = rows.campaign(), rows.campaign()
    ben = add_person(rows.tx, rows.tenant, "ben@example.org")
    first, second = (rows.message(campaign_id=large, subject=text) for text in ("old", "new"))
    for message, person in ((first, rows.ana), (first, ben), (second, ben)):
        rows.report(message, person=person)
    rows.report(rows.message(campaign_id=small))
    rows.report(rows.message())
    rows.report(first, NOW - timedelta(days=40))
    assert overview.attacks(rows.tx, rows.tenant, NOW - timedelta(days=30)) == [
        Attack(large, 2, 3, 2),
        Attack(small, 1, 1, 1),
    ]
    assert overview.subjects(rows.tx, rows.tenant, [large]) == {large: "new"}


def test_a_reporter_is_right_once_a_message_and_spam_counts_neither_way(rows):
    for disposition in ("MALICIOUS", "NONE", "SPAM"):
        message = rows.message()
        rows.label(message, disposition)
        rows.report(message)
        rows.report(message)
        rows.report(message, identity="unverified", person=None)
    assert overview.accuracy(rows.tx, rows.tenant, NOW - timedelta(days=365)) == [Accuracy(rows.ana, 1, 2)]
    assert overview.names(rows.tx, rows.tenant, [rows.ana]) == {rows.ana: "Ana Sand"}


def test_margins_are_the_first_verdicts(rows):
    for base in range(-10, 11):
        message = rows.message()
        rows.verdict(message, base)
        rows.verdict(message, 99.0, version=2)
    assert overview.margins(rows.tx, rows.tenant, BEGAN) == [Margins(11, 21, -9, 0, 9)]


def test_judgements_are_held_against_the_last_margin(rows):
    for base, disposition in ((-5.0, "NONE"), (0.0, "MALICIOUS"), (0.5, "BULK"), (9.0, "SPOOF"), (9.0, "SPAM")):
        message = rows.message()
        rows.verdict(message, -99.0, version=1)
        rows.verdict(message, base, version=2, threshold=1.0)
        rows.label(message, disposition)
    found = overview.bins(rows.tx, rows.tenant, NOW - timedelta(days=365))
    assert found == [Bin(1, 1, 0, -4.0), Bin(6, 2, 1, 1.25), Bin(9, 1, 1, 10.0)]


def test_nothing_of_another_tenant_is_counted(rows):
    message = rows.message(campaign_id=rows.campaign(), subject="theirs")
    rows.report(message, scored_at=NOW)
    rows.label(message, "MALICIOUS")
    rows.verdict(message, 1.0)
    rows.copy(add_retraction(rows.tx, rows.tenant, message, remaining=0, finished_at=NOW, ordered_at=NOW), "retracted")
    other = add_tenant(rows.tx, "other")
    seen = overview.overview(rows.tx, other, NOW)
    parts = [seen.verdicts, seen.gone, seen.truth, seen.taken, seen.attacks, seen.accuracy, seen.margins, seen.bins]
    assert not any(parts)
    assert overview.subjects(rows.tx, other, [1]) == {}
    assert overview.names(rows.tx, other, [rows.ana]) == {}
    assert all(vars(overview.overview(rows.tx, rows.tenant, NOW)).values())
