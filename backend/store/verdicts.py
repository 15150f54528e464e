"""Verdicts: what did the model say of a message, each time it was asked?"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select

from backend.store.tables import verdicts
from model.contract import Counterfactual, Opinion, Probabilities, Reason, Verdict


@dataclass(frozen=True)
class ReporterShare:
    """What one reporter brought into a verdict: judged reports as of then, and the value they gave."""

    person_id: int
    confirmed: int
    judged: int
    value: float


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
        "reporters": [[s.person_id, s.confirmed, s.judged, s.value] for s in shares],
        "probabilities": asdict(verdict.probabilities),
        "reasons": [asdict(reason) for reason in verdict.reasons],
        "opinions": [asdict(opinion) for opinion in verdict.opinions],
        "counterfactual": asdict(verdict.counterfactual),
        "threshold": verdict.threshold,
        "checkpoint": verdict.checkpoint,
        "scored_at": now,
    }
    new: int = tx.execute(insert(verdicts).values(**values).returning(verdicts.c.id)).scalar_one()
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
