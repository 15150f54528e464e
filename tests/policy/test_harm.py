"""What should an operator look at first? More chance, more reach, and what a look can still change."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.harm import BANDS, Stand, band, expected_harm

UNSURE = Stand(margin=-0.2, reach=3)


@pytest.mark.parametrize(
    "more",
    [
        replace(UNSURE, reach=30),
        replace(UNSURE, waiting=True),
        replace(UNSURE, malicious=True, waiting=True),
        replace(UNSURE, margin=0.1),
    ],
)
def test_more_at_stake_stands_above(more):
    assert expected_harm(more) > expected_harm(UNSURE)


@pytest.mark.parametrize(
    "less",
    [
        replace(UNSURE, margin=-6.0),
        replace(UNSURE, judged=True),
        replace(UNSURE, simulation=True),
        replace(UNSURE, margin=None),
        replace(UNSURE, reach=0),
    ],
)
def test_less_at_stake_stands_below(less):
    assert 0 < expected_harm(less) < expected_harm(UNSURE)


def test_what_is_certain_and_dealt_with_stands_below_what_waits_for_a_person():
    taken_away = Stand(margin=8.0, reach=20, malicious=True)
    assert expected_harm(taken_away) < expected_harm(replace(taken_away, waiting=True))
    assert expected_harm(taken_away) < expected_harm(Stand(margin=-0.5, reach=20, waiting=True))


@given(st.floats(1e-12, 1e9), st.floats(1e-12, 1e9))
def test_more_harm_is_never_in_a_lower_band(one, other):
    less, more = sorted((one, other))
    assert 0 <= band(less) <= band(more) < BANDS
