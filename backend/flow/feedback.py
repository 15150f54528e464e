"""Feedback: what does an operator hold the message to be, and what follows from it?"""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Psr, Response, Ruling
from backend.domain.disposition import LEGITIMATE, Disposition
from backend.domain.people import SYSTEM, Actor, Operator, Right
from backend.domain.retraction import Retraction, RetractionState
from backend.errors import NotAllowed, Unknown
from backend.flow.keywords import set_keywords
from backend.flow.respond import order_restore, order_retraction
from backend.policy.licence import licence
from backend.policy.settings import NO_ACTION
from backend.services import Services
from backend.store import audit, decisions, labels, messages, psr_log, retractions, tenants, verdicts
from backend.store.tenants import Tenant

log = structlog.get_logger()


def correct(
    services: Services, operator: Operator, message_id: int, disposition: Disposition, simulation: bool = False
) -> None:
    """Keep an operator's judgement: a decision that stands against policy, a label, an entry in the licence's ledger.

    Legitimate mail that was taken away comes back; malicious mail goes, if the tenant's policy says so.
    Raises NotAllowed, Unknown.
    """
    if not operator.may(Right.MAIL):
        raise NotAllowed(f"The role {operator.role} does not judge mail; ask an analyst or an owner.")
    with services.database.begin() as tx:
        if not messages.hold(tx, operator.tenant_id, message_id):
            raise Unknown("There is no such message.")
        tenant = tenants.get(tx, operator.tenant_id)
        action = NO_ACTION if simulation else tenant.policy.action_for(disposition)
        _keep(tx, services, operator, message_id, Ruling(disposition, simulation, Response.NOTHING, action, ()))
        _fall_back_if_alarmed(tx, services, tenant)
        last = next(iter(retractions.of_message(tx, tenant.id, message_id, limit=1)), None)

    if disposition in LEGITIMATE or simulation:
        if last and _can_come_back(last, services.now()):
            order_restore(services, operator, last.id)
    elif action != NO_ACTION and (last is None or last.state in _OVER):
        order_retraction(services, operator, message_id, action)
    log.info("corrected", message=message_id, disposition=disposition, operator=operator.id)


_OVER = {RetractionState.RESTORED, RetractionState.REFUSED}


def _can_come_back(last: Retraction, now: datetime) -> bool:
    """A retraction still running sees by itself that it was overruled, and gives back what it took."""
    if last.state is RetractionState.AWAITING_APPROVAL:
        return True
    at_rest = last.state in {RetractionState.DONE, RetractionState.INCOMPLETE}
    return at_rest and last.restorable_until is not None and last.restorable_until >= now


def _keep(tx: Connection, services: Services, operator: Operator, message_id: int, ruling: Ruling) -> None:
    tenant_id, actor, now = operator.tenant_id, Actor("operator", operator.id), services.now()
    verdict = verdicts.latest(tx, tenant_id, message_id)
    why = ("operator-decided",)
    kept = Ruling(ruling.disposition, ruling.simulation, ruling.response, ruling.action, why)
    decisions.append(tx, tenant_id, message_id, kept, actor, now, verdict.id if verdict else None)
    if not ruling.simulation:  # an exercise teaches nothing about real mail
        labels.give(tx, tenant_id, message_id, ruling.disposition, "operator", str(actor), now)
        psr_log.judge(tx, tenant_id, message_id, ruling.disposition, now)
    messages.close(tx, tenant_id, message_id, now)
    set_keywords(tx, tenant_id, message_id)
    detail = {"disposition": ruling.disposition, "simulation": ruling.simulation}
    audit.record(tx, tenant_id, actor, "corrected", f"message:{message_id}", detail, now)


def _fall_back_if_alarmed(tx: Connection, services: Services, tenant: Tenant) -> None:
    """PSR that turned out to be wrong too often goes back to preview, loudly."""
    policy = tenant.policy
    earned = licence(*psr_log.tally(tx, tenant.id), policy.psr)
    if policy.psr.switch is Psr.ON and earned.alarm:
        tenants.change_policy(tx, tenant.id, {"psr": {"switch": Psr.PREVIEW}})
        detail = {"judged": earned.judged, "wrong": earned.wrong, "lower_bound": round(earned.lower_bound, 4)}
        audit.record(tx, tenant.id, SYSTEM, "psr fell back to preview", "settings", detail, services.now())
        log.error("psr fell back to preview", tenant=tenant.id, wrong=earned.wrong, judged=earned.judged)
