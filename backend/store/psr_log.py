"""PSR log: what did Phish Submission Response retract or would it have, and was it right?

It is the preview log and the ledger from which the licence to act is earned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select, update

from backend.domain.decision import Response
from backend.domain.disposition import LEGITIMATE, Disposition
from backend.store.inserting import insert_unless_there
from backend.store.tables import psr_log


@dataclass(frozen=True)
class LogEntry:
    """One row of `psr_log`."""

    id: int
    message_id: int
    decision_id: int
    response: Response
    action: str
    margin: float
    to_judge: bool
    judged: Disposition | None
    logged_at: datetime


def log(
    tx: Connection,
    tenant_id: int,
    message_id: int,
    decision_id: int,
    response: Response,
    action: str,
    margin: float,
    now: datetime,
    *,
    to_judge: bool,
) -> None:
    """Write a message down once; a real retraction overwrites an earlier would-be one, not its judgement."""
    values = {
        "tenant_id": tenant_id,
        "message_id": message_id,
        "decision_id": decision_id,
        "response": response,
        "action": action,
        "margin": margin,
        "to_judge": to_judge,
        "logged_at": now,
    }
    if insert_unless_there(tx, psr_log, values) is None and response is Response.RETRACT:
        here = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.message_id == message_id)
        tx.execute(update(psr_log).where(here).values(response=response, decision_id=decision_id, action=action))


def judge(tx: Connection, tenant_id: int, message_id: int, disposition: Disposition, now: datetime) -> None:
    """Write down what an operator held the message to be; the last judgement counts."""
    here = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.message_id == message_id)
    tx.execute(update(psr_log).where(here).values(judged=disposition, judged_at=now, to_judge=False))


def tally(tx: Connection, tenant_id: int) -> tuple[int, int]:
    """(judged, wrong) over this tenant's would-be and real retractions. Wrong means legitimate mail."""
    judged = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.judged != "")
    wrong = and_(judged, psr_log.c.judged.in_([*LEGITIMATE]))
    all_judged = tx.execute(select(func.count()).where(judged)).scalar_one()
    return all_judged, tx.execute(select(func.count()).where(wrong)).scalar_one()


def entries(tx: Connection, tenant_id: int, limit: int = 100, before: int | None = None) -> Sequence[LogEntry]:
    """The log, newest first."""
    here = psr_log.c.tenant_id == tenant_id
    if before is not None:
        here = and_(here, psr_log.c.id < before)
    rows = tx.execute(select(psr_log).where(here).order_by(psr_log.c.id.desc()).limit(min(limit, 500)))
    return [
        LogEntry(
            id=row.id,
            message_id=row.message_id,
            decision_id=row.decision_id,
            response=Response(row.response),
            action=row.action,
            margin=row.margin,
            to_judge=row.to_judge,
            judged=Disposition(row.judged) if row.judged else None,
            logged_at=row.logged_at,
        )
        for row in rows
    ]
