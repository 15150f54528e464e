"""Answers: how does a figure stand in the JSON, with its n, its intervals, or the reason why there is none?"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.calibration import interval
from model.measures.bootstrap import intervals
from model.measures.scored import Scored
from model.measures.weighted import Mask, Statistic, share

DIGITS = 6


@dataclass(frozen=True)
class Asked:
    """A figure to be computed once, and again for every bootstrap draw."""

    statistic: Statistic
    otherwise: str  # why it cannot be computed, when it cannot
    hits: int | None = None
    n: int | None = None


def asked_share(hits: Mask, among: Mask, what: str) -> Asked:
    """k of n, with the exact interval too."""
    return Asked(share(hits, among), f"no {what}", int((hits & among).sum()), int(among.sum()))


def rate(hits: int, n: int, what: str) -> dict[str, Any]:
    """k of n with its exact 95 % interval and no bootstrap."""
    if not n:
        return {"value": None, "why": f"no {what}", "hits": hits, "n": n}
    return {"value": rounded(hits / n), "hits": hits, "n": n, "exact": [rounded(end) for end in interval(hits, n)]}


def answer(tree: Any, scored: Scored, seed: int, draws: int) -> Any:
    """The tree with every `Asked` in it replaced by its figure; all share the same bootstrap draws."""
    asked = list(_leaves(tree))
    statistics = [leaf.statistic for leaf in asked]
    ones = np.ones((1, len(scored)))
    over_clusters = intervals(statistics, scored.clusters, seed, draws)
    over_sources = intervals(statistics, scored.sources, seed + 1, draws)

    found: dict[int, dict[str, Any]] = {}
    for leaf, clusters, sources in zip(asked, over_clusters, over_sources, strict=True):
        found[id(leaf)] = _figure(leaf, float(leaf.statistic(ones)[0]), clusters, sources)
    return _replaced(tree, found)


def rounded(value: float) -> float:
    """Enough digits for anybody."""
    return round(float(value), DIGITS)


def _figure(
    leaf: Asked, value: float, clusters: tuple[float, float] | None, sources: tuple[float, float] | None
) -> dict[str, Any]:
    figure: dict[str, Any] = {"value": None, "why": leaf.otherwise} if math.isnan(value) else {"value": rounded(value)}
    if leaf.n is not None and leaf.hits is not None:
        figure |= rate(leaf.hits, leaf.n, "") | figure
    if not math.isnan(value):
        figure["over_clusters"] = clusters and [rounded(end) for end in clusters]
        figure["over_sources"] = sources and [rounded(end) for end in sources]
    return figure


def _leaves(tree: Any) -> Iterator[Asked]:
    if isinstance(tree, Asked):
        yield tree
    elif isinstance(tree, dict):
        for branch in tree.values():
            yield from _leaves(branch)
    elif isinstance(tree, list):
        for branch in tree:
            yield from _leaves(branch)


def _replaced(tree: Any, found: dict[int, dict[str, Any]]) -> Any:
    if isinstance(tree, Asked):
        return found[id(tree)]
    if isinstance(tree, dict):
        return {name: _replaced(branch, found) for name, branch in tree.items()}
    if isinstance(tree, list):
        return [_replaced(branch, found) for branch in tree]
    return tree
