"""The reporter: what one report is worth before anybody has looked, and several together."""

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.policy.settings import tenant_policy
from model.reporter import (
    DEFAULT,
    Past,
    Reporter,
    ReporterPrior,
    combined_value,
    prior_for,
    record,
    reporter_value,
    total_value,
    weights,
)

counts = st.integers(min_value=0, max_value=10_000)
amounts = st.floats(min_value=0.0, max_value=10.0)
values = st.lists(amounts, max_size=30)
pasts = st.lists(
    st.builds(
        Past, message=st.integers(0, 99), age_days=st.floats(min_value=0.0, max_value=3000.0), right=st.booleans()
    ),
    max_size=30,
)
crowds = st.lists(st.tuples(amounts, st.frozensets(st.integers(0, 6), max_size=5)), min_size=1, max_size=8).map(
    lambda people: [Reporter(number, *one) for number, one in enumerate(people)]
)
NEWCOMER = reporter_value(0, 0)
PERFECT = reporter_value(20, 20)


def together(people):
    return total_value([one.value for one in people], weights(people))


@pytest.mark.parametrize(
    ("confirmed", "judged", "value"),
    [(0, 0, 2.398), (0, 20, 0.0), (20, 20, 7.013), (1, 1, 4.190), (0, 1, 1.956), (5, 10, 4.327)],
)
def test_a_reporter_is_worth_what_the_design_says(confirmed, judged, value):
    assert reporter_value(confirmed, judged) == pytest.approx(value, abs=0.001)


@given(counts, counts)
def test_being_right_once_more_is_never_worth_less(confirmed, wrong):
    judged = confirmed + wrong
    assert reporter_value(confirmed + 1, judged + 1) >= reporter_value(confirmed, judged) >= 0.0


@given(counts, counts)
def test_being_wrong_once_more_is_never_worth_more(confirmed, wrong):
    judged = confirmed + wrong
    assert reporter_value(confirmed, judged + 1) <= reporter_value(confirmed, judged)


@given(st.integers(-(2**60), 2**60), st.integers(-(2**60), 2**60))
def test_counts_that_cannot_be_still_give_a_number(confirmed, judged):
    assert math.isfinite(reporter_value(confirmed, judged))


# Records: decay, and one right report a day.


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ([], (0.0, 0.0)),
        ([Past(1, 0.0, True)], (1.0, 1.0)),
        ([Past(1, 180.0, True)], (0.5, 0.5)),
        ([Past(1, 360.0, False)], (0.0, 0.25)),
        ([Past(1, 0.0, True), Past(2, 180.0, False)], (1.0, 1.5)),
        ([Past(1, 0.1, True), Past(2, 0.1, True), Past(3, 0.1, True)], (0.99962, 0.99962)),  # one day, one right
        ([Past(1, 0.1, False), Past(2, 0.1, False)], (0.0, 1.99923)),  # wrong ones all count
        ([Past(1, 0.0, True), Past(2, 1.0, True)], (1.99616, 1.99616)),  # another day
        ([Past(1, -5.0, True)], (1.0, 1.0)),  # a clock that ran backwards makes nobody better
    ],
)
def test_a_record_weighs_what_it_is_worth_now(past, expected):
    assert record(past) == pytest.approx(expected, abs=1e-5)


@given(pasts)
def test_the_order_of_past_reports_does_not_matter(past):
    assert record(past) == record(list(reversed(past)))


@given(pasts, st.floats(min_value=0.0, max_value=3000.0))
def test_one_more_past_report_moves_a_person_the_way_it_was_judged(past, age):
    before = reporter_value(*record(past))
    assert reporter_value(*record([*past, Past(100, age, right=True)])) >= before - 1e-9
    assert reporter_value(*record([*past, Past(100, age, right=False)])) <= before + 1e-9


@given(st.integers(1, 40), st.booleans())
def test_who_stops_reporting_becomes_a_newcomer_again(number, right):
    def after(days):
        past = [Past(each, days + each, right) for each in range(number)]
        return abs(reporter_value(*record(past)) - NEWCOMER)

    assert after(0.0) >= after(180.0) >= after(720.0)
    assert after(20_000.0) < 1e-6


def test_twenty_right_reports_in_one_afternoon_are_worth_one():
    afternoon = record([Past(number, 0.2 + number / 100, right=True) for number in range(20)])
    assert reporter_value(*afternoon) <= reporter_value(1, 1)


# Several people.


def test_nobody_is_worth_nothing():
    assert combined_value([]) == 0.0


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([Reporter(1, 4.0)], [1.0]),
        ([Reporter(1, 3.0), Reporter(2, 4.0), Reporter(3, 3.5)], [0.25, 1.0, 0.5]),
        ([Reporter(1, NEWCOMER), Reporter(2, NEWCOMER), Reporter(3, 1.0)], [1.0, 0.0, 0.0]),  # newcomers: one
        ([Reporter(1, NEWCOMER), Reporter(2, 5.0), Reporter(3, 2.0)], [0.5, 1.0, 0.0]),
        ([Reporter(1, 5.0, frozenset({7, 8})), Reporter(2, 4.0, frozenset({7, 8, 9}))], [1.0, 0.0]),  # a pair
        ([Reporter(1, 5.0, frozenset({7})), Reporter(2, 4.0, frozenset({7}))], [1.0, 0.5]),  # once may be chance
        ([Reporter(1, 0.0), Reporter(2, 0.0)], [0.0, 0.0]),
        (
            [
                Reporter(1, 5.0, frozenset({1, 2})),
                Reporter(2, 4.5, frozenset({3, 4})),
                Reporter(3, 4.0, frozenset({1, 2, 3, 4})),
            ],
            [1.0, 0.5, 0.0],
        ),
    ],
)
def test_how_much_each_of_several_counts(people, expected):
    assert weights(people) == expected


@given(crowds)
def test_the_order_of_reporters_does_not_matter(people):
    found = {one.person: weight for one, weight in zip(people, weights(people), strict=True)}
    for other in list(permutations(people[:4])):
        shuffled = [*other, *people[4:]]
        assert {one.person: weight for one, weight in zip(shuffled, weights(shuffled), strict=True)} == found


@given(crowds)
def test_together_people_are_worth_the_best_of_them_at_least_and_the_cap_at_most(people):
    assert min(max(one.value for one in people), DEFAULT.cap) <= together(people) + 1e-12
    assert together(people) <= DEFAULT.cap


@given(crowds, st.lists(st.floats(min_value=0.0, max_value=NEWCOMER), max_size=40))
def test_any_number_of_newcomers_and_liars_adds_no_more_than_one_newcomer(people, strangers):
    joined = [*people, *(Reporter(1000 + number, value) for number, value in enumerate(strangers))]
    assert together(joined) <= together(people) + NEWCOMER + 1e-9


@given(st.lists(st.floats(max_value=NEWCOMER) | st.just(math.nan), min_size=1, max_size=60))
def test_newcomers_and_liars_among_themselves_are_worth_one_newcomer_at_most(strangers):
    assert combined_value(strangers) <= NEWCOMER


@given(st.integers(2, 40), st.floats(min_value=NEWCOMER, max_value=7.0))
def test_a_ring_that_was_wrong_together_is_worth_one_of_them(size, value):
    ring = [Reporter(number, value, frozenset({1, 2, number + 10})) for number in range(size)]
    assert together(ring) == value


@given(values, amounts)
def test_another_reporter_never_makes_the_value_fall_and_never_passes_the_cap(found, another):
    assert combined_value(found) <= combined_value([*found, another]) + 1e-12
    assert combined_value([*found, another]) <= DEFAULT.cap


@given(st.lists(amounts, min_size=1, max_size=20), st.data())
def test_a_better_record_of_one_never_makes_the_value_fall(found, data):
    place = data.draw(st.integers(0, len(found) - 1))
    better = [*found]
    better[place] += data.draw(amounts)
    assert combined_value(found) <= combined_value(better) + 1e-12


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf, -1.0])
def test_a_broken_value_cannot_poison_the_sum(broken):
    assert 0.0 <= combined_value([broken, 2.4]) <= DEFAULT.cap


# Numbers.


def test_the_defaults_are_those_of_the_policy():
    policy = tenant_policy({}).reporter
    assert ReporterPrior(**policy.model_dump()) == DEFAULT


@pytest.mark.parametrize("accuracy", [0.1, 0.5, 0.68, 0.9])
def test_a_tenants_own_prior_leaves_a_newcomer_where_he_was(accuracy):
    own = prior_for(accuracy)
    assert reporter_value(0, 0, own) == pytest.approx(NEWCOMER)
    assert own.prior_right / (own.prior_right + own.prior_wrong) == pytest.approx(accuracy)


def test_where_most_reports_are_right_a_single_wrong_one_tells_more():
    assert reporter_value(0, 1, prior_for(0.9)) < reporter_value(0, 1)
