"""The licence: precision must be proven on the tenant's own judged would-be retractions."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.policy.licence import licence, lower_bound
from backend.policy.settings import tenant_policy

POLICY = tenant_policy({}).psr


@pytest.mark.parametrize(
    ("judged", "wrong", "granted", "needed"),
    [(0, 0, False, 59), (58, 0, False, 1), (59, 0, True, 0), (59, 1, False, 34), (93, 1, True, 0)],
)
def test_fifty_nine_judged_and_none_wrong_earn_the_licence(judged, wrong, granted, needed):
    earned = licence(judged, wrong, POLICY)
    assert (earned.granted, earned.needed) == (granted, needed)


@given(st.integers(1, 200), st.data())
def test_the_bound_is_the_exact_binomial_one(judged, data):
    wrong = data.draw(st.integers(0, judged - 1))
    bound = lower_bound(judged, wrong)
    right = judged - wrong
    as_good_or_better = sum(comb(judged, k) * bound**k * (1 - bound) ** (judged - k) for k in range(right, judged + 1))
    assert as_good_or_better == pytest.approx(0.05, abs=1e-6)


def test_the_alarm_rings_on_errors_not_on_a_short_history():
    assert not licence(5, 0, POLICY).alarm
    assert licence(30, 1, POLICY).alarm
    assert not licence(200, 5, POLICY).alarm
