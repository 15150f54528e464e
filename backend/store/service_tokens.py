"""Service tokens: which programs may do what for a tenant?"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from backend.domain.people import Person, Scope
from backend.store import people
from backend.store.tables import service_tokens

PREFIX = "unhook_svc_"  # of every service token: scanners for leaked secrets know it by that
SHOWN = len(PREFIX) + 6  # characters that stay readable, so that people can tell tokens apart
OFTEN = timedelta(minutes=1)  # how exactly the last use is known
PROVIDER = "service"  # of the person that a token's reports belong to
MOST_SHOWN = 200


@dataclass(frozen=True)
class ServiceToken:
    """One token; what proves it is kept as a hash only."""

    id: int
    tenant_id: int
    name: str
    shown: str  # its first characters
    scopes: frozenset[Scope]
    created_by: int
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


def issue(
    tx: Connection,
    tenant_id: int,
    name: str,
    scopes: Collection[Scope],
    created_by: int,
    now: datetime,
    expires_at: datetime | None,
) -> tuple[int, str]:
    """A new token: its number, and the token itself, which is told this once."""
    token = f"{PREFIX}{secrets.token_urlsafe(32)}"
    values = {
        "tenant_id": tenant_id,
        "name": name,
        "shown": token[:SHOWN],
        "token_sha256": _hash(token),
        "scopes": sorted(scopes),
        "created_by": created_by,
        "created_at": now,
        "expires_at": expires_at,
    }
    number: int = tx.execute(insert(service_tokens).values(**values).returning(service_tokens.c.id)).scalar_one()
    return number, token


def find(tx: Connection, token: str, now: datetime) -> ServiceToken | None:
    """The token, while it counts: known, not revoked, not expired."""
    alive = or_(service_tokens.c.expires_at.is_(None), service_tokens.c.expires_at > now)
    counts = and_(service_tokens.c.token_sha256 == _hash(token), service_tokens.c.revoked_at.is_(None), alive)
    row = tx.execute(select(service_tokens).where(counts)).first()
    return _token(row) if row else None


def used(tx: Connection, tenant_id: int, token_id: int, now: datetime) -> None:
    """Somebody works with it."""
    tx.execute(update(service_tokens).where(*_here(tenant_id, token_id)).values(last_used_at=now))


def revoke(tx: Connection, tenant_id: int, token_id: int, now: datetime) -> bool:
    """It counts no more. False when it already did not, or is not this tenant's."""
    valid = (*_here(tenant_id, token_id), service_tokens.c.revoked_at.is_(None))
    return tx.execute(update(service_tokens).where(*valid).values(revoked_at=now)).rowcount == 1


def of_tenant(tx: Connection, tenant_id: int) -> list[ServiceToken]:
    """Every token, those that count first, the newest first."""
    here = select(service_tokens).where(service_tokens.c.tenant_id == tenant_id)
    ordered = here.order_by(service_tokens.c.revoked_at.is_not(None), service_tokens.c.id.desc())
    return [_token(row) for row in tx.execute(ordered.limit(MOST_SHOWN))]


def person_of(tx: Connection, token: ServiceToken, now: datetime) -> Person:
    """Whose reports a token's are: nobody with a mailbox, but somebody who can be told from others."""
    return people.add_person(tx, token.tenant_id, PROVIDER, f"token:{token.id}", "", token.name, now)


def _here(tenant_id: int, token_id: int) -> tuple[Any, ...]:
    return service_tokens.c.tenant_id == tenant_id, service_tokens.c.id == token_id


def _hash(token: str) -> str:
    """As for reporters' tokens: 256 random bits leave nothing to guess."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _token(row: Row[Any]) -> ServiceToken:
    return ServiceToken(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        shown=row.shown,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
