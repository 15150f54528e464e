"""Tenants: which organisations are here, and what has each chosen?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update

from backend.errors import Conflict, Unknown
from backend.policy.settings import EVERY_ACTION, TenantPolicy, refuse_impossible, tenant_policy
from backend.store.inserting import insert_unless_there
from backend.store.tables import tenants
from connectors.registry import actions_of


@dataclass(frozen=True)
class Tenant:
    """One organisation with its policy in force: the defaults and its own choices on top."""

    id: int
    slug: str
    name: str
    provider: str
    policy: TenantPolicy
    directory: str = ""  # the provider's own id of the organisation
    administrator: str = ""  # whom the provider's directory is read as


def get(tx: Connection, tenant_id: int) -> Tenant:
    """One tenant. Raises Unknown."""
    row = tx.execute(select(tenants).where(tenants.c.id == tenant_id)).first()
    if row is None:
        raise Unknown("There is no tenant %(tenant)s.", tenant=tenant_id)
    return _tenant(row)


def hold(tx: Connection, tenant_id: int) -> Tenant:
    """One tenant, whose policy nobody else changes until the transaction ends. Raises Unknown."""
    tx.execute(select(tenants.c.id).where(tenants.c.id == tenant_id).with_for_update())
    return get(tx, tenant_id)


def by_slug(tx: Connection, slug: str) -> Tenant | None:
    """The tenant with this short name."""
    row = tx.execute(select(tenants).where(tenants.c.slug == slug)).first()
    return _tenant(row) if row else None


def by_directory(tx: Connection, provider: str, directory: str) -> Tenant | None:
    """The tenant that is this organisation at its provider."""
    here = and_(tenants.c.provider == provider, tenants.c.directory == directory.strip().lower())
    row = tx.execute(select(tenants).where(here)).first() if directory.strip() else None
    return _tenant(row) if row else None


def all_ids(tx: Connection) -> list[int]:
    """Every tenant, oldest first: for what is done tenant by tenant."""
    return list(tx.scalars(select(tenants.c.id).order_by(tenants.c.id)))


def of_provider(tx: Connection, provider: str) -> list[Tenant]:
    """Every tenant whose mail lies there, oldest first."""
    rows = tx.execute(select(tenants).where(tenants.c.provider == provider).order_by(tenants.c.id))
    return [_tenant(row) for row in rows]


def add(
    tx: Connection,
    slug: str,
    name: str,
    provider: str,
    now: datetime,
    directory: str = "",
    administrator: str = "",
) -> int:
    """A new tenant with the default policy. Raises Conflict when the short name or the organisation is taken."""
    here = {"directory": directory.strip().lower(), "administrator": administrator.strip().lower()}
    told = {"slug": slug, "name": name, "provider": provider, **here}
    tenant_id = insert_unless_there(tx, tenants, {**told, "policy": {}, "created_at": now})
    if tenant_id is None:
        if by_slug(tx, slug):
            raise Conflict("There is a tenant '%(slug)s' already.", slug=slug)
        raise Conflict(
            "There is a tenant of the %(provider)s organisation %(directory)s already.",
            provider=provider,
            directory=directory,
        )
    return tenant_id


def save_policy(tx: Connection, tenant_id: int, own: Mapping[str, Any]) -> None:
    """Put these in the place of the tenant's own choices. Raises BadInput, naming the wrong one, and Unknown."""
    provider = tx.execute(select(tenants.c.provider).where(tenants.c.id == tenant_id)).scalar()
    plain = tenant_policy(own).model_dump(mode="json")
    if provider is not None:
        refuse_impossible(own, _offered(provider), provider)
    chosen = {key: _only(plain[key], value) for key, value in own.items()}
    changed = tx.execute(update(tenants).where(tenants.c.id == tenant_id).values(policy=chosen))
    if changed.rowcount != 1:
        raise Unknown("There is no tenant %(tenant)s.", tenant=tenant_id)


def change_policy(tx: Connection, tenant_id: int, choices: Mapping[str, Any]) -> None:
    """Change some choices, section by section, and leave the others. Raises BadInput and Unknown."""
    # Locked, so that two operators who change different settings at once both get what they asked for.
    row = tx.execute(select(tenants.c.policy).where(tenants.c.id == tenant_id).with_for_update()).first()
    if row is None:
        raise Unknown("There is no tenant %(tenant)s.", tenant=tenant_id)

    own = dict(row.policy)
    for key, value in choices.items():
        own[key] = {**own.get(key, {}), **value} if isinstance(value, Mapping) else value
    save_policy(tx, tenant_id, own)


def _only(valid: Any, asked: Any) -> Any:
    """Of the validated values, those that were asked for: defaults are not frozen into a tenant's row."""
    if not isinstance(asked, Mapping):
        return valid
    return {str(key): valid[str(key)] for key in asked}


def _offered(provider: str) -> frozenset[str]:
    return frozenset(actions_of(provider)) or EVERY_ACTION


def _tenant(row: Row[Any]) -> Tenant:
    policy = tenant_policy(row.policy, _offered(row.provider))
    return Tenant(row.id, row.slug, row.name, row.provider, policy, row.directory, row.administrator)
