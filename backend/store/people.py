"""People: which reporters do we know, and by which token does each prove who they are?"""

import hashlib
import secrets
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from backend.domain.people import Person
from backend.domain.submission import Kind
from backend.errors import Unknown
from backend.store.inserting import insert_unless_there
from backend.store.operators import (
    add_operator,
    check_password,
    disable_operator,
    get_operator,
    session_of,
    set_password,
)
from backend.store.tables import people, tokens

__all__ = [
    "add_operator",
    "add_person",
    "by_address",
    "check_password",
    "disable_operator",
    "end_links",
    "find_person",
    "get_operator",
    "get_person",
    "is_erased",
    "issue_token",
    "person_by_token",
    "revoke_tokens",
    "session_of",
    "set_password",
    "speaks",
]

_COLUMNS = tuple(people.c[field.name] for field in fields(Person))


def add_person(
    tx: Connection, tenant_id: int, provider: str, subject: str, address: str, name: str, now: datetime
) -> Person:
    """The person with this provider subject, new or known; the address and name are the newest the provider gave."""
    values = {"tenant_id": tenant_id, "provider": provider, "subject": subject}
    told = {"address": address.strip().lower(), "name": name.strip()}
    if insert_unless_there(tx, people, {**values, **told, "created_at": now}) is None:
        tx.execute(update(people).where(*_same(tenant_id, provider, subject)).values(**told))
    person = find_person(tx, tenant_id, provider, subject)
    assert person is not None
    return person


def find_person(tx: Connection, tenant_id: int, provider: str, subject: str) -> Person | None:
    """The person with this provider subject."""
    row = tx.execute(select(*_COLUMNS).where(*_same(tenant_id, provider, subject))).first()
    return _person(row) if row else None


def by_address(tx: Connection, tenant_id: int, provider: str, address: str) -> Person | None:
    """The one person of this provider with this address; None when there is none, or more than one."""
    here = and_(people.c.tenant_id == tenant_id, people.c.provider == provider, people.c.erased_at.is_(None))
    found = tx.execute(select(*_COLUMNS).where(here, people.c.address == address).limit(2)).all()
    return _person(found[0]) if address and len(found) == 1 else None


def get_person(tx: Connection, tenant_id: int, person_id: int) -> Person | None:
    """One person of this tenant; nameless once erased."""
    row = tx.execute(select(*_COLUMNS).where(people.c.tenant_id == tenant_id, people.c.id == person_id)).first()
    return _person(row) if row else None


def issue_token(tx: Connection, tenant_id: int, person_id: int, kind: Kind, now: datetime) -> str:
    """A new token for this person, shown once: only its hash is kept. Raises Unknown."""
    if tx.execute(select(people.c.id).where(*_here(tenant_id, person_id))).first() is None:
        raise Unknown("There is no such person.")
    token = f"unhook_{secrets.token_urlsafe(32)}"
    values = {"tenant_id": tenant_id, "person_id": person_id, "kind": kind, "created_at": now}
    tx.execute(insert(tokens).values(**values, token_sha256=_hash(token)))
    return token


def person_by_token(tx: Connection, token: str) -> tuple[Person, str] | None:
    """Whose token this is, and whether it reports as `user` or `team`; None when it is unknown or revoked."""
    same_person = and_(tokens.c.person_id == people.c.id, tokens.c.tenant_id == people.c.tenant_id)
    statement = (
        select(*_COLUMNS, tokens.c.kind)
        .join(tokens, same_person)
        .where(tokens.c.token_sha256 == _hash(token), tokens.c.revoked_at.is_(None), people.c.erased_at.is_(None))
    )
    row = tx.execute(statement).first()
    return (_person(row), row.kind) if row else None


def revoke_tokens(tx: Connection, tenant_id: int, person_id: int, now: datetime) -> int:
    """None of this person's tokens counts any longer. Returns how many did."""
    valid = and_(tokens.c.tenant_id == tenant_id, tokens.c.person_id == person_id, tokens.c.revoked_at.is_(None))
    return tx.execute(update(tokens).where(valid).values(revoked_at=now)).rowcount


def is_erased(tx: Connection, tenant_id: int, person_id: int) -> bool:
    """Whether nothing is known of this person any longer."""
    return tx.execute(select(people.c.id).where(*_here(tenant_id, person_id))).first() is None


def speaks(tx: Connection, tenant_id: int, person_id: int, language: str) -> None:
    """Remember in which language this person reports: what they are told is told in it."""
    here = and_(*_here(tenant_id, person_id), people.c.language != language)
    tx.execute(update(people).where(here).values(language=language))


def end_links(tx: Connection, tenant_id: int, person_id: int) -> None:
    """No link to this person's own page counts any longer, nor does a visit that began with one."""
    tx.execute(update(people).where(*_here(tenant_id, person_id)).values(link_round=people.c.link_round + 1))


def _same(tenant_id: int, provider: str, subject: str) -> tuple[Any, ...]:
    return people.c.tenant_id == tenant_id, people.c.provider == provider, people.c.subject == subject


def _here(tenant_id: int, person_id: int) -> tuple[Any, ...]:
    return people.c.tenant_id == tenant_id, people.c.id == person_id, people.c.erased_at.is_(None)


def _person(row: Any) -> Person:
    return Person(**{field.name: getattr(row, field.name) for field in fields(Person)})


def _hash(token: str) -> str:
    """A plain hash is enough: the token has 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
