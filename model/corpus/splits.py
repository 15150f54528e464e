"""Splits: which messages are for training, which for calibrating, which for testing?

Nothing is split at random: a source (list or sender domain), a campaign and a stretch of time each stay on one side.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from model.corpus.clusters import find_clusters
from model.corpus.table import CALIBRATE, COMPOSED, LEFT_OUT, TEST, TRAIN, Example, Table


@dataclass(frozen=True)
class SplitConfig:
    """How sources and times are dealt out. `salt` was chosen for the sizes of the parts, before any training."""

    salt: str = "266"
    train: float = 0.45
    calibrate: float = 0.35  # the rest is for testing
    by_time: tuple[str, ...] = ("phishing_pot",)
    calibrate_from: str = "2024-10"
    test_from: str = "2025-01"
    by_campaign: tuple[str, ...] = ("nazario", "spamassassin")
    weights: tuple[tuple[str, float], ...] = (
        ("spamassassin", 0.3),
        ("nazario", 0.3),
        ("sisimai_bounces", 0.3),
        (COMPOSED, 0.5),
        ("foff_milter", 3.0),  # the little modern mail there is
        ("circuit_notices", 3.0),
        ("segway_announce", 3.0),
        ("list_extra", 3.0),
        ("unspy_newsletters_de", 3.0),
        ("medium_digest", 3.0),
    )


def split(table: Table, config: SplitConfig) -> Table:
    """Deal the examples out; a campaign that reaches over a border stays on its earlier side only."""
    clusters = find_clusters(table)
    names = _names(table, clusters)
    weights = dict(config.weights)
    parts = [_side(example, names[clusters[number]], config) for number, example in enumerate(table.examples)]
    in_train = {cluster for cluster, part in zip(clusters, parts, strict=True) if part == TRAIN}
    in_calibration = {cluster for cluster, part in zip(clusters, parts, strict=True) if part == CALIBRATE}

    dealt = []
    for example, cluster, part in zip(table.examples, clusters, parts, strict=True):
        seen = (part != TRAIN and cluster in in_train) or (part == TEST and cluster in in_calibration)
        dealt.append(
            replace(example, cluster=cluster, split=LEFT_OUT if seen else part, weight=weights.get(example.corpus, 1.0))
        )
    return replace(table, examples=tuple(dealt))


def _names(table: Table, clusters: Sequence[int]) -> dict[int, str]:
    """What each cluster is called: its least hash, so that other mail in the table does not deal it out differently."""
    members: dict[int, list[str]] = defaultdict(list)
    for example, cluster in zip(table.examples, clusters, strict=True):
        members[cluster].append(example.sha256 or example.path)
    return {cluster: min(hashes) for cluster, hashes in members.items()}


def _side(example: Example, cluster: str, config: SplitConfig) -> str:
    if example.corpus == COMPOSED:
        return TRAIN
    if example.corpus in config.by_time:
        return (
            TEST if example.date >= config.test_from else CALIBRATE if example.date >= config.calibrate_from else TRAIN
        )
    key = f"cluster {cluster}" if example.corpus in config.by_campaign else example.source
    place = int.from_bytes(hashlib.sha256(f"{config.salt} {key}".encode()).digest()[:4], "big") / 2**32
    return TRAIN if place < config.train else CALIBRATE if place < config.train + config.calibrate else TEST
