"""Retractions: what was ordered to be taken away, and how far has each order come?"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, and_, exists, func, or_, select, update

from backend.domain.retraction import OPEN, Canary, Retraction, RetractionState
from backend.store.inserting import insert_unless_there
from backend.store.queue_rows import mark
from backend.store.tables import copies, retractions
from connectors.contract import Outcome


def _retraction(row: Row[Any]) -> Retraction:
    names = Retraction.__dataclass_fields__
    return Retraction(**{**{name: row._mapping[name] for name in names}, "state": RetractionState(row.state)})


def order(
    tx: Connection,
    tenant_id: int,
    message_id: int,
    decision_id: int | None,
    action: str,
    ordered_by: str,
    now: datetime,
    *,
    automatic: bool,
    approved_by: Sequence[int] = (),
) -> int | None:
    """Order a retraction; None when the message already has one that was not restored or refused."""
    values = {
        "tenant_id": tenant_id,
        "message_id": message_id,
        "decision_id": decision_id,
        "state": RetractionState.RUNNING,
        "action": action,
        "automatic": automatic,
        "ordered_by": ordered_by,
        "ordered_at": now,
        "approved_by": list(approved_by),
    }
    mark(tx, tenant_id, [message_id])
    return insert_unless_there(tx, retractions, values)


def get(tx: Connection, tenant_id: int, retraction_id: int) -> Retraction | None:
    """One retraction of this tenant."""
    here = and_(retractions.c.tenant_id == tenant_id, retractions.c.id == retraction_id)
    row = tx.execute(select(retractions).where(here)).first()
    return _retraction(row) if row else None


def of_message(tx: Connection, tenant_id: int, message_id: int, limit: int = 50) -> list[Retraction]:
    """Every retraction of a message, newest first."""
    here = and_(retractions.c.tenant_id == tenant_id, retractions.c.message_id == message_id)
    rows = tx.execute(select(retractions).where(here).order_by(retractions.c.id.desc()).limit(limit))
    return [_retraction(row) for row in rows]


def took_nothing(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> set[int]:
    """Of which of these messages the retraction that is over took no copy away: there was none, or none was reached."""
    over = and_(retractions.c.tenant_id == tenant_id, retractions.c.message_id.in_(message_ids))
    over = and_(over, retractions.c.state.in_([RetractionState.DONE, RetractionState.INCOMPLETE]))
    taken = and_(copies.c.tenant_id == tenant_id, copies.c.retraction_id == retractions.c.id)
    taken = and_(taken, copies.c.outcome.in_([Outcome.RETRACTED, Outcome.RESTORED, Outcome.EXPIRED]))
    return set(tx.scalars(select(retractions.c.message_id).where(over, ~exists().where(taken))))


def state_of(tx: Connection, retraction_id: int) -> RetractionState | None:
    """Where a retraction stands, for the queue, which knows ids only."""
    state = tx.execute(select(retractions.c.state).where(retractions.c.id == retraction_id)).scalar()
    return RetractionState(state) if state else None


def claim(
    tx: Connection, retraction_id: int, state: RetractionState, now: datetime, lease: timedelta
) -> Retraction | None:
    """Take the retraction for one worker; None if it is elsewhere or not in `state`."""
    free = or_(retractions.c.leased_until.is_(None), retractions.c.leased_until < now)
    due = or_(retractions.c.retry_at.is_(None), retractions.c.retry_at <= now)
    taken = tx.execute(
        update(retractions)
        .where(retractions.c.id == retraction_id, retractions.c.state == state, free, due)
        .values(lease=uuid4().hex, leased_until=now + lease, retry_at=None, attempts=retractions.c.attempts + 1)
    )
    if taken.rowcount != 1:
        return None
    row = tx.execute(select(retractions).where(retractions.c.id == retraction_id)).first()
    return _retraction(row) if row else None


def renew(tx: Connection, retraction: Retraction, now: datetime, lease: timedelta) -> bool:
    """Keep the lease while a long search goes on. False when it was lost: stop at once."""
    return tx.execute(update(retractions).where(_held(retraction)).values(leased_until=now + lease)).rowcount == 1


def leave(tx: Connection, retraction: Retraction, state: RetractionState, **values: object) -> bool:
    """Give the retraction back in `state`. False when the lease was lost: then it is another's."""
    mark(tx, retraction.tenant_id, [retraction.message_id])
    kept = {"state": state, "lease": "", "leased_until": None, **values}
    return tx.execute(update(retractions).where(_held(retraction)).values(**kept)).rowcount == 1


def _held(retraction: Retraction) -> Any:
    return and_(
        retractions.c.id == retraction.id,
        retractions.c.state == retraction.state,
        retractions.c.lease == retraction.lease,
    )


def move(
    tx: Connection,
    tenant_id: int,
    retraction_id: int,
    states: Sequence[RetractionState],
    to: RetractionState,
    **values: object,
) -> bool:
    """Send a resting retraction on its way again: from one of `states`, in nobody's hands, to `to`."""
    resting = and_(
        retractions.c.tenant_id == tenant_id,
        retractions.c.id == retraction_id,
        retractions.c.state.in_(states),
        retractions.c.lease == "",
    )
    fresh = {"state": to, "attempts": 0, "cause": "", "retry_at": None, "finished_at": None, **values}
    if to in OPEN:
        fresh["undoing"] = to is RetractionState.RESTORING
    moved = update(retractions).where(resting).values(**fresh).returning(retractions.c.message_id)
    messages = tx.scalars(moved).all()
    mark(tx, tenant_id, messages)
    return len(messages) == 1


def turn_round(tx: Connection, tenant_id: int, retraction_id: int, *, undoing: bool, **values: object) -> bool:
    """While copies come back: say whether they stay, or go again once they are there. The caller holds the message."""
    here = and_(
        retractions.c.tenant_id == tenant_id,
        retractions.c.id == retraction_id,
        retractions.c.state == RetractionState.RESTORING,
        retractions.c.undoing != undoing,
    )
    return tx.execute(update(retractions).where(here).values(undoing=undoing, **values)).rowcount == 1


def set_restorable_until(tx: Connection, retraction: Retraction, until: datetime) -> None:
    """Store the last moment at which Undo is possible."""
    tx.execute(update(retractions).where(retractions.c.id == retraction.id).values(restorable_until=until))


def set_canary(tx: Connection, retraction: Retraction, canary: Canary) -> bool:
    """Write down what the first copies have shown. False when the lease was lost."""
    return tx.execute(update(retractions).where(_held(retraction)).values(canary=canary)).rowcount == 1


def ask_canary_again(tx: Connection, retraction: Retraction) -> bool:
    """What the first copies have shown held for an order that is over. False when they failed: that still holds."""
    here = and_(retractions.c.id == retraction.id, retractions.c.canary != Canary.FAILED)
    return tx.execute(update(retractions).where(here).values(canary=Canary.NONE)).rowcount == 1


def approvers(tx: Connection, tenant_id: int, retraction_id: int) -> list[int]:
    """The operators who approved so far; locks the row, so that two approvals do not overwrite each other."""
    here = and_(retractions.c.tenant_id == tenant_id, retractions.c.id == retraction_id)
    return list(tx.execute(select(retractions.c.approved_by).where(here).with_for_update()).scalar() or [])


def set_approvers(tx: Connection, tenant_id: int, retraction_id: int, operators: Sequence[int]) -> None:
    """Store who approved."""
    here = and_(retractions.c.tenant_id == tenant_id, retractions.c.id == retraction_id)
    tx.execute(update(retractions).where(here).values(approved_by=list(operators)))


def lost(tx: Connection, now: datetime, limit: int = 200) -> list[int]:
    """Retractions that nobody holds though there is work left, across all tenants."""
    free = or_(retractions.c.leased_until.is_(None), retractions.c.leased_until < now)
    due = or_(retractions.c.retry_at.is_(None), retractions.c.retry_at <= now)
    left = and_(retractions.c.state.in_(list(OPEN)), free, due)
    return list(tx.execute(select(retractions.c.id).where(left).order_by(retractions.c.id).limit(limit)).scalars())


def unfinished(tx: Connection, limit: int = 1000) -> list[tuple[int, datetime | None]]:
    """Retractions with work left, across all tenants, each with the time from which it is free."""
    free_from = func.coalesce(retractions.c.leased_until, retractions.c.retry_at)
    left = select(retractions.c.id, free_from).where(retractions.c.state.in_(list(OPEN)))
    return [(row[0], row[1]) for row in tx.execute(left.order_by(retractions.c.id).limit(limit))]
