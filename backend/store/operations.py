"""Operations: what did an operator do to many messages at once, and what stood before?"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, insert, or_, select, update

from backend.domain.operation import Deed, Item, ItemOutcome, Operation, Stood
from backend.store.inserting import insert_unless_there
from backend.store.tables import operation_items, operations

UNDO_GOES_ON = timedelta(days=1)  # after which nobody takes up an undo any more: too much may have happened since


class Abandoned(NamedTuple):
    """An operation whose process died, with the end of its lease."""

    tenant_id: int
    id: int
    held: datetime | None


def begin(
    tx: Connection,
    tenant_id: int,
    operator_id: int,
    key: str,
    deed: Deed,
    value: str,
    before: Mapping[int, Stood],
    now: datetime,
    leased_until: datetime | None = None,
) -> tuple[int, bool]:
    """Write down what is intended for these messages. Returns (id, False), or (id, True) when the key was seen."""
    values = {"tenant_id": tenant_id, "operator_id": operator_id, "key": key, "kind": deed, "value": value, "at": now}
    values["leased_until"] = leased_until
    new = insert_unless_there(tx, operations, values)
    if new is None:
        mine = and_(operations.c.tenant_id == tenant_id, operations.c.operator_id == operator_id)
        return tx.execute(select(operations.c.id).where(mine, operations.c.key == key)).scalar_one(), True
    rows = [
        {
            "tenant_id": tenant_id,
            "operation_id": new,
            "message_id": message_id,
            "before": _kept(stood),
            "after": {},
        }
        for message_id, stood in before.items()
    ]
    if rows:
        tx.execute(insert(operation_items), rows)
    return new, False


def hold(tx: Connection, tenant_id: int, operation_id: int, held: datetime | None, until: datetime) -> bool:
    """Keep the lease, which ends at `held`, until later; False when somebody else has it now."""
    here = and_(operations.c.tenant_id == tenant_id, operations.c.id == operation_id)
    mine = operations.c.leased_until.is_(None) if held is None else operations.c.leased_until == held
    return tx.execute(update(operations).where(here, mine).values(leased_until=until)).rowcount == 1


def abandoned(tx: Connection, now: datetime, limit: int = 20) -> list[Abandoned]:
    """Operations with work left that nobody has in hand, across all tenants."""
    free = or_(operations.c.leased_until.is_(None), operations.c.leased_until < now)
    undone_of_late = operations.c.undone_at > now - UNDO_GOES_ON
    not_taken_back = and_(operation_items.c.outcome == ItemOutcome.DONE, operation_items.c.detail == "")
    left = exists().where(
        operation_items.c.operation_id == operations.c.id,
        operation_items.c.tenant_id == operations.c.tenant_id,
        or_(operation_items.c.outcome == ItemOutcome.INTENDED, and_(undone_of_late, not_taken_back)),
    )
    here = select(operations.c.tenant_id, operations.c.id, operations.c.leased_until).where(free, left)
    return [Abandoned(*row) for row in tx.execute(here.order_by(operations.c.id).limit(limit))]


def settle(
    tx: Connection,
    tenant_id: int,
    operation_id: int,
    message_id: int,
    outcome: ItemOutcome,
    after: Stood | None = None,
    detail: str = "",
) -> None:
    """Write down what became of one message."""
    here = and_(
        operation_items.c.tenant_id == tenant_id,
        operation_items.c.operation_id == operation_id,
        operation_items.c.message_id == message_id,
    )
    values: dict[str, Any] = {"outcome": outcome, "detail": detail}
    if after is not None:
        values["after"] = _kept(after)
    tx.execute(update(operation_items).where(here).values(**values))


def mark_undone(tx: Connection, tenant_id: int, operation_id: int, now: datetime, held: datetime | None = None) -> bool:
    """Take the operation back, with a lease until `held`: who still works on it stops. False when somebody did."""
    here = and_(operations.c.tenant_id == tenant_id, operations.c.id == operation_id, operations.c.undone_at.is_(None))
    return tx.execute(update(operations).where(here).values(undone_at=now, leased_until=held)).rowcount == 1


def get(tx: Connection, tenant_id: int, operation_id: int) -> Operation | None:
    """One operation of this tenant."""
    return _one(tx, tenant_id, operations.c.id == operation_id)


def last_of(tx: Connection, tenant_id: int, operator_id: int, since: datetime) -> Operation | None:
    """What this operator did last, if it was after `since`."""
    return _one(tx, tenant_id, and_(operations.c.operator_id == operator_id, operations.c.at >= since))


def items(tx: Connection, tenant_id: int, operation_id: int, limit: int = 500) -> list[Item]:
    """The messages of an operation."""
    here = and_(operation_items.c.tenant_id == tenant_id, operation_items.c.operation_id == operation_id)
    rows = tx.execute(select(operation_items).where(here).order_by(operation_items.c.id).limit(limit))
    return [_item(row) for row in rows]


def refusals(tx: Connection, tenant_id: int, operation_id: int, limit: int = 3) -> dict[str, int]:
    """Why messages of an operation were refused, or could not be taken back, and how many each: the most first."""
    here = and_(
        operation_items.c.tenant_id == tenant_id,
        operation_items.c.operation_id == operation_id,
        operation_items.c.detail != "",
    )
    said = select(operation_items.c.detail, func.count()).where(here).group_by(operation_items.c.detail)
    rows = tx.execute(said.order_by(func.count().desc(), operation_items.c.detail).limit(limit))
    return {row[0]: row[1] for row in rows}


def _one(tx: Connection, tenant_id: int, where: ColumnElement[bool]) -> Operation | None:
    here = select(operations).where(operations.c.tenant_id == tenant_id, where)
    row = tx.execute(here.order_by(operations.c.at.desc(), operations.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    mine = and_(operation_items.c.tenant_id == tenant_id, operation_items.c.operation_id == row.id)
    by_outcome = select(operation_items.c.outcome, func.count()).where(mine).group_by(operation_items.c.outcome)
    counted = {row[0]: row[1] for row in tx.execute(by_outcome)}
    return Operation(
        id=row.id,
        tenant_id=row.tenant_id,
        operator_id=row.operator_id,
        deed=Deed(row.kind),
        value=row.value,
        at=row.at,
        undone_at=row.undone_at,
        done=counted.get(ItemOutcome.DONE, 0),
        refused=counted.get(ItemOutcome.REFUSED, 0),
        undone=counted.get(ItemOutcome.UNDONE, 0),
        left=counted.get(ItemOutcome.INTENDED, 0),
    )


def _item(row: Row[Any]) -> Item:
    outcome = ItemOutcome(row.outcome)
    return Item(row.id, row.message_id, _stood(row.before), _stood(row.after), outcome, row.detail)


def _kept(stood: Stood) -> dict[str, Any]:
    return {name: value for name, value in asdict(stood).items() if value}


def _stood(kept: Mapping[str, Any]) -> Stood:
    known = {field.name for field in fields(Stood)}
    return Stood(**{name: value for name, value in kept.items() if name in known})
