"""The reporter: what one report is worth before anybody has looked."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.policy.settings import tenant_policy
from model.reporter import DEFAULT, ReporterPrior, combined_value, reporter_value

counts = st.integers(min_value=0, max_value=10_000)
values = st.lists(st.floats(min_value=0.0, max_value=10.0), max_size=30)


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


@given(st.integers(), st.integers())
def test_counts_that_cannot_be_still_give_a_number(confirmed, judged):
    assert math.isfinite(reporter_value(confirmed, judged))


def test_nobody_is_worth_nothing():
    assert combined_value([]) == 0.0


def test_one_reporter_counts_in_full():
    assert combined_value([2.4]) == 2.4


def test_the_second_reporter_counts_half_and_the_third_a_quarter():
    assert combined_value([1.0, 2.0, 1.0]) == pytest.approx(2.0 + 0.5 + 0.25)


@given(values, st.floats(min_value=0.0, max_value=10.0))
def test_another_reporter_never_makes_the_value_fall_and_never_passes_the_cap(found, another):
    assert combined_value(found) <= combined_value([*found, another]) + 1e-12
    assert combined_value([*found, another]) <= DEFAULT.cap


@given(values)
def test_the_order_of_reporters_does_not_matter(found):
    assert combined_value(found) == combined_value(list(reversed(found)))


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf, -1.0])
def test_a_broken_value_cannot_poison_the_sum(broken):
    assert 0.0 <= combined_value([broken, 2.4]) <= DEFAULT.cap


def test_the_defaults_are_those_of_the_policy():
    policy = tenant_policy({}).reporter
    assert ReporterPrior(**policy.model_dump()) == DEFAULT
