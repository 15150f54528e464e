"""Overviews: what was last counted for the overview, and how long did that take?"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from backend.domain.disposition import Disposition
from backend.store.numbers import Numbers
from backend.store.overview import Accuracy, Attack, Bin, Margins, Overview, Taken, Truth, Waits
from backend.store.tables import overviews

_PARTS: Mapping[str, type] = {
    "verdicts": Waits,
    "gone": Waits,
    "truth": Truth,
    "taken": Taken,
    "attacks": Attack,
    "accuracy": Accuracy,
    "margins": Margins,
    "bins": Bin,
}


@dataclass(frozen=True)
class Counted:
    """One tenant's overview and the numbers beside it, and how many seconds it took to count them."""

    overview: Overview
    numbers: Numbers
    seconds: float


def keep(tx: Connection, tenant_id: int, counted: Counted) -> None:
    """Keep it in place of the one before."""
    known = {
        "began": counted.overview.began.isoformat(),
        **{name: [astuple(one) for one in getattr(counted.overview, name)] for name in _PARTS},
        "numbers": vars(counted.numbers),
    }
    values = {"counted_at": counted.overview.at, "seconds": counted.seconds, "known": known}
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    new = insert(overviews).values(tenant_id=tenant_id, **values)
    tx.execute(new.on_conflict_do_update(index_elements=["tenant_id"], set_=values))


def last(tx: Connection, tenant_id: int) -> Counted | None:
    """What was kept last; None when nothing was, or by a version that counted something else."""
    row = tx.execute(select(overviews).where(overviews.c.tenant_id == tenant_id)).first()
    if row is None:
        return None
    try:
        return Counted(_overview(row.counted_at, row.known), _numbers(row.known["numbers"]), row.seconds)
    except (KeyError, TypeError, ValueError):
        return None


def _overview(at: datetime, known: Mapping[str, Any]) -> Overview:
    parts = {name: [kind(*one) for one in known[name]] for name, kind in _PARTS.items()}
    return Overview(at=at, began=datetime.fromisoformat(known["began"]), **parts)


def _numbers(known: Mapping[str, Any]) -> Numbers:
    held = {Disposition(name): number for name, number in known["dispositions"].items()}
    return Numbers(**{**known, "dispositions": held})
