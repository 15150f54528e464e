"""Reporters' records: which earlier reports count, and how old they are, on both engines."""

from datetime import timedelta

import pytest
from rows import NOW, add_message, add_person, add_submission, add_tenant

from backend.store import labels

REPORT = 5  # the message at hand


@pytest.fixture
def told(database):
    """A tenant, a person, and a function that lets them report a message that is judged so many days before NOW."""
    with database.begin() as tx:
        tenant = add_tenant(tx)
        person = add_person(tx, tenant)
        hand = [add_message(tx, tenant, f"f{number}") for number in range(8)]

    def tell(number, days, disposition, **values):
        with database.begin() as tx:
            at = NOW - timedelta(days=days)
            add_submission(tx, tenant, person, hand[number], received_at=at, **values)
            if disposition:
                labels.give(tx, tenant, hand[number], disposition, "operator", "operator:1", at + timedelta(hours=1))

    def past():
        with database.read() as tx:
            found = labels.past_of(tx, tenant, person, NOW, hand[REPORT])
        return [(hand.index(one.message), round(one.age_days, 3), one.right) for one in found]

    return tell, past


def test_judged_reports_come_with_their_age_newest_first(told):
    tell, past = told
    tell(0, 200, "NONE")
    tell(1, 10, "MALICIOUS")
    tell(2, 30.5, "SPOOF")
    assert past() == [(1, 10.0, True), (2, 30.5, True), (0, 200.0, False)]


def test_spam_the_unjudged_the_unverified_and_the_message_at_hand_do_not_count(told):
    tell, past = told
    tell(0, 3, "SPAM")
    tell(1, 3, None)
    tell(2, 3, "MALICIOUS", identity="unverified")
    tell(3, 3, "MALICIOUS", submitted_as="spam")
    tell(REPORT, 3, "MALICIOUS")
    assert past() == []


def test_one_message_reported_twice_counts_once_from_the_first_time(told):
    tell, past = told
    tell(0, 9, "MALICIOUS")
    tell(0, 4, None)
    assert past() == [(0, 9.0, True)]


def test_what_was_judged_after_the_report_does_not_reach_back(told):
    tell, past = told
    tell(0, 0.01, "MALICIOUS")  # reported a quarter of an hour before, judged later
    assert past() == []


def test_a_judgement_that_was_revised_counts_as_it_stood(told):
    tell, past = told
    tell(0, 9, "MALICIOUS")
    tell(0, 8, "NONE")
    tell(0, -2, "MALICIOUS")  # two days after the report at hand
    assert past() == [(0, 9.0, False)]
