"""Failures: which reports could not be worked on, and how many have not come so far? Read only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from backend.domain.submission import FINAL, TAKEN_BACK, State
from backend.store.tables import people, submissions
from backend.store.tables.mail import FAILED

MOST_COUNTED = 100  # beside a tab stands at most "99+", so that counting ends


@dataclass(frozen=True)
class FailedRow:
    """One submission that could not be worked on, with its cause."""

    id: int
    message_id: int | None
    reporter: str
    received_at: datetime
    failed_from: str
    cause: str


def failed(tx: Connection, tenant_id: int, limit: int = 50, offset: int = 0) -> list[FailedRow]:
    """One page of failed submissions, newest first."""
    name = func.coalesce(people.c.name, "").label("name")
    statement = (
        select(submissions, name, func.coalesce(people.c.address, "").label("address"))
        .outerjoin(people, and_(people.c.id == submissions.c.person_id, people.c.tenant_id == tenant_id))
        .where(submissions.c.tenant_id == tenant_id, FAILED)
        .order_by(submissions.c.id.desc())
    )
    return [
        FailedRow(row.id, row.message_id, row.name or row.address, row.received_at, row.failed_from, row.cause)
        for row in tx.execute(statement.limit(limit).offset(offset))
    ]


def reports_waiting(tx: Connection, tenant_id: int) -> dict[str, int]:
    """How many reports failed, and how many have no message yet; at most MOST_COUNTED each."""
    mine = select(submissions.c.id).where(submissions.c.tenant_id == tenant_id)
    on_the_way = [state for state in State if state not in FINAL | TAKEN_BACK]
    arriving = mine.where(submissions.c.state.in_(on_the_way), submissions.c.message_id.is_(None))
    failed = mine.where(FAILED)
    return {"failed": _count(tx, failed), "arriving": _count(tx, arriving)}


def _count(tx: Connection, statement: Select[Any]) -> int:
    some = statement.limit(MOST_COUNTED).subquery()
    return tx.execute(select(func.count()).select_from(some)).scalar_one()
