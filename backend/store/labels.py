"""Labels: which dispositions are trusted enough to learn from, and how often was a reporter right?"""

from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from backend.domain.disposition import CONFIRMS_A_REPORT, Disposition
from backend.domain.submission import Identity, SubmittedAs
from backend.store.tables import labels, submissions


def give(
    tx: Connection, tenant_id: int, message_id: int, disposition: Disposition, source: str, given_by: str, now: datetime
) -> int:
    """Add a label; an earlier one of the same message is revoked, not edited."""
    earlier = and_(labels.c.tenant_id == tenant_id, labels.c.message_id == message_id, labels.c.revoked_at.is_(None))
    tx.execute(update(labels).where(earlier).values(revoked_at=now))
    values = {
        "tenant_id": tenant_id,
        "message_id": message_id,
        "disposition": disposition,
        "source": source,
        "given_by": given_by,
        "given_at": now,
    }
    new: int = tx.execute(insert(labels).values(**values).returning(labels.c.id)).scalar_one()
    return new


def record_of(tx: Connection, tenant_id: int, person_id: int, before: datetime, except_message: int) -> tuple[int, int]:
    """(confirmed, judged): this person's phish reports that people had judged by `before`.

    One report per message; the message at hand does not count; SPAM counts neither way. Only labels count, and
    labels come from people, so PSR's own verdicts never feed back.
    """
    mine = (
        select(submissions.c.message_id)
        .where(
            submissions.c.tenant_id == tenant_id,
            submissions.c.person_id == person_id,
            submissions.c.submitted_as == SubmittedAs.PHISH,
            submissions.c.identity == Identity.VERIFIED,
            submissions.c.received_at < before,
            submissions.c.message_id.is_not(None),
            submissions.c.message_id != except_message,
        )
        .distinct()
    )
    stood = or_(labels.c.revoked_at.is_(None), labels.c.revoked_at > before)
    statement = (
        select(labels.c.disposition, func.count(labels.c.message_id.distinct()))
        .where(labels.c.tenant_id == tenant_id, labels.c.message_id.in_(mine), labels.c.given_at < before, stood)
        .where(labels.c.disposition != Disposition.SPAM)
        .group_by(labels.c.disposition)
    )
    counts = {Disposition(disposition): number for disposition, number in tx.execute(statement)}
    confirmed = sum(number for disposition, number in counts.items() if disposition in CONFIRMS_A_REPORT)
    return confirmed, sum(counts.values())
