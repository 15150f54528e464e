"""Staff: who may work here, as what, and who decides that? Owners do, but not about themselves."""

import secrets
from datetime import timedelta

from sqlalchemy import Connection

from backend.domain.people import Actor, Operator, Right, Role
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.services import Services
from backend.store import audit, operators, sessions, staff
from backend.store.staff import Member

INVITATION_LASTS = timedelta(days=14)
LONGEST = 200


def add_with_password(services: Services, owner: Operator, name: str, role: Role) -> str:
    """A new operator. Returns a password to hand over, good for one sign-in. Raises BadInput, Conflict."""
    password = one_time_password()
    with services.database.begin() as tx:
        _may(owner)
        made = operators.add_operator(
            tx, owner.tenant_id, _named(name), password, role, services.now(), must_change=True
        )
        _note(tx, services, owner, "operator added", made.id, role=role)
    return password


def invite(services: Services, owner: Operator, email: str, role: Role) -> None:
    """Somebody may sign in through the provider as soon as it says that this address is theirs. Raises BadInput,
    Conflict."""
    address = address_of(email)
    with services.database.begin() as tx:
        _may(owner)
        until = services.now() + INVITATION_LASTS
        number = staff.add_invited(tx, owner.tenant_id, address, role, until, services.now())
        _note(tx, services, owner, "operator invited", number, role=role)


def invite_again(services: Services, owner: Operator, operator_id: int, email: str) -> None:
    """Whoever proves this address next is this operator; an account that the provider named before counts no longer.

    Raises BadInput, Conflict, Unknown.
    """
    address = address_of(email)
    with services.database.begin() as tx:
        member = _other(tx, owner, operator_id)
        staff.invite(tx, owner.tenant_id, member.id, address, services.now() + INVITATION_LASTS)
        sessions.end(tx, owner.tenant_id, member.id, services.now())
        _note(tx, services, owner, "operator invited", member.id)


def set_role(services: Services, owner: Operator, operator_id: int, role: Role) -> None:
    """Another role; it counts at once. Raises Conflict for oneself and for the last owner, Unknown."""
    with services.database.begin() as tx:
        member = _other(tx, owner, operator_id)
        change_role(tx, services, member, role, Actor("operator", owner.id))


def change_role(tx: Connection, services: Services, member: Member, role: Role, actor: Actor) -> None:
    """Write another role down, by an owner or by the provider's word. Raises Conflict for the last owner."""
    if member.role is role:
        return
    staff.hold(tx, member.tenant_id)
    if role is not Role.OWNER:
        _not_the_last_owner(tx, member)
    staff.set_role(tx, member.tenant_id, member.id, role)
    detail = {"role": role, "before": member.role}
    audit.record(tx, member.tenant_id, actor, "role changed", f"operator:{member.id}", detail, services.now())


def close(services: Services, owner: Operator, operator_id: int) -> None:
    """Nobody signs in with this account any more. Raises Conflict for oneself and for the last owner, Unknown."""
    with services.database.begin() as tx:
        member = _other(tx, owner, operator_id)
        staff.hold(tx, owner.tenant_id)
        _not_the_last_owner(tx, member)
        operators.disable_operator(tx, owner.tenant_id, member.id, services.now())
        sessions.end(tx, owner.tenant_id, member.id, services.now())
        _note(tx, services, owner, "operator disabled", member.id)


def reopen(services: Services, owner: Operator, operator_id: int) -> None:
    """The account counts again. Raises Conflict for oneself, Unknown."""
    with services.database.begin() as tx:
        member = _other(tx, owner, operator_id)
        staff.reopen(tx, owner.tenant_id, member.id)
        _note(tx, services, owner, "operator enabled", member.id)


def new_password(services: Services, owner: Operator, operator_id: int) -> str:
    """A password to hand over, good for one sign-in; sessions end. Raises Conflict for oneself, Unknown."""
    password = one_time_password()
    with services.database.begin() as tx:
        member = _other(tx, owner, operator_id)
        operators.set_password(tx, owner.tenant_id, member.id, password, must_change=True)
        _note(tx, services, owner, "password set", member.id)
    return password


def sign_out(services: Services, owner: Operator, operator_id: int) -> int:
    """End every session of somebody else. Returns how many. Raises Conflict for oneself, Unknown."""
    with services.database.begin() as tx:
        member = _other(tx, owner, operator_id)
        ended = sessions.end(tx, owner.tenant_id, member.id, services.now())
        _note(tx, services, owner, "sessions ended", member.id, sessions=ended)
    return ended


def one_time_password() -> str:
    """Sixteen characters that can be read out."""
    return secrets.token_urlsafe(12)


def address_of(email: str) -> str:
    """An e-mail address as it is compared. Raises BadInput."""
    address = email.strip().lower()
    name, at, domain = address.rpartition("@")
    if not (name and at and "." in domain) or not address.isprintable() or " " in address or len(address) > LONGEST:
        raise BadInput("Give the person's e-mail address, as the sign-in provider knows it.")
    return address


def _named(name: str) -> str:
    name = name.strip()
    if not name or not name.isprintable() or len(name) > LONGEST:
        raise BadInput("Give a name to sign in with.")
    return name


def _may(owner: Operator) -> None:
    if not owner.may(Right.PEOPLE):
        raise NotAllowed("Only an owner decides who works here.")


def _other(tx: Connection, owner: Operator, operator_id: int) -> Member:
    _may(owner)
    member = staff.member(tx, owner.tenant_id, operator_id)
    if member is None:
        raise Unknown("There is no such operator.")
    if member.id == owner.id:
        raise Conflict("Nobody changes their own account here: ask another owner.")
    return member


def _not_the_last_owner(tx: Connection, member: Member) -> None:
    if member.role is Role.OWNER and not staff.another_owner(tx, member.tenant_id, member.id):
        raise Conflict("This is the last owner. Make somebody else an owner first.")


def _note(tx: Connection, services: Services, owner: Operator, what: str, operator_id: int, **detail: object) -> None:
    who, whom = Actor("operator", owner.id), f"operator:{operator_id}"
    audit.record(tx, owner.tenant_id, who, what, whom, detail, services.now())
