"""Bars: how do margins, groups and reporters look when drawn?"""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes

from model.lift import MAX_LIFT
from model.report.canvas import ACCENT, COLOURS, SECOND, SOFT, panels, percents, styled, svg
from model.report.words import round_percent

Figure = Mapping[str, Any]
IN_SAMPLE = "the mail measured"
MOST = 30  # groups in one drawing; the JSON has them all


def margins(found: Figure) -> Markup | None:
    """A histogram of base margins for each label, with the threshold and what the lift can reach."""
    drawn = found["clusters"]["margins"]
    edges, counts = drawn["edges"], drawn["counts"]
    labels = [label for label in counts if sum(counts[label])]
    if not labels:
        return None
    with styled():
        figure, drawn_on = panels(len(labels), 1, height=1.25 * len(labels) + 0.6)
        for axis, label in zip(drawn_on, labels, strict=True):
            axis.axvspan(-MAX_LIFT, 0.0, color=SECOND, alpha=0.12, lw=0)
            axis.axvline(0.0, color=SOFT, lw=1)
            axis.stairs(counts[label], edges, fill=True, color=COLOURS[label], alpha=0.8)
            axis.set(yscale="symlog", xlim=_span(edges, counts))
            axis.set_yticks([0, 1, 10, 100, 1000][: 2 + len(str(max(counts[label])))], minor=False)
            axis.set_yticks([], minor=True)
            axis.yaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
            axis.set_ylabel(label)
        drawn_on[-1].set_xlabel("base margin in nats; 0 is the shipped threshold, reporters can lift what is shaded")
        return svg(figure, "margins", "Histograms of base margins by label")


def groups(found: Figure, kind: str) -> Markup | None:
    """For each corpus, language or year: caught and wrong at the threshold, reported by a newcomer."""
    every = found["clusters"]["per"][kind]
    names = [name for name in every if _size(every[name])]
    names = sorted(sorted(names, key=lambda name: -_size(every[name]))[:MOST], reverse=True)
    if not names:
        return None
    with styled():
        figure, (left, right) = panels(1, 2, height=0.9 + 0.28 * len(names))
        for place, name in enumerate(names):
            _interval(left, place, every[name]["malicious"]["newcomer"], COLOURS["malicious"])
            _interval(right, place, every[name]["legitimate"]["newcomer"], COLOURS["legitimate"])
        left.set_yticks(range(len(names)), [f"{name} · {_counts(every[name])}" for name in names])
        left.set(xlim=(-0.02, 1.02), xlabel="malicious caught, with exact 95 % interval", ylim=(-0.7, len(names) - 0.3))
        right.set_xlabel("legitimate wrong (0 to 1 % linear, then log)")
        right.set_xscale("symlog", linthresh=0.01, linscale=1.5)
        right.set_xticks([0, 0.005, 0.01, 0.1, 1.0])
        right.set_xticks([], minor=True)
        right.set_xlim(-0.0005, 1.0)
        percents(left.xaxis, right.xaxis)
        for axis in (left, right):
            axis.tick_params(axis="y", length=0)
            axis.grid(visible=False, axis="y")
        return svg(figure, f"by-{kind}", f"Malicious caught and legitimate wrong by {kind}")


def reporters(found: Figure) -> Markup | None:
    """What each reporter's record catches, and what the same record costs on legitimate mail."""
    rows = found["clusters"]["reporters"]["records"]
    if not rows or rows[0]["malicious"]["value"] is None:
        return None
    with styled():
        figure, (left, right) = panels(1, 2, height=3.2)
        for place, row in enumerate(reversed(rows)):
            _interval(left, place, row["malicious"], ACCENT)
            _interval(right, place, row["legitimate"], COLOURS["malicious"])
        left.set_yticks(range(len(rows)), [row["reporter"] for row in reversed(rows)])
        left.set(xlim=(0, 1.02), xlabel="malicious caught", ylim=(-0.6, len(rows) - 0.4))
        worst = max((row["legitimate"].get("exact") or [0, 0.01])[1] for row in rows)
        right.set(xlim=(0, worst * 1.1), xlabel="legitimate wrong")
        percents(left.xaxis, right.xaxis)
        for axis in (left, right):
            axis.tick_params(axis="y", length=0)
            axis.grid(visible=False, axis="y")
        return svg(figure, "reporters", "The reporter neuron's ablation at the shipped threshold")


def gain(found: Figure) -> Markup | None:
    """What the neuron adds in recall at equal false retractions, by the reporters' accuracy; and with them shuffled."""
    rows = [row for row in found["reporter_gain"] if row["prior"] == "default" and row["chosen_on"] == IN_SAMPLE]
    rates = sorted({row["false_retraction_rate"] for row in rows}, reverse=True)
    if not rows:
        return None
    with styled():
        figure, drawn_on = panels(1, len(rates), height=3.4)
        for axis, rate in zip(drawn_on, rates, strict=True):
            axis.axhline(0.0, color=SOFT, lw=1)
            for shuffled, colour, step in ((False, ACCENT, -0.1), (True, SECOND, 0.1)):
                own = [row for row in rows if row["false_retraction_rate"] == rate and row["shuffled"] == shuffled]
                for place, row in enumerate(own):
                    at = place + step
                    axis.plot([at, at], row["interval"], color=colour, lw=2.2, alpha=0.35, solid_capstyle="butt")
                label = "reporters shuffled" if shuffled else "reporters as they are"
                places = [place + step for place in range(len(own))]
                axis.plot(places, [row["gain"] for row in own], "o", color=colour, ms=5, label=label)
                axis.set_xticks(range(len(own)), [f"{row['accuracy']:.0%}" for row in own])
            axis.set(title=f"at {round_percent(rate)} false retractions", xlabel="right reports")
            axis.grid(visible=False, axis="x")
        drawn_on[0].set_ylabel("recall with the neuron minus without")
        percents(drawn_on[0].yaxis)
        drawn_on[0].legend(loc="best")
        return svg(figure, "gain", "Recall gained by the reporter neuron at equal false retractions")


def _interval(axis: Axes, place: int, figure: Figure, colour: str) -> None:
    """A rate with its exact interval; nothing where there is no such mail."""
    if figure.get("value") is None:
        axis.text(0.0, place, " no such mail", va="center", color=SOFT, fontsize=8)
        return
    low, high = figure["exact"]
    axis.plot([low, high], [place, place], color=colour, lw=2.2, alpha=0.35, solid_capstyle="butt")
    axis.plot(figure["value"], place, "o", color=colour, ms=5, clip_on=False, zorder=4)


def _counts(group: Figure) -> str:
    counts = group["messages"]
    return f"{counts['malicious']} / {counts['bulk'] + counts['none']}"


def _size(group: Figure) -> int:
    counts = group["messages"]
    return int(counts["malicious"] + counts["bulk"] + counts["none"])


def _span(edges: Sequence[float], counts: Mapping[str, Sequence[int]]) -> tuple[float, float]:
    """From the first to the last half nat that holds anything, and always the band."""
    filled = [place for row in counts.values() for place, count in enumerate(row) if count]
    return min(edges[min(filled)], -MAX_LIFT - 1.0), max(edges[max(filled) + 1], 1.0)
