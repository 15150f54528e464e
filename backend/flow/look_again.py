"""Look again: was a message that was found malicious delivered once more since? (Post Delivery Response, PDR)

Copies that come later, or that a rule moved back, are looked for 5 minutes, 12 hours and 24 hours after an operator,
the team or PSR's own retraction said that a message is malicious. A retraction does the looking, with its canary, its
limits and its approvals; in preview the copies are only counted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Psr, Response
from backend.domain.disposition import Disposition
from backend.domain.later_look import LaterLook, LookSource
from backend.domain.people import POLICY
from backend.domain.retraction import Retraction, RetractionState
from backend.flow.claim import lease, wait_before
from backend.flow.context import module_context
from backend.flow.copies_in_sight import copies_in_sight
from backend.flow.overruled import BROUGHT_BACK, CALLED_OFF
from backend.flow.respond import run_again
from backend.policy.settings import NO_ACTION, TenantPolicy
from backend.services import Services
from backend.store import audit, decisions, later_looks, messages, retractions, tenants
from backend.store.messages import Message
from backend.store.tenants import Tenant
from connectors.errors import ConnectorError
from model.modules.lists import trusted_sender
from model.modules.simulations import is_simulation

log = structlog.get_logger()


@dataclass(frozen=True)
class _Found:
    """What a look has to go by, as things stand when it is due."""

    tenant: Tenant
    message: Message
    action: str
    obstacle: str
    preview: bool


def look_again(services: Services, look_id: int) -> None:
    """Look for one message again. Safe to run twice, or by two workers at once."""
    with services.database.begin() as tx:
        look = later_looks.claim(tx, look_id, services.now(), lease(services))
        if look is None:
            return None
        found = _as_it_stands(tx, look, services.now())
    if look.attempts > services.settings.max_attempts:
        return _finish(services, look, Response.NOTHING, why="gave-up")

    try:
        _act(services, look, found)
    except ConnectorError as error:
        _put_off(services, look, getattr(error, "after_seconds", 0.0))
    return None


def _act(services: Services, look: LaterLook, found: _Found) -> None:
    if found.obstacle:
        _finish(services, look, Response.NOTHING, why=found.obstacle)
    elif found.preview:
        seen = copies_in_sight(services, found.tenant, found.message)
        _finish(services, look, Response.WOULD_RETRACT if seen else Response.NOTHING, found=seen)
    else:
        _retract(services, look)


def _as_it_stands(tx: Connection, look: LaterLook, now: datetime) -> _Found:
    tenant = tenants.get(tx, look.tenant_id)
    message = messages.get(tx, look.tenant_id, look.message_id)
    assert message is not None, "messages are never deleted"
    standing = decisions.standing(tx, look.tenant_id, look.message_id)
    context = module_context(tx, tenant, message.id, now)
    last = next(iter(retractions.of_message(tx, tenant.id, message.id, limit=1)), None)
    action = tenant.policy.action_for(Disposition.MALICIOUS)
    by_policy = standing is not None and standing.decided_by == str(POLICY)
    checks = (
        (tenant.policy.pdr.switch is Psr.OFF, "pdr-off"),
        (message.erased_at is not None, "message-forgotten"),
        (standing is None or standing.disposition is not Disposition.MALICIOUS, "no-longer-malicious"),
        (standing is not None and bool(_UNDONE & set(standing.why)), "operator-restored"),
        ((standing is not None and standing.simulation) or is_simulation(message.facts, context), "simulation"),
        (trusted_sender(message.facts, context) is not None, "trusted-sender"),
        (action == NO_ACTION, "no-action-configured"),
        (last is not None and _stays_back(last, by_policy), "operator-restored"),
        (last is not None and last.state in _UNDER_WAY, "under-way"),
    )
    obstacle = next((code for applies, code in checks if applies), "")
    return _Found(tenant, message, action, obstacle, _only_preview(tenant.policy, look, by_policy))


_UNDONE = {*BROUGHT_BACK, *CALLED_OFF}
_UNDER_WAY = (
    RetractionState.RUNNING,
    RetractionState.RESTORING,
    RetractionState.AWAITING_APPROVAL,
    RetractionState.STOPPED,
)


def _stays_back(last: Retraction, by_policy: bool) -> bool:
    """Whether people gave it back. Where policy decides, no word of theirs stands: a label or a report had ended."""
    return last.state is RetractionState.REFUSED or (last.state is RetractionState.RESTORED and not by_policy)


def _only_preview(policy: TenantPolicy, look: LaterLook, by_policy: bool) -> bool:
    """What PSR began goes on only while PSR itself may act, or once people have said the same."""
    psr_may_not = look.source is LookSource.PSR and by_policy and policy.psr.switch is not Psr.ON
    return policy.pdr.switch is Psr.PREVIEW or psr_may_not


def _retract(services: Services, look: LaterLook) -> None:
    """Send the message's retraction to look again, or order one, if that is still wanted once nobody else decides."""
    now = services.now()
    with services.database.begin() as tx:
        messages.hold(tx, look.tenant_id, look.message_id)
        found = _as_it_stands(tx, look, now)
        if found.obstacle:
            later_looks.finish(tx, look, Response.NOTHING, now, why=found.obstacle)
            return
        if found.preview:
            later_looks.put_off(tx, look, now)  # it was switched back: the next go only counts
            return
        retraction_id = _order(tx, services, look, found.action)
        if retraction_id is None:  # somebody else's order came first, and looks just as well
            later_looks.finish(tx, look, Response.NOTHING, now, why="under-way")
            return
        if not later_looks.finish(tx, look, Response.RETRACT, now, retraction_id=retraction_id):
            tx.rollback()
            return
        detail = {"message": look.message_id, "look": look.id, "after_minutes": look.after_minutes}
        what = f"retraction:{retraction_id}"
        audit.record(tx, look.tenant_id, POLICY, "post delivery response", what, detail, now)
    services.wake.retraction(retraction_id)
    log.info("looked again", look=look.id, message=look.message_id, response="retract", retraction=retraction_id)


def _order(tx: Connection, services: Services, look: LaterLook, action: str) -> int | None:
    now = services.now()
    standing = decisions.standing(tx, look.tenant_id, look.message_id)
    decision_id = standing.id if standing else None
    ordered = retractions.order(
        tx, look.tenant_id, look.message_id, decision_id, action, str(POLICY), now, automatic=True
    )
    if ordered is not None:
        return ordered
    last = retractions.of_message(tx, look.tenant_id, look.message_id, limit=1)[0]
    return last.id if run_again(tx, last, action, now, automatic=True) else None


def _finish(
    services: Services, look: LaterLook, response: Response, *, why: str = "", found: int | None = None
) -> None:
    with services.database.begin() as tx:
        later_looks.finish(tx, look, response, services.now(), why=why, found=found)
    log.info("looked again", look=look.id, message=look.message_id, response=response, why=why, found=found)


def _put_off(services: Services, look: LaterLook, wished: float) -> None:
    """A provider that is away is asked again, a limited number of times."""
    if look.attempts >= services.settings.max_attempts:
        return _finish(services, look, Response.NOTHING, why="unreachable")
    seconds = wait_before(look.attempts, wished)
    with services.database.begin() as tx:
        later_looks.put_off(tx, look, services.now() + timedelta(seconds=seconds))
    return services.wake.later_look(look.id, after_seconds=seconds)
