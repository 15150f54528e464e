"""Operation: what an operator did to many messages at once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Deed(StrEnum):
    """What is done to each message of an operation."""

    JUDGE = "judge"  # with a disposition
    SIMULATION = "simulation"
    RETRACT = "retract"  # with an action
    RESTORE = "restore"
    STATUS = "status"  # with a triage status
    ESCALATE = "escalate"  # as a disposition


class ItemOutcome(StrEnum):
    """What became of one message of an operation; INTENDED is also what a crash leaves."""

    INTENDED = ""
    DONE = "done"
    REFUSED = "refused"
    UNDONE = "undone"


@dataclass(frozen=True)
class Stood:
    """What an operation found or left of one message: ids of rows that are never edited, and what is not in a row.

    `retraction` is the one that was ordered, or undone, by the operation itself.
    """

    decision: int | None = None
    label: int | None = None
    closed_at: str = ""
    judged: str = ""
    to_judge: bool = False
    retraction: int | None = None
    triage: str = ""
    team_submission: int | None = None  # that an escalation of the message had made


@dataclass(frozen=True)
class Item:
    """One message of an operation."""

    id: int
    message_id: int
    before: Stood
    after: Stood
    outcome: ItemOutcome
    detail: str


@dataclass(frozen=True)
class Operation:
    """One row of `operations`, with how many of its messages came out how."""

    id: int
    tenant_id: int
    operator_id: int
    deed: Deed
    value: str
    at: datetime
    undone_at: datetime | None
    done: int
    refused: int
    undone: int
    left: int  # not done yet

    @property
    def messages(self) -> int:
        """How many it is about."""
        return self.done + self.refused + self.undone + self.left
