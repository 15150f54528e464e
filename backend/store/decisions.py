"""Decisions: what is a message held to be, by whom, and what was it held to be before?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select

from backend.domain.decision import Decision, Response, Ruling
from backend.domain.disposition import Disposition
from backend.domain.people import Actor
from backend.store.queue_rows import mark
from backend.store.tables import decisions


def standing(tx: Connection, tenant_id: int, message_id: int) -> Decision | None:
    """The newest decision of a message: the one that stands."""
    here = and_(decisions.c.tenant_id == tenant_id, decisions.c.message_id == message_id)
    row = tx.execute(select(decisions).where(here).order_by(decisions.c.version.desc()).limit(1)).first()
    return _decision(row) if row else None


def get(tx: Connection, tenant_id: int, decision_id: int) -> Decision | None:
    """One decision of this tenant."""
    here = and_(decisions.c.tenant_id == tenant_id, decisions.c.id == decision_id)
    row = tx.execute(select(decisions).where(here)).first()
    return _decision(row) if row else None


def all_of(tx: Connection, tenant_id: int, message_id: int, limit: int = 100) -> list[Decision]:
    """Every decision of a message, newest first."""
    here = and_(decisions.c.tenant_id == tenant_id, decisions.c.message_id == message_id)
    rows = tx.execute(select(decisions).where(here).order_by(decisions.c.version.desc()).limit(limit))
    return [_decision(row) for row in rows]


def dispositions_of(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> dict[int, Disposition]:
    """The standing disposition of each of these messages that has one."""
    here = and_(decisions.c.tenant_id == tenant_id, decisions.c.message_id.in_(message_ids))
    newest = select(decisions.c.message_id, func.max(decisions.c.version).label("version")).where(here)
    last = newest.group_by(decisions.c.message_id).subquery()
    on = and_(decisions.c.message_id == last.c.message_id, decisions.c.version == last.c.version)
    rows = tx.execute(select(decisions.c.message_id, decisions.c.disposition).join(last, on).where(here))
    return {message_id: Disposition(disposition) for message_id, disposition in rows}


def append(
    tx: Connection,
    tenant_id: int,
    message_id: int,
    ruling: Ruling,
    decided_by: Actor,
    now: datetime,
    verdict_id: int | None = None,
) -> int:
    """Add a decision after the last one. The caller holds the message."""
    here = and_(decisions.c.tenant_id == tenant_id, decisions.c.message_id == message_id)
    version = (tx.execute(select(func.max(decisions.c.version)).where(here)).scalar() or 0) + 1
    values = {
        "tenant_id": tenant_id,
        "message_id": message_id,
        "version": version,
        "verdict_id": verdict_id,
        "disposition": ruling.disposition,
        "simulation": ruling.simulation,
        "response": ruling.response,
        "action": ruling.action,
        "why": list(ruling.why),
        "decided_by": str(decided_by),
        "decided_at": now,
    }
    new: int = tx.execute(insert(decisions).values(**values).returning(decisions.c.id)).scalar_one()
    mark(tx, tenant_id, [message_id])
    return new


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        id=row.id,
        tenant_id=row.tenant_id,
        message_id=row.message_id,
        disposition=Disposition(row.disposition),
        simulation=row.simulation,
        response=Response(row.response),
        action=row.action,
        why=tuple(row.why),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        verdict_id=row.verdict_id,
    )
