"""Figures: everything that is measured of a checkpoint's scores, one message a cluster first, then every message."""

from typing import Any

from model.measures.answers import answer
from model.measures.groups import per_group
from model.measures.probabilities import calibration_error
from model.measures.reporters import ablation, at_threshold, liars, spent_trust
from model.measures.scored import Scored, one_a_cluster
from model.measures.separation import HEAD, against_legitimate, confusion, histogram, phish_against_spam


def both_ways(scored: Scored, seed: int, draws: int) -> dict[str, Any]:
    """The figures for one message per near-duplicate cluster, and for every message."""
    return {
        "clusters": figures(scored.take(one_a_cluster(scored)), seed, draws),
        "messages": figures(scored, seed, draws),
    }


def figures(scored: Scored, seed: int, draws: int) -> dict[str, Any]:
    """All figures of these messages. What cannot be computed is null and says why."""
    asked = {
        "counts": {label: int(scored.where(label).sum()) for label in HEAD},
        "units": {"clusters": len(set(scored.clusters.tolist())), "sources": len(set(scored.sources.tolist()))},
        "malicious_against_legitimate": against_legitimate(scored),
        "at_threshold": at_threshold(scored),
        "phish_against_spam": phish_against_spam(scored),
        "disposition": confusion(scored),
        "calibration_error": calibration_error(scored),
        "reporters": {"records": ablation(scored), "liars": liars(scored), "spent_trust": spent_trust(scored)},
    }
    return {**answer(asked, scored, seed, draws), "margins": histogram(scored), "per": per_group(scored)}
