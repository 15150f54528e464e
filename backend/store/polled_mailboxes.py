"""Polled mailboxes: which mailboxes at the provider are read for reports, how far, and which cannot be?"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, or_, select, update

from backend.store.inserting import insert_those_missing, insert_unless_there
from backend.store.tables import polled_mailboxes, polled_mails, tenants

FIRST_WAIT = timedelta(minutes=1)  # until a mail that was put aside is tried again


@dataclass(frozen=True)
class PolledMailbox:
    """One row of `polled_mailboxes`. `reached_at` is the provider's time; `problem` a sentence, or empty."""

    id: int
    tenant_id: int
    mailbox: str
    reached_at: datetime
    behind: bool
    looked_at: datetime | None
    problem: str
    leased_until: datetime | None


def follow_policies(tx: Connection, now: datetime) -> None:
    """Have a row for each mailbox that a policy names, read from now on, and none for any other."""
    rows = tx.execute(select(tenants.c.id, tenants.c.policy))
    wanted = {(row.id, mailbox) for row in rows for mailbox in row.policy.get("intake", {}).get("mailboxes", {})}
    there = {
        (row.tenant_id, row.mailbox): row.id
        for row in tx.execute(select(polled_mailboxes.c.tenant_id, polled_mailboxes.c.mailbox, polled_mailboxes.c.id))
    }
    left = [number for named, number in there.items() if named not in wanted]
    if left:
        tx.execute(delete(polled_mails).where(polled_mails.c.mailbox_id.in_(left)))
        tx.execute(delete(polled_mailboxes).where(polled_mailboxes.c.id.in_(left)))
    new = [{"tenant_id": tenant, "mailbox": one, "reached_at": now} for tenant, one in wanted - set(there)]
    insert_those_missing(tx, polled_mailboxes, new)


def due(tx: Connection, now: datetime) -> list[int]:
    """Those that nobody has in hand, of all tenants."""
    return list(tx.scalars(select(polled_mailboxes.c.id).where(_free(now)).order_by(polled_mailboxes.c.id)))


def claim(tx: Connection, mailbox_id: int, now: datetime, lease: timedelta) -> PolledMailbox | None:
    """Take one in hand; None when somebody has it, or no policy names it any more."""
    here = update(polled_mailboxes).where(polled_mailboxes.c.id == mailbox_id, _free(now))
    row = tx.execute(here.values(leased_until=now + lease).returning(*_COLUMNS)).first()
    return _polled(row) if row else None


def known(tx: Connection, polled: PolledMailbox) -> frozenset[str]:
    """The mails of it that were read, and that a look may find again; and those that were put aside."""
    return frozenset(tx.scalars(select(polled_mails.c.copy_id).where(_of(polled))))


def remember(tx: Connection, polled: PolledMailbox, copy_id: str, at: datetime) -> bool:
    """This mail is read; False when it was before."""
    no_more_aside = update(polled_mails).where(_aside(polled, copy_id)).values(again_at=None)
    row = {"tenant_id": polled.tenant_id, "mailbox_id": polled.id, "copy_id": copy_id, "arrived_at": at}
    return tx.execute(no_more_aside).rowcount == 1 or insert_unless_there(tx, polled_mails, row) is not None


def put_aside(tx: Connection, polled: PolledMailbox, copy_id: str, at: datetime, now: datetime) -> int:
    """This mail is tried again, after twice as long each time. Returns how often it was tried; 0 when it was read."""
    row = {"tenant_id": polled.tenant_id, "mailbox_id": polled.id, "copy_id": copy_id, "arrived_at": at}
    insert_unless_there(tx, polled_mails, {**row, "again_at": now})
    tried = update(polled_mails).where(_aside(polled, copy_id)).values(tries=polled_mails.c.tries + 1)
    tries: int = tx.execute(tried.returning(polled_mails.c.tries)).scalar() or 0
    later = now + FIRST_WAIT * 2 ** max(tries - 1, 0)
    tx.execute(update(polled_mails).where(_aside(polled, copy_id)).values(again_at=later))
    return tries


def aside(tx: Connection, polled: PolledMailbox, now: datetime, most: int) -> list[tuple[str, datetime]]:
    """The id of each mail that was put aside and is to be tried again now, and when it came."""
    due = and_(_of(polled), polled_mails.c.again_at <= now)
    rows = select(polled_mails.c.copy_id, polled_mails.c.arrived_at).where(due).order_by(polled_mails.c.again_at)
    return [(row.copy_id, row.arrived_at) for row in tx.execute(rows.limit(most))]


def has_aside(tx: Connection, polled: PolledMailbox) -> bool:
    """Whether any mail of it was put aside and is still to be tried."""
    here = and_(_of(polled), polled_mails.c.again_at.is_not(None))
    return tx.execute(select(polled_mails.c.id).where(here).limit(1)).first() is not None


def finish(
    tx: Connection,
    polled: PolledMailbox,
    reached_at: datetime,
    overlap: timedelta,
    now: datetime,
    *,
    behind: bool,
    problem: str = "",
) -> None:
    """It was read up to there. What is so old that no look finds it again is forgotten, unless it was put aside.

    Not by somebody whose lease is over: another one may have read further since.
    """
    reached = max(reached_at, polled.reached_at)
    told = {"reached_at": reached, "behind": behind, "looked_at": now, "problem": problem, "leased_until": None}
    if tx.execute(update(polled_mailboxes).where(_held(polled)).values(**told)).rowcount != 1:
        return
    old = and_(polled_mails.c.arrived_at < reached - overlap, polled_mails.c.again_at.is_(None))
    tx.execute(delete(polled_mails).where(_of(polled), old))


def fail(tx: Connection, polled: PolledMailbox, problem: str, until: datetime) -> None:
    """It cannot be read, and is not tried before then."""
    tx.execute(update(polled_mailboxes).where(_held(polled)).values(problem=problem, leased_until=until))


def of_tenant(tx: Connection, tenant_id: int) -> list[PolledMailbox]:
    """Those of one tenant, by name."""
    here = select(*_COLUMNS).where(polled_mailboxes.c.tenant_id == tenant_id)
    return [_polled(row) for row in tx.execute(here.order_by(polled_mailboxes.c.mailbox))]


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(polled_mailboxes.c.leased_until.is_(None), polled_mailboxes.c.leased_until <= now)


def _held(polled: PolledMailbox) -> ColumnElement[bool]:
    """This mailbox, as long as nobody else has taken it in hand."""
    here = and_(polled_mailboxes.c.tenant_id == polled.tenant_id, polled_mailboxes.c.id == polled.id)
    return and_(here, polled_mailboxes.c.leased_until.is_not_distinct_from(polled.leased_until))


def _of(polled: PolledMailbox) -> ColumnElement[bool]:
    return and_(polled_mails.c.tenant_id == polled.tenant_id, polled_mails.c.mailbox_id == polled.id)


def _aside(polled: PolledMailbox, copy_id: str) -> ColumnElement[bool]:
    return and_(_of(polled), polled_mails.c.copy_id == copy_id, polled_mails.c.again_at.is_not(None))


_COLUMNS = [polled_mailboxes.c[field.name] for field in fields(PolledMailbox)]


def _polled(row: Row[Any]) -> PolledMailbox:
    return PolledMailbox(**row._mapping)
