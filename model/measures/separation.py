"""Separation: how well do base margins and the head keep the kinds of mail apart?"""

from typing import Any

import numpy as np

from model.lift import MAX_LIFT
from model.measures.answers import Asked, asked_share, rounded
from model.measures.scored import BULK, MALICIOUS, NONE, SPAM, Scored
from model.measures.weighted import Floats, Mask, area, caught, cut

RATES = (0.01, 0.005, 0.001)
GRID = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1)
HEAD = (MALICIOUS, SPAM, BULK, NONE)
_POINTS = 240  # of the ROC curve: a drawing shows no more
MARGIN_EDGES = tuple(float(edge) for edge in np.arange(-24.0, 12.5, 0.5))
BOTH = "needs malicious and legitimate mail"


def against_legitimate(scored: Scored) -> dict[str, Any]:
    """Malicious against legitimate mail by the base margin: AUC, recall at given false-positive rates, the curves."""
    margins, malicious, legitimate = scored.margins(), scored.malicious, scored.legitimate
    return {
        "malicious": int(malicious.sum()),
        "legitimate": int(legitimate.sum()),
        "auc": Asked(area(margins, malicious, legitimate), BOTH),
        "recall_at": _recall(margins, malicious, legitimate),
        "recall_curve": [
            {"false_positives": at, "recall": Asked(recalled, BOTH)}
            for at, recalled in zip(GRID, caught(margins, malicious, legitimate, GRID), strict=True)
        ],
        "roc": roc(margins, malicious, legitimate),
        "within_reach_of_the_lift": asked_share((margins >= -MAX_LIFT) & (margins < 0), legitimate, "legitimate mail"),
    }


def _recall(margins: Floats, malicious: Mask, legitimate: Mask) -> list[dict[str, Any]]:
    rows = []
    for at, recalled in zip(RATES, caught(margins, malicious, legitimate, RATES), strict=True):
        threshold = cut(margins, legitimate, at)
        hits = margins > threshold if threshold is not None else np.zeros(len(margins), dtype=np.bool_)
        rows.append(
            {
                "false_positives": at,
                "allowed": int(at * int(legitimate.sum()) + 1e-9),
                "margin_above": None if threshold is None else rounded(threshold),
                "recall": Asked(recalled, BOTH, int((hits & malicious).sum()), int(malicious.sum())),
            }
        )
    return rows


def roc(scores: Floats, positive: Mask, negative: Mask) -> list[list[float]]:
    """[false-positive rate, recall], cut from the top down; thinned so that a drawing looks the same."""
    if not positive.any() or not negative.any():
        return []
    high, low = np.sort(scores[positive]), np.sort(scores[negative])
    cuts = np.unique(scores[positive | negative])[::-1]
    recalled = 1.0 - np.searchsorted(high, cuts, side="left") / len(high)
    wrong = 1.0 - np.searchsorted(low, cuts, side="left") / len(low)
    corners = np.flatnonzero(np.append(np.diff(wrong) > 0, True))  # the highest recall at each rate
    if len(corners) > _POINTS:
        even = np.geomspace(1, len(corners), _POINTS).astype(np.int64) - 1
        corners = corners[np.unique(even)]
    return [[rounded(wrong[at]), rounded(recalled[at])] for at in corners]


def histogram(scored: Scored) -> dict[str, Any]:
    """How many base margins of each label lie in each half nat; the outermost bins take what lies beyond."""
    margins = np.clip(scored.margins(), MARGIN_EDGES[0], np.nextafter(MARGIN_EDGES[-1], 0.0))
    return {
        "edges": list(MARGIN_EDGES),
        "counts": {label: np.histogram(margins[scored.where(label)], MARGIN_EDGES)[0].tolist() for label in HEAD},
    }


def phish_against_spam(scored: Scored, phish: Mask | None = None, spam: Mask | None = None) -> dict[str, Any]:
    """AUC of phish against spam: by the base margin, and by the head's own opinion of the two."""
    phish = scored.malicious if phish is None else phish
    spam = scored.spam if spam is None else spam
    tiny = np.finfo(np.float64).tiny
    by_head = np.log(scored.head[:, 0] + tiny) - np.log(scored.head[:, 1] + tiny)
    return {
        "malicious": int(phish.sum()),
        "spam": int(spam.sum()),
        "auc_by_margin": Asked(area(scored.odds, phish, spam), "needs malicious mail and spam"),
        "auc_by_head": Asked(area(by_head, phish, spam), "needs malicious mail and spam"),
    }


def confusion(scored: Scored) -> dict[str, Any]:
    """How often each of the four is the likeliest for the head, by true label."""
    likeliest = np.array(HEAD, dtype=object)[scored.head.argmax(axis=1)] if len(scored) else np.zeros(0, dtype=object)
    right = np.asarray(likeliest == scored.labels, dtype=np.bool_).reshape(len(scored))
    return {
        "labels": list(HEAD),
        "counts": {
            label: {other: int((scored.where(label) & (likeliest == other)).sum()) for other in HEAD} for label in HEAD
        },
        "recalled": {label: asked_share(right, scored.where(label), f"{label} mail") for label in HEAD},
        "right": asked_share(right, np.ones(len(scored), dtype=np.bool_), "mail"),
    }
