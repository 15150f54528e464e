"""Numbers: how much came in lately, and what became of it? Counts only, for people who see no mail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, func, select

from backend.domain.disposition import Disposition
from backend.domain.submission import TAKEN_BACK
from backend.store.tables import copies, decisions, messages, retractions, submissions


@dataclass(frozen=True)
class Numbers:
    """One tenant's last days: `dispositions` counts messages by what stands, `outcomes` copies by what became."""

    days: int
    reports: int
    reporters: int
    messages: int
    dispositions: Mapping[Disposition, int]
    retractions: int
    by_themselves: int
    outcomes: Mapping[str, int]


def last_days(tx: Connection, tenant_id: int, now: datetime, days: int) -> Numbers:
    """Count."""
    since = now - timedelta(days=days)
    came = and_(
        submissions.c.tenant_id == tenant_id,
        submissions.c.received_at >= since,
        submissions.c.state.not_in(TAKEN_BACK),
    )
    reports, reporters = tx.execute(
        select(func.count(), func.count(submissions.c.person_id.distinct())).where(came)
    ).one()
    new = and_(messages.c.tenant_id == tenant_id, messages.c.first_reported_at >= since)
    ordered = and_(retractions.c.tenant_id == tenant_id, retractions.c.ordered_at >= since)

    return Numbers(
        days=days,
        reports=reports,
        reporters=reporters,
        messages=_count(tx, messages, new),
        dispositions={Disposition(name): number for name, number in tx.execute(_standing(tenant_id, since))},
        retractions=_count(tx, retractions, ordered),
        by_themselves=_count(tx, retractions, and_(ordered, retractions.c.automatic.is_(True))),
        outcomes={name or "intended": number for name, number in tx.execute(_outcomes(tenant_id, since))},
    )


def _count(tx: Connection, table: Table, condition: Any) -> int:
    return tx.execute(select(func.count()).select_from(table).where(condition)).scalar_one()


def _standing(tenant_id: int, since: datetime) -> Select[Any]:
    other = decisions.alias()
    last = select(func.max(other.c.version)).where(other.c.message_id == decisions.c.message_id)
    return (
        select(decisions.c.disposition, func.count())
        .join(messages, messages.c.id == decisions.c.message_id)
        .where(
            decisions.c.tenant_id == tenant_id,
            messages.c.tenant_id == tenant_id,
            messages.c.first_reported_at >= since,
            decisions.c.version == last.correlate(decisions).scalar_subquery(),
        )
        .group_by(decisions.c.disposition)
    )


def _outcomes(tenant_id: int, since: datetime) -> Select[Any]:
    return (
        select(copies.c.outcome, func.count())
        .where(copies.c.tenant_id == tenant_id, copies.c.intended_at >= since)
        .group_by(copies.c.outcome)
    )
