"""Bars: how do the contributions add up to the margin? Pure: reasons in, positions out; `_reasons.html` draws them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from model.contract import Reason

WIDTH = 220  # pixels of one bar's row
_PAD = 4
_UNSAID = 0.05  # nats; what the reasons leave over below this is rounding
UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class Bar:
    """One step of the sum: from where to where it leads, in nats and in pixels. `zero` is the threshold's place."""

    code: str
    detail: str
    contribution: float
    total: float  # after this step
    x: float
    width: float
    zero: float

    @property
    def towards(self) -> str:
        """Which side it speaks for."""
        return "bad" if self.contribution > 0 else "safe"


def bars(reasons: Sequence[Reason], margin: float, first: str) -> list[Bar]:
    """The steps in order, beginning with the reason `first`; together they lead from nothing to the margin."""
    told = [one for one in reasons if one.contribution is not None and math.isfinite(one.contribution)]
    told.sort(key=lambda one: (one.code != first, -abs(one.contribution or 0.0)))
    left = margin - math.fsum(one.contribution or 0.0 for one in told)
    if abs(left) > _UNSAID:
        told.append(Reason(UNEXPLAINED, "", left))

    totals = [0.0]
    for one in told:
        totals.append(totals[-1] + (one.contribution or 0.0))
    low, high = min(totals), max(totals)
    scale = (WIDTH - 2 * _PAD) / ((high - low) or 1.0)

    def place(value: float) -> float:
        return round(_PAD + (value - low) * scale, 1)

    return [
        Bar(
            one.code,
            one.detail,
            one.contribution or 0.0,
            after,
            place(min(before, after)),
            max(1.5, round(abs(after - before) * scale, 1)),
            place(0.0),
        )
        for one, before, after in zip(told, totals, totals[1:], strict=False)
    ]
