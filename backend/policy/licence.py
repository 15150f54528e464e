"""Licence: has PSR earned the right to act on this tenant's mail?"""

from dataclasses import dataclass

from backend.policy.settings import PsrPolicy

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Licence:
    """What the tenant's own ledger says: of `judged` would-be retractions, `wrong` hit legitimate mail."""

    judged: int
    wrong: int
    lower_bound: float  # of precision, one-sided 95 %, exact binomial (Clopper and Pearson 1934)
    granted: bool
    alarm: bool
    needed: int  # further judged retractions, all right, until it is granted; 0 when it is


def licence(judged: int, wrong: int, policy: PsrPolicy) -> Licence:
    """What a ledger of `judged` with `wrong` mistakes allows."""
    bound = lower_bound(judged, wrong)
    granted = bound >= policy.licence_precision
    alarm = judged > 0 and wrong > 0 and bound < policy.alarm_precision
    return Licence(judged, wrong, bound, granted, alarm, 0 if granted else _needed(judged, wrong, policy))


def lower_bound(judged: int, wrong: int) -> float:
    """The precision that is exceeded with 95 % confidence: 59 judged and none wrong give 0.9505."""
    from scipy.special import betaincinv  # slow to import; only pages and corrections need it

    right = judged - wrong
    return float(betaincinv(right, wrong + 1, 1 - _CONFIDENCE)) if right > 0 else 0.0


def _needed(judged: int, wrong: int, policy: PsrPolicy) -> int:
    """How many more must be judged right. Doubling, then halving: the bound rises with each one."""
    low, high = 0, 64
    while lower_bound(judged + high, wrong) < policy.licence_precision:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if lower_bound(judged + middle, wrong) < policy.licence_precision:
            low = middle
        else:
            high = middle
    return high
