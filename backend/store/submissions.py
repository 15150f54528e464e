"""Submissions: which reports were kept, how far has each come, and who holds it?"""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, update

from backend.domain.submission import (
    FINAL,
    TAKEN_BACK,
    EvidenceSource,
    Identity,
    Kind,
    Report,
    State,
    Submission,
    SubmittedAs,
)
from backend.store.inserting import insert_unless_there
from backend.store.queue_rows import mark
from backend.store.tables import submissions

_COLUMNS = [submissions.c[field.name] for field in fields(Submission)]
_OPEN = [state.value for state in State if state not in FINAL]


def _submission(row: Row[Any]) -> Submission:
    values = dict(row._mapping)
    return Submission(
        **{
            **values,
            "state": State(values["state"]),
            "submitted_as": SubmittedAs(values["submitted_as"]),
            "kind": Kind(values["kind"]),
            "identity": Identity(values["identity"]),
        }
    )


def _one(tx: Connection, statement: Select[Any]) -> Submission | None:
    row = tx.execute(statement).first()
    return _submission(row) if row else None


def keep(tx: Connection, report: Report, now: datetime) -> tuple[int, bool]:
    """Keep a report as a new submission. Returns (id, False), or (id, True) when its key was seen before."""
    values = {
        "tenant_id": report.tenant_id,
        "person_id": report.person_id,
        "mailbox": report.mailbox,
        "provider_message_id": report.provider_message_id,
        "internet_message_id": report.internet_message_id,
        "comment": report.comment,
        "submitted_as": report.submitted_as,
        "said": report.said,
        "kind": report.kind,
        "identity": report.identity,
        "idempotency_key": report.idempotency_key or None,
        "client_copy_sha256": report.client_copy_sha256,
        "evidence_sha256": report.evidence_sha256,
        "evidence_source": EvidenceSource.FETCHED if report.evidence_sha256 else "",
        "received_at": now,
        "state": State.RECEIVED,
    }
    new = insert_unless_there(tx, submissions, values)
    if new is not None:
        return new, False
    same = _same(report.tenant_id, report.person_id, report.idempotency_key)
    return tx.execute(select(submissions.c.id).where(same)).scalar_one(), True


def by_key(tx: Connection, tenant_id: int, person_id: int, idempotency_key: str) -> Submission | None:
    """The submission that this person sent under this name."""
    return _one(tx, select(*_COLUMNS).where(_same(tenant_id, person_id, idempotency_key)))


def _same(tenant_id: int, person_id: int | None, idempotency_key: str) -> ColumnElement[bool]:
    return and_(
        submissions.c.tenant_id == tenant_id,
        submissions.c.person_id == person_id,
        submissions.c.idempotency_key == idempotency_key,
    )


def get(tx: Connection, tenant_id: int, submission_id: int) -> Submission | None:
    """One submission of this tenant."""
    here = and_(submissions.c.tenant_id == tenant_id, submissions.c.id == submission_id)
    return _one(tx, select(*_COLUMNS).where(here))


def get_own(tx: Connection, tenant_id: int, person_id: int, submission_id: int) -> Submission | None:
    """One submission if it is this person's."""
    submission = get(tx, tenant_id, submission_id)
    return submission if submission and submission.person_id == person_id else None


def own(tx: Connection, tenant_id: int, person_id: int, limit: int = 50, before: int | None = None) -> list[Submission]:
    """This person's submissions, newest first, older than the id `before`."""
    mine = and_(submissions.c.tenant_id == tenant_id, submissions.c.person_id == person_id)
    if before is not None:
        mine = and_(mine, submissions.c.id < before)
    rows = tx.execute(select(*_COLUMNS).where(mine).order_by(submissions.c.id.desc()).limit(min(limit, 200)))
    return [_submission(row) for row in rows]


def of_tenant(tx: Connection, tenant_id: int, limit: int = 50, before: int | None = None) -> list[Submission]:
    """Everybody's submissions, newest first, older than the id `before`."""
    here = submissions.c.tenant_id == tenant_id
    if before is not None:
        here = and_(here, submissions.c.id < before)
    rows = tx.execute(select(*_COLUMNS).where(here).order_by(submissions.c.id.desc()).limit(min(limit, 200)))
    return [_submission(row) for row in rows]


def of_message(
    tx: Connection, tenant_id: int, message_id: int, limit: int = 1000, *, withdrawn: bool = False
) -> list[Submission]:
    """Everyone's submissions of one message: verified people's first, so that strangers cannot crowd them out.

    With `withdrawn` also those that count for nothing any more.
    """
    here = and_(submissions.c.tenant_id == tenant_id, submissions.c.message_id == message_id)
    here = here if withdrawn else and_(here, counts())
    proven_first = (submissions.c.identity == Identity.VERIFIED).desc()
    statement = select(*_COLUMNS).where(here).order_by(proven_first, submissions.c.id).limit(limit)
    return [_submission(row) for row in tx.execute(statement)]


def counts() -> ColumnElement[bool]:
    """Whether a submission counts: it was not withdrawn."""
    return submissions.c.state.not_in(TAKEN_BACK)


def withdraw(tx: Connection, tenant_id: int, submission_id: int, now: datetime) -> None:
    """Let it count for nothing any more, wherever it stands. A worker that holds it keeps nothing."""
    mine = and_(submissions.c.tenant_id == tenant_id, submissions.c.id == submission_id)
    left = {"state": State.WITHDRAWN, "finished_at": now, "lease": "", "leased_until": None, "retry_at": None}
    gone = update(submissions).where(mine, counts()).values(**left).returning(submissions.c.message_id)
    mark(tx, tenant_id, [message_id for message_id in tx.scalars(gone) if message_id])


def state_of(tx: Connection, submission_id: int) -> State | None:
    """Where a submission stands, for the queue, which knows ids only."""
    state = tx.execute(select(submissions.c.state).where(submissions.c.id == submission_id)).scalar()
    return State(state) if state else None


def claim(tx: Connection, submission_id: int, state: State, now: datetime, lease: timedelta) -> Submission | None:
    """Take the submission for one worker; None if it is elsewhere or already past `state`."""
    free = or_(submissions.c.leased_until.is_(None), submissions.c.leased_until < now)
    due = or_(submissions.c.retry_at.is_(None), submissions.c.retry_at <= now)
    taken = tx.execute(
        update(submissions)
        .where(submissions.c.id == submission_id, submissions.c.state == state, free, due)
        .values(lease=uuid4().hex, leased_until=now + lease, retry_at=None, attempts=submissions.c.attempts + 1)
    )
    if taken.rowcount != 1:
        return None
    return _one(tx, select(*_COLUMNS).where(submissions.c.id == submission_id))


def advance(tx: Connection, submission: Submission, state: State, now: datetime, **kept: object) -> bool:
    """Record that a step is done, with what it found. False if the lease was lost: then keep nothing."""
    stamps: dict[str, object] = {}
    if state is State.SCORED:
        stamps["scored_at"] = now
    if state in FINAL:
        stamps["finished_at"] = now
    if isinstance(message_id := kept.get("message_id"), int):
        mark(tx, submission.tenant_id, [message_id])
    return _leave(tx, submission, state=state, attempts=0, cause="", retry_at=None, **stamps, **kept)


def release(tx: Connection, submission: Submission, cause: str, retry_at: datetime) -> bool:
    """Give the submission back so that the step is tried again from `retry_at` on."""
    return _leave(tx, submission, cause=cause, retry_at=retry_at)


def fail(tx: Connection, submission: Submission, cause: str, now: datetime) -> bool:
    """End here, with the cause an operator reads; `retry` goes on from the same state."""
    return _leave(
        tx, submission, state=State.FAILED, failed_from=submission.state, cause=cause, retry_at=None, finished_at=now
    )


def _leave(tx: Connection, submission: Submission, **values: object) -> bool:
    held = and_(
        submissions.c.id == submission.id,
        submissions.c.state == submission.state,
        submissions.c.lease == submission.lease,
    )
    left = tx.execute(update(submissions).where(held).values(lease="", leased_until=None, **values))
    return left.rowcount == 1


def retry(tx: Connection, tenant_id: int, submission_id: int) -> bool:
    """Put a failed submission back to where it failed. False if it has not failed."""
    failed = and_(
        submissions.c.tenant_id == tenant_id, submissions.c.id == submission_id, submissions.c.state == State.FAILED
    )
    again = tx.execute(
        update(submissions)
        .where(failed)
        .values(state=submissions.c.failed_from, failed_from="", attempts=0, cause="", retry_at=None, finished_at=None)
    )
    return again.rowcount == 1


def take_back(tx: Connection, submission: Submission, since: datetime) -> bool:
    """Its reporter takes it back: it is a report of nothing any longer, and whoever holds it has lost it.

    False if it came before `since`, or is taken back already. The same report may be sent again.
    """
    here = and_(
        submissions.c.tenant_id == submission.tenant_id,
        submissions.c.id == submission.id,
        submissions.c.received_at >= since,
        counts(),
    )
    fresh = {"lease": "", "leased_until": None, "retry_at": None, "attempts": 0, "cause": "", "failed_from": ""}
    was = {"withdrawn_from": submissions.c.message_id, "message_id": None, "idempotency_key": None}
    taken = tx.execute(update(submissions).where(here).values(state=State.WITHDRAWING, **was, **fresh))
    if taken.rowcount == 1 and submission.message_id is not None:
        mark(tx, submission.tenant_id, [submission.message_id])
    return taken.rowcount == 1


def lost(tx: Connection, now: datetime, limit: int = 500) -> list[int]:
    """Submissions that nobody holds though there is work left, across all tenants, oldest first."""
    free = or_(submissions.c.leased_until.is_(None), submissions.c.leased_until < now)
    due = or_(submissions.c.retry_at.is_(None), submissions.c.retry_at <= now)
    left = and_(submissions.c.state.in_(_OPEN), free, due)
    return list(tx.execute(select(submissions.c.id).where(left).order_by(submissions.c.id).limit(limit)).scalars())


def unfinished(tx: Connection, limit: int = 5000) -> list[tuple[int, datetime | None]]:
    """Submissions with work left, across all tenants, each with the time from which it is free."""
    free_from = func.coalesce(submissions.c.leased_until, submissions.c.retry_at)
    left = select(submissions.c.id, free_from).where(submissions.c.state.in_(_OPEN))
    return [(row[0], row[1]) for row in tx.execute(left.order_by(submissions.c.id).limit(limit))]


def reported_before(tx: Connection, submission: Submission, message_id: int) -> bool:
    """Whether this person already has an earlier submission of this message."""
    if submission.person_id is None:
        return False
    earlier = and_(
        submissions.c.tenant_id == submission.tenant_id,
        submissions.c.message_id == message_id,
        submissions.c.person_id == submission.person_id,
        submissions.c.id < submission.id,
    )
    return tx.execute(select(func.count()).where(earlier)).scalar_one() > 0


def reported_since(tx: Connection, tenant_id: int, message_id: int, moment: datetime, limit: int) -> list[int]:
    """Other messages that this message's reporters reported after a moment, the last reported first."""
    mine = submissions.c.tenant_id == tenant_id
    who = select(submissions.c.person_id).where(mine, submissions.c.message_id == message_id).distinct()
    others = (
        select(submissions.c.message_id)
        .where(mine, submissions.c.person_id.in_(who), submissions.c.received_at > moment)
        .where(submissions.c.message_id.is_not(None), submissions.c.message_id != message_id)
        .group_by(submissions.c.message_id)
        .order_by(func.max(submissions.c.id).desc())
    )
    return list(tx.scalars(others.limit(limit)))


def is_authoritative(submission: Submission) -> bool:
    """Whether the evidence came from the mailbox itself or from the team, not from the reporter's client."""
    return submission.evidence_source in {EvidenceSource.FETCHED, EvidenceSource.TEAM}
