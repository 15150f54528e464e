"""Outbox: what has still to be sent to whom? A row is written in the transaction of the deed that it tells of."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from backend.errors import Unknown
from backend.store.tables import audit, deliveries, webhooks

MOST_WEBHOOKS = 50
MOST_REPLAYED = 10_000
KEPT = timedelta(days=30)  # what was sent; the audit log has it for good


@dataclass(frozen=True)
class Webhook:
    """One place that events are sent to. `kind` is webhook, siem or syslog; no `events` means all."""

    id: int
    tenant_id: int
    name: str
    kind: str
    address: str
    salt: str
    events: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one place."""

    id: int
    webhook_id: int
    attempts: int
    audit_id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """How one place does: events that wait, that were given up, and why the last try failed."""

    waiting: int
    given_up: int
    sent: int
    cause: str


def add(
    tx: Connection, tenant_id: int, name: str, kind: str, address: str, events: Collection[str], now: datetime
) -> Webhook:
    """A new place; it is told of what happens from now on."""
    values = {"tenant_id": tenant_id, "name": name, "kind": kind, "address": address, "events": sorted(events)}
    made = insert(webhooks).values(**values, salt=secrets.token_hex(16), created_at=now).returning(*webhooks.c)
    return _webhook(tx.execute(made).one())


def all_of(tx: Connection, tenant_id: int) -> list[Webhook]:
    """Every place that counts."""
    here = select(webhooks).where(webhooks.c.tenant_id == tenant_id, webhooks.c.disabled_at.is_(None))
    return [_webhook(row) for row in tx.execute(here.order_by(webhooks.c.id).limit(MOST_WEBHOOKS))]


def get(tx: Connection, tenant_id: int, webhook_id: int) -> Webhook | None:
    """One of them."""
    return next((one for one in all_of(tx, tenant_id) if one.id == webhook_id), None)


def disable(tx: Connection, tenant_id: int, webhook_id: int, now: datetime) -> None:
    """Nothing is sent there any more, what waits included. Harmless to do again. Raises Unknown."""
    here = and_(webhooks.c.tenant_id == tenant_id, webhooks.c.id == webhook_id)
    if tx.execute(update(webhooks).where(here).values(disabled_at=now)).rowcount != 1:
        raise Unknown("There is no such webhook.")
    waiting = and_(deliveries.c.tenant_id == tenant_id, deliveries.c.webhook_id == webhook_id)
    tx.execute(update(deliveries).where(waiting, deliveries.c.state == "waiting").values(state="given_up"))


def queue(tx: Connection, tenant_id: int, audit_id: int, action: str, now: datetime) -> None:
    """Somebody may want to know of this line of the log."""
    here = select(webhooks.c.id, webhooks.c.events).where(
        webhooks.c.tenant_id == tenant_id, webhooks.c.disabled_at.is_(None)
    )
    wanted = [row.id for row in tx.execute(here) if not row.events or action in row.events]
    if wanted:
        tx.execute(insert(deliveries), [_waiting(tenant_id, number, audit_id, now) for number in wanted])


def due(tx: Connection, now: datetime) -> list[tuple[int, int]]:
    """(tenant, place) of everything that something may be sent to now."""
    free = or_(webhooks.c.leased_until.is_(None), webhooks.c.leased_until < now)
    ready = or_(webhooks.c.retry_at.is_(None), webhooks.c.retry_at <= now)
    waits = and_(deliveries.c.webhook_id == webhooks.c.id, deliveries.c.tenant_id == webhooks.c.tenant_id)
    statement = (
        select(webhooks.c.tenant_id, webhooks.c.id)
        .join(deliveries, waits)
        .where(webhooks.c.disabled_at.is_(None), free, ready, deliveries.c.state == "waiting")
        .distinct()
    )
    return [(row.tenant_id, row.id) for row in tx.execute(statement)]


def claim(tx: Connection, tenant_id: int, webhook_id: int, now: datetime, lease: timedelta) -> str:
    """Send alone, so that order is kept: the lease, or an empty string when somebody else has it."""
    mine = secrets.token_hex(8)
    free = or_(webhooks.c.leased_until.is_(None), webhooks.c.leased_until < now)
    here = and_(webhooks.c.tenant_id == tenant_id, webhooks.c.id == webhook_id, webhooks.c.disabled_at.is_(None))
    taken = tx.execute(update(webhooks).where(here, free).values(lease=mine, leased_until=now + lease))
    return mine if taken.rowcount == 1 else ""


def release(tx: Connection, tenant_id: int, webhook_id: int, lease: str, retry_at: datetime | None = None) -> None:
    """Done for now; nothing is sent there before `retry_at`."""
    here = and_(webhooks.c.tenant_id == tenant_id, webhooks.c.id == webhook_id, webhooks.c.lease == lease)
    tx.execute(update(webhooks).where(here).values(lease="", leased_until=None, retry_at=retry_at))


def oldest(tx: Connection, tenant_id: int, webhook_id: int, limit: int) -> list[Delivery]:
    """What waits for one place, in the order in which it happened."""
    event = and_(audit.c.id == deliveries.c.audit_id, audit.c.tenant_id == deliveries.c.tenant_id)
    columns = (audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
    statement = (
        select(deliveries.c.id, deliveries.c.webhook_id, deliveries.c.attempts, deliveries.c.audit_id, *columns)
        .join(audit, event)
        .where(*_of(tenant_id, webhook_id), deliveries.c.state == "waiting")
        .order_by(deliveries.c.audit_id, deliveries.c.id)
        .limit(limit)
    )
    return [Delivery(**row._mapping) for row in tx.execute(statement)]


def sent(tx: Connection, tenant_id: int, ids: Sequence[int], now: datetime) -> None:
    """The other side has taken these."""
    here = and_(deliveries.c.tenant_id == tenant_id, deliveries.c.id.in_(ids))
    tx.execute(update(deliveries).where(here).values(state="sent", cause="", finished_at=now))


def failed(tx: Connection, tenant_id: int, delivery_id: int, cause: str, now: datetime, *, given_up: bool) -> None:
    """The other side did not take this one; it waits, or nobody tries any more."""
    here = and_(deliveries.c.tenant_id == tenant_id, deliveries.c.id == delivery_id)
    state = {"state": "given_up", "finished_at": now} if given_up else {}
    values = {"attempts": deliveries.c.attempts + 1, "cause": cause, **state}
    tx.execute(update(deliveries).where(here).values(**values))


def again(tx: Connection, tenant_id: int, webhook_id: int) -> int:
    """Everything that was given up waits once more. Returns how much."""
    gone = and_(*_of(tenant_id, webhook_id), deliveries.c.state == "given_up")
    fresh = {"state": "waiting", "attempts": 0, "finished_at": None}
    count = tx.execute(update(deliveries).where(gone).values(**fresh)).rowcount
    here = and_(webhooks.c.tenant_id == tenant_id, webhooks.c.id == webhook_id)
    tx.execute(update(webhooks).where(here).values(retry_at=None))
    return count


def replay(tx: Connection, webhook: Webhook, since: datetime, now: datetime) -> int:
    """Queue once more every event since then that this place wants, sent or not. Returns how many, the newest few
    thousand at most."""
    here = select(audit.c.id).where(audit.c.tenant_id == webhook.tenant_id, audit.c.at >= since)
    if webhook.events:
        here = here.where(audit.c.action.in_(webhook.events))
    waiting = select(deliveries.c.audit_id).where(*_of(webhook.tenant_id, webhook.id), deliveries.c.state == "waiting")
    ids = tx.scalars(here.where(audit.c.id.not_in(waiting)).order_by(audit.c.id.desc()).limit(MOST_REPLAYED)).all()
    if ids:
        rows = [_waiting(webhook.tenant_id, webhook.id, number, now) for number in sorted(ids)]
        tx.execute(insert(deliveries), rows)
    return len(ids)


def standing(tx: Connection, tenant_id: int, webhook_id: int) -> Standing:
    """How it does."""
    of = select(deliveries.c.state, func.count()).where(*_of(tenant_id, webhook_id)).group_by(deliveries.c.state)
    counts: dict[str, int] = {row[0]: row[1] for row in tx.execute(of)}
    troubled = select(deliveries.c.cause).where(*_of(tenant_id, webhook_id), deliveries.c.cause != "")
    cause = tx.scalars(troubled.order_by(deliveries.c.id.desc()).limit(1)).first() or ""
    return Standing(counts.get("waiting", 0), counts.get("given_up", 0), counts.get("sent", 0), cause)


def forget(tx: Connection, tenant_id: int, now: datetime) -> int:
    """Delete what was sent or given up long ago. Returns how much."""
    over = and_(deliveries.c.tenant_id == tenant_id, deliveries.c.finished_at < now - KEPT)
    return tx.execute(delete(deliveries).where(over)).rowcount


def _of(tenant_id: int, webhook_id: int) -> tuple[Any, ...]:
    return deliveries.c.tenant_id == tenant_id, deliveries.c.webhook_id == webhook_id


def _waiting(tenant_id: int, webhook_id: int, audit_id: int, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "webhook_id": webhook_id,
        "audit_id": audit_id,
        "state": "waiting",
        "queued_at": now,
    }


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        kind=row.kind,
        address=row.address,
        salt=row.salt,
        events=tuple(row.events),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
