"""Timeline: what happened to a message, from its first report to now?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from backend.domain.retraction import Retraction
from backend.domain.submission import FINAL
from backend.store.notes import Note
from backend.store.tables import answers, audit, copies, submissions, verdicts

MOST_EVENTS = 200
MOST_VERDICTS = 100


@dataclass(frozen=True)
class Event:
    """One thing that happened: who did it (a name, or empty for Unhook itself), what, and the numbers of it."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]


def timeline(
    tx: Connection,
    tenant_id: int,
    message_id: int,
    reporters: Mapping[int, str],
    orders: Sequence[Retraction],
    notes: Sequence[Note],
    names: Mapping[int, str],
    operators: Mapping[int, str],
) -> list[Event]:
    """Everything that the store knows, oldest first; of very much the newest. `reporters` names each submission's."""
    found = [
        *_reports(tx, tenant_id, reporters),
        *_verdicts(tx, tenant_id, message_id),
        *_written(tx, tenant_id, message_id, reporters, orders, names, operators),
        *_copies(tx, tenant_id, orders),
        *_answers(tx, tenant_id, reporters),
        *_notes(notes, names, operators),
    ]
    return sorted(found, key=lambda event: event.at)[-MOST_EVENTS:]


def _reports(tx: Connection, tenant_id: int, reporters: Mapping[int, str]) -> Iterable[Event]:
    """Each report as it came in, and how its way through ended."""
    names = ("id", "received_at", "finished_at", "state", "kind", "submitted_as", "said")
    columns = [submissions.c[name] for name in names]
    here = (submissions.c.tenant_id == tenant_id, submissions.c.id.in_(list(reporters)))
    for row in tx.execute(select(*columns).where(*here).order_by(submissions.c.id)):
        subject, who = f"submission:{row.id}", reporters[row.id]
        detail = {"kind": row.kind, "submitted_as": row.submitted_as, "said": row.said}
        yield Event(row.received_at, who, "reported", subject, detail)
        if row.finished_at and row.state in FINAL:
            yield Event(row.finished_at, "", f"report {row.state}", subject, {})


def _verdicts(tx: Connection, tenant_id: int, message_id: int) -> Iterable[Event]:
    columns = [verdicts.c[name] for name in ("version", "margin", "base_margin", "checkpoint", "scored_at")]
    here = (verdicts.c.tenant_id == tenant_id, verdicts.c.message_id == message_id)
    newest = select(*columns).where(*here).order_by(verdicts.c.version.desc()).limit(MOST_VERDICTS)
    for row in tx.execute(newest):
        yield Event(row.scored_at, "", "scored", f"message:{message_id}", dict(row._mapping))


def _written(
    tx: Connection,
    tenant_id: int,
    message_id: int,
    reporters: Mapping[int, str],
    orders: Sequence[Retraction],
    names: Mapping[int, str],
    operators: Mapping[int, str],
) -> Iterable[Event]:
    """What the audit log says of the message, its reports and its retractions. Notes are told with their own rows."""
    subjects = [f"message:{message_id}", *(f"submission:{one}" for one in reporters)]
    subjects += [f"retraction:{order.id}" for order in orders]
    here = (audit.c.tenant_id == tenant_id, audit.c.subject.in_(subjects), ~audit.c.action.like("note %"))
    rows = tx.execute(select(audit).where(*here).order_by(audit.c.id.desc()).limit(MOST_EVENTS)).all()
    for row in reversed(rows):
        yield Event(row.at, who(row.actor, names, operators), row.action, row.subject, row.detail or {})


def _copies(tx: Connection, tenant_id: int, orders: Sequence[Retraction]) -> Iterable[Event]:
    """What became of the copies, counted by outcome: every one of them is listed elsewhere."""
    ended = func.max(copies.c.finished_at).label("at")
    here = (
        copies.c.tenant_id == tenant_id,
        copies.c.retraction_id.in_([order.id for order in orders]),
        copies.c.outcome != "",
        copies.c.finished_at.is_not(None),
    )
    counted = select(copies.c.retraction_id, copies.c.outcome, ended, func.count().label("copies")).where(*here)
    for row in tx.execute(counted.group_by(copies.c.retraction_id, copies.c.outcome)):
        detail = {"outcome": row.outcome, "copies": row.copies}
        yield Event(row.at, "", "copies", f"retraction:{row.retraction_id}", detail)


def _answers(tx: Connection, tenant_id: int, reporters: Mapping[int, str]) -> Iterable[Event]:
    columns = [answers.c[name] for name in ("submission_id", "template", "state", "intended_at", "finished_at")]
    here = (answers.c.tenant_id == tenant_id, answers.c.submission_id.in_(list(reporters)))
    for row in tx.execute(select(*columns).where(*here).order_by(answers.c.id)):
        detail = {"template": row.template, "to": reporters[row.submission_id]}
        at = row.finished_at or row.intended_at
        yield Event(at, "", f"answer {row.state}", f"submission:{row.submission_id}", detail)


def _notes(notes: Sequence[Note], names: Mapping[int, str], operators: Mapping[int, str]) -> Iterable[Event]:
    for note in notes:
        subject = f"note:{note.id}"
        yield Event(note.written_at, who(note.written_by, names, operators), "note written", subject, {})
        if note.struck_at:
            yield Event(note.struck_at, who(note.struck_by, names, operators), "note struck out", subject, {})


def who(actor: str, names: Mapping[int, str], operators: Mapping[int, str]) -> str:
    """The name behind an actor of the log; its kind when nobody bears that number any more."""
    kind, _, number = actor.partition(":")
    known = {"operator": operators, "person": names}.get(kind, {})
    return known.get(int(number), kind) if number.isdigit() else kind
