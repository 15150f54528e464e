"""PSR log: what did Phish Submission Response retract or would it have, and was it right?

It is the preview log and the ledger from which the licence to act is earned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from backend.domain.decision import Response
from backend.domain.disposition import LEGITIMATE, Disposition
from backend.store.inserting import insert_unless_there
from backend.store.queue_rows import mark
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
    mark(tx, tenant_id, [message_id])
    if insert_unless_there(tx, psr_log, values) is None and response is Response.RETRACT:
        here = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.message_id == message_id)
        tx.execute(update(psr_log).where(here).values(response=response, decision_id=decision_id, action=action))


def forget_unjudged(tx: Connection, tenant_id: int, message_id: int) -> None:
    """Nobody reports the message any more: what PSR would have done is no experience, unless somebody judged it."""
    here = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.message_id == message_id, psr_log.c.judged == "")
    tx.execute(delete(psr_log).where(here))
    mark(tx, tenant_id, [message_id])


def judge(tx: Connection, tenant_id: int, message_id: int, disposition: Disposition, now: datetime) -> None:
    """Write down what an operator held the message to be; the last judgement counts."""
    here = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.message_id == message_id)
    tx.execute(update(psr_log).where(here).values(judged=disposition, judged_at=now, to_judge=False))
    mark(tx, tenant_id, [message_id])


def judgement(tx: Connection, tenant_id: int, message_id: int) -> tuple[str, bool]:
    """(what it was judged, whether somebody must still judge it); empty when it was not, or has no line."""
    here = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.message_id == message_id)
    row = tx.execute(select(psr_log.c.judged, psr_log.c.to_judge).where(here)).first()
    return (row.judged, row.to_judge) if row else ("", False)


def take_back(tx: Connection, tenant_id: int, message_id: int, judged: str, now: datetime, *, to_judge: bool) -> None:
    """Let an earlier judgement count again, or none when `judged` is empty."""
    here = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.message_id == message_id)
    at = now if judged else None
    tx.execute(update(psr_log).where(here).values(judged=judged, judged_at=at, to_judge=to_judge))
    mark(tx, tenant_id, [message_id])


def judge_again(
    tx: Connection, tenant_id: int, message_id: int, disposition: Disposition | None, now: datetime
) -> None:
    """A judgement was taken back: what is left of it, or nothing, stands in the ledger."""
    here = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.message_id == message_id, psr_log.c.judged != "")
    left = {"judged": disposition or "", "judged_at": now if disposition else None}
    tx.execute(update(psr_log).where(here).values(**left))


def tally(tx: Connection, tenant_id: int) -> tuple[int, int]:
    """(judged, wrong) over this tenant's would-be and real retractions. Wrong means legitimate mail."""
    judged = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.judged != "")
    wrong = and_(judged, psr_log.c.judged.in_([*LEGITIMATE]))
    all_judged = tx.execute(select(func.count()).where(judged)).scalar_one()
    return all_judged, tx.execute(select(func.count()).where(wrong)).scalar_one()


class Judged(StrEnum):
    """Which lines of the log, by what people said of them."""

    ANY = ""
    DRAWN = "drawn"  # in the random share, and not judged yet
    UNJUDGED = "unjudged"
    CONFIRMED = "confirmed"
    WRONG = "wrong"


@dataclass(frozen=True)
class LogFilter:
    """Which lines are wanted: not before `since`, and before `until`."""

    response: Response | None = None
    judged: Judged = Judged.ANY
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = LogFilter()


def count_to_judge(tx: Connection, tenant_id: int) -> int:
    """How many lines of the random share nobody has judged yet."""
    here = and_(psr_log.c.tenant_id == tenant_id, psr_log.c.to_judge.is_(True))
    return tx.execute(select(func.count()).where(here)).scalar_one()


def _conditions(wanted: LogFilter) -> list[ColumnElement[bool]]:
    said = psr_log.c.judged
    by_judged: dict[Judged, list[ColumnElement[bool]]] = {
        Judged.ANY: [],
        Judged.DRAWN: [psr_log.c.to_judge.is_(True)],
        Judged.UNJUDGED: [said == ""],
        Judged.CONFIRMED: [said != "", said.not_in([*LEGITIMATE])],
        Judged.WRONG: [said.in_([*LEGITIMATE])],
    }
    conditions = by_judged[wanted.judged]
    if wanted.response:
        conditions = [*conditions, psr_log.c.response == wanted.response]
    if wanted.since:
        conditions = [*conditions, psr_log.c.logged_at >= wanted.since]
    if wanted.until:
        conditions = [*conditions, psr_log.c.logged_at < wanted.until]
    return conditions


def entries(
    tx: Connection, tenant_id: int, limit: int = 100, before: int | None = None, wanted: LogFilter = EVERYTHING
) -> Sequence[LogEntry]:
    """The log, newest first."""
    here = and_(psr_log.c.tenant_id == tenant_id, *_conditions(wanted))
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
