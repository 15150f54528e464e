"""Views: which rows does a page of the queue show? Read models; nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, func, or_, select

from backend.domain.disposition import Disposition
from backend.domain.people import POLICY
from backend.domain.retraction import WAITS_FOR_AN_OPERATOR, RetractionState
from backend.domain.submission import FINAL, State
from backend.store.tables import decisions, messages, people, psr_log, retractions, submissions, verdicts

REVIEW_WINDOW = timedelta(days=30)  # how far back "needs review" looks; search and the other tabs reach further
MOST_COUNTED = 100  # beside a tab stands at most "99+", so that counting ends
_TAKEN_BACK = (RetractionState.RESTORED, RetractionState.REFUSED)


class Tab(StrEnum):
    """Which part of the queue."""

    REVIEW = "review"
    MALICIOUS = "malicious"
    ALL = "all"
    FAILED = "failed"


class Order(StrEnum):
    """What stands on top."""

    URGENT = "urgent"  # waiting for approval, then the largest margin
    NEWEST = "newest"


@dataclass(frozen=True)
class QueueRow:
    """One message of the queue. `disposition` and the margins are None until there is a decision, a verdict."""

    id: int
    subject: str
    sender: str
    first_reported_at: datetime
    last_reported_at: datetime
    reports: int
    reporters: int
    disposition: Disposition | None
    simulation: bool
    judged: bool  # by an operator
    base_margin: float | None
    margin: float | None
    retraction: RetractionState | None
    to_judge: bool  # in the share of PSR's retractions that an operator must judge


@dataclass(frozen=True)
class FailedRow:
    """One submission that could not be worked on, with its cause."""

    id: int
    message_id: int | None
    reporter: str
    received_at: datetime
    failed_from: str
    cause: str


@dataclass(frozen=True)
class Counts:
    """The numbers beside the tabs, at most MOST_COUNTED each; `arriving` reports have no message yet."""

    review: int
    failed: int
    arriving: int


def queue(
    tx: Connection, tenant_id: int, tab: Tab, order: Order, now: datetime, limit: int = 50, offset: int = 0
) -> list[QueueRow]:
    """One page of messages."""
    statement = _messages(tenant_id).where(*_only(tab, now)).order_by(*_order(order))
    return _with_reports(tx, tenant_id, tx.execute(statement.limit(limit).offset(offset)).all())


def rows_of(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> list[QueueRow]:
    """These messages in this order: what a search found, or the one row that changed."""
    found = tx.execute(_messages(tenant_id).where(messages.c.id.in_(message_ids))).all()
    rows = {row.id: row for row in _with_reports(tx, tenant_id, found)}
    return [rows[message_id] for message_id in message_ids if message_id in rows]


def failed(tx: Connection, tenant_id: int, limit: int = 50, offset: int = 0) -> list[FailedRow]:
    """One page of failed submissions, newest first."""
    name = func.coalesce(people.c.name, "").label("name")
    statement = (
        select(submissions, name, func.coalesce(people.c.address, "").label("address"))
        .outerjoin(people, and_(people.c.id == submissions.c.person_id, people.c.tenant_id == tenant_id))
        .where(submissions.c.tenant_id == tenant_id, submissions.c.state == State.FAILED)
        .order_by(submissions.c.id.desc())
    )
    return [
        FailedRow(row.id, row.message_id, row.name or row.address, row.received_at, row.failed_from, row.cause)
        for row in tx.execute(statement.limit(limit).offset(offset))
    ]


def counts(tx: Connection, tenant_id: int, now: datetime) -> Counts:
    """What is waiting for somebody."""
    review = _messages(tenant_id, messages.c.id).where(*_only(Tab.REVIEW, now))
    mine = select(submissions.c.id).where(submissions.c.tenant_id == tenant_id)
    on_the_way = [state for state in State if state not in FINAL]
    arriving = mine.where(submissions.c.state.in_(on_the_way), submissions.c.message_id.is_(None))
    return Counts(
        review=_count(tx, review),
        failed=_count(tx, mine.where(submissions.c.state == State.FAILED)),
        arriving=_count(tx, arriving),
    )


def reports_waiting(tx: Connection, tenant_id: int) -> dict[str, int]:
    """How many reports failed, and how many have no message yet; at most MOST_COUNTED each."""
    mine = select(submissions.c.id).where(submissions.c.tenant_id == tenant_id)
    on_the_way = [state for state in State if state not in FINAL]
    arriving = mine.where(submissions.c.state.in_(on_the_way), submissions.c.message_id.is_(None))
    failed = mine.where(submissions.c.state == State.FAILED)
    return {"failed": _count(tx, failed), "arriving": _count(tx, arriving)}


def _count(tx: Connection, statement: Select[Any]) -> int:
    some = statement.limit(MOST_COUNTED).subquery()
    return tx.execute(select(func.count()).select_from(some)).scalar_one()


def _messages(tenant_id: int, *columns: Any) -> Select[Any]:
    """Messages with what stands: the newest decision, verdict and retraction of each, and its line in the PSR log."""
    log = and_(psr_log.c.message_id == messages.c.id, psr_log.c.tenant_id == tenant_id)
    shown = columns or (
        messages.c.id,
        messages.c.subject,
        messages.c.from_address,
        messages.c.first_reported_at,
        decisions.c.disposition,
        decisions.c.simulation,
        decisions.c.decided_by,
        verdicts.c.base_margin,
        verdicts.c.margin,
        retractions.c.state.label("retraction"),
        psr_log.c.to_judge,
    )
    return (
        select(*shown)
        .select_from(messages)
        .outerjoin(decisions, _newest(decisions, "version", tenant_id))
        .outerjoin(verdicts, _newest(verdicts, "version", tenant_id))
        .outerjoin(retractions, _newest(retractions, "id", tenant_id))
        .outerjoin(psr_log, log)
        .where(messages.c.tenant_id == tenant_id)
    )


def _newest(table: Table, by: str, tenant_id: int) -> ColumnElement[bool]:
    other = table.alias()
    last = select(func.max(other.c[by])).where(other.c.message_id == messages.c.id, other.c.tenant_id == tenant_id)
    return and_(
        table.c.message_id == messages.c.id,
        table.c.tenant_id == tenant_id,
        table.c[by] == last.correlate(messages).scalar_subquery(),
    )


def _only(tab: Tab, now: datetime) -> list[ColumnElement[bool]]:
    if tab is Tab.MALICIOUS:
        return [decisions.c.disposition == Disposition.MALICIOUS]
    if tab is not Tab.REVIEW:
        return []
    malicious = and_(decisions.c.disposition == Disposition.MALICIOUS, decisions.c.simulation.is_(False))
    left_there = or_(retractions.c.id.is_(None), retractions.c.state.in_([*_TAKEN_BACK, RetractionState.INCOMPLETE]))
    unsure = decisions.c.disposition.in_([Disposition.SUSPICIOUS, Disposition.SPOOF])
    return [
        messages.c.first_reported_at >= now - REVIEW_WINDOW,
        or_(
            and_(decisions.c.decided_by == str(POLICY), or_(unsure, and_(malicious, left_there))),
            retractions.c.state.in_([*WAITS_FOR_AN_OPERATOR]),
            psr_log.c.to_judge.is_(True),
        ),
    ]


def _order(order: Order) -> list[ColumnElement[Any]]:
    newest: list[ColumnElement[Any]] = [messages.c.first_reported_at.desc(), messages.c.id.desc()]
    if order is Order.NEWEST:
        return newest
    waiting = func.coalesce(retractions.c.state, "").in_([*WAITS_FOR_AN_OPERATOR])
    return [waiting.desc(), func.coalesce(verdicts.c.margin, -1000.0).desc(), *newest]


def _with_reports(tx: Connection, tenant_id: int, found: Sequence[Row[Any]]) -> list[QueueRow]:
    """Add who reported each message and when: one statement for the whole page."""
    statement = (
        select(
            submissions.c.message_id,
            func.count().label("reports"),
            func.count(submissions.c.person_id.distinct()).label("reporters"),
            func.max(submissions.c.received_at).label("last"),
        )
        .where(submissions.c.tenant_id == tenant_id, submissions.c.message_id.in_([row.id for row in found]))
        .group_by(submissions.c.message_id)
    )
    reports = {row.message_id: row for row in tx.execute(statement)}
    return [_row(row, reports.get(row.id)) for row in found]


def _row(row: Row[Any], reports: Row[Any] | None) -> QueueRow:
    return QueueRow(
        id=row.id,
        subject=row.subject,
        sender=row.from_address,
        first_reported_at=row.first_reported_at,
        last_reported_at=reports.last if reports else row.first_reported_at,
        reports=reports.reports if reports else 0,
        reporters=reports.reporters if reports else 0,
        disposition=Disposition(row.disposition) if row.disposition else None,
        simulation=bool(row.simulation),
        judged=bool(row.decided_by) and row.decided_by != str(POLICY),
        base_margin=row.base_margin,
        margin=row.margin,
        retraction=RetractionState(row.retraction) if row.retraction else None,
        to_judge=bool(row.to_judge),
    )
