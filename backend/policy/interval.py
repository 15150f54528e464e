"""Interval: between which shares does the truth lie when so many of so many were right?"""

_CONFIDENCE = 0.95


def interval(hits: int, n: int) -> tuple[float, float]:
    """The middle 95 % of what is believed of the share after that, with Jeffreys' prior Beta(1/2, 1/2).

    At none or all of them it reaches to the edge, which the plain quantile would exclude.
    """
    from scipy.special import betaincinv  # slow to import; only one page needs it

    tail = (1 - _CONFIDENCE) / 2
    low = float(betaincinv(hits + 0.5, n - hits + 0.5, tail)) if hits else 0.0
    high = float(betaincinv(hits + 0.5, n - hits + 0.5, 1 - tail)) if hits < n else 1.0
    return low, high
