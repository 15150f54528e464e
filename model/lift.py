"""Lift: how far may the people who reported a message move its margin?

The network only says which share of the lift lies on each ramp (`strengths`, see `network.py`). This arithmetic keeps
the promises whatever those numbers are: nobody moves nothing, more never moves less, and the whole never exceeds 2.5
nats. Minimum, maximum, subtracting and dividing by a constant, multiplication by a number that is not negative, and
addition are monotone in floating point too, which is why the lift is piecewise linear and not a smooth curve.
"""

import math
from collections.abc import Sequence

MAX_LIFT = 2.5  # nats
KNOTS = (1.0, 2.5, 4.5, 7.0)  # each ramp rises from the knot before (the first from zero) to its own
RAMPS = tuple(zip((0.0, *KNOTS[:-1]), KNOTS, strict=True))


def lift(reporter_value: float, strengths: Sequence[float]) -> float:
    """Nats added to the base margin: 0.0 for nobody, never falling in `reporter_value`, at most MAX_LIFT."""
    value = 0.0 if math.isnan(reporter_value) else max(0.0, reporter_value)
    total = 0.0
    for (low, high), strength in zip(RAMPS, strengths, strict=True):
        total += _share(strength) * ((min(max(value, low), high) - low) / (high - low))
    return min(total * MAX_LIFT, MAX_LIFT)


def lifted(base_margin: float, nats: float) -> float:
    """The margin with the lift on it; without a lift it is the base margin, bit for bit."""
    return base_margin if nats == 0.0 else base_margin + nats


def _share(strength: float) -> float:
    """A share of the whole in [0, 1]; a broken weight counts nothing."""
    return 0.0 if math.isnan(strength) else min(max(strength, 0.0), 1.0)
