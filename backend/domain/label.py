"""Label: a disposition trusted enough to learn from, with its source."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.disposition import Disposition


class Source(StrEnum):
    """Where labels come from. Nothing else is one: no report, no verdict of our own, no automatic retraction."""

    OPERATOR = "operator"
    TEAM = "team"
    CONTEST = "contest"  # a reporter's, confirmed by an operator
    SEED = "seed"  # the demo's invented past


# Whose word stands where several judged one message; of equal ones the last.
RANK = {Source.OPERATOR: 2, Source.CONTEST: 2, Source.SEED: 2, Source.TEAM: 1}
WEIGHT = {Source.OPERATOR: 1.0, Source.CONTEST: 1.0, Source.SEED: 1.0, Source.TEAM: 0.8}  # in training
CONVERTS = frozenset({Source.OPERATOR, Source.CONTEST, Source.TEAM})  # similar mail at once


@dataclass(frozen=True)
class Label:
    """One row of `labels`. `revoked_by` is empty where a later judgement of the same person took its place."""

    id: int
    tenant_id: int
    message_id: int
    disposition: Disposition
    source: Source
    weight: float
    given_by: str
    given_at: datetime
    revoked_at: datetime | None = None
    revoked_by: str = ""
    revoked_why: str = ""

    @property
    def stands(self) -> bool:
        """Neither replaced nor revoked."""
        return self.revoked_at is None


def strongest(several: Iterable[Label]) -> Label | None:
    """The one that counts among labels of one message."""
    return max(several, key=lambda label: (RANK[label.source], label.given_at, label.id), default=None)
