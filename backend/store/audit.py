"""Audit: who did what, when, from where? Append-only; ids and settings, never content of mail or names of people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from backend import whence
from backend.domain.people import Actor
from backend.store import outbox
from backend.store.tables import audit

MOST_LINES = 500


@dataclass(frozen=True)
class AuditLine:
    """One row of `audit`. `subject` is `message:12`, `retraction:3`, `settings`, ...; `source` an address."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    source: str


def record(
    tx: Connection,
    tenant_id: int,
    actor: Actor,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """Append one line, in the transaction that does the deed: one is not kept without the other.

    Whoever wants to be told of it finds it in their outbox, from the same moment on.
    """
    values = {"tenant_id": tenant_id, "at": now, "actor": str(actor), "action": action, "subject": subject}
    line = insert(audit).values(**values, detail=dict(detail), source=whence.current())
    outbox.queue(tx, tenant_id, tx.execute(line.returning(audit.c.id)).scalar_one(), action, now)


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
    return [line_of(row) for row in rows]


def forget_source(tx: Connection, tenant_id: int, actor: Actor) -> int:
    """Take away the addresses this actor worked from: the only change that the log allows. Returns how many lines."""
    theirs = (audit.c.tenant_id == tenant_id, audit.c.actor == str(actor), audit.c.source != "")
    return tx.execute(update(audit).where(*theirs).values(source="")).rowcount


def line_of(row: Row[Any]) -> AuditLine:
    """A row of the table as a line."""
    return AuditLine(row.id, row.at, row.actor, row.action, row.subject, row.detail, row.source)
