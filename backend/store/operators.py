"""Operators: who works in the dashboard, and is this really them?"""

from datetime import datetime
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, select, update

from backend.domain.people import Operator, Role
from backend.errors import BadInput, Conflict, Unknown
from backend.store.inserting import insert_unless_there
from backend.store.tables import operators

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1000  # hashing is made expensive on purpose: not for a megabyte that a stranger sent
_HASHER = PasswordHasher()


def add_operator(
    tx: Connection,
    tenant_id: int,
    name: str,
    password: str,
    role: Role,
    now: datetime,
    *,
    must_change: bool = False,
) -> Operator:
    """A new operator of this tenant. Raises BadInput for a weak password, Conflict when the name is taken.

    `must_change` is for a password that somebody else has chosen or seen.
    """
    values = {
        "tenant_id": tenant_id,
        "name": name,
        "password_hash": _hash(password),
        "role": role,
        "created_at": now,
        "must_change": must_change,
    }
    operator_id = insert_unless_there(tx, operators, values)
    if operator_id is None:
        raise Conflict("There is an operator “%(name)s” already; names are unique over all tenants.", name=name)
    return Operator(operator_id, tenant_id, name, Role(role))


def check_password(tx: Connection, name: str, password: str) -> Operator | None:
    """The operator, if the password is theirs. A name that nobody has takes as long as a wrong password."""
    row = tx.execute(select(operators).where(operators.c.name == name)).first()
    expected = (row.password_hash if row else "") or _nobody()
    right = _verify(expected, password)
    return _operator(row) if row and right and row.disabled_at is None else None


def get_operator(tx: Connection, operator_id: int) -> Operator | None:
    """One operator, unless the account is closed."""
    found = session_of(tx, operator_id)
    return found[0] if found else None


def session_of(tx: Connection, operator_id: int) -> tuple[Operator, int] | None:
    """The operator with the version that a session must carry; None when the account is closed."""
    open_account = (operators.c.id == operator_id, operators.c.disabled_at.is_(None))
    row = tx.execute(select(operators).where(*open_account)).first()
    return (_operator(row), row.session_version) if row else None


def names(tx: Connection, tenant_id: int) -> dict[int, str]:
    """The name of every operator of this tenant, those with a closed account as well."""
    here = select(operators.c.id, operators.c.name).where(operators.c.tenant_id == tenant_id)
    return {row.id: row.name for row in tx.execute(here)}


def named(tx: Connection, name: str) -> Operator | None:
    """The operator of this name, also with a closed account; names are unique over all tenants."""
    row = tx.execute(select(operators).where(operators.c.name == name)).first()
    return _operator(row) if row else None


def nobody_was_ever_here(tx: Connection) -> bool:
    """Whether no operator has ever signed in to this installation."""
    return tx.execute(select(operators.c.id).where(operators.c.signed_in_at.is_not(None)).limit(1)).first() is None


def set_password(tx: Connection, tenant_id: int, operator_id: int, password: str, *, must_change: bool = False) -> None:
    """A new password; sessions begun with the old one end. Raises BadInput, Unknown."""
    _change(tx, tenant_id, operator_id, password_hash=_hash(password), must_change=must_change)


def disable_operator(tx: Connection, tenant_id: int, operator_id: int, now: datetime) -> None:
    """Close the account and end its sessions; what the operator did stays in the log. Raises Unknown."""
    _change(tx, tenant_id, operator_id, disabled_at=now)


def _change(tx: Connection, tenant_id: int, operator_id: int, **values: object) -> None:
    here = (operators.c.tenant_id == tenant_id, operators.c.id == operator_id)
    ended = operators.c.session_version + 1
    if tx.execute(update(operators).where(*here).values(session_version=ended, **values)).rowcount != 1:
        raise Unknown("There is no such operator.")


def _hash(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadInput(
            "A password has %(least)s to %(most)s characters.", least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD
        )
    return _HASHER.hash(password)


def _verify(expected: str, password: str) -> bool:
    try:
        return _HASHER.verify(expected, password[:LONGEST_PASSWORD].encode(errors="replace"))
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _HASHER.hash("a password that nobody has")


def operator_of(operator_id: int, tenant_id: int, name: str, role: str) -> Operator:
    """The operator that a row of this table or of a join names."""
    return Operator(operator_id, tenant_id, name, Role(role))


def _operator(row: Row[Any]) -> Operator:
    return operator_of(row.id, row.tenant_id, row.name, row.role)
