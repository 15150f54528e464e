"""Simulation secrets: which keys and tokens prove an exercise, and since when? None of them is kept as it was told."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from backend.domain.people import Actor, Operator, Right
from backend.errors import Conflict, NotAllowed, Unknown
from backend.services import Services
from backend.store import audit, tenants
from backend.store.audit import AuditLine
from backend.store.tenants import Tenant
from model.modules.simulations import MOST_TRIED, hashed


class Kind(StrEnum):
    """What is kept: of a key the public half, of a token its hash."""

    KEY = auto()
    TOKEN = auto()


@dataclass(frozen=True)
class Secret:
    """One that counts, by a name that gives nothing of it away; `made` is None where the log does not know."""

    name: str
    made: AuditLine | None


def make(services: Services, operator: Operator, kind: Kind) -> str:
    """A new key's private half, or a new token; told this once. Raises NotAllowed, Conflict."""
    with services.database.begin() as tx:
        return make_for(tx, services, _settings_of(tx, operator), Actor("operator", operator.id), kind)


def make_for(tx: Connection, services: Services, tenant: Tenant, actor: Actor, kind: Kind) -> str:
    """The same in a transaction that holds the tenant. Raises Conflict when there are as many as are tried."""
    before = _kept(tenant, kind)
    if len(before) >= MOST_TRIED:
        raise Conflict("There are %(most)s already: end one first.", most=MOST_TRIED)
    told, kept = _key() if kind is Kind.KEY else _token()
    _write(tx, services, tenant, actor, kind, [*before, kept], kept, "made")
    return told


def end(services: Services, operator: Operator, kind: Kind, name: str) -> None:
    """What it proves is no exercise any more. Raises NotAllowed, Unknown."""
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        before = _kept(tenant, kind)
        ended = next((one for one in before if _name_of(one) == name), None)
        if ended is None:
            raise Unknown("This key or token has been ended already.")
        left = [one for one in before if one != ended]
        _write(tx, services, tenant, Actor("operator", operator.id), kind, left, ended, "ended")


def counting(tx: Connection, tenant: Tenant, kind: Kind) -> list[Secret]:
    """Those that count, and since when."""
    return [Secret(_name_of(one), _made(tx, tenant, kind, one)) for one in _kept(tenant, kind)]


def _key() -> tuple[str, str]:
    made = Ed25519PrivateKey.generate()
    private, public = made.private_bytes_raw(), made.public_key().public_bytes_raw()
    return base64.b64encode(private).decode(), base64.b64encode(public).decode()


def _token() -> tuple[str, str]:
    made = secrets.token_urlsafe(24)
    return made, hashed(made)


def _kept(tenant: Tenant, kind: Kind) -> tuple[str, ...]:
    return tenant.policy.simulations.keys if kind is Kind.KEY else tenant.policy.senders.simulation_tokens


def _name_of(kept: str) -> str:
    return sha256(kept.encode()).hexdigest()[:12]


def _subject(kind: Kind, kept: str) -> str:
    return f"simulation-{kind}:{_name_of(kept)}"


def _made(tx: Connection, tenant: Tenant, kind: Kind, kept: str) -> AuditLine | None:
    return next(iter(audit.newest(tx, tenant.id, subject=_subject(kind, kept), limit=1)), None)


def _write(
    tx: Connection,
    services: Services,
    tenant: Tenant,
    actor: Actor,
    kind: Kind,
    counting: Sequence[str],
    about: str,
    what: str,
) -> None:
    section, name = ("simulations", "keys") if kind is Kind.KEY else ("senders", "simulation_tokens")
    tenants.change_policy(tx, tenant.id, {section: {name: list(counting)}})
    detail = {"counting": len(counting)}
    audit.record(tx, tenant.id, actor, f"simulation {kind} {what}", _subject(kind, about), detail, services.now())


def _settings_of(tx: Connection, operator: Operator) -> Tenant:
    if not operator.may(Right.SETTINGS):
        raise NotAllowed("What counts as an exercise is decided by owners and admins.")
    return tenants.hold(tx, operator.tenant_id)
