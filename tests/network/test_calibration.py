"""Calibration: thresholds that the sample can support, and no others."""

import math

import pytest

from model.calibration import Calibration, Sample, curve, fit_line, interval, upper_bound


def sample(n):
    legitimate = [-10.0 + 9.0 * number / n for number in range(n)]
    return Sample(legitimate, [f"list {number % 7}" for number in range(n)], [3.0, 0.5, -1.5, -20.0])


def test_the_upper_bound_is_the_exact_one():
    assert upper_bound(0, 59) == pytest.approx(1.0 - 0.05 ** (1 / 59))
    assert upper_bound(0, 0) == 1.0
    assert upper_bound(3, 3) == 1.0


def test_an_interval_holds_the_rate_it_is_about():
    low, high = interval(7, 100)
    assert low < 0.07 < high
    assert interval(0, 10)[0] == 0.0


def test_a_target_the_sample_cannot_support_is_not_offered():
    assert 0.001 not in [point.target for point in curve(sample(2_000), seed=1)]
    assert 0.001 in [point.target for point in curve(sample(3_100), seed=1)]


def test_no_threshold_is_offered_where_nothing_can_be_proven():
    assert curve(sample(20), seed=1) == ()


def test_every_offered_threshold_keeps_its_own_bound():
    for point in curve(sample(3_100), seed=1):
        assert point.upper_bound <= point.target
        assert upper_bound(point.errors, point.legitimate) <= point.target
        assert 0 < point.legitimate == 3_100


def test_a_stricter_target_never_lowers_the_threshold():
    thresholds = [point.threshold for point in curve(sample(3_100), seed=1)]
    assert thresholds == sorted(thresholds)


def test_the_threshold_is_that_of_the_nearest_target_at_least_as_strict():
    points = curve(sample(3_100), seed=1)
    calibration = Calibration(1.0, 0.0, points)
    by_target = {point.target: point.threshold for point in points}
    assert calibration.threshold(0.01) == by_target[0.01]
    assert calibration.threshold(0.015) == by_target[0.01]
    assert calibration.threshold(1e-9) == points[-1].threshold


def test_a_curve_survives_being_written_and_read():
    calibration = Calibration(1.5, -0.5, curve(sample(500), seed=1))
    assert Calibration.from_json(calibration.to_json()) == calibration


def test_a_calibration_without_any_threshold_is_refused():
    with pytest.raises(ValueError, match="threshold"):
        Calibration.from_json({"slope": 1.0, "intercept": 0.0, "points": []})


def test_calibrated_log_odds_mean_what_they_say():
    legitimate = [-1.0] * 900 + [1.0] * 100
    malicious = [-1.0] * 10 + [1.0] * 90
    slope, intercept = fit_line(legitimate, malicious)
    assert slope + intercept == pytest.approx(math.log(0.9 / 0.1), abs=0.1)


def test_the_bound_over_sources_sees_a_source_that_goes_wrong_as_a_whole():
    bad = Sample([-5.0] * 900 + [5.0] * 100, ["good"] * 900 + ["bad"] * 100, [6.0])
    loosest = curve(bad, seed=1, targets=(0.2,))[0]
    assert loosest.sources_bound == pytest.approx(0.0) or loosest.sources_bound > loosest.errors / loosest.legitimate
