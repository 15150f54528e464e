"""Weighted: what is a figure when every message counts as often as a weight says?

One function serves the figure itself (all weights 1) and its bootstrap (weights say how often a message was drawn), so
that the two cannot differ. W is (draws, N); every statistic gives (draws,), not-a-number where it cannot be computed.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Statistic = Callable[[Floats], Floats]


def share(hits: Mask, among: Mask) -> Statistic:
    """How much of `among` is hit."""
    top, bottom = (hits & among).astype(np.float64), among.astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        return _divided(weights @ top, weights @ bottom)

    return statistic


def mean(values: Floats, among: Mask) -> Statistic:
    """The mean of `values` over `among`."""
    top, bottom = np.where(among, values, 0.0), among.astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        return _divided(weights @ top, weights @ bottom)

    return statistic


def area(scores: Floats, positive: Mask, negative: Mask) -> Statistic:
    """The chance that a positive message scores above a negative one, ties half: the area under the ROC curve."""
    above, below = np.flatnonzero(positive), _ordered(scores, negative)
    first = np.searchsorted(scores[below], scores[above], side="left")
    last = np.searchsorted(scores[below], scores[above], side="right")

    def statistic(weights: Floats) -> Floats:
        own = weights[:, above]  # (draws, positives)
        under = _sums(weights[:, below])  # (draws, negatives + 1): the weight of the k lowest
        pairs = (own * (under[:, first] + under[:, last])).sum(axis=1) / 2.0
        return _divided(pairs, own.sum(axis=1) * under[:, -1])

    return statistic


def caught(scores: Floats, positive: Mask, negative: Mask, rates: Sequence[float]) -> list[Statistic]:
    """How much of `positive` scores above all but a share of `negative`: recall at each of these false-positive rates.

    The cut is the score of the first negative message, from above, that the rate has no room for; only what lies
    strictly above it counts, so ties never help.
    """
    falling, rising = _ordered(scores, negative)[::-1], _ordered(scores, positive)
    over = _remembered(lambda weights: np.cumsum(weights[:, falling], axis=1))
    under = _remembered(lambda weights: _sums(weights[:, rising]))

    def at(rate: float) -> Statistic:
        def statistic(weights: Floats) -> Floats:
            if not len(falling) or not len(rising):
                return np.full(len(weights), np.nan)
            wrong, below = over(weights), under(weights)  # (draws, negatives), (draws, positives + 1)
            total = wrong[:, -1]
            first = np.argmax(wrong > rate * total[:, None] + 1e-9, axis=1)
            cuts = np.where(rate < 1.0, scores[falling[first]], -np.inf)  # a rate with room for everything cuts nowhere
            here = np.searchsorted(scores[rising], cuts, side="right")
            hit = below[:, -1] - below[np.arange(len(weights)), here]
            return np.where(total > 0, _divided(hit, below[:, -1]), np.nan)

        return statistic

    return [at(rate) for rate in rates]


def cut(scores: Floats, negative: Mask, rate: float) -> float | None:
    """The score that `caught` must exceed when every message counts once; None without a negative message."""
    ranked = np.sort(scores[negative])
    if not len(ranked):
        return None
    return float(ranked[max(len(ranked) - 1 - int(rate * len(ranked) + 1e-9), 0)])


def _remembered(function: Statistic) -> Statistic:
    """The same function, asked once for the same weights: what differs in a rate only shares the running sums."""
    last: list[Floats] = []

    def remembered(weights: Floats) -> Floats:
        if not last or last[0] is not weights:
            last[:] = [weights, function(weights)]
        return last[1]

    return remembered


def _ordered(scores: Floats, among: Mask) -> NDArray[np.int64]:
    """The places of `among`, lowest score first."""
    places = np.flatnonzero(among)
    return places[np.argsort(scores[places], kind="stable")]


def _sums(weights: Floats) -> Floats:
    """Running sums along a row, with a zero in front."""
    return np.concatenate((np.zeros((len(weights), 1)), np.cumsum(weights, axis=1)), axis=1)


def _divided(top: NDArray[Any], bottom: NDArray[Any]) -> Floats:
    found: Floats = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
    return found
