"""Staff: which operators does a tenant have, and who is invited or known to the provider?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update
from sqlalchemy.exc import IntegrityError

from backend.domain.people import Role
from backend.errors import Conflict, Unknown
from backend.store.inserting import insert_unless_there
from backend.store.tables import operators, tenants

MOST_MEMBERS = 500


@dataclass(frozen=True)
class Member:
    """An operator as owners see them. `bound` says that the provider has named this person already."""

    id: int
    tenant_id: int
    name: str
    role: Role
    email: str
    bound: bool
    has_password: bool
    must_change: bool
    created_at: datetime
    invited_until: datetime | None
    signed_in_at: datetime | None
    disabled_at: datetime | None


def members(tx: Connection, tenant_id: int) -> list[Member]:
    """Everybody, closed accounts last."""
    here = select(operators).where(operators.c.tenant_id == tenant_id)
    ordered = here.order_by(operators.c.disabled_at.is_not(None), operators.c.name).limit(MOST_MEMBERS)
    return [_member(row) for row in tx.execute(ordered)]


def member(tx: Connection, tenant_id: int, operator_id: int) -> Member | None:
    """One of them."""
    row = tx.execute(select(operators).where(*_here(tenant_id, operator_id))).first()
    return _member(row) if row else None


def known_as(tx: Connection, issuer: str, subject: str) -> Member | None:
    """Whom the provider means by this subject, in whatever tenant, also with a closed account."""
    row = tx.execute(select(operators).where(operators.c.issuer == issuer, operators.c.subject == subject)).first()
    return _member(row) if row and subject else None


def bind(tx: Connection, issuer: str, subject: str, email: str, now: datetime) -> Member | None:
    """Whoever was invited by this address is from now on who the provider means by this subject."""
    invited = and_(
        operators.c.email == email,
        operators.c.subject == "",
        operators.c.invited_until > now,
        operators.c.disabled_at.is_(None),
    )
    bound = update(operators).where(operators.c.email != "", invited).values(issuer=issuer, subject=subject)
    row = tx.execute(bound.returning(*operators.c)).first()
    return _member(row) if row else None


def add_invited(tx: Connection, tenant_id: int, email: str, role: Role, until: datetime, now: datetime) -> int:
    """An operator without a password, named by their address. Raises Conflict when somebody has it already."""
    values = {"tenant_id": tenant_id, "name": email, "email": email, "password_hash": "", "role": role}
    number = insert_unless_there(tx, operators, {**values, "invited_until": until, "created_at": now})
    if number is None:
        raise _taken()
    return number


def invite(tx: Connection, tenant_id: int, operator_id: int, email: str, until: datetime) -> None:
    """Forget whom the provider meant; whoever proves `email` is it. Raises Conflict, Unknown."""
    values = {"email": email, "issuer": "", "subject": "", "invited_until": until}
    try:
        with tx.begin_nested():
            _change(tx, tenant_id, operator_id, **values)
    except IntegrityError as error:
        raise _taken() from error


def set_role(tx: Connection, tenant_id: int, operator_id: int, role: Role) -> None:
    """Another role. Raises Unknown."""
    _change(tx, tenant_id, operator_id, role=role)


def reopen(tx: Connection, tenant_id: int, operator_id: int) -> None:
    """A closed account counts again. Raises Unknown."""
    _change(tx, tenant_id, operator_id, disabled_at=None)


def hold(tx: Connection, tenant_id: int) -> None:
    """Wait for others who change who the tenant's owners are: two owners must not remove each other at once."""
    tx.execute(select(tenants.c.id).where(tenants.c.id == tenant_id).with_for_update())


def another_owner(tx: Connection, tenant_id: int, besides: int) -> bool:
    """Whether somebody else with an open account is an owner."""
    others = select(operators.c.id).where(
        operators.c.tenant_id == tenant_id,
        operators.c.id != besides,
        operators.c.role == Role.OWNER,
        operators.c.disabled_at.is_(None),
    )
    return tx.execute(others.limit(1)).first() is not None


def _taken() -> Conflict:
    return Conflict("Somebody has this e-mail address already; addresses are unique over all tenants.")


def _change(tx: Connection, tenant_id: int, operator_id: int, **values: object) -> None:
    if tx.execute(update(operators).where(*_here(tenant_id, operator_id)).values(**values)).rowcount != 1:
        raise Unknown("There is no such operator.")


def _here(tenant_id: int, operator_id: int) -> tuple[Any, ...]:
    return operators.c.tenant_id == tenant_id, operators.c.id == operator_id


def _member(row: Row[Any]) -> Member:
    return Member(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        role=Role(row.role),
        email=row.email,
        bound=bool(row.subject),
        has_password=bool(row.password_hash),
        must_change=row.must_change,
        created_at=row.created_at,
        invited_until=row.invited_until,
        signed_in_at=row.signed_in_at,
        disabled_at=row.disabled_at,
    )
