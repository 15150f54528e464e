"""Campaigns: which stored messages are near-duplicates of this one?"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, or_, select

from backend.store.inserting import insert_unless_there
from backend.store.tables import campaigns, messages, minhashes, signatures

_MOST_CANDIDATES = 200


def keep_signature(tx: Connection, tenant_id: int, message_id: int, hashes: bytes, bands: Sequence[str]) -> None:
    """Keep a message's MinHash and its bands; harmless when they are there already."""
    values = {"tenant_id": tenant_id, "message_id": message_id, "hashes": hashes}
    if not hashes or insert_unless_there(tx, minhashes, values) is None:
        return
    rows = [
        {"tenant_id": tenant_id, "message_id": message_id, "band": number, "value": band}
        for number, band in enumerate(bands)
    ]
    tx.execute(insert(signatures), rows)


def candidates(tx: Connection, tenant_id: int, message_id: int, bands: Sequence[str]) -> dict[int, bytes]:
    """Hashes of messages that share at least one band, those sharing most first, at most 200."""
    if not bands:
        return {}
    same_band = or_(*[and_(signatures.c.band == n, signatures.c.value == band) for n, band in enumerate(bands)])
    others = (
        select(signatures.c.message_id, func.count().label("shared"))
        .where(signatures.c.tenant_id == tenant_id, signatures.c.message_id != message_id, same_band)
        .group_by(signatures.c.message_id)
        .order_by(func.count().desc(), signatures.c.message_id.desc())
        .limit(_MOST_CANDIDATES)
        .subquery()
    )
    rows = tx.execute(
        select(minhashes.c.message_id, minhashes.c.hashes)
        .join(others, others.c.message_id == minhashes.c.message_id)
        .where(minhashes.c.tenant_id == tenant_id)
    )
    return {row.message_id: row.hashes for row in rows}


def hashes_of(tx: Connection, tenant_id: int, message_id: int) -> bytes:
    """The MinHash of one message, or nothing when it has too little text."""
    here = and_(minhashes.c.tenant_id == tenant_id, minhashes.c.message_id == message_id)
    return tx.execute(select(minhashes.c.hashes).where(here)).scalar() or b""


def campaign_of(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> int | None:
    """The oldest campaign that any of these messages belongs to."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id.in_(message_ids))
    return tx.execute(select(func.min(messages.c.campaign_id)).where(here)).scalar()


def start(tx: Connection, tenant_id: int, now: datetime) -> int:
    """A new, still empty campaign."""
    values = {"tenant_id": tenant_id, "name": "", "first_seen_at": now}
    new: int = tx.execute(insert(campaigns).values(**values).returning(campaigns.c.id)).scalar_one()
    return new
