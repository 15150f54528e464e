"""Reporter: what is this person's report worth, before anybody has looked at the message?

The value is one number, the neuron `u` of the network: how much likelier than background mail a message is to be
malicious when this person reports it, in nats and never below zero. `docs/reporter.md` gives the sources, the rules
against collusion, and what an attacker can still do.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_MOST_COUNTED = 16  # reporters of one message; what is left for the next one is far below anything a margin shows


@dataclass(frozen=True)
class ReporterPrior:
    """The numbers of `policy.toml`, section [reporter]; the defaults are the same."""

    prior_right: float = 0.2
    prior_wrong: float = 1.8
    background: float = 0.01
    cap: float = 7.0
    diminishing: float = 0.5
    half_life_days: float = 180.0
    together: int = 2


DEFAULT = ReporterPrior()


@dataclass(frozen=True)
class Past:
    """One earlier report of a person that people have judged; its age is counted back from the report at hand."""

    message: int
    age_days: float
    right: bool


@dataclass(frozen=True)
class Reporter:
    """One of the people who reported a message: their own value, and which messages they were wrong about before."""

    person: int
    value: float
    wrong: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Reliability:
    """The Beta posterior of a person's reports being right: its mean, and the middle 95 % of it."""

    mean: float
    low: float
    high: float


def record(past: Iterable[Past], prior: ReporterPrior = DEFAULT) -> tuple[float, float]:
    """(confirmed, judged) with older reports weighing less; the right ones of one day count as a single one.

    Being right twenty times in one afternoon is what somebody would arrange who mails himself twenty lures.
    """
    wrong, days = list[float](), dict[int, float]()
    for one in past:
        age = max(0.0, one.age_days)
        weight = 0.5 ** (age / prior.half_life_days)
        if one.right:
            days[int(age)] = max(weight, days.get(int(age), 0.0))
        else:
            wrong.append(weight)
    return math.fsum(days.values()), math.fsum((*days.values(), *wrong))


def reporter_value(confirmed: float, judged: float, prior: ReporterPrior = DEFAULT) -> float:
    """The neuron's value for somebody with `confirmed` right reports among `judged` ones.

    Nobody is not a reporter: where no one reported, pass 0.0 to the predictor instead of asking here.
    """
    judged = max(0.0, judged)
    confirmed = min(max(0.0, confirmed), judged)

    right = prior.prior_right + confirmed
    wrong = prior.prior_wrong + (judged - confirmed)
    return max(0.0, math.log(right / wrong) - _logit(prior.background))


def reliability(confirmed: float, judged: float, prior: ReporterPrior = DEFAULT) -> Reliability:
    """How often this person's phish reports are right, as far as `confirmed` right ones among `judged` ones can say."""
    from scipy.special import betaincinv  # slow to import; only the page that shows it needs it

    judged = max(0.0, judged)
    confirmed = min(max(0.0, confirmed), judged)
    right, wrong = prior.prior_right + confirmed, prior.prior_wrong + (judged - confirmed)
    low, high = (float(betaincinv(right, wrong, share)) for share in (0.025, 0.975))
    return Reliability(right / (right + wrong), low, high)


def weights(reporters: Sequence[Reporter], prior: ReporterPrior = DEFAULT) -> list[float]:
    """How much each reporter of one message counts, in the order given.

    The best counts in full, each further one less. Nothing is added by whoever was wrong before together with somebody
    who counts already, nor by a second person whose record is worth no more than a newcomer's.
    """
    newcomer = reporter_value(0, 0, prior)
    found, counted, weight = [0.0] * len(reporters), list[Reporter](), 1.0
    for place in sorted(range(len(reporters)), key=lambda place: _rank(reporters[place], prior)):
        one = reporters[place]
        if len(counted) == _MOST_COUNTED or not _adds(one, counted, newcomer, prior):
            continue
        found[place] = weight
        counted.append(one)
        weight *= prior.diminishing
    return found


def combined_value(values: Sequence[float], prior: ReporterPrior = DEFAULT) -> float:
    """The neuron's value for several people of whom no more is known than what each is worth alone."""
    people = [Reporter(person, value) for person, value in enumerate(values)]
    return total_value(values, weights(people, prior), prior)


def total_value(values: Sequence[float], counting: Sequence[float], prior: ReporterPrior = DEFAULT) -> float:
    """The sum of `values` with the weights of `weights`, at most `cap`."""
    parts = (weight * _usable(value, prior.cap) for value, weight in zip(values, counting, strict=True))
    return min(math.fsum(parts), prior.cap)


def prior_for(accuracy: float, prior: ReporterPrior = DEFAULT) -> ReporterPrior:
    """The prior of a tenant where this share of the judged reports is right; a newcomer's value stays what it is."""
    weight = prior.prior_right + prior.prior_wrong
    start = _logit(accuracy) - reporter_value(0, 0, prior)
    return replace(
        prior,
        prior_right=weight * accuracy,
        prior_wrong=weight * (1.0 - accuracy),
        background=1.0 / (1.0 + math.exp(-start)),
    )


def _rank(one: Reporter, prior: ReporterPrior) -> tuple[float, int]:
    return -_usable(one.value, prior.cap), one.person


def _adds(one: Reporter, counted: Sequence[Reporter], newcomer: float, prior: ReporterPrior) -> bool:
    value = _usable(one.value, prior.cap)
    if value <= newcomer:
        return value > 0.0 and all(_usable(other.value, prior.cap) > newcomer for other in counted)
    return all(len(one.wrong & other.wrong) < prior.together for other in counted)


def _usable(value: float, cap: float) -> float:
    """A value that cannot poison the sum: not-a-number counts nothing, infinity counts the cap."""
    return 0.0 if math.isnan(value) else min(max(value, 0.0), cap)


def _logit(probability: float) -> float:
    return math.log(probability / (1.0 - probability))
