"""Received mails: what came in by mail, what was wrong with it, and who has seen to that?"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, update

from backend.domain.people import Actor
from backend.domain.received_mail import Problem
from backend.store.answers import AnswerState
from backend.store.inserting import insert_unless_there
from backend.store.tables import received_mails


@dataclass(frozen=True)
class ReceivedMail:
    """One row of `received_mails`. `sender` is proven only where `proven` says so."""

    id: int
    tenant_id: int
    address: str
    sender: str
    proven: bool
    kind: str
    said: str
    problem: Problem | None
    submissions: int
    evidence_sha256: str
    size: int
    received_at: datetime
    handled_by: str
    handled_at: datetime | None
    told: str


def keep(tx: Connection, tenant_id: int, **values: object) -> int | None:
    """Write down that a mail came to one address of ours; None when it was written down before."""
    return insert_unless_there(tx, received_mails, {"tenant_id": tenant_id, **values})


def get(tx: Connection, tenant_id: int, mail_id: int) -> ReceivedMail | None:
    """One mail of this tenant."""
    row = tx.execute(select(*_COLUMNS).where(_here(tenant_id, mail_id))).first()
    return _mail(row) if row else None


def invalid(tx: Connection, tenant_id: int, limit: int, skip: int = 0, *, handled: bool = False) -> list[ReceivedMail]:
    """Those with which something was wrong, the newest first: that nobody has seen to yet, or that somebody has."""
    statement = select(*_COLUMNS).where(_wrong(tenant_id, handled)).order_by(received_mails.c.id.desc())
    return [_mail(row) for row in tx.execute(statement.limit(limit).offset(skip))]


def waiting(tx: Connection, tenant_id: int, most: int) -> int:
    """How many nobody has seen to, counted up to `most`."""
    some = select(received_mails.c.id).where(_wrong(tenant_id, handled=False)).limit(most).subquery()
    return tx.execute(select(func.count()).select_from(some)).scalar_one()


def handle(tx: Connection, tenant_id: int, mail_id: int, by: Actor, now: datetime) -> bool:
    """Somebody has seen to it. False when somebody had, or nothing was wrong with it."""
    here = and_(_wrong(tenant_id, handled=False), received_mails.c.id == mail_id)
    return tx.execute(update(received_mails).where(here).values(handled_by=str(by), handled_at=now)).rowcount == 1


def told_since(tx: Connection, tenant_id: int, sender: str, moment: datetime) -> bool:
    """Whether this sender was told, or is about to be told, what was wrong with a mail of theirs."""
    here = and_(received_mails.c.tenant_id == tenant_id, received_mails.c.sender == sender, received_mails.c.told != "")
    statement = select(received_mails.c.id).where(here, received_mails.c.told_at >= moment).limit(1)
    return tx.execute(statement).first() is not None


def finish_telling(tx: Connection, tenant_id: int, mail_id: int, state: AnswerState, now: datetime) -> None:
    """Write down what became of the mail to the sender."""
    tx.execute(update(received_mails).where(_here(tenant_id, mail_id)).values(told=state, told_at=now))


def give_up_telling(tx: Connection, before: datetime) -> int:
    """What was to be told before then, and nobody knows whether it was, across all tenants: it is not sent again."""
    left = and_(received_mails.c.told == AnswerState.INTENDED, received_mails.c.told_at < before)
    return tx.execute(update(received_mails).where(left).values(told=AnswerState.UNCONFIRMED)).rowcount


def _wrong(tenant_id: int, handled: bool) -> ColumnElement[bool]:
    seen_to = received_mails.c.handled_at.is_not(None) if handled else received_mails.c.handled_at.is_(None)
    return and_(received_mails.c.tenant_id == tenant_id, received_mails.c.problem != "", seen_to)


def _here(tenant_id: int, mail_id: int) -> ColumnElement[bool]:
    return and_(received_mails.c.tenant_id == tenant_id, received_mails.c.id == mail_id)


_COLUMNS = [received_mails.c[field.name] for field in fields(ReceivedMail)]


def _mail(row: Row[Any]) -> ReceivedMail:
    values = dict(row._mapping)
    return ReceivedMail(**{**values, "problem": Problem(row.problem) if row.problem else None})
