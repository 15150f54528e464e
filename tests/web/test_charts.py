"""Charts: does everything stand inside its picture, in the right order, and does the table say the same?"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.web import charts
from backend.web.charts import Interval, Series

PLACES = [f"w{n}" for n in range(12)]
COUNTS = st.lists(st.integers(0, 10**7), min_size=12, max_size=12)
SECONDS = st.lists(st.none() | st.floats(0.1, 1e8), min_size=12, max_size=12)
MARGINS = st.lists(st.none() | st.floats(-80, 80), min_size=12, max_size=12)


def inside(picture) -> bool:
    across = [x for b in picture.boxes for x in (b.x, b.x + b.width)] + [d.x for d in picture.dots]
    down = [y for b in picture.boxes for y in (b.y, b.y + b.height)] + [d.y for d in picture.dots]
    across += [x for r in picture.rules for x in (r.x1, r.x2)] + [label.x for label in picture.labels]
    down += [y for r in picture.rules for y in (r.y1, r.y2)]
    return all(0 <= x <= picture.width for x in across) and all(-0.1 <= y <= picture.height for y in down)


@given(COUNTS, COUNTS)
def test_bars_stand_inside_and_lie_upon_each_other(low, high):
    series = [Series("low", "a", low), Series("high", "b", high)]
    chart = charts.stacked("n", "s", "c", PLACES, series, str)
    assert chart.empty == (not any(low) and not any(high))
    for picture in chart.pictures:
        assert inside(picture)
        by_place = {}
        for box in picture.boxes:
            by_place.setdefault(box.x, []).append(box)
        assert all(boxes[0].y >= boxes[1].y for boxes in by_place.values() if len(boxes) == 2)


@given(SECONDS)
def test_lines_stay_inside_whatever_the_times(values):
    series = [Series("median", "median", values)]
    chart = charts.lines("n", "s", "c", PLACES, series, str, scale=charts.durations(values))
    known = [value for value in values if value is not None]
    assert chart.empty == (not known)
    for picture in chart.pictures:
        assert inside(picture)
        assert len(picture.dots) == len(known)
        written = sorted(label.y for label in picture.labels if label.anchor == "end")
        assert all(below - above >= 15 for above, below in pairwise(written))
        highest = min(picture.dots, key=lambda dot: dot.y)
        assert highest.y == pytest.approx(min(dot.y for dot in picture.dots))


@given(MARGINS)
def test_margins_stand_inside_with_their_band_and_marks(values):
    low = Series("low", "low", [None if v is None else v - 1 for v in values])
    high = Series("high", "high", [None if v is None else v + 1 for v in values])
    scale = charts.around_zero([*low.values, *high.values, 3.0])
    marks = {"level-bad": (3.0, "bad")}
    line = Series("median", "median", values)
    chart = charts.lines("n", "s", "c", PLACES, [line], str, scale=scale, band=("most", low, high), marks=marks)
    for picture in chart.pictures:
        assert inside(picture)
        assert 0 <= sum(rule.kind == "level-bad" for rule in picture.rules) <= 1


def test_a_week_in_which_nothing_was_counted_interrupts_the_line():
    values = [1.0, 2.0, None, 3.0]
    chart = charts.lines(
        "n", "s", "c", PLACES[:4], [Series("m", "median", values)], str, scale=charts.durations(values)
    )
    assert chart.pictures[0].paths[0].d.count("M") == 2
    assert chart.rows[2] == ["w2", "\N{EN DASH}"]


def test_the_table_says_what_the_bars_say():
    series = [Series("Right", "a", [3, 0]), Series("Wrong", "b", [1, 4])]
    chart = charts.stacked("n", "s", "Week", ["a", "b"], series, str)
    assert chart.head == ["Week", "Right", "Wrong"]
    assert chart.rows == [["a", "3", "1"], ["b", "0", "4"]]
    assert chart.legend == [("a", "Right"), ("b", "Wrong")]


def test_an_interval_lies_round_its_value_and_a_long_name_is_cut_in_the_picture_only():
    row = Interval("a very long name that nobody has room for", 0.5, 0.2, 0.8, "5 of 10", expected=0.9)
    chart = charts.intervals("n", "s", ["a"], [row], str, [])
    for picture in chart.pictures:
        assert inside(picture)
        bar = next(rule for rule in picture.rules if rule.kind == "interval")
        expected, value = picture.dots
        assert bar.x1 < value.x < bar.x2 < expected.x
        assert picture.labels[-1].text.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert chart.rows[0][0] == row.name


@pytest.mark.parametrize(("most", "top"), [(1, 1), (3, 3), (7, 8), (99, 100), (101, 125), (1_000_000, 1_000_000)])
def test_axes_end_at_round_numbers(most, top):
    chart = charts.stacked("n", "s", "c", ["a"], [Series("s", "a", [most])], str)
    grid = [label.text for label in chart.pictures[0].labels][:-1]
    assert int(float(grid[-1])) == top
    assert len(grid) <= 6
