"""Alarms: what must every operator know until somebody has acknowledged it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from backend.store.tables import alarms

MOST_SHOWN = 5


@dataclass(frozen=True)
class Alarm:
    """One row of `alarms` that nobody has acknowledged; `detail` holds numbers."""

    id: int
    kind: str
    detail: Mapping[str, Any]
    raised_at: datetime


def sound(tx: Connection, tenant_id: int, kind: str, detail: Mapping[str, Any], now: datetime) -> int:
    """Raise an alarm; it stands until it is acknowledged."""
    values = {"tenant_id": tenant_id, "kind": kind, "detail": dict(detail), "raised_at": now}
    new: int = tx.execute(insert(alarms).values(**values).returning(alarms.c.id)).scalar_one()
    return new


def standing(tx: Connection, tenant_id: int) -> list[Alarm]:
    """Alarms of this tenant that nobody has acknowledged, oldest first."""
    here = and_(alarms.c.tenant_id == tenant_id, alarms.c.acknowledged_at.is_(None))
    rows = tx.execute(select(alarms).where(here).order_by(alarms.c.id).limit(MOST_SHOWN))
    return [Alarm(row.id, row.kind, row.detail, row.raised_at) for row in rows]


def acknowledge(tx: Connection, tenant_id: int, alarm_id: int, operator_id: int, now: datetime) -> bool | None:
    """Write down who has seen it first. False when somebody has seen it already, None when there is no such alarm."""
    here = and_(alarms.c.tenant_id == tenant_id, alarms.c.id == alarm_id)
    seen = update(alarms).where(here, alarms.c.acknowledged_at.is_(None))
    if tx.execute(seen.values(acknowledged_by=operator_id, acknowledged_at=now)).rowcount == 1:
        return True
    return False if tx.execute(select(alarms.c.id).where(here)).first() else None
