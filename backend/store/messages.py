"""Messages: which mails were reported, each kept once by its fingerprint?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select, update

from backend.store.inserting import insert_unless_there
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


def _message(row: Row[Any]) -> Message:
    return Message(
        **{name: row._mapping[name] for name in Message.__dataclass_fields__ if name != "facts"},
        facts=Facts.from_json(row.facts),
    )


def get(tx: Connection, tenant_id: int, message_id: int) -> Message | None:
    """One message of this tenant."""
    row = tx.execute(select(messages).where(messages.c.tenant_id == tenant_id, messages.c.id == message_id)).first()
    return _message(row) if row else None


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
        return new, True
    same = and_(messages.c.tenant_id == tenant_id, messages.c.fingerprint == fingerprint)
    return tx.execute(select(messages.c.id).where(same)).scalar_one(), False


def replace_evidence(tx: Connection, tenant_id: int, message_id: int, facts: Facts, sha256: str, source: str) -> None:
    """Let an authoritative copy take the place of a client's, or fresh bytes that of expired ones."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
    kept = {"evidence_sha256": sha256, "evidence_source": source, "erased_at": None, **_columns(facts)}
    tx.execute(update(messages).where(here).values(**kept))


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


def put_in_campaign(tx: Connection, tenant_id: int, message_ids: list[int], campaign_id: int) -> None:
    """Make these messages members of one campaign."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id.in_(message_ids))
    elsewhere = or_(messages.c.campaign_id.is_(None), messages.c.campaign_id != campaign_id)
    tx.execute(update(messages).where(here, elsewhere).values(campaign_id=campaign_id))


def close(tx: Connection, tenant_id: int, message_id: int, now: datetime) -> None:
    """An operator has judged it; retention counts from here."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
    tx.execute(update(messages).where(here).values(closed_at=now))
