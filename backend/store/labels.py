"""Labels: which dispositions are trusted enough to learn from, and how often was a reporter right?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from backend.domain.disposition import CONFIRMS_A_REPORT, Disposition
from backend.domain.label import WEIGHT, Label, Source, strongest
from backend.domain.submission import Identity, SubmittedAs
from backend.store.tables import labels, submissions
from model.reporter import Past

MOST_PAST = 500  # judged reports of one person that are looked at; with time the older ones would weigh next to nothing
_DAY = 86_400.0
_COLUMNS = [labels.c[field.name] for field in fields(Label)]


def give(
    tx: Connection, tenant_id: int, message_id: int, disposition: Disposition, source: str, given_by: str, now: datetime
) -> int:
    """Add a label; an earlier one of the same person is replaced, not edited. Other people's stay: see `strongest`."""
    mine = and_(labels.c.given_by == given_by, labels.c.source == source, labels.c.revoked_at.is_(None))
    here = and_(labels.c.tenant_id == tenant_id, labels.c.message_id == message_id)
    tx.execute(update(labels).where(here, mine).values(revoked_at=now, followed_at=now))
    values = {
        "tenant_id": tenant_id,
        "message_id": message_id,
        "disposition": disposition,
        "source": source,
        "weight": WEIGHT[Source(source)],
        "given_by": given_by,
        "given_at": now,
    }
    new: int = tx.execute(insert(labels).values(**values).returning(labels.c.id)).scalar_one()
    return new


def get(tx: Connection, tenant_id: int, label_id: int) -> Label | None:
    """One label of this tenant, also one that no longer stands."""
    row = tx.execute(select(*_COLUMNS).where(labels.c.tenant_id == tenant_id, labels.c.id == label_id)).first()
    return _label(row) if row else None


def tenant_of(tx: Connection, label_id: int) -> int | None:
    """Whose a label is, for the queue, which knows ids only."""
    found: int | None = tx.execute(select(labels.c.tenant_id).where(labels.c.id == label_id)).scalar()
    return found


def of_messages(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> dict[int, list[Label]]:
    """The labels that stand of each of these messages, oldest first."""
    here = and_(labels.c.tenant_id == tenant_id, labels.c.message_id.in_(message_ids), labels.c.revoked_at.is_(None))
    found: dict[int, list[Label]] = defaultdict(list)
    for row in tx.execute(select(*_COLUMNS).where(here).order_by(labels.c.id)):
        found[row.message_id].append(_label(row))
    return dict(found)


def standing(tx: Connection, tenant_id: int, message_id: int) -> int | None:
    """The label of a message that counts, by its id."""
    label = standing_of(tx, tenant_id, [message_id]).get(message_id)
    return label.id if label else None


def standing_of(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> dict[int, Label]:
    """The label that counts of each of these messages that has one."""
    found = of_messages(tx, tenant_id, message_ids).items()
    return {message_id: label for message_id, several in found if (label := strongest(several))}


def revoke(tx: Connection, tenant_id: int, label_id: int, now: datetime, by: str = "undo", why: str = "") -> bool:
    """Take a label back: nobody learns from it, and no reporter is judged by it. False when it does not stand."""
    here = and_(labels.c.tenant_id == tenant_id, labels.c.id == label_id, labels.c.revoked_at.is_(None))
    gone = tx.execute(
        update(labels).where(here).values(revoked_at=now, revoked_by=by, revoked_why=why, followed_at=None)
    )
    return gone.rowcount == 1


def revoke_all(tx: Connection, tenant_id: int, message_id: int, now: datetime, by: str, why: str) -> None:
    """Take back every label of a message that stands, whoever gave it."""
    here = and_(labels.c.tenant_id == tenant_id, labels.c.message_id == message_id, labels.c.revoked_at.is_(None))
    tx.execute(update(labels).where(here).values(revoked_at=now, revoked_by=by, revoked_why=why, followed_at=None))


def give_again(tx: Connection, tenant_id: int, label_id: int, now: datetime) -> None:
    """Let a label that was taken back count again, as a later one that says the same."""
    label = get(tx, tenant_id, label_id)
    if label is not None and not label.stands:
        give(tx, tenant_id, label.message_id, label.disposition, label.source, label.given_by, now)


def followed(tx: Connection, tenant_id: int, label_id: int, now: datetime) -> None:
    """Write down that everything which rests on it was decided anew."""
    here = and_(labels.c.tenant_id == tenant_id, labels.c.id == label_id)
    tx.execute(update(labels).where(here).values(followed_at=now))


def follow_again(tx: Connection, tenant_id: int, label_ids: Sequence[int]) -> None:
    """What is alike has changed: everything that rests on these is to be decided anew."""
    here = and_(labels.c.tenant_id == tenant_id, labels.c.id.in_(label_ids))
    tx.execute(update(labels).where(here).values(followed_at=None))


def to_follow(tx: Connection, limit: int = 500) -> list[tuple[int, int]]:
    """(tenant, label) of what is still to be decided anew, across all tenants, oldest first."""
    left = select(labels.c.tenant_id, labels.c.id).where(labels.c.followed_at.is_(None)).order_by(labels.c.id)
    return [(row.tenant_id, row.id) for row in tx.execute(left.limit(limit))]


def unfollowed(tx: Connection, tenant_id: int, message_id: int) -> list[int]:
    """The labels of one message from which something is still to follow."""
    here = and_(labels.c.tenant_id == tenant_id, labels.c.message_id == message_id, labels.c.followed_at.is_(None))
    return list(tx.scalars(select(labels.c.id).where(here).order_by(labels.c.id)))


def newest(
    tx: Connection, tenant_id: int, limit: int = 50, before: int | None = None, given_by: str = ""
) -> list[Label]:
    """This tenant's labels, newest first, older than the id `before`; all, or those of one person."""
    here = labels.c.tenant_id == tenant_id
    if before is not None:
        here = and_(here, labels.c.id < before)
    if given_by:
        here = and_(here, labels.c.given_by == given_by)
    rows = tx.execute(select(*_COLUMNS).where(here).order_by(labels.c.id.desc()).limit(min(limit, 500)))
    return [_label(row) for row in rows]


def newest_standing(tx: Connection, tenant_id: int, limit: int) -> list[Label]:
    """The labels that stand, newest first."""
    here = and_(labels.c.tenant_id == tenant_id, labels.c.revoked_at.is_(None))
    return [_label(row) for row in tx.execute(select(*_COLUMNS).where(here).order_by(labels.c.id.desc()).limit(limit))]


def judged_messages(tx: Connection, tenant_id: int, limit: int = 50_000) -> dict[int, Label]:
    """Every message of the tenant that has a label which stands, with the one that counts: what there is to learn."""
    here = and_(labels.c.tenant_id == tenant_id, labels.c.revoked_at.is_(None))
    found: dict[int, list[Label]] = defaultdict(list)
    for row in tx.execute(select(*_COLUMNS).where(here).order_by(labels.c.id.desc()).limit(limit)):
        found[row.message_id].append(_label(row))
    return {message_id: label for message_id, several in found.items() if (label := strongest(several))}


def past_of(tx: Connection, tenant_id: int, person_id: int, before: datetime, except_message: int) -> tuple[Past, ...]:
    """This person's phish reports that people had judged by `before`, newest first, at most `MOST_PAST` of them.

    One report per message, the first; the message at hand does not count; SPAM counts neither way. Only labels count,
    and labels come from people, so PSR's own verdicts never feed back.
    """
    reported = func.min(submissions.c.received_at).label("reported")
    mine = (
        select(submissions.c.message_id, reported)
        .where(
            submissions.c.tenant_id == tenant_id,
            submissions.c.person_id == person_id,
            submissions.c.submitted_as == SubmittedAs.PHISH,
            submissions.c.identity == Identity.VERIFIED,
            submissions.c.received_at < before,
            submissions.c.message_id.is_not(None),
            submissions.c.message_id != except_message,
        )
        .group_by(submissions.c.message_id)
        .subquery()
    )
    replaced_later = and_(labels.c.revoked_by == "", labels.c.revoked_at > before)
    statement = (
        select(mine.c.reported, *_COLUMNS)
        .join(labels, labels.c.message_id == mine.c.message_id)
        .where(labels.c.tenant_id == tenant_id, labels.c.given_at < before)
        .where(or_(labels.c.revoked_at.is_(None), replaced_later))
        .order_by(mine.c.reported.desc(), mine.c.message_id.desc())
        .limit(2 * MOST_PAST)
    )
    judged: dict[int, tuple[datetime, list[Label]]] = {}
    for row in tx.execute(statement):
        judged.setdefault(row.message_id, (row.reported, []))[1].append(_label(row))
    return tuple(_past(judged, before))[:MOST_PAST]


def _past(judged: dict[int, tuple[datetime, list[Label]]], before: datetime) -> list[Past]:
    found = []
    for message_id, (reported, several) in judged.items():
        label = strongest(several)
        if label and label.disposition is not Disposition.SPAM:
            age = (before - reported).total_seconds() / _DAY
            found.append(Past(message_id, age, label.disposition in CONFIRMS_A_REPORT))
    return found


def _label(row: Row[Any]) -> Label:
    values = {field.name: row._mapping[field.name] for field in fields(Label)}
    return Label(**{**values, "disposition": Disposition(row.disposition), "source": Source(row.source)})
