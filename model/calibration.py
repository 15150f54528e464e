"""Calibration: what is a logit worth in nats, and how sure are we of each threshold's errors?

Torch-free and scikit-learn-free: serving reads the curve, training fits it.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

TARGETS = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)


@dataclass(frozen=True)
class Point:
    """What the calibration sample says of one threshold.

    `target` is the false-retraction rate this threshold is offered for. `upper_bound` is the exact one-sided 95 % bound
    (Clopper-Pearson) for one message per near-duplicate cluster; `sources_bound` the 95th percentile of the rate when
    whole sources are drawn anew. Rates are of legitimate mail; `caught` is of malicious mail in the same sample.
    """

    target: float
    threshold: float
    legitimate: int
    errors: int
    upper_bound: float
    sources_bound: float
    malicious: int
    caught: int


@dataclass(frozen=True)
class Calibration:
    """From a logit to calibrated log-odds (at even odds), and the thresholds on offer, loosest first."""

    slope: float
    intercept: float
    points: tuple[Point, ...]

    def log_odds(self, logit: float) -> float:
        """Calibrated log-odds of malicious against legitimate, as if both were equally frequent."""
        return self.slope * logit + self.intercept

    def offered(self) -> tuple[float, ...]:
        """The targets the sample supports, loosest first."""
        return tuple(point.target for point in self.points)

    def threshold(self, target: float) -> float:
        """The threshold of the nearest offered target that is at least as strict; of the strictest, if none is."""
        strict_enough = [point for point in self.points if point.target <= target]
        return (strict_enough[0] if strict_enough else self.points[-1]).threshold

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Calibration":
        """Read what `to_json` wrote."""
        points = tuple(Point(**point) for point in data["points"])
        if not points:
            raise ValueError("a checkpoint without a single supported threshold cannot serve")
        return cls(float(data["slope"]), float(data["intercept"]), points)


@dataclass(frozen=True)
class Sample:
    """The calibration mail: calibrated scores, one message per near-duplicate cluster."""

    legitimate: Sequence[float]
    sources: Sequence[str]  # of the legitimate ones, in the same order
    malicious: Sequence[float]


def upper_bound(errors: int, n: int, confidence: float = 0.95) -> float:
    """The exact one-sided upper bound of a rate (Clopper and Pearson 1934); 1.0 for an empty sample."""
    if n <= 0 or errors >= n:
        return 1.0
    from scipy.stats import beta  # training and evaluation only

    return float(beta.ppf(confidence, errors + 1, n - errors))


def interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a rate."""
    half = 1.0 - (1.0 - confidence) / 2.0
    return 1.0 - upper_bound(n - hits, n, half), upper_bound(hits, n, half)


def fit_line(legitimate: Sequence[float], malicious: Sequence[float]) -> tuple[float, float]:
    """Slope and intercept of calibrated log-odds at even odds (Platt's scaling, both classes weighing the same)."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    scores = np.concatenate((legitimate, malicious)).reshape(-1, 1)
    truth = np.concatenate((np.zeros(len(legitimate)), np.ones(len(malicious))))
    fitted = LogisticRegression(class_weight="balanced", C=1.0).fit(scores, truth)
    return max(float(fitted.coef_[0, 0]), 1e-3), float(fitted.intercept_[0])


def curve(sample: Sample, seed: int, targets: Sequence[float] = TARGETS) -> tuple[Point, ...]:
    """A threshold for every target that the sample supports; a target it cannot support is left out.

    How many errors a target allows depends on the size of the sample alone, so the threshold is an order statistic and
    the bound holds although the threshold was chosen on the same sample.
    """
    ordered = sorted(sample.legitimate)
    n = len(ordered)
    points = []
    for target in sorted(targets, reverse=True):
        allowed = _allowed_errors(n, target)
        if allowed is None:
            continue
        zero = ordered[n - 1 - allowed]  # a margin of exactly zero already acts: stay strictly above this message
        threshold = zero + max(1e-6, abs(zero) * 1e-6)
        errors = n - bisect_right(ordered, threshold)
        caught = sum(score >= threshold for score in sample.malicious)
        bound = upper_bound(allowed, n)
        points.append(
            Point(
                target,
                threshold,
                n,
                errors,
                bound,
                _sources_bound(sample, threshold, seed),
                len(sample.malicious),
                caught,
            )
        )
    return tuple(points)


def _allowed_errors(n: int, target: float) -> int | None:
    allowed = None
    while upper_bound(0 if allowed is None else allowed + 1, n) <= target:
        allowed = 0 if allowed is None else allowed + 1
    return allowed


def _sources_bound(sample: Sample, threshold: float, seed: int, draws: int = 2_000) -> float:
    """The 95th percentile of the error rate over samples made of whole sources drawn with replacement."""
    import numpy as np

    names = sorted(set(sample.sources))
    totals = dict.fromkeys(names, 0)
    wrong = dict.fromkeys(names, 0)
    for source, score in zip(sample.sources, sample.legitimate, strict=True):
        totals[source] += 1
        wrong[source] += score >= threshold
    total, bad = np.array([totals[name] for name in names]), np.array([wrong[name] for name in names])
    drawn = np.random.default_rng(seed).integers(0, len(names), size=(draws, len(names)))
    return float(np.quantile(bad[drawn].sum(axis=1) / total[drawn].sum(axis=1), 0.95))
