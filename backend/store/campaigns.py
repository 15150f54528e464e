"""Campaigns: which stored messages are near-duplicates of this one, and which belong together?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, case, func, insert, or_, select, update

from backend.domain.disposition import Disposition
from backend.store.inserting import insert_unless_there
from backend.store.queue_rows import mark
from backend.store.tables import campaign_changes, campaigns, labels, messages, minhashes, queue_rows, signatures
from model.modules.campaigns import bands, similarity

MOST_MEMBERS = 20_000
_MOST_CANDIDATES = 200
_MOST_LABELLED = 500


def keep_signature(tx: Connection, tenant_id: int, message_id: int, hashes: bytes, cut: Sequence[str]) -> None:
    """Keep a message's MinHash and its bands; harmless when they are there already."""
    values = {"tenant_id": tenant_id, "message_id": message_id, "hashes": hashes}
    if not hashes or insert_unless_there(tx, minhashes, values) is None:
        return
    rows = [
        {"tenant_id": tenant_id, "message_id": message_id, "band": number, "value": band}
        for number, band in enumerate(cut)
    ]
    tx.execute(insert(signatures), rows)


def candidates(tx: Connection, tenant_id: int, message_id: int, cut: Sequence[str]) -> dict[int, bytes]:
    """Hashes of messages that share at least one band, those sharing most first, at most 200."""
    if not cut:
        return {}
    same_band = or_(*[and_(signatures.c.band == n, signatures.c.value == band) for n, band in enumerate(cut)])
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


def similar(
    tx: Connection, tenant_id: int, message_id: int, at_least: float, limit: int = 50
) -> list[tuple[int, float]]:
    """Other messages of the tenant and how alike each is, from `at_least` to 1, the most alike first."""
    own = hashes_of(tx, tenant_id, message_id)
    if not own:
        return []
    others = candidates(tx, tenant_id, message_id, bands(own))
    alike = sorted(((similarity(own, theirs), other) for other, theirs in others.items()), reverse=True)
    return [(other, share) for share, other in alike if share >= at_least][:limit]


def hashes_of(tx: Connection, tenant_id: int, message_id: int) -> bytes:
    """The MinHash of one message, or nothing when it has too little text."""
    here = and_(minhashes.c.tenant_id == tenant_id, minhashes.c.message_id == message_id)
    return tx.execute(select(minhashes.c.hashes).where(here)).scalar() or b""


def hashes_of_many(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> dict[int, bytes]:
    """The MinHashes of those that have one."""
    here = and_(minhashes.c.tenant_id == tenant_id, minhashes.c.message_id.in_(message_ids))
    return {row.message_id: row.hashes for row in tx.execute(select(minhashes).where(here))}


def of_messages(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> dict[int, int]:
    """The campaign of each of these messages that is in one."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id.in_(message_ids), messages.c.campaign_id.is_not(None))
    return {row.id: row.campaign_id for row in tx.execute(select(messages.c.id, messages.c.campaign_id).where(here))}


def settled(tx: Connection, tenant_id: int, campaign_ids: Sequence[int]) -> frozenset[int]:
    """Those that an operator has merged or split: nothing joins them to others by itself any more."""
    here = and_(campaigns.c.tenant_id == tenant_id, campaigns.c.id.in_(campaign_ids), campaigns.c.by_hand.is_(True))
    return frozenset(tx.scalars(select(campaigns.c.id).where(here)))


def settle(tx: Connection, tenant_id: int, campaign_id: int, *, by_hand: bool) -> None:
    """Say whether an operator's word stands on it."""
    here = and_(campaigns.c.tenant_id == tenant_id, campaigns.c.id == campaign_id)
    tx.execute(update(campaigns).where(here).values(by_hand=by_hand))


def start(tx: Connection, tenant_id: int, now: datetime) -> int:
    """A new, still empty campaign."""
    values = {"tenant_id": tenant_id, "name": "", "first_seen_at": now}
    new: int = tx.execute(insert(campaigns).values(**values).returning(campaigns.c.id)).scalar_one()
    return new


def there_is(tx: Connection, tenant_id: int, campaign_id: int) -> bool:
    """Whether this tenant has it."""
    here = and_(campaigns.c.tenant_id == tenant_id, campaigns.c.id == campaign_id)
    return tx.execute(select(campaigns.c.id).where(here)).scalar() is not None


def members(tx: Connection, tenant_id: int, campaign_ids: Sequence[int], limit: int = MOST_MEMBERS) -> list[int]:
    """The messages of these campaigns, newest first."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.campaign_id.in_(campaign_ids))
    return list(tx.scalars(select(messages.c.id).where(here).order_by(messages.c.id.desc()).limit(limit)))


def move_members(tx: Connection, tenant_id: int, from_campaigns: Sequence[int], to_campaign: int) -> list[int]:
    """Every message of these campaigns becomes one of the other; returns which. Rows are locked in one order."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.campaign_id.in_(from_campaigns))
    moved = list(tx.scalars(select(messages.c.id).where(here).order_by(messages.c.id).with_for_update()))
    tx.execute(update(messages).where(here).values(campaign_id=to_campaign))
    mark(tx, tenant_id, moved)
    return moved


def labelled(tx: Connection, tenant_id: int, campaign_id: int) -> list[int]:
    """Its messages that people have judged, the last judged first, at most 500."""
    joined = and_(labels.c.message_id == messages.c.id, labels.c.tenant_id == tenant_id, labels.c.revoked_at.is_(None))
    statement = (
        select(messages.c.id)
        .join(labels, joined)
        .where(messages.c.tenant_id == tenant_id, messages.c.campaign_id == campaign_id)
        .group_by(messages.c.id)
        .order_by(func.max(labels.c.id).desc())
        .limit(_MOST_LABELLED)
    )
    return list(tx.scalars(statement))


@dataclass(frozen=True)
class CampaignRow:
    """One campaign of the list: how many messages, of how many people judged, what they are held to be."""

    id: int
    messages: int
    first_seen_at: datetime
    last_seen_at: datetime
    subject: str  # of its newest message
    judged: int
    malicious: int
    by_hand: bool


def listing(tx: Connection, tenant_id: int, limit: int = 50, offset: int = 0) -> list[CampaignRow]:
    """Campaigns with at least two messages, the last seen first."""
    newest = func.max(queue_rows.c.message_id).desc()
    statement = _summed(tenant_id).having(func.count() > 1).order_by(newest)
    return _named(tx, tenant_id, statement.limit(min(limit, 200)).offset(max(0, offset)))


def rows_of(tx: Connection, tenant_id: int, campaign_ids: Sequence[int]) -> list[CampaignRow]:
    """Those of these campaigns that hold a message, in the order given."""
    found = _named(tx, tenant_id, _summed(tenant_id).where(queue_rows.c.campaign_id.in_(campaign_ids)))
    return sorted(found, key=lambda row: campaign_ids.index(row.id))


def _summed(tenant_id: int) -> Select[Any]:
    rows = queue_rows.c
    return (
        select(
            rows.campaign_id,
            func.count().label("messages"),
            func.min(rows.first_reported_at).label("first"),
            func.max(rows.first_reported_at).label("last"),
            func.max(rows.message_id).label("newest"),
            func.sum(case((rows.judged.is_(True), 1), else_=0)).label("judged"),
            func.sum(case((rows.disposition == Disposition.MALICIOUS, 1), else_=0)).label("malicious"),
        )
        .where(rows.tenant_id == tenant_id, rows.campaign_id.is_not(None))
        .group_by(rows.campaign_id)
    )


def _named(tx: Connection, tenant_id: int, summed: Select[Any]) -> list[CampaignRow]:
    """Each with the subject of its newest message."""
    rows, found = queue_rows.c, tx.execute(summed).all()
    named = select(rows.message_id, rows.subject).where(
        rows.tenant_id == tenant_id, rows.message_id.in_([row.newest for row in found])
    )
    subjects = {row.message_id: row.subject for row in tx.execute(named)}
    by_hand = settled(tx, tenant_id, [row.campaign_id for row in found])
    return [
        CampaignRow(
            row.campaign_id,
            row.messages,
            row.first,
            row.last,
            subjects.get(row.newest, ""),
            row.judged,
            row.malicious,
            row.campaign_id in by_hand,
        )
        for row in found
    ]


@dataclass(frozen=True)
class Change:
    """One row of `campaign_changes`."""

    id: int
    kind: str
    from_campaign_id: int
    to_campaign_id: int
    message_ids: tuple[int, ...]
    by_hand_before: tuple[bool, bool]
    changed_by: str
    changed_at: datetime
    undone_at: datetime | None


def record_change(
    tx: Connection, tenant_id: int, kind: str, ends: tuple[int, int], moved: Sequence[int], by: str, now: datetime
) -> int:
    """Write down a merge or a split with what its undo needs; both campaigns are settled from here on."""
    before = settled(tx, tenant_id, ends)
    values = {
        "tenant_id": tenant_id,
        "kind": kind,
        "from_campaign_id": ends[0],
        "to_campaign_id": ends[1],
        "message_ids": list(moved),
        "by_hand_before": [end in before for end in ends],
        "changed_by": by,
        "changed_at": now,
    }
    for end in ends:
        settle(tx, tenant_id, end, by_hand=True)
    new: int = tx.execute(insert(campaign_changes).values(**values).returning(campaign_changes.c.id)).scalar_one()
    return new


def changes(tx: Connection, tenant_id: int, campaign_id: int | None = None, limit: int = 50) -> list[Change]:
    """What operators did, newest first; to one campaign, when given."""
    here = campaign_changes.c.tenant_id == tenant_id
    if campaign_id is not None:
        ends = (campaign_changes.c.from_campaign_id, campaign_changes.c.to_campaign_id)
        here = and_(here, or_(*[end == campaign_id for end in ends]))
    rows = tx.execute(select(campaign_changes).where(here).order_by(campaign_changes.c.id.desc()).limit(limit))
    return [_change(row) for row in rows]


def change(tx: Connection, tenant_id: int, change_id: int) -> Change | None:
    """One of this tenant's changes."""
    here = and_(campaign_changes.c.tenant_id == tenant_id, campaign_changes.c.id == change_id)
    row = tx.execute(select(campaign_changes).where(here)).first()
    return _change(row) if row else None


def mark_undone(tx: Connection, tenant_id: int, change_id: int, now: datetime) -> bool:
    """Take a change back; False when somebody did already."""
    here = and_(
        campaign_changes.c.tenant_id == tenant_id,
        campaign_changes.c.id == change_id,
        campaign_changes.c.undone_at.is_(None),
    )
    return tx.execute(update(campaign_changes).where(here).values(undone_at=now)).rowcount == 1


def move_some(
    tx: Connection, tenant_id: int, message_ids: Sequence[int], from_campaign: int, to_campaign: int
) -> list[int]:
    """Those of these messages that are in the one campaign become members of the other; returns which."""
    here = and_(
        messages.c.tenant_id == tenant_id, messages.c.id.in_(message_ids), messages.c.campaign_id == from_campaign
    )
    moved = list(tx.scalars(select(messages.c.id).where(here).order_by(messages.c.id).with_for_update()))
    tx.execute(update(messages).where(here).values(campaign_id=to_campaign))
    mark(tx, tenant_id, moved)
    return moved


def _change(row: Row[Any]) -> Change:
    values = {name: row._mapping[name] for name in Change.__dataclass_fields__}
    return Change(
        **{**values, "message_ids": tuple(row.message_ids), "by_hand_before": tuple(row.by_hand_before)},
    )
