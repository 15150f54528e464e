"""Contest: a reporter holds the verdict on their report to be wrong."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ContestState(StrEnum):
    """What came of it. Only a confirmed one becomes a label; an unconfirmed one changes nothing."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True)
class Contest:
    """One row of `contests`. `decision_id` is the decision that is held to be wrong."""

    id: int
    tenant_id: int
    submission_id: int
    person_id: int
    message_id: int
    decision_id: int
    comment: str
    state: ContestState
    contested_at: datetime
    settled_by: str
    settled_at: datetime | None
