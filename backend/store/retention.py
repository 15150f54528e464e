"""Retention: whose time is over, and what is forgotten then?

A message's time is over when the tenant's `evidence_days` have passed since an operator last judged it and since it
was last reported. One that nobody ever judged counts from its last report. While a report is on its way, or a
retraction is running or waits for approval, nothing of the message is forgotten.

Mails that were received, but brought nothing, count from when they came in.

What goes: the bytes, the facts, subject, sender, search document, the reporters' comments, what they contested with,
operators' notes, the details of reasons.
What stays: who reported when, verdicts' numbers, decisions, labels, the retraction's journal, the MinHash, the log.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select, update

from backend.domain.retraction import OPEN, WAITS_FOR_AN_OPERATOR
from backend.domain.submission import FINAL, State
from backend.store import embedded, landings, tenants
from backend.store.database import Database
from backend.store.evidence import EvidenceStore
from backend.store.queue_rows import mark
from backend.store.tables import (
    candidates,
    contests,
    evidence,
    messages,
    notes,
    received_mails,
    retractions,
    search_documents,
    submissions,
    verdicts,
)

BATCH = 50  # rows of one write transaction: reports that come in meanwhile wait no longer than that
MOST_BATCHES = 200  # of one run; the next run goes on

_UNFINISHED = [state for state in State if state not in FINAL]
_UNDER_WAY = [*OPEN, *WAITS_FOR_AN_OPERATOR]


def expire_evidence(database: Database, kept: EvidenceStore, tenant_id: int, now: datetime) -> int:
    """Forget what this tenant's time is over for. Returns how many pieces of evidence were deleted. Safe to run twice,
    or by two workers at once."""
    with database.read() as tx:
        before = now - timedelta(days=tenants.get(tx, tenant_id).policy.retention.evidence_days)

    forgotten = _in_batches(database, tenant_id, messages, _is_over(before), _forget_messages, now)
    _in_batches(database, tenant_id, submissions, _is_stranded(before), _forget_reports, now)
    _in_batches(database, tenant_id, received_mails, _is_old_mail(before), _forget_received, now)
    gone = _delete_pieces(database, kept, tenant_id, now)
    if forgotten:
        embedded.forget_deleted(database)
    kept.clear_leftovers(tenant_id, now)
    return gone


def _is_over(before: datetime) -> ColumnElement[bool]:
    """Messages that still have content and whose time is over."""
    reports = and_(submissions.c.tenant_id == messages.c.tenant_id, submissions.c.message_id == messages.c.id)
    alive = or_(submissions.c.received_at >= before, submissions.c.state.in_(_UNFINISHED))
    orders = and_(retractions.c.tenant_id == messages.c.tenant_id, retractions.c.message_id == messages.c.id)
    return and_(
        or_(messages.c.evidence_sha256 != "", messages.c.erased_at.is_(None)),
        messages.c.first_reported_at < before,
        or_(messages.c.closed_at.is_(None), messages.c.closed_at < before),
        ~exists().where(reports, alive),
        ~exists().where(orders, retractions.c.state.in_(_UNDER_WAY)),
    )


def _is_stranded(before: datetime) -> ColumnElement[bool]:
    """Reports that never became part of a message, and still have content."""
    content = or_(*[submissions.c[name] != "" for name in _OF_A_REPORT])
    return and_(
        submissions.c.message_id.is_(None),
        submissions.c.state.in_(list(FINAL)),
        submissions.c.received_at < before,
        content,
    )


def _is_old_mail(before: datetime) -> ColumnElement[bool]:
    """Mails that came in so long ago, seen to or not, and still name their sender."""
    names = or_(*[received_mails.c[name] != "" for name in _OF_A_RECEIVED_MAIL])
    return and_(received_mails.c.received_at < before, names)


def _in_batches(database: Database, tenant_id: int, table: Any, condition: Any, forget: Any, now: datetime) -> int:
    """Forget the rows of one table that meet the condition, asked again under the lock."""
    done = 0
    for _ in range(MOST_BATCHES):
        with database.begin() as tx:
            here = select(table.c.id).where(table.c.tenant_id == tenant_id, condition)
            found = tx.scalars(here.order_by(table.c.id).limit(BATCH).with_for_update(skip_locked=True)).all()
            ids = tx.scalars(here.where(table.c.id.in_(found))).all()  # a report may have come in before the lock
            if not ids:
                break
            forget(tx, tenant_id, ids, now)
            done += len(ids)
    return done


def _forget_messages(tx: Connection, tenant_id: int, ids: Sequence[int], now: datetime) -> None:
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id.in_(ids))
    empty = dict.fromkeys(("internet_message_id", "from_address", "subject", "evidence_sha256"), "")
    tx.execute(update(messages).where(here).values(**empty, facts={}, erased_at=now))
    tx.execute(
        delete(search_documents).where(
            search_documents.c.tenant_id == tenant_id, search_documents.c.message_id.in_(ids)
        )
    )
    reports = and_(submissions.c.tenant_id == tenant_id, submissions.c.message_id.in_(ids))
    tx.execute(update(submissions).where(reports).values(**dict.fromkeys(_OF_A_REPORT, "")))
    beside = and_(notes.c.tenant_id == tenant_id, notes.c.message_id.in_(ids))
    tx.execute(update(notes).where(beside).values(body=""))
    contested = and_(contests.c.tenant_id == tenant_id, contests.c.message_id.in_(ids))
    tx.execute(update(contests).where(contested).values(comment=""))
    _forget_details(tx, tenant_id, ids)
    mark(tx, tenant_id, ids)  # its row, and a document of its facets alone, are made anew
    landings.forget_texts(tx, tenant_id, ids)


_OF_A_REPORT = ("comment", "provider_message_id", "internet_message_id", "client_copy_sha256", "evidence_sha256")


def _forget_reports(tx: Connection, tenant_id: int, ids: Sequence[int], _now: datetime) -> None:
    here = and_(submissions.c.tenant_id == tenant_id, submissions.c.id.in_(ids))
    tx.execute(update(submissions).where(here).values(**dict.fromkeys(_OF_A_REPORT, "")))


_OF_A_RECEIVED_MAIL = ("sender", "evidence_sha256")


def _forget_received(tx: Connection, tenant_id: int, ids: Sequence[int], _now: datetime) -> None:
    here = and_(received_mails.c.tenant_id == tenant_id, received_mails.c.id.in_(ids))
    tx.execute(update(received_mails).where(here).values(**dict.fromkeys(_OF_A_RECEIVED_MAIL, "")))


def _forget_details(tx: Connection, tenant_id: int, ids: Sequence[int]) -> None:
    """A reason's code and share stay; what it pointed to in the mail (a host, an address) goes."""
    here = and_(verdicts.c.tenant_id == tenant_id, verdicts.c.message_id.in_(ids))
    for row in tx.execute(select(verdicts.c.id, verdicts.c.reasons, verdicts.c.opinions).where(here)).all():
        bare = {"reasons": without_details(row.reasons), "opinions": without_details(row.opinions)}
        tx.execute(update(verdicts).where(verdicts.c.id == row.id).values(**bare))


def without_details(value: Any) -> Any:
    """The same JSON with every `detail` empty, however deep."""
    if isinstance(value, dict):
        return {key: "" if key == "detail" else without_details(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_details(item) for item in value]
    return value


def _delete_pieces(database: Database, kept: EvidenceStore, tenant_id: int, now: datetime) -> int:
    """Delete the bytes that no report and no message names any longer."""
    gone, last = 0, 0
    for _ in range(MOST_BATCHES):
        with database.begin() as tx:
            here = (evidence.c.tenant_id == tenant_id, evidence.c.id > last, _is_loose())
            ids = tx.scalars(select(evidence.c.id).where(*here).order_by(evidence.c.id).limit(BATCH)).all()
            if not ids:
                break
            last = ids[-1]
            gone += _delete_some(tx, kept, tenant_id, ids, now)
    return gone


def _delete_some(tx: Connection, kept: EvidenceStore, tenant_id: int, ids: Sequence[int], now: datetime) -> int:
    """Lock the rows first and look again: whoever keeps the same bytes now has committed its row, or waits for us."""
    tx.execute(select(evidence.c.id).where(evidence.c.id.in_(ids)).order_by(evidence.c.id).with_for_update())
    gone = 0
    for row in tx.execute(select(evidence.c.id, evidence.c.sha256).where(evidence.c.id.in_(ids), _is_loose())).all():
        if kept.expire(tenant_id, row.sha256, now):
            tx.execute(update(evidence).where(evidence.c.id == row.id).values(deleted_at=now))
            gone += 1
    return gone


def _is_loose() -> ColumnElement[bool]:
    def named(table: Any, column: str) -> ColumnElement[bool]:
        same = and_(table.c.tenant_id == evidence.c.tenant_id, table.c[column] == evidence.c.sha256)
        return exists().where(same).correlate(evidence)

    return and_(
        evidence.c.deleted_at.is_(None),
        ~named(messages, "evidence_sha256"),
        ~named(submissions, "evidence_sha256"),
        ~named(submissions, "client_copy_sha256"),
        ~named(received_mails, "evidence_sha256"),
        ~named(candidates, "weights_sha256"),
        ~named(candidates, "card_sha256"),
    )


def due(tx: Connection, tenant_id: int, now: datetime) -> int:
    """How many messages' time is over: what the next run will forget."""
    before = now - timedelta(days=tenants.get(tx, tenant_id).policy.retention.evidence_days)
    here = select(func.count()).select_from(messages).where(messages.c.tenant_id == tenant_id, _is_over(before))
    return tx.execute(here).scalar_one()
