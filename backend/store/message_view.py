"""Message view: everything one message's page shows, in a fixed number of statements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from backend.domain.decision import Decision
from backend.domain.retraction import Retraction
from backend.domain.submission import Submission
from backend.store import copies, decisions, messages, retractions, submissions, verdicts
from backend.store.copies import JournalEntry
from backend.store.messages import Message
from backend.store.tables import audit, operators, people, psr_log
from backend.store.tables import retractions as retraction_rows
from backend.store.verdicts import KeptVerdict

MOST_REPORTS = 200
MOST_COPIES = 500
MOST_LINES = 60


@dataclass(frozen=True)
class Reported:
    """One report of the message; `reporter` is a name, an address or empty."""

    submission: Submission
    reporter: str


@dataclass(frozen=True)
class RetractionView:
    """A retraction with its journal. `remaining` is what the last search still saw: 0 is the proof, None no search."""

    retraction: Retraction
    remaining: int | None
    approved_by: tuple[str, ...]
    finished_at: datetime | None
    copies: Sequence[JournalEntry]


@dataclass(frozen=True)
class Event:
    """One thing that happened: a line of the audit log, or a report, with the actor's name."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class MessageView:
    """One message's page. `evidence_gone` is when its bytes were deleted, `to_judge` whether somebody must judge it."""

    message: Message
    decisions: Sequence[Decision]
    verdict: KeptVerdict | None
    reports: Sequence[Reported]
    retraction: RetractionView | None
    earlier_retractions: Sequence[Retraction]
    events: Sequence[Event]
    names: Mapping[int, str]
    operators: Mapping[int, str]
    evidence_gone: datetime | None
    to_judge: bool

    @property
    def standing(self) -> Decision | None:
        """The decision that stands."""
        return self.decisions[0] if self.decisions else None


def message_view(tx: Connection, tenant_id: int, message_id: int) -> MessageView | None:
    """The page of one of this tenant's messages."""
    message = messages.get(tx, tenant_id, message_id)
    if message is None:
        return None

    reports = submissions.of_message(tx, tenant_id, message_id, MOST_REPORTS)
    orders = retractions.of_message(tx, tenant_id, message_id)
    workers = _operators(tx, tenant_id)
    verdict = verdicts.latest(tx, tenant_id, message_id)
    asked = {report.person_id for report in reports} | {s.person_id for s in (verdict.reporters if verdict else ())}
    names = names_of(tx, tenant_id, [person for person in asked if person is not None])

    reported = [Reported(report, names.get(report.person_id or 0, report.mailbox)) for report in reports]
    written = _events(tx, tenant_id, _subjects(message_id, reports, orders), names, workers)

    return MessageView(
        message=message,
        decisions=decisions.all_of(tx, tenant_id, message_id, 50),
        verdict=verdict,
        reports=reported,
        retraction=retraction_view(tx, tenant_id, orders[0], workers) if orders else None,
        earlier_retractions=orders[1:],
        events=sorted([*written, *_arrivals(reported)], key=lambda event: event.at, reverse=True)[:MOST_LINES],
        names=names,
        operators=workers,
        evidence_gone=message.erased_at,
        to_judge=_to_judge(tx, tenant_id, message_id),
    )


def retraction_view(
    tx: Connection, tenant_id: int, retraction: Retraction, workers: Mapping[int, str]
) -> RetractionView:
    """One retraction with its copies and the names of those who approved it."""
    columns = (retraction_rows.c.remaining, retraction_rows.c.approved_by, retraction_rows.c.finished_at)
    here = select(*columns).where(retraction_rows.c.tenant_id == tenant_id, retraction_rows.c.id == retraction.id)
    row = tx.execute(here).one()
    return RetractionView(
        retraction=retraction,
        remaining=row.remaining,
        approved_by=tuple(workers.get(operator, "somebody") for operator in row.approved_by or []),
        finished_at=row.finished_at,
        copies=copies.of_retraction(tx, tenant_id, retraction.id, MOST_COPIES),
    )


def names_of(tx: Connection, tenant_id: int, person_ids: Sequence[int]) -> dict[int, str]:
    """What to call these people; whoever was erased has no name left."""
    here = select(people.c.id, people.c.name, people.c.address).where(
        people.c.tenant_id == tenant_id, people.c.id.in_(person_ids)
    )
    return {row.id: row.name or row.address or "erased person" for row in tx.execute(here)}


def _operators(tx: Connection, tenant_id: int) -> dict[int, str]:
    here = select(operators.c.id, operators.c.name).where(operators.c.tenant_id == tenant_id).limit(1000)
    return {row.id: row.name for row in tx.execute(here)}


def _subjects(message_id: int, reports: Iterable[Submission], orders: Iterable[Retraction]) -> list[str]:
    return [
        f"message:{message_id}",
        *(f"submission:{report.id}" for report in reports),
        *(f"retraction:{order.id}" for order in orders),
    ]


def _events(
    tx: Connection,
    tenant_id: int,
    subjects: Sequence[str],
    names: Mapping[int, str],
    workers: Mapping[int, str],
) -> list[Event]:
    here = select(audit).where(audit.c.tenant_id == tenant_id, audit.c.subject.in_(subjects))
    rows = tx.execute(here.order_by(audit.c.id.desc()).limit(MOST_LINES))
    return [Event(r.at, _who(r.actor, names, workers), r.action, r.subject, r.detail or {}) for r in rows]


def _arrivals(reports: Iterable[Reported]) -> list[Event]:
    """The reports themselves, which the audit log does not repeat."""
    return [
        Event(one.submission.received_at, one.reporter or "somebody", "reported", f"submission:{one.submission.id}", {})
        for one in reports
    ]


def _who(actor: str, names: Mapping[int, str], workers: Mapping[int, str]) -> str:
    kind, _, number = actor.partition(":")
    known = {"operator": workers, "person": names}.get(kind, {})
    return known.get(int(number), kind) if number.isdigit() else kind


def _to_judge(tx: Connection, tenant_id: int, message_id: int) -> bool:
    here = select(psr_log.c.to_judge).where(psr_log.c.tenant_id == tenant_id, psr_log.c.message_id == message_id)
    return bool(tx.execute(here).scalar())
