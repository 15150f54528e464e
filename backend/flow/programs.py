"""Programs: who may give a program a token, and for what? Nobody gives more than they have."""

from collections.abc import Collection
from datetime import timedelta

from backend.domain.people import NEEDED_FOR, Actor, Operator, Right, Scope
from backend.errors import BadInput, NotAllowed, Unknown
from backend.services import Services
from backend.store import audit, service_tokens

LONGEST_NAME = 100
MOST_DAYS = 730


def grantable(operator: Operator) -> list[Scope]:
    """The scopes that this operator may give a token."""
    return [scope for scope in Scope if operator.may(NEEDED_FOR[scope])]


def issue(services: Services, operator: Operator, name: str, scopes: Collection[Scope], days: int) -> str:
    """A new token, told this once. Raises NotAllowed, BadInput."""
    _may(operator)
    name = name.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise BadInput("Say what the token is for.")
    if not scopes:
        raise BadInput("Choose at least one thing that the token may do.")
    if not 1 <= days <= MOST_DAYS:
        raise BadInput("A token lasts from 1 to %(most)s days.", most=MOST_DAYS)
    if missing := [scope for scope in scopes if scope not in grantable(operator)]:
        raise NotAllowed("Your role does not include %(scope)s, so a token of yours cannot have it.", scope=missing[0])
    now = services.now()
    with services.database.begin() as tx:
        until = now + timedelta(days=days)
        number, token = service_tokens.issue(tx, operator.tenant_id, name, scopes, operator.id, now, until)
        detail = {"scopes": sorted(scopes), "days": days}
        who = Actor("operator", operator.id)
        audit.record(tx, operator.tenant_id, who, "service token made", f"token:{number}", detail, now)
    return token


def revoke(services: Services, operator: Operator, token_id: int) -> None:
    """It counts no more. Harmless to do again. Raises NotAllowed, Unknown."""
    _may(operator)
    who, now = Actor("operator", operator.id), services.now()
    with services.database.begin() as tx:
        if not service_tokens.revoke(tx, operator.tenant_id, token_id, now):
            if all(one.id != token_id for one in service_tokens.of_tenant(tx, operator.tenant_id)):
                raise Unknown("There is no such token.")
            return
        audit.record(tx, operator.tenant_id, who, "service token revoked", f"token:{token_id}", {}, now)


def _may(operator: Operator) -> None:
    if not operator.may(Right.SETTINGS):
        raise NotAllowed("Service tokens are made by owners and admins.")
