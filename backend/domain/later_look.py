"""Later look: looking for a message again after it was found malicious (Post Delivery Response)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.decision import Response


class LookSource(StrEnum):
    """Whose judgement made the looks necessary."""

    OPERATOR = "operator"
    TEAM = "team"
    PSR = "psr"  # its own retraction: these looks act only while PSR itself may act


class LookState(StrEnum):
    """A look waits until it is due, and is done once."""

    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True)
class LaterLook:
    """One row of `later_looks`. `response` is None while it waits; `why` is what kept it from acting."""

    id: int
    tenant_id: int
    message_id: int
    decision_id: int
    source: LookSource
    after_minutes: int
    due_at: datetime
    state: LookState
    response: Response | None
    why: str
    found: int | None
    retraction_id: int | None
    lease: str
    attempts: int
    finished_at: datetime | None
