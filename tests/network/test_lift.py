"""The lift's promises, for any weights: nobody moves nothing, more never moves less, never more than 2.5 nats."""

import math
import struct

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.fit_lift import lift_of
from model.lift import KNOTS, MAX_LIFT, lift, lifted
from model.network import Network, NetworkConfig
from model.reporter import combined_value, reporter_value

anything = st.floats(allow_nan=True, allow_infinity=True)
strengths = st.lists(anything, min_size=len(KNOTS), max_size=len(KNOTS))
weights = st.lists(st.floats(min_value=0.0, max_value=1.0), min_size=len(KNOTS), max_size=len(KNOTS))
TINY = NetworkConfig(buckets=64, width=2, hidden=4)


def bits(number):
    return struct.pack("<d", number)


@given(strengths)
def test_nobody_lifts_nothing(found):
    assert bits(lift(0.0, found)) == bits(0.0)


@given(anything, strengths)
def test_without_a_lift_the_margin_is_the_base_margin_bit_for_bit(base, found):
    assert bits(lifted(base, lift(0.0, found))) == bits(base)


@given(anything, strengths)
def test_no_reporter_lifts_more_than_the_bound_or_less_than_nothing(value, found):
    assert 0.0 <= lift(value, found) <= MAX_LIFT


@given(strengths, st.floats(min_value=0.0), st.floats(min_value=0.0))
def test_a_better_reporter_never_lifts_less(found, one, other):
    low, high = min(one, other), max(one, other)
    assert lift(low, found) <= lift(high, found)


@given(
    strengths,
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=60),
    st.floats(max_value=-2.5, exclude_max=True, allow_nan=False),
)
def test_no_number_of_reporters_moves_a_message_below_the_bound_to_malicious(found, people, base):
    value = combined_value([reporter_value(right, right + wrong) for right, wrong in people])
    assert lifted(base, lift(value, found)) < 0.0


@pytest.mark.parametrize("value", [math.nan, -math.inf, -3.0])
def test_a_value_that_is_no_reporter_lifts_nothing(value):
    assert lift(value, [1.0] * len(KNOTS)) == 0.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.floats(min_value=0.01, max_value=1e6), st.floats(min_value=0.0, max_value=20.0))
def test_networks_with_random_weights_keep_the_bounds(seed, scale, value):
    torch.manual_seed(seed)
    network = Network(TINY)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn_like(parameter) * scale)
        row = torch.randn(1, TINY.bags * TINY.width + TINY.dense) * scale
        found = network(row).strengths[0].tolist()

    assert lift(0.0, found) == 0.0
    assert 0.0 <= lift(value, found) <= lift(value + 1.0, found) <= MAX_LIFT
    assert lifted(-2.5000001, lift(1e9, found)) < 0.0


@given(weights, st.floats(min_value=0.0, max_value=20.0))
def test_training_and_serving_compute_the_same_lift(found, value):
    shares = [share / len(KNOTS) for share in found]  # a mixture: together at most one
    trained = lift_of(torch.tensor([shares], dtype=torch.float64), torch.tensor([value], dtype=torch.float64))
    assert float(trained[0]) == pytest.approx(lift(value, shares), abs=1e-6)
