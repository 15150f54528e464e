"""Message view: everything one message's page shows, in a fixed number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from backend.domain.contest import Contest
from backend.domain.decision import Decision
from backend.domain.retraction import Retraction
from backend.domain.submission import Submission
from backend.store import contests, copies, decisions, escalations, messages, notes, retractions, submissions, verdicts
from backend.store.copies import JournalEntry
from backend.store.escalations import Escalation
from backend.store.messages import Message
from backend.store.notes import Note
from backend.store.tables import operators, people, psr_log
from backend.store.tables import retractions as retraction_rows
from backend.store.timeline import Event, timeline
from backend.store.verdicts import KeptVerdict

MOST_REPORTS = 200
MOST_COPIES = 500


@dataclass(frozen=True)
class Reported:
    """One report of the message; `reporter` is a name, an address or empty."""

    submission: Submission
    reporter: str


@dataclass(frozen=True)
class RetractionView:
    """A retraction with its journal. `remaining` is what the last search still saw: 0 is the proof, None no search.

    `took_nothing` when it is over and there was no copy to take.
    """

    retraction: Retraction
    remaining: int | None
    approved_by: tuple[str, ...]
    finished_at: datetime | None
    copies: Sequence[JournalEntry]
    took_nothing: bool


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
    notes: Sequence[Note]
    escalations: Mapping[int, Escalation]  # by the user's submission
    contests: Sequence[Contest]

    @property
    def standing(self) -> Decision | None:
        """The decision that stands."""
        return self.decisions[0] if self.decisions else None


def message_view(tx: Connection, tenant_id: int, message_id: int) -> MessageView | None:
    """The page of one of this tenant's messages."""
    message = messages.get(tx, tenant_id, message_id)
    if message is None:
        return None

    reports = submissions.of_message(tx, tenant_id, message_id, MOST_REPORTS, withdrawn=True)
    orders = retractions.of_message(tx, tenant_id, message_id)
    workers = _operators(tx, tenant_id)
    verdict = verdicts.latest(tx, tenant_id, message_id)
    asked = {report.person_id for report in reports} | {s.person_id for s in (verdict.reporters if verdict else ())}
    names = names_of(tx, tenant_id, [person for person in asked if person is not None])

    reported = [Reported(report, names.get(report.person_id or 0, report.mailbox)) for report in reports]
    reporters = {one.submission.id: one.reporter for one in reported}
    beside = notes.of_message(tx, tenant_id, message_id)
    forwarded = escalations.of_submissions(tx, tenant_id, list(reporters))

    return MessageView(
        message=message,
        decisions=decisions.all_of(tx, tenant_id, message_id, 50),
        verdict=verdict,
        reports=reported,
        retraction=retraction_view(tx, tenant_id, orders[0], workers) if orders else None,
        earlier_retractions=orders[1:],
        events=timeline(tx, tenant_id, message_id, reporters, orders, beside, names, workers),
        names=names,
        operators=workers,
        evidence_gone=message.erased_at,
        to_judge=_to_judge(tx, tenant_id, message_id),
        notes=beside,
        escalations={one.submission_id: one for one in forwarded},
        contests=contests.of_message(tx, tenant_id, message_id),
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
        took_nothing=retraction.message_id in retractions.took_nothing(tx, tenant_id, [retraction.message_id]),
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


def _to_judge(tx: Connection, tenant_id: int, message_id: int) -> bool:
    here = select(psr_log.c.to_judge).where(psr_log.c.tenant_id == tenant_id, psr_log.c.message_id == message_id)
    return bool(tx.execute(here).scalar())
