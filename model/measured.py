"""Measured: which margins had mail that the checkpoint had never seen? Read from its card; torch is not needed."""

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parent / "checkpoints" / "v1"
_CARD = "checkpoint.json"


@dataclass(frozen=True)
class Measured:
    """Medians of the base margin over held-back mail, one message per near-duplicate cluster."""

    checkpoint: str
    legitimate: float
    malicious: float


@cache
def measured(folder: Path | None) -> Measured | None:
    """What the card of this checkpoint says (None: of the shipped one); None when it does not say."""
    try:
        card = json.loads(((folder or SHIPPED) / _CARD).read_text(encoding="utf-8"))
        margins = card["training"]["figures"]["clusters"]["margins"]
        counts: Mapping[str, Sequence[int]] = margins["counts"]
        legitimate = [a + b for a, b in zip(counts["none"], counts["bulk"], strict=True)]
        edges = margins["edges"]
        return Measured(str(card["name"]), _median(edges, legitimate), _median(edges, counts["malicious"]))
    except (OSError, KeyError, TypeError, ValueError):
        return None


def _median(edges: Sequence[float], counts: Sequence[Any]) -> float:
    """The middle of the step in which half of all are counted."""
    sums = list(accumulate(counts))
    if not sums or not sums[-1]:
        raise ValueError("nothing was counted")
    at = bisect_left(sums, sums[-1] / 2)
    return (float(edges[at]) + float(edges[at + 1])) / 2
