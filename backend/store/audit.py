"""Audit: who did what, when? Append-only; ids and settings, never content of mail or names of people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from backend.domain.people import Actor
from backend.store.tables import audit

MOST_LINES = 500


@dataclass(frozen=True)
class AuditLine:
    """One row of `audit`. `subject` is `message:12`, `retraction:3`, `settings`, ..."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]


def record(
    tx: Connection,
    tenant_id: int,
    actor: Actor,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """Append one line, in the transaction that does the deed: one is not kept without the other."""
    values = {"tenant_id": tenant_id, "at": now, "actor": str(actor), "action": action, "subject": subject}
    tx.execute(insert(audit).values(**values, detail=dict(detail)))


def newest(
    tx: Connection, tenant_id: int, *, subject: str = "", before: int | None = None, limit: int = 100
) -> list[AuditLine]:
    """Lines of this tenant, newest first; of one subject, and older than the id `before`, when given."""
    statement = select(audit).where(audit.c.tenant_id == tenant_id)
    if subject:
        statement = statement.where(audit.c.subject == subject)
    if before is not None:
        statement = statement.where(audit.c.id < before)
    rows = tx.execute(statement.order_by(audit.c.id.desc()).limit(min(limit, MOST_LINES)))
    return [AuditLine(row.id, row.at, row.actor, row.action, row.subject, row.detail) for row in rows]
