"""Claim, work, advance: each row once, whoever comes, and nobody who comes too late."""

import threading
from datetime import datetime, timedelta

import pytest

from backend.domain.submission import Kind, Report, State
from backend.store import people, submissions, tenants

NOW = datetime(2026, 1, 5, 12, 0)
LEASE = timedelta(minutes=2)
LATER = NOW + timedelta(minutes=3)


@pytest.fixture
def report(database) -> Report:
    with database.begin() as tx:
        tenant_id = tenants.add(tx, "acme", "Acme", "maildir", NOW)
        person = people.add_person(tx, tenant_id, "maildir", "ana", "ana@example.org", "Ana", NOW)
    return Report(tenant_id, person.id, "ana@example.org", kind=Kind.USER)


def keep(database, report: Report, times: int = 1) -> list[int]:
    with database.begin() as tx:
        return [submissions.keep(tx, report, NOW)[0] for _ in range(times)]


def claim(database, number: int, now: datetime = NOW):
    with database.begin() as tx:
        return submissions.claim(tx, number, State.RECEIVED, now, LEASE)


def advance(database, submission, now: datetime = NOW) -> bool:
    with database.begin() as tx:
        return submissions.advance(tx, submission, State.FETCHED, now)


def test_eight_workers_claim_fifty_rows_each_exactly_once(database, report):
    numbers = keep(database, report, 50)
    claimed: list[int] = []

    def work() -> None:
        claimed.extend(number for number in numbers if claim(database, number))

    crowd = [threading.Thread(target=work) for _ in range(8)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert sorted(claimed) == numbers


def test_a_worker_that_comes_too_late_keeps_nothing(database, report):
    (number,) = keep(database, report)
    slow = claim(database, number)
    quick = claim(database, number, LATER)
    assert not advance(database, slow, LATER)
    assert advance(database, quick, LATER)
    assert not advance(database, quick, LATER)


def test_a_row_in_somebodys_hands_is_not_given_away_before_its_lease_ends(database, report):
    (number,) = keep(database, report)
    assert claim(database, number)
    assert claim(database, number) is None
    with database.read() as tx:
        assert submissions.lost(tx, NOW) == []
        assert submissions.lost(tx, LATER) == [number]


def test_a_row_put_back_waits_for_its_time(database, report):
    (number,) = keep(database, report)
    held = claim(database, number)
    with database.begin() as tx:
        submissions.release(tx, held, "throttled", NOW + timedelta(seconds=30))
    assert claim(database, number, NOW + timedelta(seconds=29)) is None
    assert claim(database, number, NOW + timedelta(seconds=30)).attempts == 2


def test_a_failed_row_goes_back_to_where_it_failed(database, report):
    (number,) = keep(database, report)
    held = claim(database, number)
    with database.begin() as tx:
        submissions.fail(tx, held, "no such mailbox", NOW)
        assert submissions.get(tx, report.tenant_id, number).state is State.FAILED
        assert not submissions.retry(tx, report.tenant_id + 1, number)
        assert submissions.retry(tx, report.tenant_id, number)
    assert claim(database, number).attempts == 1


def test_an_idempotency_key_belongs_to_one_person(database, report):
    from dataclasses import replace

    keyed = replace(report, idempotency_key="once")
    with database.begin() as tx:
        first = submissions.keep(tx, keyed, NOW)
        assert submissions.keep(tx, keyed, NOW) == (first[0], True)
        other = people.add_person(tx, report.tenant_id, "maildir", "ben", "ben@example.org", "Ben", NOW)
        assert submissions.keep(tx, replace(keyed, person_id=other.id), NOW)[1] is False


def test_nobody_reads_anothers_submission(database, report):
    (number,) = keep(database, report)
    with database.read() as tx:
        assert submissions.get_own(tx, report.tenant_id, report.person_id, number)
        assert submissions.get_own(tx, report.tenant_id, report.person_id + 1, number) is None
        assert submissions.get_own(tx, report.tenant_id + 1, report.person_id, number) is None
