"""Audit view: which lines of the log does somebody look for?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, func, or_, select

from backend.store.audit import MOST_LINES, AuditLine, line_of
from backend.store.database import Database
from backend.store.tables import audit

MOST_CHOICES = 200
MOST_EXPORTED = 200_000


@dataclass(frozen=True)
class Wanted:
    """What the lines must have; empty means any. What is found is not before `since`, and before `until`."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None  # only lines older than this id


def lines(tx: Connection, tenant_id: int, wanted: Wanted, limit: int = 100) -> list[AuditLine]:
    """The lines that fit, newest first."""
    here = select(audit).where(audit.c.tenant_id == tenant_id, *_conditions(wanted))
    return [line_of(row) for row in tx.execute(here.order_by(audit.c.id.desc()).limit(min(limit, MOST_LINES)))]


def all_lines(database: Database, tenant_id: int, wanted: Wanted) -> Iterator[AuditLine]:
    """Every line that fits, newest first, up to MOST_EXPORTED: read piece by piece, each in a moment of its own."""
    for _ in range(MOST_EXPORTED // MOST_LINES):
        with database.read() as tx:
            found = lines(tx, tenant_id, wanted, MOST_LINES)
        yield from found
        if len(found) < MOST_LINES:
            return
        wanted = replace(wanted, before=found[-1].id)


def actions(tx: Connection, tenant_id: int) -> list[str]:
    """What was ever done here."""
    here = select(audit.c.action).where(audit.c.tenant_id == tenant_id).distinct()
    return list(tx.scalars(here.order_by(audit.c.action).limit(MOST_CHOICES)))


def actors(tx: Connection, tenant_id: int) -> list[str]:
    """Who ever did something here."""
    here = select(audit.c.actor).where(audit.c.tenant_id == tenant_id).distinct()
    return list(tx.scalars(here.order_by(audit.c.actor).limit(MOST_CHOICES)))


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    for column in ("actor", "action", "subject"):
        if value := getattr(wanted, column):
            yield audit.c[column] == value
    for word in wanted.words.lower().split():
        yield or_(*[func.lower(part).contains(word, autoescape=True) for part in _SEARCHED])
    if wanted.since:
        yield audit.c.at >= wanted.since
    if wanted.until:
        yield audit.c.at < wanted.until
    if wanted.before is not None:
        yield audit.c.id < wanted.before


_SEARCHED: tuple[ColumnElement[Any], ...] = (
    audit.c.actor,
    audit.c.action,
    audit.c.subject,
    audit.c.source,
    cast(audit.c.detail, Text),
)
