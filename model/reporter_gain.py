"""Reporter gain: how much more is caught with the neuron than without it, at the same false-retraction rate?

Every message is *reported*: legitimate mail by people whose report is mistaken, malicious mail by people whose report
is right, out of the simulated population at an assumed accuracy, each with a record drawn from the same reliability.
Two models see that mail: the base margin alone, and with the lift. Both thresholds allow the same number of false
retractions, on the calibration part (and then recall is of mail that neither threshold has seen) or on the very mail
measured. The gain is the difference in recall.

The people are simulated, so chance among them is averaged out: each message counts once with each of `_PEOPLE` evenly
spaced quantiles of the population. The interval is a paired bootstrap over mail, one message a near-duplicate cluster.
*Shuffled*, all reported messages draw from one pool of people, right or wrong, so a value tells nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.calibration import interval
from model.checkpoint import Checkpoint
from model.dataset import CALIBRATE, Table, one_a_cluster
from model.fit import score
from model.lift import MAX_LIFT, RAMPS
from model.population import draw_values, population
from model.reporter import DEFAULT, ReporterPrior, combined_value, prior_for, reporter_value

RATES = (0.01, 0.005, 0.001)
_PEOPLE = 32  # reporters of each message
_POOL = 5_000  # simulated reports behind those quantiles
_DRAWS = 200  # of the bootstrap
_KEPT = 0.2  # highest scores of legitimate mail; thresholds lie among the first hundredth
_RING = 20

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mail:
    """One side's messages, one a cluster: calibrated log-odds (N,) and shares of the lift (N, ramps)."""

    odds: Floats
    strengths: Floats

    def reported_by(self, values: Floats) -> Floats:
        """Log-odds with the lift: (N, K) for K reporters of each message."""
        low, high = np.array(RAMPS).T
        ramps = (np.clip(values[:, None], low, high) - low) / (high - low)
        lifts: Floats = np.minimum(np.clip(self.strengths, 0.0, 1.0) @ ramps.T * MAX_LIFT, MAX_LIFT)
        return self.odds[:, None] + lifts


@dataclass(frozen=True)
class Reported:
    """Who reports what is right to report, and who what is not: K values each, from lowest to highest."""

    right: Floats
    wrong: Floats


def reporter_gain(
    loaded: Checkpoint, table: Table, numbers: NDArray[np.int64], seed: int, target: float = 0.001
) -> dict[str, Any]:
    """All figures of the neuron; `numbers` is the mail to measure on. Without a calibration part, in-sample only."""
    measured = one_a_cluster(table, numbers)
    legitimate, malicious = (_mail(loaded, table, measured, wanted) for wanted in (("none", "bulk"), ("malicious",)))
    calibration = one_a_cluster(table, table.where(lambda example: example.split == CALIBRATE))
    chosen_on = {"calibration": _mail(loaded, table, calibration, ("none", "bulk")), "the mail measured": legitimate}
    share = len(malicious.odds) / max(1, len(malicious.odds) + len(legitimate.odds))
    rows = []
    for accuracy, shuffled in product(population()["assumed"], (False, True)):
        for kind, prior in (("default", DEFAULT), ("tenant", prior_for(accuracy))):
            people = _people(accuracy, prior, share if shuffled else None, seed)
            for name, sample in chosen_on.items():
                how = {"accuracy": accuracy, "prior": kind, "shuffled": shuffled, "chosen_on": name}
                rows += [{**how, **row} for row in _gains(sample, legitimate, malicious, people, seed)]
    return {
        "legitimate": len(legitimate.odds),
        "malicious": len(malicious.odds),
        "calibration_legitimate": len(chosen_on["calibration"].odds),
        "gain": rows,
        "at_shipped_threshold": _at_threshold(legitimate, loaded.calibration.threshold(target)),
        "within_reach_of_reporters": _reach(legitimate, loaded.calibration.threshold(target)),
    }


def _mail(loaded: Checkpoint, table: Table, numbers: NDArray[np.int64], labels: tuple[str, ...]) -> Mail:
    wanted = np.array([number for number in numbers if table.examples[number].label in labels], dtype=np.int64)
    logits, _, strengths = score(loaded.network, table, wanted)
    return Mail(loaded.calibration.slope * logits + loaded.calibration.intercept, strengths)


def _people(accuracy: float, prior: ReporterPrior, shuffled: float | None, seed: int) -> Reported:
    """The population at this accuracy; `shuffled`: the share of right reports in one pool for both sides."""
    chance = np.random.default_rng(seed)
    right, wrong = (draw_values(_POOL, chance, right=side, accuracy=accuracy, prior=prior) for side in (True, False))
    if shuffled is not None:
        right = wrong = np.concatenate((right[: int(shuffled * _POOL)], wrong[int(shuffled * _POOL) :]))
    places = (np.arange(_PEOPLE) + 0.5) / _PEOPLE
    return Reported(np.quantile(right, places), np.quantile(wrong, places))


def _gains(sample: Mail, legitimate: Mail, malicious: Mail, people: Reported, seed: int) -> list[dict[str, Any]]:
    """A row for each rate: recall and measured rate without and with the neuron, the gain and its interval."""
    if not len(sample.odds) or not len(malicious.odds) or not len(legitimate.odds):
        return []
    chance = np.random.default_rng(seed)
    same = sample is legitimate
    plain = [side.odds[:, None] for side in (sample, legitimate, malicious)]
    with_lift = [
        sample.reported_by(people.wrong),
        legitimate.reported_by(people.wrong),
        malicious.reported_by(people.right),
    ]
    models = [[_Ranked(sides[0], _KEPT), _Ranked(sides[1], _KEPT), _Ranked(sides[2])] for sides in (plain, with_lift)]
    ones = [np.ones(len(side.odds)) for side in (sample, legitimate, malicious)]
    point = [_shares(model, ones) for model in models]

    drawn = []
    for _ in range(_DRAWS):
        counts = [np.bincount(chance.integers(0, len(one), len(one)), minlength=len(one)).astype(float) for one in ones]
        if same:
            counts[1] = counts[0]
        without, with_neuron = (_shares(model, counts) for model in models)
        drawn.append(with_neuron[:, 0] - without[:, 0])
    low, high = np.quantile(np.array(drawn), (0.025, 0.975), axis=0)
    return [
        {
            "false_retraction_rate": rate,
            "allowed": _allowed(rate, len(sample.odds)),
            "of": len(sample.odds),
            "recall_without": round(float(point[0][place, 0]), 4),
            "recall_with": round(float(point[1][place, 0]), 4),
            "gain": round(float(point[1][place, 0] - point[0][place, 0]), 4),
            "interval": [round(float(low[place]), 4), round(float(high[place]), 4)],
            "measured_rate_without": round(float(point[0][place, 1]), 5),
            "measured_rate_with": round(float(point[1][place, 1]), 5),
        }
        for place, rate in enumerate(RATES)
    ]


class _Ranked:
    """Scores of messages by several reporters each, sorted once; how often each message counts may change."""

    def __init__(self, scores: Floats, kept: float = 1.0) -> None:
        """Only the highest are kept where nobody asks for more: no threshold lies below them."""
        flat = scores.ravel()
        order = np.argsort(-flat, kind="stable")[: max(1, math.ceil(kept * len(flat)))]
        self._scores = flat[order]  # highest first
        self._owner = order // scores.shape[1]
        self._each = 1.0 / scores.shape[1]

    def thresholds(self, counts: Floats, allowed: Sequence[int]) -> list[float]:
        """The scores that only so many messages (in whole, over their reporters) lie strictly above."""
        above = np.cumsum(counts[self._owner]) * self._each
        places = np.searchsorted(above, np.array(allowed) + 1e-9, side="right")
        return [float(self._scores[min(int(place), len(self._scores) - 1)]) for place in places]

    def share_above(self, counts: Floats, threshold: float) -> float:
        """The share of messages, over their reporters, strictly above the threshold."""
        end = int(np.searchsorted(-self._scores, -threshold, side="left"))
        return float(counts[self._owner[:end]].sum() * self._each / counts.sum())


def _shares(model: list[_Ranked], counts: list[Floats]) -> Floats:
    """(rates, 2): recall, and the rate on the legitimate mail measured, at the threshold of each rate."""
    thresholds = model[0].thresholds(counts[0], [_allowed(rate, len(counts[0])) for rate in RATES])
    found = [(model[2].share_above(counts[2], cut), model[1].share_above(counts[1], cut)) for cut in thresholds]
    return np.array(found)


def _allowed(rate: float, size: int) -> int:
    return int(rate * size + 1e-9)


def _at_threshold(legitimate: Mail, threshold: float) -> list[dict[str, Any]]:
    """False retractions at the shipped threshold, had each of these reported every legitimate message."""
    newcomer, perfect = reporter_value(0, 0), reporter_value(20, 20)
    values = {
        "nobody": 0.0,
        "a newcomer": newcomer,
        f"a ring of {_RING} newcomers": combined_value([newcomer] * _RING),
        "one with 20 of 20 right who lies": perfect,
        f"a ring of {_RING} with 20 of 20 right who lie": combined_value([perfect] * _RING),
    }
    return [
        {"who": who, "value": round(value, 3), **_counted(legitimate.reported_by(np.array([value]))[:, 0] >= threshold)}
        for who, value in values.items()
    ]


def _reach(legitimate: Mail, threshold: float) -> dict[str, Any]:
    """Legitimate mail with a base margin in [-2.5, 0): all that reporters could ever have retracted wrongly."""
    margins = legitimate.odds - threshold
    return _counted((margins >= -MAX_LIFT) & (margins < 0.0))


def _counted(hit: NDArray[np.bool_]) -> dict[str, Any]:
    hits, size = int(hit.sum()), len(hit)
    return {
        "hits": hits,
        "of": size,
        "rate": round(hits / size, 5) if size else None,
        "interval": [round(bound, 5) for bound in interval(hits, size)],
    }
