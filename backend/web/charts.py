"""Charts: where does each bar, line and dot stand? Pure: numbers in, positions out; `_chart.html` draws them.

Every chart is made for a wide and for a narrow screen, and carries the table of what it shows.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

WIDE, NARROW = 560, 290
HEIGHT = 190
_LEFT, _RIGHT, _TOP, _FOOT = 54, 22, 10, 26
_ROW = 24
_LINE = 0.11  # of the height: what a line of letters takes

Number = float | None
Write = Callable[[float], str]


@dataclass(frozen=True)
class Box:
    """A bar, or a part of one."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True)
class Path:
    """A line, or the outline of a band."""

    d: str
    kind: str


@dataclass(frozen=True)
class Dot:
    """One value; `kind` also tells its shape, so that nobody needs to see its colour."""

    x: float
    y: float
    kind: str


@dataclass(frozen=True)
class Rule:
    """A straight line: of the grid, a mark for comparison, or an interval."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str


@dataclass(frozen=True)
class Label:
    """A word beside the picture."""

    x: float
    y: float
    anchor: str
    text: str


@dataclass(frozen=True)
class Picture:
    """Positions in pixels for one width."""

    kind: str
    width: int
    height: int
    boxes: Sequence[Box] = ()
    paths: Sequence[Path] = ()
    dots: Sequence[Dot] = ()
    rules: Sequence[Rule] = ()
    labels: Sequence[Label] = ()


@dataclass(frozen=True)
class Series:
    """One quantity over all the places of the axis; None where nothing was counted."""

    name: str
    kind: str
    values: Sequence[Number]


@dataclass(frozen=True)
class Chart:
    """A picture twice, what its kinds mean, and the same as a table."""

    name: str
    says: str  # the sentence for those who do not see it
    pictures: Sequence[Picture] = ()
    legend: Sequence[tuple[str, str]] = ()  # kind, name
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.pictures


def stacked(name: str, says: str, corner: str, places: Sequence[str], series: Sequence[Series], write: Write) -> Chart:
    """Bars whose parts lie upon each other, one bar for each place."""
    totals = [sum(one.values[n] or 0 for one in series) for n in range(len(places))]
    if not any(totals):
        return Chart(name, says)
    top, ticks = _even(max(totals))

    def draw(width: int, kind: str) -> Picture:
        room = _Room(width, len(places), lambda value: value / top)
        boxes = [box for n in range(len(places)) for box in room.pile(n, series)]
        rules, labels = room.axes(places, ticks, write)
        return Picture(kind, width, HEIGHT, boxes=boxes, rules=rules, labels=labels)

    return Chart(name, says, _both(draw), _legend(series), *_table(corner, places, series, write))


def lines(
    name: str,
    says: str,
    corner: str,
    places: Sequence[str],
    series: Sequence[Series],
    write: Write,
    *,
    scale: "Scale",
    band: tuple[str, Series, Series] | None = None,
    marks: Mapping[str, tuple[float, str]] | None = None,
) -> Chart:
    """Lines over the places, a band between two of them, and level marks (kind to value and name) to compare with."""
    edges = band[1:] if band else ()
    shown = [*series, *edges]
    if not any(value is not None for one in shown for value in one.values):
        return Chart(name, says)
    levels = marks or {}

    def draw(width: int, kind: str) -> Picture:
        room = _Room(width, len(places), scale.share)
        paths = [room.band(*edges)] if edges else []
        paths += [Path(room.line(one), one.kind) for one in series]
        dots = [dot for one in series for dot in room.dots(one)]
        rules, labels = room.axes(places, scale.ticks, write)
        rules += [room.level(value, mark) for mark, (value, _) in levels.items()]
        return Picture(kind, width, HEIGHT, paths=paths, dots=dots, rules=rules, labels=labels)

    legend = [*_legend(series), *([("band", band[0])] if band else [])]
    legend += [(mark, text) for mark, (_, text) in levels.items()]
    return Chart(name, says, _both(draw), legend, *_table(corner, places, shown, write))


@dataclass(frozen=True)
class Interval:
    """A share of a row, between where it may truly lie; `expected` is what was said of it beforehand."""

    name: str
    value: float
    low: float
    high: float
    count: str
    expected: Number = None


def intervals(
    name: str, says: str, head: Sequence[str], rows: Sequence[Interval], write: Write, legend: Sequence[tuple[str, str]]
) -> Chart:
    """A dot with its interval in each row, from 0 to 1."""
    if not rows:
        return Chart(name, says)
    height = _TOP + len(rows) * _ROW + _FOOT

    def draw(width: int, kind: str) -> Picture:
        left = min(190, round(width * 0.42))
        across = width - left - _RIGHT - 16

        def place(share: float) -> float:
            return round(left + 8 + min(max(share, 0.0), 1.0) * across, 1)

        rules, dots, labels = [], [], []
        for share in (0.0, 0.5, 1.0):
            rules.append(Rule(place(share), _TOP, place(share), height - _FOOT, "grid"))
            labels.append(Label(place(share), height - 8, "middle", write(share)))
        for n, row in enumerate(rows):
            y = _TOP + n * _ROW + _ROW / 2
            rules.append(Rule(place(row.low), y, place(row.high), y, "interval"))
            if row.expected is not None:
                dots.append(Dot(place(row.expected), y, "expected"))
            dots.append(Dot(place(row.value), y, "value"))
            labels.append(Label(left, y + 4.5, "end", _cut(row.name, left - 4)))
        return Picture(kind, width, height, dots=dots, rules=rules, labels=labels)

    def cells(row: Interval) -> list[str]:
        said = [] if row.expected is None else [write(row.expected)]
        return [row.name, row.count, write(row.value), f"{write(row.low)} \N{EN DASH} {write(row.high)}", *said]

    return Chart(name, says, _both(draw), legend, head, [cells(row) for row in rows])


@dataclass(frozen=True)
class Scale:
    """From a value to its height, from 0 to 1, and the values that are written at the axis."""

    low: float
    high: float
    ticks: Sequence[float]
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """How high a value stands; what lies beyond stands at the edge."""
        inside = min(max(value, self.low), self.high)
        if self.logarithmic:
            return math.log(inside / self.low) / math.log(self.high / self.low)
        return (inside - self.low) / (self.high - self.low)


def durations(values: Sequence[Number]) -> Scale:
    """Seconds, from moments to weeks: each step is the next unit that people think in."""
    steps = (0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 36_000.0, 86_400.0, 604_800.0, 6_048_000.0)
    known = [value for value in values if value is not None] or [1.0]
    low = max((step for step in steps[:-1] if step <= min(known)), default=steps[0])
    high = min((step for step in steps if step >= max(known) and step > low), default=steps[-1])
    return _legible(Scale(low, high, [step for step in steps if low <= step <= high], logarithmic=True))


def _legible(scale: Scale) -> Scale:
    """The same without what would be written on top of the value below it."""
    ticks = list(scale.ticks[:1])
    for tick in scale.ticks[1:]:
        if scale.share(tick) - scale.share(ticks[-1]) >= _LINE:
            ticks.append(tick)
    return replace(scale, ticks=ticks)


def around_zero(values: Sequence[Number]) -> Scale:
    """Margins: whole nats on both sides of the threshold."""
    known = [value for value in values if value is not None] or [0.0]
    low, high = min(-2, math.floor(min(known))), max(2, math.ceil(max(known)))
    step = max(1, math.ceil((high - low) / 8))
    return Scale(low, high, [n for n in range(low, high + 1) if n % step == 0])


class _Room:
    """The place inside the axes."""

    def __init__(self, width: int, places: int, share: Callable[[float], float]) -> None:
        self.width = width
        self.share = share
        self.step = (width - _LEFT - _RIGHT) / places

    def x(self, place: int) -> float:
        return round(_LEFT + self.step * (place + 0.5), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - _FOOT - self.share(value) * (HEIGHT - _TOP - _FOOT), 1)

    def pile(self, place: int, series: Sequence[Series]) -> list[Box]:
        """The parts of one bar; a hair of ground between them tells them apart without colour."""
        thick = round(min(self.step * 0.7, 36), 1)
        boxes, below = [], 0.0
        for one in series:
            value = one.values[place] or 0
            if value:
                top, bottom = self.y(below + value), self.y(below)
                high = round(max(bottom - top - 1, 1), 1)
                boxes.append(Box(round(self.x(place) - thick / 2, 1), top, thick, high, one.kind))
            below += value
        return boxes

    def line(self, series: Series) -> str:
        """A line that is interrupted where nothing was counted."""
        steps, pen_down = [], False
        for place, value in enumerate(series.values):
            if value is not None:
                steps.append(f"{'L' if pen_down else 'M'}{self.x(place)} {self.y(value)}")
            pen_down = value is not None
        return " ".join(steps)

    def band(self, low: Series, high: Series) -> Path:
        """The ground between two series; a week that stands alone gets a narrow piece of it."""
        pieces, run = [], list[int]()
        for place in [*range(len(low.values)), len(low.values)]:
            if place < len(low.values) and low.values[place] is not None:
                run.append(place)
                continue
            if run:
                pieces.append(self._piece(run, low, high))
            run = []
        return Path(" ".join(pieces), "band")

    def _piece(self, run: Sequence[int], low: Series, high: Series) -> str:
        edge = self.step * 0.3 if len(run) == 1 else 0.0
        there = [(self.x(n), self.y(high.values[n] or 0.0)) for n in run]
        back = [(self.x(n), self.y(low.values[n] or 0.0)) for n in reversed(run)]
        if edge:
            there = [(there[0][0] - edge, there[0][1]), (there[0][0] + edge, there[0][1])]
            back = [(back[0][0] + edge, back[0][1]), (back[0][0] - edge, back[0][1])]
        return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in (*there, *back)) + " Z"

    def dots(self, series: Series) -> list[Dot]:
        known = [(place, value) for place, value in enumerate(series.values) if value is not None]
        return [Dot(self.x(place), self.y(value), series.kind) for place, value in known]

    def level(self, value: float, kind: str) -> Rule:
        return Rule(_LEFT, self.y(value), self.width - _RIGHT, self.y(value), kind)

    def axes(self, places: Sequence[str], ticks: Sequence[float], write: Write) -> tuple[list[Rule], list[Label]]:
        """The grid with its values, and as many places as can be read."""
        every = max(1, math.ceil(62 / self.step))
        rules = [self.level(tick, "grid") for tick in ticks]
        labels = [Label(_LEFT - 6, self.y(tick) + 4, "end", write(tick)) for tick in ticks]
        named = [n for n in range(len(places)) if (len(places) - 1 - n) % every == 0]
        labels += [Label(self.x(n), HEIGHT - 8, "middle", places[n]) for n in named]
        return rules, labels


def _both(draw: Callable[[int, str], Picture]) -> tuple[Picture, Picture]:
    return draw(WIDE, "wide"), draw(NARROW, "narrow")


def _even(most: float) -> tuple[float, list[float]]:
    """A round number at least as high, and the values on the way there."""
    step = 10 ** math.floor(math.log10(max(most, 1)))
    step = next(step * part for part in (0.25, 0.5, 1, 2) if most / (step * part) <= 5)
    step = max(1, math.ceil(step))
    count = math.ceil(most / step)
    return step * count, [step * n for n in range(count + 1)]


def _legend(series: Sequence[Series]) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in series]


def _table(
    corner: str, places: Sequence[str], series: Sequence[Series], write: Write
) -> tuple[list[str], list[list[str]]]:
    def cell(value: Number) -> str:
        return "\N{EN DASH}" if value is None else write(value)

    rows = [[place, *(cell(one.values[n]) for one in series)] for n, place in enumerate(places)]
    return [corner, *(one.name for one in series)], rows


def _cut(text: str, width: float) -> str:
    """As much of a name as has room; the table has all of it."""
    most = int(width / 7.4)
    return text if len(text) <= most else f"{text[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
