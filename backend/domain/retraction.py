"""Retraction: taking a message's copies out of sight, and bringing them back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RetractionState(StrEnum):
    """Where a retraction stands.

    awaiting_approval -> running -> done | incomplete; done | incomplete -> restoring -> restored.
    `incomplete` names the copies that are left; `refused` means an operator said no. `stopped`: the canary failed, and
    an operator goes on or restores.
    """

    AWAITING_APPROVAL = "awaiting_approval"
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"
    INCOMPLETE = "incomplete"
    RESTORING = "restoring"
    RESTORED = "restored"
    REFUSED = "refused"


OPEN = frozenset({RetractionState.RUNNING, RetractionState.RESTORING})
WAITS_FOR_AN_OPERATOR = frozenset({RetractionState.AWAITING_APPROVAL, RetractionState.STOPPED})


class Canary(StrEnum):
    """What the first few copies of a large or automatic retraction have shown."""

    NONE = ""  # nothing yet, or it was not needed
    PASSED = "passed"
    FAILED = "failed"
    OVERRULED = "overruled"  # an operator has seen why it failed, and goes on


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
    canary: str
    undoing: bool  # whether it was last asked to bring copies back; on its way back and not undoing, it goes again

    @property
    def given_back(self) -> bool:
        """Whether its copies are back, come back, or were to come back and did so in part."""
        on_its_way = self.undoing and self.state in {RetractionState.RESTORING, RetractionState.INCOMPLETE}
        return on_its_way or self.state in {RetractionState.RESTORED, RetractionState.REFUSED}
