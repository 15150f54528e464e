"""Bootstrap: how far would a figure move if other mail of the same kind had been collected?

Whole units are drawn with replacement: near-duplicate clusters, because copies of one mail say the same thing twice;
and sources (lists, sender domains), because mails of one source resemble each other. Believe the second.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from model.measures.weighted import Floats, Statistic

DRAWS = 2_000
_CELLS = 400_000  # of one chunk of weights: 3 MB, which a processor keeps at hand


def weights(units: NDArray[np.int64], draws: int, seed: int) -> Iterator[Floats]:
    """How often each message was drawn, in chunks of (some draws, N). `units` numbers each message's unit from 0."""
    chance = np.random.default_rng(seed)
    count = int(units.max()) + 1 if len(units) else 0
    size = max(1, _CELLS // max(len(units), 1))
    for start in range(0, draws, size):
        here = min(size, draws - start)
        drawn = chance.integers(0, count, size=(here, count)) + np.arange(here)[:, None] * count
        often = np.bincount(drawn.ravel(), minlength=here * count).reshape(here, count)
        yield often[:, units].astype(np.float64)


def intervals(
    statistics: Sequence[Statistic],
    units: NDArray[np.int64],
    seed: int,
    draws: int = DRAWS,
    confidence: float = 0.95,
) -> list[tuple[float, float] | None]:
    """The middle `confidence` of each statistic over the draws; None where fewer than two units or draws allow it."""
    if len(set(units.tolist())) < 2 or not statistics or draws < 2:
        return [None] * len(statistics)
    found = [[statistic(chunk) for statistic in statistics] for chunk in weights(units, draws, seed)]
    rest = (1.0 - confidence) / 2.0
    return [_middle(np.concatenate(values), rest) for values in zip(*found, strict=True)]


def _middle(values: Floats, rest: float) -> tuple[float, float] | None:
    usable = values[~np.isnan(values)]
    if len(usable) < 0.9 * len(values):  # drawn anew, the sample often holds no such mail at all
        return None
    low, high = np.quantile(usable, (rest, 1.0 - rest))
    return float(low), float(high)
