"""Switch: may Phish Submission Response be turned on, and who turned it?"""

from sqlalchemy import Connection

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.domain.people import Actor, Operator, Right
from backend.errors import Conflict, NotAllowed
from backend.policy.licence import Licence
from backend.policy.licence import licence as licence_of
from backend.policy.settings import NO_ACTION
from backend.services import Services
from backend.store import audit, psr_log, tenants
from backend.store.tenants import Tenant


def licence(tx: Connection, tenant: Tenant) -> Licence:
    """What the tenant's own judged would-be retractions have earned."""
    return licence_of(*psr_log.tally(tx, tenant.id), tenant.policy.psr)


def set_psr(services: Services, operator: Operator, psr: Psr) -> None:
    """Turn the switch. `on` needs an action for MALICIOUS and a licence; the reason is in the Conflict raised."""
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        if psr is Psr.ON:
            _must_be_licensed(tx, tenant)
        tenants.change_policy(tx, tenant.id, {"psr": {"switch": psr}})
        _record(tx, services, operator, {"psr": psr})


def set_action(services: Services, operator: Operator, disposition: Disposition, action: str) -> None:
    """Choose what is done to copies of a disposition. Raises BadInput for an action that is none."""
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        tenants.change_policy(tx, tenant.id, {"actions": {disposition: action}})
        _record(tx, services, operator, {"disposition": disposition, "action": action})


def confirm_hard_delete(services: Services, operator: Operator, confirmed: bool) -> None:
    """The second confirmation, without which hard delete does nothing."""
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        tenants.change_policy(tx, tenant.id, {"hard_delete_confirmed": confirmed})
        _record(tx, services, operator, {"hard_delete_confirmed": confirmed})


def _settings_of(tx: Connection, operator: Operator) -> Tenant:
    if not operator.may(Right.SETTINGS):
        raise NotAllowed(f"The role {operator.role} does not change settings; ask an admin or an owner.")
    return tenants.get(tx, operator.tenant_id)


def _must_be_licensed(tx: Connection, tenant: Tenant) -> None:
    if tenant.policy.action_for(Disposition.MALICIOUS) == NO_ACTION:
        raise Conflict("Choose an action for MALICIOUS first: with no-action there is nothing to switch on.")
    earned = licence(tx, tenant)
    if not earned.granted:
        raise Conflict(
            f"Not yet: of {earned.judged} judged would-be retractions {earned.wrong} were wrong, so the precision is "
            f"at least {earned.lower_bound:.1%}; {tenant.policy.psr.licence_precision:.0%} is needed. "
            f"Judge {earned.needed} more, all right."
        )


def _record(tx: Connection, services: Services, operator: Operator, detail: dict[str, object]) -> None:
    actor = Actor("operator", operator.id)
    audit.record(tx, operator.tenant_id, actor, "settings changed", "settings", detail, services.now())
