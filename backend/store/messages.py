"""Messages: which mails were reported, each kept once by its fingerprint?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select, update

from backend.domain.triage import Triage
from backend.store.inserting import insert_unless_there
from backend.store.queue_rows import mark
from backend.store.tables import messages
from model.message.facts import Facts


@dataclass(frozen=True)
class Message:
    """One row of `messages`, with its facts read back."""

    id: int
    tenant_id: int
    fingerprint: str
    internet_message_id: str
    from_address: str
    subject: str
    sent_at: datetime | None
    evidence_sha256: str
    evidence_source: str
    facts: Facts
    campaign_id: int | None
    first_reported_at: datetime
    closed_at: datetime | None
    erased_at: datetime | None
    triage: Triage


def _message(row: Row[Any]) -> Message:
    return Message(
        **{name: row._mapping[name] for name in Message.__dataclass_fields__ if name not in ("facts", "triage")},
        facts=Facts.from_json(row.facts),
        triage=Triage(row.triage),
    )


def get(tx: Connection, tenant_id: int, message_id: int) -> Message | None:
    """One message of this tenant."""
    row = tx.execute(select(messages).where(messages.c.tenant_id == tenant_id, messages.c.id == message_id)).first()
    return _message(row) if row else None


def newest_ids(tx: Connection, tenant_id: int, limit: int) -> list[int]:
    """The messages that were first reported last."""
    here = select(messages.c.id).where(messages.c.tenant_id == tenant_id).order_by(messages.c.id.desc()).limit(limit)
    return list(tx.scalars(here))


def forgotten(tx: Connection, tenant_id: int, message_ids: Iterable[int]) -> frozenset[int]:
    """Those of these whose content retention has deleted."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id.in_(message_ids), messages.c.erased_at.is_not(None))
    return frozenset(tx.scalars(select(messages.c.id).where(here)))


def hold(tx: Connection, tenant_id: int, message_id: int) -> bool:
    """Lock the message until the transaction ends: verdicts and decisions are appended one at a time.

    SQLite's write transactions exclude each other anyway; PostgreSQL locks the row.
    """
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
    return tx.execute(select(messages.c.id).where(here).with_for_update()).scalar() is not None


def hold_all(tx: Connection, tenant_id: int, message_ids: Iterable[int]) -> None:
    """Lock several messages, always in the same order, so that two workers never wait for each other."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id.in_(sorted(set(message_ids))))
    tx.execute(select(messages.c.id).where(here).order_by(messages.c.id).with_for_update()).all()


def keep(
    tx: Connection, tenant_id: int, fingerprint: str, facts: Facts, sha256: str, source: str, now: datetime
) -> tuple[int, bool]:
    """Keep a message once per fingerprint. Returns (id, True) when it is new."""
    values = {
        "tenant_id": tenant_id,
        "fingerprint": fingerprint,
        "first_reported_at": now,
        **_columns(facts),
        "evidence_sha256": sha256,
        "evidence_source": source,
    }
    new = insert_unless_there(tx, messages, values)
    if new is not None:
        mark(tx, tenant_id, [new])
        return new, True
    same = and_(messages.c.tenant_id == tenant_id, messages.c.fingerprint == fingerprint)
    return tx.execute(select(messages.c.id).where(same)).scalar_one(), False


def replace_evidence(tx: Connection, tenant_id: int, message_id: int, facts: Facts, sha256: str, source: str) -> None:
    """Let an authoritative copy take the place of a client's, or fresh bytes that of expired ones."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
    kept = {"evidence_sha256": sha256, "evidence_source": source, "erased_at": None, **_columns(facts)}
    tx.execute(update(messages).where(here).values(**kept))
    mark(tx, tenant_id, [message_id])


def _columns(facts: Facts) -> dict[str, object]:
    return {
        "internet_message_id": facts.message_id,
        "from_address": facts.from_address,
        "subject": facts.subject,
        "sent_at": _sent_at(facts),
        "facts": facts.to_json(),
        "defects": len(facts.defects),
    }


def _sent_at(facts: Facts) -> datetime | None:
    return datetime.fromisoformat(facts.date).replace(tzinfo=None) if facts.date else None


def called(tx: Connection, tenant_id: int, fingerprint: str) -> int | None:
    """The message with this fingerprint, if this tenant has it."""
    same = and_(messages.c.tenant_id == tenant_id, messages.c.fingerprint == fingerprint)
    return tx.execute(select(messages.c.id).where(same)).scalar()


def known(tx: Connection, tenant_id: int, message_ids: Iterable[int]) -> list[int]:
    """Those of these messages that are this tenant's, in the order in which they were asked for."""
    asked = list(dict.fromkeys(message_ids))
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id.in_(asked))
    there = set(tx.scalars(select(messages.c.id).where(here)))
    return [message_id for message_id in asked if message_id in there]


def of_campaign(tx: Connection, tenant_id: int, campaign_id: int, limit: int) -> list[int]:
    """The messages of a campaign, the last reported first."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.campaign_id == campaign_id)
    newest = (messages.c.first_reported_at.desc(), messages.c.id.desc())
    return list(tx.scalars(select(messages.c.id).where(here).order_by(*newest).limit(limit)))


def put_in_campaign(tx: Connection, tenant_id: int, message_ids: list[int], campaign_id: int) -> None:
    """Make these messages members of one campaign."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id.in_(message_ids))
    elsewhere = or_(messages.c.campaign_id.is_(None), messages.c.campaign_id != campaign_id)
    tx.execute(update(messages).where(here, elsewhere).values(campaign_id=campaign_id))
    mark(tx, tenant_id, message_ids)


def close(tx: Connection, tenant_id: int, message_id: int, now: datetime | None) -> None:
    """An operator has judged it: a review, from which retention counts. None: the judgement was taken back."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
    status = Triage.UNREVIEWED if now is None else Triage.REVIEWED
    tx.execute(update(messages).where(here).values(closed_at=now, triage=status))
    mark(tx, tenant_id, [message_id])


def reopen(tx: Connection, tenant_id: int, message_id: int, closed_at: datetime | None, status: Triage) -> None:
    """A judgement was taken back: it is as reviewed as it was before."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
    tx.execute(update(messages).where(here).values(closed_at=closed_at, triage=status))
    mark(tx, tenant_id, [message_id])


def set_triage(tx: Connection, tenant_id: int, message_ids: Iterable[int], status: Triage) -> list[int]:
    """Say how far an operator has come with these messages. Returns those of this tenant whose status changed."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id.in_(sorted(set(message_ids))))
    other = update(messages).where(here, messages.c.triage != status).values(triage=status)
    changed = sorted(tx.scalars(other.returning(messages.c.id)))
    mark(tx, tenant_id, changed)
    return changed
