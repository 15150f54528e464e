"""Harm: which message should an operator look at first?

Expected harm is chance × reach × uncertainty: how likely the message is malicious, how many mailboxes are known to have
it, and how much a person's look can still change. It orders the queue and decides nothing.
"""

import math
from dataclasses import dataclass

UNSCORED = -2.2  # log-odds of a report nobody has scored: about one report in ten is malicious
CERTAIN = 0.9  # the least chance of what a module or an operator holds to be malicious
LITTLE_LEFT = 0.1  # uncertainty of what policy decided far away from the threshold
NOTHING_LEFT = 0.02  # of what an operator judged: it sinks below what nobody has seen, and keeps an order there
EXERCISE = 0.01  # chance that one of the tenant's own simulations does harm
LEAST_CHANCE = 1e-6
BANDS = 256
PER_DOUBLING = 4  # bands for each doubling of harm, so that each band holds a small share of the messages


@dataclass(frozen=True)
class Stand:
    """What is known of a message. `waiting` when a person has to act on it, `judged` when an operator did."""

    margin: float | None
    reach: int
    malicious: bool = False
    simulation: bool = False
    judged: bool = False
    waiting: bool = False


def expected_harm(stand: Stand) -> float:
    """Chance × reach × uncertainty, always above zero."""
    return _chance(stand) * max(1, stand.reach) * _uncertainty(stand)


def band(harm: float) -> int:
    """Which of BANDS steps on a logarithmic scale; more harm is never in a lower band."""
    return min(max(math.floor(PER_DOUBLING * math.log2(harm)) + BANDS // 2, 0), BANDS - 1)


def _chance(stand: Stand) -> float:
    if stand.simulation:
        return EXERCISE
    chance = max(_sigmoid(UNSCORED if stand.margin is None else stand.margin), LEAST_CHANCE)
    return max(chance, CERTAIN) if stand.malicious else chance


def _uncertainty(stand: Stand) -> float:
    if stand.judged and not stand.waiting:
        return NOTHING_LEFT
    if stand.waiting:
        return 1.0
    chance = _sigmoid(UNSCORED if stand.margin is None else stand.margin)
    return max(4 * chance * (1 - chance), LITTLE_LEFT)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-min(max(logit, -60.0), 60.0)))
