"""The lift's promises, for any weights: nobody moves nothing, more never moves less, never more than 2.5 nats."""

import math
import struct

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.fit_lift import fit_lift, fit_mixture, lift_of
from model.lift import KNOTS, MAX_LIFT, lift, lifted
from model.network import Network, NetworkConfig
from model.reporter import Reporter, combined_value, reporter_value, total_value, weights

anything = st.floats(allow_nan=True, allow_infinity=True)
strengths = st.lists(anything, min_size=len(KNOTS), max_size=len(KNOTS))
shares = st.lists(st.floats(min_value=0.0, max_value=1.0), min_size=len(KNOTS), max_size=len(KNOTS))
TINY = NetworkConfig(buckets=64, width=2, hidden=4)
BROKEN = (math.nan, math.inf, -math.inf, 0.0)


def bits(number):
    return struct.pack("<d", number)


@st.composite
def networks(draw):
    """Any weights of any size, some of them broken."""
    torch.manual_seed(draw(st.integers(0, 2**31)))
    network = Network(TINY)
    scale = draw(st.sampled_from((1e-3, 1.0, 1e3, 1e20, 1e38)))
    broken = draw(st.sampled_from((None, *BROKEN)))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn_like(parameter) * scale)
            if broken is not None and draw(st.booleans()):
                parameter.view(-1)[draw(st.integers(0, parameter.numel() - 1))] = broken
    return network


def outputs_of(network, seed):
    """(raw logit, strengths) of a message drawn at random."""
    torch.manual_seed(seed)
    with torch.no_grad():
        outputs = network(torch.randn(1, TINY.bags * TINY.width + TINY.dense) * 10.0)
    return float(outputs.logit[0]), outputs.strengths[0].tolist()


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


@given(strengths, st.floats(min_value=0.0, max_value=8.0))
def test_the_next_number_up_never_lifts_less(found, value):
    assert lift(value, found) <= lift(math.nextafter(value, math.inf), found)


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


@settings(max_examples=150, deadline=None)
@given(networks(), st.integers(0, 2**31), anything)
def test_any_network_leaves_the_base_margin_alone_when_nobody_reports(network, seed, threshold):
    logit, found = outputs_of(network, seed)
    base = logit - threshold
    assert bits(lifted(base, lift(0.0, found))) == bits(base)


@settings(max_examples=150, deadline=None)
@given(networks(), st.integers(0, 2**31), anything, st.floats(min_value=0.0), st.floats(min_value=0.0))
def test_any_network_is_monotone_in_the_reporter_and_bounded(network, seed, base, one, other):
    _, found = outputs_of(network, seed)
    low, high = lift(min(one, other), found), lift(max(one, other), found)
    assert 0.0 <= low <= high <= MAX_LIFT
    assert math.isnan(base) or lifted(base, low) <= lifted(base, high)


@settings(max_examples=150, deadline=None)
@given(
    networks(),
    st.integers(0, 2**31),
    st.floats(max_value=-2.5, exclude_max=True, allow_nan=False),
    st.lists(anything, min_size=1, max_size=40),
)
def test_in_any_network_nobody_moves_a_message_below_the_bound_to_malicious(network, seed, base, values):
    _, found = outputs_of(network, seed)
    people = [Reporter(person, value) for person, value in enumerate(values)]
    for value in (*values, combined_value(values), total_value(values, weights(people))):
        assert lifted(base, lift(value, found)) < 0.0


@given(shares, st.floats(min_value=0.0, max_value=20.0))
def test_arrays_and_single_numbers_give_the_same_lift(found, value):
    found = [share / len(KNOTS) for share in found]  # a mixture: together at most one
    drawn = lift_of(torch.tensor([found], dtype=torch.float64), torch.tensor([value], dtype=torch.float64))
    assert float(drawn[0, 0]) == pytest.approx(lift(value, found), abs=1e-6)


@pytest.fixture(scope="module")
def fitted():
    network = Network(TINY)
    before = {name: weights.clone() for name, weights in network.state_dict().items()}
    fit_lift(network, seed=1)
    return before, network


def test_fitting_the_lift_leaves_the_base_network_alone(fitted):
    before, network = fitted
    changed = {name for name, weights in network.state_dict().items() if not torch.equal(weights, before[name])}
    assert changed == {"gate.weight", "gate.bias", "mixture"}


def test_the_fitted_lift_is_the_same_for_every_message_and_spends_the_bound(fitted):
    _, network = fitted
    first, second = outputs_of(network, 1)[1], outputs_of(network, 2)[1]
    assert first == second
    assert lift(reporter_value(20, 20), first) == pytest.approx(MAX_LIFT, abs=1e-5)


def test_the_fitted_lift_says_who_reported_and_not_that_somebody_did(fitted):
    found = outputs_of(fitted[1], 1)[1]
    newcomer, one_right, perfect = (lift(reporter_value(*each), found) for each in ((0, 0), (1, 1), (20, 20)))
    assert newcomer < 0.4
    assert newcomer + 0.8 < one_right < perfect


def test_the_same_seed_gives_the_same_lift():
    assert torch.equal(fit_mixture(3), fit_mixture(3))
