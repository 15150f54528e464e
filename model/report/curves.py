"""Curves: how do recall, calibration, thresholds and learning look when drawn?"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from markupsafe import Markup

from model.report.canvas import ACCENT, COLOURS, SECOND, SOFT, THIRD, axes, percents, styled, svg

Figure = Mapping[str, Any]
WHO = (("nobody", "o", SOFT), ("newcomer", "s", SECOND), ("perfect", "D", THIRD))


def roc(found: Figure) -> Markup | None:
    """ROC with a logarithmic false-positive axis, and where the shipped threshold stands for three reporters."""
    main = found["clusters"]["malicious_against_legitimate"]
    if not main["roc"]:
        return None
    floor = _floor(main["legitimate"])
    with styled():
        figure, axis = axes()
        for which, colour, style in (("messages", SOFT, ":"), ("clusters", ACCENT, "-")):
            points = found[which]["malicious_against_legitimate"]["roc"]
            across, up = [max(point[0], floor) for point in points], [point[1] for point in points]
            label = "one message a cluster" if which == "clusters" else "every message"
            axis.step([floor, *across, 1.0], [up[0], *up, 1.0], where="post", color=colour, ls=style, label=label)
        for who, marker, colour in WHO:
            rates = found["clusters"]["at_threshold"][who]
            at = max(float(rates["legitimate"]["value"]), floor), float(rates["malicious"]["value"])
            axis.plot(*at, marker, color=colour, ms=7, label=f"shipped threshold, {who}", clip_on=False, zorder=5)
        marks = [found["clusters"]["at_threshold"][who]["malicious"]["value"] for who, _, _ in WHO]
        least = max(0.0, round(min(*marks, main["roc"][0][1]) - 0.1, 1))
        axis.set(xscale="log", xlim=(floor, 1.0), ylim=(least, 1.005), ylabel="recall of malicious mail")
        axis.set_xlabel("false positives among legitimate mail (log; the left edge stands for none)")
        percents(axis.xaxis, axis.yaxis)
        axis.legend(loc="lower right")
        return svg(figure, "roc", "ROC curve with a logarithmic false-positive axis")


def recall(found: Figure) -> Markup | None:
    """Recall at false-positive rates from 0.05 % to 10 %, with both bootstrap bands."""
    main = found["clusters"]["malicious_against_legitimate"]
    rows = [row for row in main["recall_curve"] if row["recall"]["value"] is not None]
    if not rows:
        return None
    with styled():
        figure, axis = axes()
        across = [row["false_positives"] for row in rows]
        for band, label, strength in (("over_sources", "sources", 0.15), ("over_clusters", "clusters", 0.3)):
            ends = [row["recall"][band] for row in rows]
            if all(ends):
                low, high = zip(*ends, strict=True)
                axis.fill_between(
                    across, low, high, color=ACCENT, alpha=strength, lw=0, label=f"95 %, {label} drawn anew"
                )
        axis.plot(across, [row["recall"]["value"] for row in rows], "o-", color=ACCENT, ms=3.5, label="recall")
        least = min(min(row["recall"]["over_sources"] or [row["recall"]["value"]]) for row in rows)
        axis.set(xscale="log", ylim=(max(0.0, least - 0.05), 1.005), ylabel="recall of malicious mail")
        axis.set_xlabel("false positives allowed on this very sample (log)")
        percents(axis.xaxis, axis.yaxis)
        axis.legend(loc="lower right")
        return svg(figure, "recall", "Recall against the false-positive rate with bootstrap bands")


def reliability(found: Figure) -> Markup | None:
    """What the network says against what is true, at even odds and at the natural rate."""
    kinds = (("even_odds", ACCENT, "even odds"), ("natural_rate", SECOND, "natural rate"))
    errors = found["clusters"]["calibration_error"]
    bins = {kind: [row for row in errors[kind]["bins"] if row["said"] is not None] for kind, _, _ in kinds}
    if errors["even_odds"]["ece"]["value"] is None:
        return None
    with styled():
        figure, axis = axes(width=4.6, height=4.4)
        axis.plot([0, 1], [0, 1], color=SOFT, lw=1, ls=":", label="perfect")
        for kind, colour, label in kinds:
            rows = bins[kind]
            size = [12 + 7 * (row["malicious"] + row["legitimate"]) ** 0.5 for row in rows]
            axis.plot([row["said"] for row in rows], [row["true"] for row in rows], color=colour, lw=1)
            axis.scatter(
                [row["said"] for row in rows], [row["true"] for row in rows], s=size, color=colour, alpha=0.6, lw=0
            )
            axis.plot([], [], "o-", color=colour, label=f"{label}: ECE {errors[kind]['ece']['value']:.4f}")
        axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        axis.set(xlabel="probability the network states", ylabel="share that is malicious")
        axis.legend(loc="upper left")
        return svg(figure, "reliability", "Reliability diagram")


def bounds(found: Figure) -> Markup | None:
    """The curve the checkpoint ships: for each threshold the target, the errors seen, and both upper bounds."""
    points = found["calibration_curve"]
    if not points:
        return None
    with styled():
        figure, axis = axes()
        across = [point["threshold"] for point in points]
        floor = min(point["target"] for point in points) / 5
        lines = (
            ("target", "target", ":", SOFT),
            ("upper_bound", "exact 95 % upper bound", "o-", ACCENT),
            ("sources_bound", "95 % over sources drawn anew", "s--", SECOND),
        )
        for key, label, style, colour in lines:
            axis.plot(across, [max(point[key], floor) for point in points], style, color=colour, ms=5, label=label)
        seen = [max(point["errors"] / max(point["legitimate"], 1), floor) for point in points]
        axis.plot(across, seen, "x", color=THIRD, ms=7, label="errors seen")
        axis.set(yscale="log", xlabel="threshold (nats)", ylabel="false retractions among reported legitimate mail")
        axis.axvline(found["threshold"], color=SOFT, lw=1, label="threshold used here")
        caught = axis.twinx()
        rates = [point["caught"] / max(point["malicious"], 1) for point in points]
        caught.plot(across, rates, color=COLOURS["malicious"], lw=1.2, alpha=0.6)
        caught.set(ylim=(0, 1.02), ylabel="malicious caught (red)")
        caught.grid(visible=False)
        percents(axis.yaxis, caught.yaxis)
        axis.legend(loc="lower left")
        return svg(figure, "bounds", "Calibration curve: thresholds with the bounds of their errors")


def losses(found: Figure) -> Markup | None:
    """Mean training loss of each epoch, one line for a network or for each of several."""
    kept = found["training"]["losses"]
    if not kept:
        return None
    runs = kept if isinstance(kept[0], Sequence) else [kept]
    with styled():
        figure, axis = axes(width=4.6, height=3.4)
        for run in runs:
            axis.plot(range(1, len(run) + 1), run, "o-", color=ACCENT, ms=3.5, alpha=0.8)
        axis.set(xlabel="epoch", ylabel="mean training loss")
        longest = max(map(len, runs))
        axis.set_xticks(range(1, longest + 1, max(1, longest // 10)))
        return svg(figure, "losses", "Training loss by epoch")


def learning(found: Figure) -> Markup | None:
    """What more mail to train on has bought: recall at two false-positive rates by amount of training mail."""
    amounts = [(amount, row) for row in found["training"]["learning_curve"] if (amount := _amount(row)) is not None]
    if len(amounts) < 2:
        return None
    across, rows = zip(*sorted(amounts, key=itemgetter(0)), strict=True)
    with styled():
        figure, axis = axes(width=4.6, height=3.4)
        for key, label, colour in (
            ("auc", "AUC", SOFT),
            ("recall_at_1", "recall at 1 %", ACCENT),
            ("recall_at_0_1", "recall at 0.1 %", SECOND),
        ):
            if all(row.get(key) is not None for row in rows):
                axis.plot(across, [row[key] for row in rows], "o-", color=colour, ms=4, label=label)
        axis.set_xlabel("messages to train on" if "messages" in rows[0] else "share of the training mail")
        percents(axis.yaxis)
        axis.legend(loc="lower right")
        return svg(figure, "learning", "Learning curve")


def _amount(row: Figure) -> float | None:
    value = row.get("messages", row.get("share"))
    return float(value) if isinstance(value, int | float) else None


def _floor(legitimate: int) -> float:
    """Where a logarithmic axis begins: half of one message."""
    return 0.5 / max(legitimate, 1)
