"""The neuron's gain is measured fairly: the same number of false retractions for both models, and nothing for noise."""

import numpy as np
import pytest

from model.lift import lift
from model.population import draw_reports, population
from model.reporter_gain import Mail, Reported, _gains, _Ranked

RAMP = np.tile([0.0, 0.1, 0.8, 0.1], (600, 1))


@pytest.fixture
def sides():
    """Legitimate and malicious mail that overlap enough for people to help."""
    chance = np.random.default_rng(5)
    return Mail(chance.normal(-3.0, 1.5, 600), RAMP), Mail(chance.normal(2.0, 1.5, 300), RAMP[:300])


def gain(sides, right, wrong):
    people = Reported(np.linspace(*right, 32), np.linspace(*wrong, 32))
    return _gains(sides[0], sides[0], sides[1], people, seed=1)[0]


def test_telling_people_apart_catches_more_at_the_same_rate(sides):
    row = gain(sides, right=(3.5, 7.0), wrong=(0.0, 3.5))
    assert row["interval"][0] > 0.0
    assert row["measured_rate_with"] <= row["allowed"] / row["of"] == row["measured_rate_without"]


def test_people_who_are_all_alike_change_nothing(sides):
    row = gain(sides, right=(4.0, 4.0), wrong=(4.0, 4.0))
    assert (row["gain"], row["interval"]) == (0.0, [0.0, 0.0])


def test_people_drawn_from_one_pool_gain_nothing(sides):
    row = gain(sides, right=(0.0, 7.0), wrong=(0.0, 7.0))
    assert row["gain"] <= 0.0  # noise as wide as this costs, and never helps
    assert row["interval"][0] <= 0.0


def test_a_threshold_leaves_as_many_messages_above_it_as_are_allowed():
    ranked = _Ranked(np.array([[5.0], [4.0], [3.0], [2.0]]))
    assert ranked.thresholds(np.ones(4), [0, 1, 2]) == [5.0, 4.0, 3.0]
    assert ranked.thresholds(np.array([0.0, 2.0, 1.0, 1.0]), [2]) == [3.0]
    assert ranked.share_above(np.ones(4), 3.0) == 0.5


def test_the_lift_of_arrays_is_the_lift_of_serving():
    values = np.array([0.0, 1.7, 2.4, 4.2, 9.0])
    mail = Mail(np.zeros(1), np.array([[0.1, 0.2, 0.3, 0.4]]))
    single = [lift(value, [0.1, 0.2, 0.3, 0.4]) for value in values.tolist()]
    assert mail.reported_by(values)[0].tolist() == pytest.approx(single)


@pytest.mark.parametrize("accuracy", [0.1, 0.5, 0.68, 0.9])
def test_the_population_is_right_as_often_as_it_is_assumed_to_be(accuracy):
    values, right = draw_reports(6000, np.random.default_rng(3), accuracy)
    assert right.mean() == pytest.approx(accuracy, abs=0.02)
    assert values[right].mean() > values[~right].mean() + 0.5
    assert accuracy in population()["assumed"]


def test_the_same_seed_draws_the_same_people():
    first, again = (draw_reports(50, np.random.default_rng(9)) for _ in range(2))
    assert (first[0] == again[0]).all()
    assert (first[1] == again[1]).all()
