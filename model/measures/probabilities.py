"""Probabilities: when the network says 90 %, are nine in ten malicious?

At even odds both classes weigh the same, which is what the log-odds promise. At the natural rate the odds are shifted
by the share of malicious mail in this very sample. Spam takes no part.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.measures.answers import Asked, rounded
from model.measures.scored import Scored
from model.measures.weighted import Floats, Mask, Statistic

EDGES = (-6.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0)  # log-odds; the outer bins are open
_OTHERWISE = "needs malicious and legitimate mail"


def calibration_error(scored: Scored) -> dict[str, Any]:
    """ECE and Brier score at even odds and at the natural rate, each with the bins it was summed over."""
    malicious, legitimate = scored.malicious, scored.legitimate
    positive, negative = int(malicious.sum()), int(legitimate.sum())
    shift = float(np.log(positive / negative)) if positive and negative else 0.0
    return {
        "even_odds": _of(scored.odds, malicious, legitimate, even=True),
        "natural_rate": {
            "malicious_share": rounded(positive / (positive + negative)) if positive + negative else None,
            **_of(scored.odds + shift, malicious, legitimate, even=False),
        },
    }


def reliability(odds: Floats, malicious: Mask, legitimate: Mask, *, even: bool) -> list[dict[str, Any]]:
    """For each bin of log-odds: how many, what the network says on average, and what is true."""
    said, bins = _probability(odds), _bins(odds)
    weight = _balance(malicious, legitimate, even=even)
    rows = []
    for number, (low, high) in enumerate(zip((None, *EDGES), (*EDGES, None), strict=True)):
        here = (bins == number) & (malicious | legitimate)
        total = float(weight[here].sum())
        rows.append(
            {
                "from": low,
                "to": high,
                "malicious": int((here & malicious).sum()),
                "legitimate": int((here & legitimate).sum()),
                "said": rounded(weight[here] @ said[here] / total) if total else None,
                "true": rounded(weight[here & malicious].sum() / total) if total else None,
            }
        )
    return rows


def expected_error(odds: Floats, malicious: Mask, legitimate: Mask, *, even: bool) -> Statistic:
    """The distance between said and true over the bins, weighted by how much mail lies in each."""
    gap = _probability(odds) - malicious
    placed = (_bins(odds)[:, None] == np.arange(len(EDGES) + 1)) * gap[:, None]  # (N, bins)
    averaged = _average(placed, malicious, legitimate, even=even)
    return lambda weights: np.asarray(np.abs(averaged(weights)).sum(axis=1), dtype=np.float64)


def brier(odds: Floats, malicious: Mask, legitimate: Mask, *, even: bool) -> Statistic:
    """The mean squared distance between what was said and what is true."""
    squared = ((_probability(odds) - malicious) ** 2)[:, None]  # (N, 1)
    averaged = _average(squared, malicious, legitimate, even=even)
    return lambda weights: averaged(weights)[:, 0]


def _of(odds: Floats, malicious: Mask, legitimate: Mask, *, even: bool) -> dict[str, Any]:
    return {
        "ece": Asked(expected_error(odds, malicious, legitimate, even=even), _OTHERWISE),
        "brier": Asked(brier(odds, malicious, legitimate, even=even), _OTHERWISE),
        "bins": reliability(odds, malicious, legitimate, even=even),
    }


def _average(values: Floats, malicious: Mask, legitimate: Mask, *, even: bool) -> Statistic:
    """The weighted mean of (N, k) values as (draws, k): over both classes together, or each class one half."""
    sides = [(values * side[:, None], side.astype(np.float64)) for side in (malicious, legitimate)]

    def statistic(weights: Floats) -> Floats:
        (positive, positives), (negative, negatives) = [
            (weights @ own, (weights @ side)[:, None]) for own, side in sides
        ]
        lacking = (positives == 0) | (negatives == 0)
        if even:
            found = positive / np.maximum(positives, 1.0) / 2.0 + negative / np.maximum(negatives, 1.0) / 2.0
        else:
            found = (positive + negative) / np.maximum(positives + negatives, 1.0)
        return np.where(lacking, np.nan, found)

    return statistic


def _balance(malicious: Mask, legitimate: Mask, *, even: bool) -> Floats:
    """Weights of the messages: all the same, or each class one half of the whole."""
    if not even:
        return (malicious | legitimate).astype(np.float64)
    found: Floats = malicious / max(malicious.sum(), 1) / 2.0 + legitimate / max(legitimate.sum(), 1) / 2.0
    return found


def _probability(odds: Floats) -> Floats:
    found: Floats = 1.0 / (1.0 + np.exp(-np.clip(odds, -500.0, 500.0)))
    return found


def _bins(odds: Floats) -> NDArray[np.int64]:
    return np.searchsorted(np.array(EDGES), odds, side="right").astype(np.int64)
