"""Scale: where do the margins stand, as a picture? Pure: numbers in, positions out; `_scale.html` draws them."""

import math
from dataclasses import dataclass

from flask_babel import gettext as _

MAX_LIFT = 2.5  # nats; the network's own bound, which model.lift keeps and a test compares
FURTHEST = 8.0  # nats on either side of the threshold; what lies beyond is drawn at the edge
_PAD = 14
_LETTER = 7.2  # pixels, of the labels' size, on the generous side


@dataclass(frozen=True)
class Glance:
    """A margin in one row of a list: where the threshold and the margin stand, and in which zone."""

    width: int
    zero: float
    x: float
    zone: str


@dataclass(frozen=True)
class Mark:
    """One margin on the scale. Its label lies on the side where it hides nothing and stays inside the picture."""

    x: float
    value: float
    label_x: float
    anchor: str


@dataclass(frozen=True)
class Picture:
    """Positions in pixels for one width."""

    kind: str
    width: int
    band: float  # where the suspicious band begins
    zero: float
    limit: float | None  # below it no reporter reaches the threshold; None when off the picture
    reach: float  # how far any reporters could move the base margin
    base: Mark
    final: Mark
    labels: tuple[str, str]
    ticks: tuple[tuple[float, str], ...]
    moved: bool


def pictures(base: float, margin: float, band: float) -> tuple[Picture, Picture]:
    """The scale for wide and for narrow screens."""
    wide = _picture("wide", 720, base, margin, band, (_("without reporters"), _("with reporters")))
    return wide, _picture("narrow", 330, base, margin, band, (_("without"), _("with")))


def glance(margin: float, band: float = 1.0) -> Glance:
    """The scale from -4 to 4 nats, small."""
    inside = min(max(margin, -4.0), 4.0)
    zone = "bad" if margin >= 0 else "band" if margin >= -band else "safe"
    return Glance(64, 32.0, round(6 + (inside + 4) / 8 * 52, 1), zone)


def _picture(kind: str, width: int, base: float, margin: float, band: float, labels: tuple[str, str]) -> Picture:
    low = max(-FURTHEST, math.floor(min(base, margin, -3.0) - 0.4))
    high = min(FURTHEST, math.ceil(max(base + MAX_LIFT, margin, 2.0) + 0.4))

    def place(value: float) -> float:
        inside = min(max(value, low), high)
        return round(_PAD + (inside - low) / (high - low) * (width - 2 * _PAD), 1)

    def mark(value: float, label: str, wished: str) -> Mark:
        x, needed = place(value), len(label) * _LETTER

        def flaws(anchor: str) -> tuple[bool, bool, bool]:
            left = x - 6 if anchor == "start" else x + 6 - needed
            outside = left < 2 or left + needed > width - 2
            return outside, left < place(0.0) < left + needed, anchor != wished  # the threshold's line would cut it

        anchor = min(("start", "end"), key=flaws)
        return Mark(x, value, x - 6 if anchor == "start" else x + 6, anchor)

    every = 1 if (high - low) <= 8 or kind == "wide" else 2
    ticks = tuple(
        (place(n), f"{n:+d}".replace("-", "\N{MINUS SIGN}") if n else "0")
        for n in range(math.ceil(low), math.floor(high) + 1)
        if n % every == 0
    )
    return Picture(
        kind=kind,
        width=width,
        band=place(-band),
        zero=place(0.0),
        limit=place(-MAX_LIFT) if low < -MAX_LIFT else None,
        reach=place(base + MAX_LIFT),
        base=mark(base, f"{labels[0]} +0.0", "end"),
        final=mark(margin, f"{labels[1]} +0.0", "start"),
        labels=labels,
        ticks=ticks,
        moved=abs(place(margin) - place(base)) > 20,
    )
