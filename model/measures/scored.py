"""Scored: what did the checkpoint say of each message, and what is the message in truth?"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from model.lift import lift
from model.measures.weighted import Floats, Mask

MALICIOUS, SPAM, BULK, NONE = "malicious", "spam", "bulk", "none"


@dataclass(frozen=True)
class Scored:
    """Messages in one order. Words only name groups: nothing of any mail is in here."""

    odds: Floats  # (N,) calibrated log-odds of malicious against legitimate, at even odds
    threshold: float  # where a margin is zero, in the same log-odds
    head: Floats  # (N, 4) probabilities in the order of HEAD
    strengths: Floats  # (N, knots) of the lift
    labels: NDArray[np.object_]  # (N,)
    groups: dict[str, NDArray[np.object_]]  # corpus, language, year: (N,) each
    clusters: NDArray[np.int64]  # (N,) numbered from 0
    sources: NDArray[np.int64]  # (N,) numbered from 0
    _margins: dict[float, Floats] = field(default_factory=dict, compare=False, repr=False)  # by reporters' value

    def __len__(self) -> int:
        return len(self.odds)

    def take(self, places: NDArray[np.int64]) -> "Scored":
        """Some of the messages; units are numbered anew."""
        return replace(
            self,
            odds=self.odds[places],
            head=self.head[places],
            strengths=self.strengths[places],
            labels=self.labels[places],
            groups={name: values[places] for name, values in self.groups.items()},
            clusters=numbered(self.clusters[places].tolist()),
            sources=numbered(self.sources[places].tolist()),
            _margins={},
        )

    @property
    def malicious(self) -> Mask:
        """Labelled phish."""
        return self.where(MALICIOUS)

    @property
    def legitimate(self) -> Mask:
        """Labelled benign or bulk. Spam is neither."""
        return self.where(BULK) | self.where(NONE)

    @property
    def spam(self) -> Mask:
        """Labelled spam."""
        return self.where(SPAM)

    def where(self, label: str) -> Mask:
        """The messages with this label."""
        return np.asarray(self.labels == label, dtype=np.bool_).reshape(len(self))

    def margins(self, reporter_value: float = 0.0) -> Floats:
        """Margins in nats had people of this value reported every message; nobody gives the base margins."""
        if reporter_value not in self._margins:
            nats = [lift(reporter_value, row) for row in self.strengths.tolist()] if reporter_value else 0.0
            self._margins[reporter_value] = self.odds - self.threshold + np.asarray(nats, dtype=np.float64)
        return self._margins[reporter_value]


def numbered(keys: Sequence[object]) -> NDArray[np.int64]:
    """Numbers from 0 in the order of first appearance."""
    places: dict[object, int] = {}
    return np.array([places.setdefault(key, len(places)) for key in keys], dtype=np.int64)


def one_a_cluster(scored: Scored) -> NDArray[np.int64]:
    """The first message of each near-duplicate cluster and label."""
    firsts: dict[tuple[int, str], int] = {}
    for place, key in enumerate(zip(scored.clusters.tolist(), scored.labels.tolist(), strict=True)):
        firsts.setdefault(key, place)
    return np.array(sorted(firsts.values()), dtype=np.int64)
