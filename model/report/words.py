"""Words: how is a figure written for a person, with its uncertainty beside it?"""

from collections.abc import Mapping, Sequence
from typing import Any

Figure = Mapping[str, Any]


def percent(value: float | None, digits: int = 1) -> str:
    """A share in percent, with a digit more where it is close to 0 or 100."""
    if value is None:
        return "–"
    if 0.0 < value < 0.001 or 0.999 < value < 1.0:
        digits += 1
    return f"{100 * value:.{digits}f} %"


def round_percent(value: float) -> str:
    """A rate somebody chose: 1 %, 0.5 %."""
    return f"{100 * value:g} %"


def plain(value: float | None, digits: int = 4) -> str:
    """A number, or a dash."""
    return "–" if value is None else f"{value:.{digits}f}"


def signed(value: float | None) -> str:
    """Nats with their sign."""
    return "–" if value is None else f"{value:+.2f}".replace("-", "−")


def share(figure: Figure) -> str:
    """12 of 345 (3.5 %), or why there is nothing to say."""
    if figure.get("value") is None:
        return str(figure.get("why", "–"))
    return f"{figure['hits']:,} of {figure['n']:,} ({percent(figure['value'])})"


def span(ends: Sequence[float] | None, *, shares: bool = True) -> str:
    """An interval."""
    if not ends:
        return "–"
    low, high = ends
    return f"{percent(low)} – {percent(high)}" if shares else f"{plain(low)} – {plain(high)}"


def summary(found: Figure) -> list[str]:
    """The few lines a person reads first: one message per near-duplicate cluster."""
    figures, mail = found["clusters"], found["mail"]
    main = figures["malicious_against_legitimate"]
    lines = [
        f"checkpoint {found['checkpoint']} · {mail['measured']:,} messages in {figures['units']['clusters']:,} clusters"
        f" from {figures['units']['sources']:,} sources · one message a cluster:",
        f"malicious {main['malicious']:,} · legitimate {main['legitimate']:,} · spam {figures['counts']['spam']:,}",
        f"AUC {_with(main['auc'], shares=False)}",
    ]
    lines += [
        f"recall at {round_percent(row['false_positives'])} false positives ({row['allowed']}): {_with(row['recall'])}"
        for row in main["recall_at"]
    ]
    for who, rates in figures["at_threshold"].items():
        lines += [f"at the threshold, {who}: {kind} {share(figure)}" for kind, figure in rates.items()]
    spam = figures["phish_against_spam"]
    lines.append(f"phish against spam, AUC: {_both(spam)}")
    if "by_hand" in found:
        hand = found["by_hand"]
        lines.append(f"the same on {hand['malicious']} phish and {hand['spam']} spam labelled by hand: {_both(hand)}")
    lines.append(f"calibration error (ECE, even odds): {_value(figures['calibration_error']['even_odds']['ece'])}")
    reach = main["within_reach_of_the_lift"]
    lines.append(f"legitimate with a base margin in [−2.5, 0): {share(reach)}")
    lines.append(f"left out: {mail['learnt_from_or_nearly']:,} learnt from or nearly the same as such mail")
    lines += [f"left out by label {label}: {count:,}" for label, count in mail["left_out_labels"].items()]
    lines += [f"problem: {what}: {count:,}" for what, count in mail["problems"].items()]
    return lines


def _with(figure: Figure, *, shares: bool = True) -> str:
    """A figure with the interval over sources, the honest one."""
    if figure["value"] is None:
        return str(figure["why"])
    value = percent(figure["value"]) if shares else plain(figure["value"])
    return f"{value} ({span(figure.get('over_sources'), shares=shares)} over sources)"


def _value(figure: Figure) -> str:
    return plain(figure["value"]) if figure["value"] is not None else str(figure["why"])


def _both(pair: Figure) -> str:
    return f"margin {_value(pair['auc_by_margin'])} · head {_value(pair['auc_by_head'])}"
