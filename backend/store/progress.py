"""Progress: how many copies has a retraction, or an order for many messages, dealt with so far?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, select

from backend.domain.operation import ItemOutcome
from backend.domain.retraction import OPEN, WAITS_FOR_AN_OPERATOR, RetractionState
from backend.store.tables import copies, operation_items, retractions
from connectors.contract import Outcome

# What became of one copy, in the few words that a progress bar knows.
_BECAME = {
    "": "under_way",
    Outcome.RETRACTED: "retracted",
    Outcome.RESTORED: "restored",
    Outcome.NOT_PERMITTED: "failed",
    Outcome.NO_MAILBOX: "failed",
    Outcome.UNREACHABLE: "failed",
    Outcome.EXPIRED: "failed",
}


@dataclass(frozen=True)
class Progress:
    """Counts only. `total` messages, of them `done` at rest and `waiting` for an operator; the rest counts copies."""

    total: int
    pending: int
    refused: int
    done: int
    incomplete: int
    waiting: int
    copies: int
    under_way: int
    retracted: int
    restored: int
    failed: int
    other: int

    @property
    def finished(self) -> bool:
        """Whether nothing moves any more unless an operator does something."""
        return self.done + self.waiting + self.refused >= self.total


def retraction_progress(tx: Connection, tenant_id: int, retraction_id: int | None) -> Progress | None:
    """How far one retraction, or its undo, has come; None when this tenant has no such retraction."""
    here = and_(retractions.c.tenant_id == tenant_id, retractions.c.id == retraction_id)
    states = list(tx.scalars(select(retractions.c.state).where(here)))
    if not states:
        return None
    return _counted(tx, states, 0, 0, and_(copies.c.tenant_id == tenant_id, copies.c.retraction_id == retraction_id))


def operation_progress(tx: Connection, tenant_id: int, operation_id: int) -> Progress | None:
    """How far the retractions of an operation on many messages have come; None when this tenant has no such one."""
    mine = and_(operation_items.c.tenant_id == tenant_id, operation_items.c.operation_id == operation_id)
    items = tx.execute(select(operation_items.c.outcome, operation_items.c.before, operation_items.c.after).where(mine))
    found = [
        (row.outcome, (row.after or {}).get("retraction") or (row.before or {}).get("retraction")) for row in items
    ]
    if not found:
        return None
    ids = [retraction_id for outcome, retraction_id in found if retraction_id and outcome != ItemOutcome.REFUSED]
    states = list(
        tx.scalars(select(retractions.c.state).where(retractions.c.tenant_id == tenant_id, retractions.c.id.in_(ids)))
    )
    pending = sum(outcome == ItemOutcome.INTENDED for outcome, _ in found)
    refused = sum(outcome == ItemOutcome.REFUSED for outcome, _ in found)
    here = and_(copies.c.tenant_id == tenant_id, copies.c.retraction_id.in_(ids))
    return _counted(tx, states, pending, refused, here)


def _counted(tx: Connection, states: Sequence[str], pending: int, refused: int, here: ColumnElement[bool]) -> Progress:
    found: Counter[str] = Counter()
    for outcome, number in tx.execute(select(copies.c.outcome, func.count()).where(here).group_by(copies.c.outcome)):
        found[_BECAME.get(outcome, "other")] += number
    return Progress(
        total=len(states) + pending + refused,
        pending=pending,
        refused=refused,
        done=sum(state not in (*OPEN, *WAITS_FOR_AN_OPERATOR) for state in states),
        incomplete=sum(state == RetractionState.INCOMPLETE for state in states),
        waiting=sum(state in WAITS_FOR_AN_OPERATOR for state in states),
        copies=sum(found.values()),
        under_way=found["under_way"],
        retracted=found["retracted"],
        restored=found["restored"],
        failed=found["failed"],
        other=found["other"],
    )
