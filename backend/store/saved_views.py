"""Saved views: which lists has an operator given a name?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, select, update

from backend.errors import BadInput, Conflict, Unknown
from backend.store.inserting import insert_unless_there
from backend.store.tables import saved_views

MOST = 50
LONGEST_NAME = 60


@dataclass(frozen=True)
class SavedView:
    """One row of `saved_views`: `asked` are the fields of the address that shows it."""

    id: int
    name: str
    asked: Mapping[str, str]
    opens_first: bool


def of_operator(tx: Connection, tenant_id: int, operator_id: int) -> list[SavedView]:
    """This operator's views, by name."""
    rows = tx.execute(select(saved_views).where(_theirs(tenant_id, operator_id)).order_by(saved_views.c.name))
    return [_view(row) for row in rows]


def first_of(tx: Connection, tenant_id: int, operator_id: int) -> SavedView | None:
    """The view that this operator's queue opens with."""
    here = select(saved_views).where(_theirs(tenant_id, operator_id), saved_views.c.opens_first.is_(True))
    row = tx.execute(here.limit(1)).first()
    return _view(row) if row else None


def save(
    tx: Connection,
    tenant_id: int,
    operator_id: int,
    name: str,
    asked: Mapping[str, str],
    now: datetime,
    *,
    opens_first: bool = False,
) -> int:
    """Give a list a name. Raises BadInput for an empty name, Conflict when it is taken or there are too many."""
    name = _checked(name)
    count = select(func.count()).select_from(saved_views).where(_theirs(tenant_id, operator_id))
    if tx.execute(count).scalar_one() >= MOST:
        raise Conflict("There are %(most)s views already; delete one first.", most=MOST)
    if opens_first:
        _open_none_first(tx, tenant_id, operator_id)
    values = {
        "tenant_id": tenant_id,
        "operator_id": operator_id,
        "name": name,
        "asked": dict(asked),
        "opens_first": opens_first,
        "saved_at": now,
    }
    new = insert_unless_there(tx, saved_views, values)
    if new is None:
        raise Conflict("You have a view called “%(name)s” already.", name=name)
    return new


def change(tx: Connection, tenant_id: int, operator_id: int, view_id: int, name: str, *, opens_first: bool) -> None:
    """Rename a view, and say whether it opens first. Raises BadInput, Conflict, Unknown."""
    name = _checked(name)
    same = select(saved_views.c.id).where(_theirs(tenant_id, operator_id), saved_views.c.name == name)
    if tx.execute(same.where(saved_views.c.id != view_id)).first():
        raise Conflict("You have a view called “%(name)s” already.", name=name)
    if opens_first:
        _open_none_first(tx, tenant_id, operator_id)
    here = and_(_theirs(tenant_id, operator_id), saved_views.c.id == view_id)
    if tx.execute(update(saved_views).where(here).values(name=name, opens_first=opens_first)).rowcount != 1:
        raise Unknown("There is no such view.")


def remove(tx: Connection, tenant_id: int, operator_id: int, view_id: int) -> None:
    """Forget a view. Raises Unknown when it is not this operator's."""
    here = and_(_theirs(tenant_id, operator_id), saved_views.c.id == view_id)
    if tx.execute(delete(saved_views).where(here)).rowcount != 1:
        raise Unknown("There is no such view.")


def _theirs(tenant_id: int, operator_id: int) -> ColumnElement[bool]:
    return and_(saved_views.c.tenant_id == tenant_id, saved_views.c.operator_id == operator_id)


def _open_none_first(tx: Connection, tenant_id: int, operator_id: int) -> None:
    tx.execute(update(saved_views).where(_theirs(tenant_id, operator_id)).values(opens_first=False))


def _checked(name: str) -> str:
    bare = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())[:LONGEST_NAME]
    if not bare:
        raise BadInput("Give the view a name.")
    return bare


def _view(row: Row[Any]) -> SavedView:
    return SavedView(row.id, row.name, row.asked, row.opens_first)
