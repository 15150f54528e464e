"""Back-tests: what would PSR have done to which of a tenant's messages, and what was counted when?"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select

from backend.domain.disposition import Disposition
from backend.store.tables import backtests, labels, messages, psr_log, verdicts


@dataclass(frozen=True)
class Backtest:
    """One row of `backtests`. `would_retract` is confirmed, wrong, or was never judged."""

    id: int
    tenant_id: int
    run_by: int
    run_at: datetime
    policy_mark: str
    days: int
    looked_at: int
    would_retract: int
    confirmed: int
    wrong: int
    lower_bound: float

    @property
    def unjudged(self) -> int:
        """Would-be retractions that no person has judged."""
        return self.would_retract - self.confirmed - self.wrong


def add(tx: Connection, tenant_id: int, **counted: Any) -> int:
    """Keep what a back-test counted."""
    new = insert(backtests).values(tenant_id=tenant_id, **counted).returning(backtests.c.id)
    number: int = tx.execute(new).scalar_one()
    return number


def newest(tx: Connection, tenant_id: int) -> Backtest | None:
    """The last back-test of this tenant."""
    columns = [backtests.c[field.name] for field in fields(Backtest)]
    here = select(*columns).where(backtests.c.tenant_id == tenant_id).order_by(backtests.c.id.desc()).limit(1)
    row = tx.execute(here).first()
    return Backtest(**row._mapping) if row else None


def count_messages(tx: Connection, tenant_id: int, since: datetime) -> int:
    """How many messages were reported first in that time."""
    return tx.execute(select(func.count()).where(*_in_time(tenant_id, since))).scalar_one()


def may_have_acted(tx: Connection, tenant_id: int, since: datetime, limit: int) -> list[int]:
    """Messages that had a verdict at or above the threshold, newest first: PSR looks at no others."""
    above = select(verdicts.c.message_id).where(verdicts.c.tenant_id == tenant_id, verdicts.c.margin >= 0)
    here = select(messages.c.id).where(*_in_time(tenant_id, since), messages.c.id.in_(above))
    return list(tx.scalars(here.order_by(messages.c.id.desc()).limit(limit)))


def judgement(tx: Connection, tenant_id: int, message_id: int) -> tuple[Disposition | None, datetime | None]:
    """What a person held the message to be, and when a person first said so. A label that was revoked says nothing."""
    here = and_(labels.c.tenant_id == tenant_id, labels.c.message_id == message_id)
    standing = select(labels.c.disposition).where(here, labels.c.revoked_at.is_(None))
    label = tx.execute(standing.order_by(labels.c.id.desc()).limit(1)).scalar()
    ledger = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.message_id == message_id, psr_log.c.judged != "")
    logged = tx.execute(select(psr_log.c.judged, psr_log.c.judged_at).where(ledger)).first()
    said = label or (logged.judged if logged else None)
    times = [tx.execute(select(func.min(labels.c.given_at)).where(here)).scalar(), logged.judged_at if logged else None]
    known = [time for time in times if time is not None]
    return Disposition(said) if said else None, min(known, default=None)


def _in_time(tenant_id: int, since: datetime) -> tuple[Any, ...]:
    return messages.c.tenant_id == tenant_id, messages.c.first_reported_at >= since
