"""Later looks: which messages are to be looked for again, when, and what came of it?"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from backend.domain.decision import Response
from backend.domain.later_look import LaterLook, LookSource, LookState
from backend.store.inserting import insert_those_missing
from backend.store.tables import later_looks, messages

_COLUMNS = [later_looks.c[field.name] for field in fields(LaterLook)]


def plan(
    tx: Connection,
    tenant_id: int,
    message_ids: Sequence[int],
    decision_id: int,
    source: LookSource,
    minutes: Sequence[int],
    now: datetime,
) -> None:
    """Plan looks that one decision makes necessary; one that is like another still to come is left out."""
    waiting = and_(
        later_looks.c.tenant_id == tenant_id,
        later_looks.c.message_id.in_(message_ids),
        later_looks.c.state == LookState.WAITING,
    )
    planned = {
        tuple(row) for row in tx.execute(select(later_looks.c.message_id, later_looks.c.after_minutes).where(waiting))
    }
    rows = [
        {
            "tenant_id": tenant_id,
            "message_id": message_id,
            "decision_id": decision_id,
            "source": source,
            "after_minutes": after,
            "due_at": now + timedelta(minutes=after),
            "state": LookState.WAITING,
        }
        for message_id in message_ids
        for after in minutes
        if (message_id, after) not in planned
    ]
    insert_those_missing(tx, later_looks, rows)


def siblings(tx: Connection, tenant_id: int, message_id: int, limit: int = 200) -> list[int]:
    """The other messages of the same campaign, newest first."""
    campaign = select(messages.c.campaign_id).where(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
    here = and_(
        messages.c.tenant_id == tenant_id,
        messages.c.campaign_id == campaign.scalar_subquery(),
        messages.c.id != message_id,
    )
    return list(tx.scalars(select(messages.c.id).where(here).order_by(messages.c.id.desc()).limit(limit)))


def of_message(tx: Connection, tenant_id: int, message_id: int, limit: int = 50) -> list[LaterLook]:
    """The looks of one message, the last due first."""
    here = select(*_COLUMNS).where(_of(tenant_id, message_id))
    return [_look(row) for row in tx.execute(here.order_by(later_looks.c.due_at.desc()).limit(limit))]


def claim(tx: Connection, look_id: int, now: datetime, lease: timedelta) -> LaterLook | None:
    """Take a look that is due for one worker; None if it is elsewhere, done, or not due yet."""
    taken = tx.execute(
        update(later_looks)
        .where(later_looks.c.id == look_id, _is_due(now))
        .values(lease=uuid4().hex, leased_until=now + lease, attempts=later_looks.c.attempts + 1)
    )
    if taken.rowcount != 1:
        return None
    return _look(tx.execute(select(*_COLUMNS).where(later_looks.c.id == look_id)).one())


def finish(
    tx: Connection,
    look: LaterLook,
    response: Response,
    now: datetime,
    *,
    why: str = "",
    found: int | None = None,
    retraction_id: int | None = None,
) -> bool:
    """Write down what came of it. False when the lease was lost: then it is another's."""
    values = {"state": LookState.DONE, "response": response, "why": why, "found": found, "finished_at": now}
    done = update(later_looks).where(_held(look)).values(**values, retraction_id=retraction_id, lease="")
    return tx.execute(done.values(leased_until=None)).rowcount == 1


def put_off(tx: Connection, look: LaterLook, until: datetime) -> bool:
    """Give it back for another try. False when the lease was lost."""
    later = update(later_looks).where(_held(look)).values(due_at=until, lease="", leased_until=None)
    return tx.execute(later).rowcount == 1


def due(tx: Connection, now: datetime, limit: int = 200) -> list[int]:
    """Looks that are due and in nobody's hands, across all tenants, oldest first."""
    here = select(later_looks.c.id).where(_is_due(now))
    return list(tx.scalars(here.order_by(later_looks.c.due_at, later_looks.c.id).limit(limit)))


def done(tx: Connection, tenant_id: int, limit: int, before: int | None = None) -> list[LaterLook]:
    """What was looked for again, newest first."""
    here = and_(later_looks.c.tenant_id == tenant_id, later_looks.c.state == LookState.DONE)
    if before is not None:
        here = and_(here, later_looks.c.id < before)
    rows = tx.execute(select(*_COLUMNS).where(here).order_by(later_looks.c.id.desc()).limit(min(limit, 500)))
    return [_look(row) for row in rows]


def count_waiting(tx: Connection, tenant_id: int) -> int:
    """How many of this tenant's looks are still to come."""
    here = and_(later_looks.c.tenant_id == tenant_id, later_looks.c.state == LookState.WAITING)
    return tx.execute(select(func.count()).where(here)).scalar_one()


def _is_due(now: datetime) -> ColumnElement[bool]:
    free = or_(later_looks.c.leased_until.is_(None), later_looks.c.leased_until < now)
    return and_(later_looks.c.state == LookState.WAITING, later_looks.c.due_at <= now, free)


def _held(look: LaterLook) -> ColumnElement[bool]:
    mine = and_(later_looks.c.tenant_id == look.tenant_id, later_looks.c.id == look.id)
    return and_(mine, later_looks.c.state == LookState.WAITING, later_looks.c.lease == look.lease)


def _of(tenant_id: int, message_id: int) -> ColumnElement[bool]:
    return and_(later_looks.c.tenant_id == tenant_id, later_looks.c.message_id == message_id)


def _look(row: Row[Any]) -> LaterLook:
    values = dict(row._mapping)
    response = Response(values["response"]) if values["response"] else None
    named = {"source": LookSource(row.source), "state": LookState(row.state), "response": response}
    return LaterLook(**{**values, **named})
