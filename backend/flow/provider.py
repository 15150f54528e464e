"""Provider: whom does the organisation's sign-in service mean, and may they work here?

An operator is known by (issuer, subject) and by nothing else: names and addresses change hands. Only the first sign-in
goes by the e-mail address that an owner invited, and only if the provider says that it has verified it.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import Connection

from backend.domain.people import Actor, Operator, Role
from backend.errors import Conflict, NotAllowed
from backend.flow import staff
from backend.services import Services
from backend.settings import Settings
from backend.store import audit
from backend.store import staff as members
from backend.store.staff import Member

log = structlog.get_logger()

# The same for everybody who is turned away: a stranger learns nothing about who works here.
PROVIDER = Actor("provider")
HIGHEST_FIRST = (Role.OWNER, Role.ADMIN, Role.ANALYST, Role.VIEWER)


def operator_for(services: Services, claims: Mapping[str, Any]) -> Operator:
    """The operator whom these proven claims mean. Raises NotAllowed, after the reason is written down."""
    with services.database.begin() as tx:
        member, why = _member_for(tx, services, claims)
        if member and not why:
            return Operator(member.id, member.tenant_id, member.name, _role(tx, services, member, claims))
        if member:
            whom, detail = f"operator:{member.id}", {"why": why}
            audit.record(tx, member.tenant_id, PROVIDER, "sign-in refused", whom, detail, services.now())
    log.warning("sign-in refused", why=why)
    raise NotAllowed("You have no account here that counts. Ask an owner of your tenant to invite you.")


def _member_for(tx: Connection, services: Services, claims: Mapping[str, Any]) -> tuple[Member | None, str]:
    """Who it is, and why they may not come in all the same; an empty reason when they may."""
    issuer, subject = claims["iss"], claims["sub"]
    member = members.known_as(tx, issuer, subject)
    if member is None:
        member, why = _invited(tx, services, issuer, subject, claims)
        if member is None:
            return None, why
    if member.disabled_at is not None:
        return member, "disabled"
    if _maps_roles(services.settings) and mapped_role(services.settings, claims) is None:
        return member, "no role"
    return member, ""


def _invited(
    tx: Connection, services: Services, issuer: str, subject: str, claims: Mapping[str, Any]
) -> tuple[Member | None, str]:
    email = claims.get("email")
    if not isinstance(email, str) or not email:
        return None, "no address"
    if claims.get("email_verified") is not True:  # a provider that lets people type one in says no
        return None, "unverified address"
    if _maps_roles(services.settings) and mapped_role(services.settings, claims) is None:
        return None, "no role"
    member = members.bind(tx, issuer, subject, email.strip().lower(), services.now())
    if member is None:
        return None, "unknown"
    audit.record(tx, member.tenant_id, PROVIDER, "operator bound", f"operator:{member.id}", {}, services.now())
    return member, ""


def _role(tx: Connection, services: Services, member: Member, claims: Mapping[str, Any]) -> Role:
    """As an owner chose it; with a mapping, as the provider says each time."""
    said = mapped_role(services.settings, claims)
    if said is None or said is member.role:
        return member.role
    try:
        staff.change_role(tx, services, member, said, PROVIDER)
    except Conflict as refusal:
        log.warning("role kept", operator=member.id, why=str(refusal))
        return member.role
    return said


def mapped_role(settings: Settings, claims: Mapping[str, Any]) -> Role | None:
    """The highest role that the configured claim stands for; None when it stands for none, or nothing is configured."""
    said = claims.get(settings.oidc_role_claim) if _maps_roles(settings) else None
    values = said if isinstance(said, list) else [said]
    roles = {
        Role(settings.oidc_roles[value]) for value in values if isinstance(value, str) and value in settings.oidc_roles
    }
    return next((role for role in HIGHEST_FIRST if role in roles), None)


def _maps_roles(settings: Settings) -> bool:
    return bool(settings.oidc_role_claim and settings.oidc_roles)
