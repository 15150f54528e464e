"""Lists: which entries has a tenant, who put them there, and which of them count now?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from backend.domain.listed import Entry, ListKind, Wish
from backend.domain.people import SYSTEM
from backend.store.inserting import insert_unless_there
from backend.store.tables import list_entries as entries

MOST = 5_000  # of one tenant, all lists together
MOST_SHOWN = 500


@dataclass(frozen=True)
class Lists:
    """The patterns that count, by what they are for."""

    by_kind: dict[ListKind, tuple[str, ...]]

    def of(self, kind: ListKind) -> tuple[str, ...]:
        """Those of one list."""
        return self.by_kind.get(kind, ())


def acting(tx: Connection, tenant_id: int, now: datetime) -> Lists:
    """What counts at that time."""
    here = select(entries.c.kind, entries.c.pattern).where(_stands(tenant_id), _in_time(now))
    found: defaultdict[ListKind, list[str]] = defaultdict(list)
    for kind, pattern in tx.execute(here.order_by(entries.c.id).limit(MOST)):
        found[ListKind(kind)].append(pattern)
    return Lists({kind: tuple(patterns) for kind, patterns in found.items()})


def add(tx: Connection, tenant_id: int, wishes: Sequence[Wish], added_by: str, now: datetime) -> list[int]:
    """Put these on their lists. Returns the ids of what is new; what stands there already stays as it is.

    An entry whose time is over does not stand in the way of a new one.
    """
    over = and_(_stands(tenant_id), entries.c.expires_at <= now)
    tx.execute(update(entries).where(over).values(removed_at=now, removed_by=str(SYSTEM)))
    told = {"tenant_id": tenant_id, "added_by": added_by, "added_at": now}
    added = [insert_unless_there(tx, entries, {**told, **asdict(wish)}) for wish in wishes]
    return [entry_id for entry_id in added if entry_id is not None]


def remove(tx: Connection, tenant_id: int, entry_id: int, removed_by: str, now: datetime) -> Entry | None:
    """Take one off its list; None when it is not there (any more)."""
    here = and_(_stands(tenant_id), entries.c.id == entry_id)
    values = {"removed_at": now, "removed_by": removed_by}
    row = tx.execute(update(entries).where(here).values(**values).returning(*entries.c)).first()
    return _entry(row) if row else None


def put_back(tx: Connection, tenant_id: int, entry_id: int) -> Entry | None:
    """Take a removal back; None when it was not removed, or the same stands there again."""
    here = and_(entries.c.tenant_id == tenant_id, entries.c.id == entry_id, entries.c.removed_at.is_not(None))
    values = {"removed_at": None, "removed_by": ""}
    try:
        with tx.begin_nested():
            row = tx.execute(update(entries).where(here).values(**values).returning(*entries.c)).first()
    except IntegrityError:
        return None
    return _entry(row) if row else None


def get(tx: Connection, tenant_id: int, entry_id: int) -> Entry | None:
    """One entry of this tenant, removed or not."""
    row = tx.execute(select(entries).where(entries.c.tenant_id == tenant_id, entries.c.id == entry_id)).first()
    return _entry(row) if row else None


def find(
    tx: Connection, tenant_id: int, kind: ListKind | None = None, words: str = "", limit: int = MOST_SHOWN
) -> list[Entry]:
    """What stands on the lists, those whose time is over included, newest first; `words` in pattern or comment."""
    here = [_stands(tenant_id)]
    if kind:
        here.append(entries.c.kind == kind)
    for word in words.lower().split()[:8]:
        holds = [
            func.lower(column).contains(word, autoescape=True) for column in (entries.c.pattern, entries.c.comment)
        ]
        here.append(or_(*holds))
    rows = tx.execute(select(entries).where(*here).order_by(entries.c.id.desc()).limit(limit))
    return [_entry(row) for row in rows]


def counts(tx: Connection, tenant_id: int) -> dict[ListKind, int]:
    """How many stand on each list."""
    here = select(entries.c.kind, func.count()).where(_stands(tenant_id)).group_by(entries.c.kind)
    return {ListKind(kind): number for kind, number in tx.execute(here)}


def removed(tx: Connection, tenant_id: int, since: datetime, limit: int = 20) -> list[Entry]:
    """What was taken off since then, the last first."""
    here = and_(entries.c.tenant_id == tenant_id, entries.c.removed_at >= since)
    rows = tx.execute(
        select(entries).where(here).order_by(entries.c.removed_at.desc(), entries.c.id.desc()).limit(limit)
    )
    return [_entry(row) for row in rows]


def _stands(tenant_id: int) -> ColumnElement[bool]:
    return and_(entries.c.tenant_id == tenant_id, entries.c.removed_at.is_(None))


def _in_time(now: datetime) -> ColumnElement[bool]:
    return or_(entries.c.expires_at.is_(None), entries.c.expires_at > now)


def _entry(row: Row[Any]) -> Entry:
    return Entry(**{**row._mapping, "kind": ListKind(row.kind)})
