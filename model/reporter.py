"""Reporter: what is this person's report worth, before anybody has looked at the message?

The value is one number, the neuron `u` of the network: how much likelier than background mail a message is to be
malicious when this person reports it, in nats and never below zero. `docs/reporter.md` gives the sources.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ReporterPrior:
    """The numbers of `policy.toml`, section [reporter]; the defaults are the same."""

    prior_right: float = 0.2
    prior_wrong: float = 1.8
    background: float = 0.01
    cap: float = 7.0
    diminishing: float = 0.5


DEFAULT = ReporterPrior()


def reporter_value(confirmed: int, judged: int, prior: ReporterPrior = DEFAULT) -> float:
    """The neuron's value for somebody with `confirmed` right reports among `judged` ones.

    Nobody is not a reporter: where no one reported, pass 0.0 to the predictor instead of asking here.
    """
    judged = max(0, judged)
    confirmed = min(max(0, confirmed), judged)

    right = prior.prior_right + confirmed
    wrong = prior.prior_wrong + (judged - confirmed)
    return max(0.0, math.log(right / wrong) - _logit(prior.background))


def combined_value(values: Sequence[float], prior: ReporterPrior = DEFAULT) -> float:
    """Several reporters of one message: the best counts in full, each further one less, all together at most `cap`."""
    weight, total = 1.0, 0.0
    for value in sorted((_usable(value, prior.cap) for value in values), reverse=True):
        total += weight * value
        weight *= prior.diminishing
    return min(total, prior.cap)


def _usable(value: float, cap: float) -> float:
    """A value that cannot poison the sum: not-a-number counts nothing, infinity counts the cap."""
    return 0.0 if math.isnan(value) else min(max(value, 0.0), cap)


def _logit(probability: float) -> float:
    return math.log(probability / (1.0 - probability))
