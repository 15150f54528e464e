"""Preferences: how does an operator like to read?"""

from sqlalchemy import Connection, and_, select, update

from backend.domain.people import Preferences, Theme
from backend.store.inserting import insert_unless_there
from backend.store.tables import preferences


def of(tx: Connection, tenant_id: int, operator_id: int) -> Preferences | None:
    """What this operator chose, if they did."""
    here = and_(preferences.c.tenant_id == tenant_id, preferences.c.operator_id == operator_id)
    row = tx.execute(select(preferences).where(here)).first()
    return Preferences(row.language, row.time_zone, Theme(row.theme), row.keys) if row else None


def keep(tx: Connection, tenant_id: int, operator_id: int, chosen: Preferences) -> None:
    """Remember what this operator chose."""
    here = {"tenant_id": tenant_id, "operator_id": operator_id}
    values = {
        "language": chosen.language,
        "time_zone": chosen.time_zone,
        "theme": chosen.theme,
        "keys": chosen.keys,
    }
    if insert_unless_there(tx, preferences, {**here, **values}) is None:
        same = and_(preferences.c.tenant_id == tenant_id, preferences.c.operator_id == operator_id)
        tx.execute(update(preferences).where(same).values(**values))
