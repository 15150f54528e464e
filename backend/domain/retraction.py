"""Retraction: taking a message's copies out of sight, and bringing them back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RetractionState(StrEnum):
    """Where a retraction stands.

    awaiting_approval -> running -> done | incomplete; done | incomplete -> restoring -> restored.
    `incomplete` names the copies that are left; `refused` means an operator said no.
    """

    AWAITING_APPROVAL = "awaiting_approval"
    RUNNING = "running"
    DONE = "done"
    INCOMPLETE = "incomplete"
    RESTORING = "restoring"
    RESTORED = "restored"
    REFUSED = "refused"


OPEN = frozenset({RetractionState.RUNNING, RetractionState.RESTORING})


@dataclass(frozen=True)
class Retraction:
    """One row of `retractions`; `lease` is set while a worker holds it."""

    id: int
    tenant_id: int
    message_id: int
    decision_id: int | None
    state: RetractionState
    action: str
    automatic: bool
    ordered_by: str
    ordered_at: datetime
    approvals_needed: int
    restorable_until: datetime | None
    lease: str
    attempts: int
    cause: str
