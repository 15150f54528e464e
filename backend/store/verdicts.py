"""Verdicts: what did the model say of a message, each time it was asked?"""

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select

from backend.store.queue_rows import mark
from backend.store.tables import verdicts
from model.contract import Counterfactual, Opinion, Probabilities, Reason, Verdict

_AT_ONCE = 500  # ids of one statement


@dataclass(frozen=True)
class ReporterShare:
    """What one reporter brought into a verdict: judged reports as of then, and the value they gave.

    `weight` is how much of the value counted beside the others' (1 in full, 0 not at all).
    """

    person_id: int
    confirmed: int
    judged: int
    value: float
    weight: float = 1.0  # verdicts from before it was kept say nothing
    faded_confirmed: float | None = None  # the same counts as the value takes them, older reports weighing less
    faded_judged: float | None = None


@dataclass(frozen=True)
class KeptVerdict:
    """One row of `verdicts`."""

    id: int
    tenant_id: int
    message_id: int
    version: int
    verdict: Verdict
    reporters: tuple[ReporterShare, ...]
    scored_at: datetime


def latest(tx: Connection, tenant_id: int, message_id: int) -> KeptVerdict | None:
    """The newest verdict of a message."""
    here = and_(verdicts.c.tenant_id == tenant_id, verdicts.c.message_id == message_id)
    row = tx.execute(select(verdicts).where(here).order_by(verdicts.c.version.desc()).limit(1)).first()
    return _kept(row) if row else None


def all_of(tx: Connection, tenant_id: int, message_id: int, limit: int = 100) -> list[KeptVerdict]:
    """Every verdict of a message, newest first."""
    here = and_(verdicts.c.tenant_id == tenant_id, verdicts.c.message_id == message_id)
    return [_kept(r) for r in tx.execute(select(verdicts).where(here).order_by(verdicts.c.version.desc()).limit(limit))]


def by_base_margin(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> list[int]:
    """Those of these messages that have a verdict, the highest base margin of the newest one first."""
    newest = base_margins(tx, tenant_id, message_ids)
    return sorted(newest, key=lambda message_id: (-newest[message_id], message_id))


def base_margins(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> dict[int, float]:
    """The base margin of the newest verdict of each of these messages that has one."""
    newest: dict[int, float] = {}
    for at in range(0, len(message_ids), _AT_ONCE):
        some = message_ids[at : at + _AT_ONCE]
        here = and_(verdicts.c.tenant_id == tenant_id, verdicts.c.message_id.in_(some))
        rows = tx.execute(select(verdicts.c.message_id, verdicts.c.base_margin).where(here).order_by(verdicts.c.id))
        newest |= {row.message_id: row.base_margin for row in rows}
    return newest


def lifts_of(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> dict[int, float]:
    """How far reporters moved each of these messages, by its newest verdict."""
    here = and_(verdicts.c.tenant_id == tenant_id, verdicts.c.message_id.in_(message_ids))
    columns = (verdicts.c.message_id, verdicts.c.base_margin, verdicts.c.margin)
    rows = tx.execute(select(*columns).where(here).order_by(verdicts.c.id))
    return {row.message_id: row.margin - row.base_margin for row in rows}


def by_week(tx: Connection, tenant_id: int, since: datetime, limit: int = 50_000) -> dict[str, list[float]]:
    """Base margins by ISO week of the verdict, oldest week first, each message's newest verdict of the week."""
    here = and_(verdicts.c.tenant_id == tenant_id, verdicts.c.scored_at >= since)
    columns = (verdicts.c.message_id, verdicts.c.base_margin, verdicts.c.scored_at)
    rows = tx.execute(select(*columns).where(here).order_by(verdicts.c.id.desc()).limit(limit)).all()
    found: dict[str, dict[int, float]] = {}
    for row in reversed(rows):
        year, week, _ = row.scored_at.isocalendar()
        found.setdefault(f"{year}-W{week:02}", {})[row.message_id] = row.base_margin
    return {week: sorted(margins.values()) for week, margins in sorted(found.items())}


def append(
    tx: Connection, tenant_id: int, message_id: int, verdict: Verdict, shares: Sequence[ReporterShare], now: datetime
) -> int:
    """Add a verdict after the last one. The caller holds the message."""
    here = and_(verdicts.c.tenant_id == tenant_id, verdicts.c.message_id == message_id)
    version = (tx.execute(select(func.max(verdicts.c.version)).where(here)).scalar() or 0) + 1
    values = {
        "tenant_id": tenant_id,
        "message_id": message_id,
        "version": version,
        "base_margin": verdict.base_margin,
        "margin": verdict.margin,
        "reporter_value": verdict.reporter_value,
        "reporters": [list(astuple(share)) for share in shares],
        "probabilities": asdict(verdict.probabilities),
        "reasons": [asdict(reason) for reason in verdict.reasons],
        "opinions": [asdict(opinion) for opinion in verdict.opinions],
        "counterfactual": asdict(verdict.counterfactual),
        "threshold": verdict.threshold,
        "checkpoint": verdict.checkpoint,
        "scored_at": now,
    }
    new: int = tx.execute(insert(verdicts).values(**values).returning(verdicts.c.id)).scalar_one()
    mark(tx, tenant_id, [message_id])
    return new


def _kept(row: Row[Any]) -> KeptVerdict:
    verdict = Verdict(
        base_margin=row.base_margin,
        margin=row.margin,
        reporter_value=row.reporter_value,
        probabilities=Probabilities(**row.probabilities),
        reasons=_reasons(row.reasons),
        opinions=tuple(Opinion(**{**o, "reasons": _reasons(o["reasons"])}) for o in row.opinions),
        counterfactual=Counterfactual(**row.counterfactual),
        threshold=row.threshold,
        checkpoint=row.checkpoint,
    )
    shares = tuple(ReporterShare(*share) for share in row.reporters)
    return KeptVerdict(row.id, row.tenant_id, row.message_id, row.version, verdict, shares, row.scored_at)


def _reasons(rows: list[dict[str, Any]]) -> tuple[Reason, ...]:
    return tuple(Reason(**row) for row in rows)
