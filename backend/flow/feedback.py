"""Feedback: what does an operator hold the message to be, and what follows from it?"""

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Psr, Response, Ruling
from backend.domain.disposition import LEGITIMATE, Disposition
from backend.domain.people import SYSTEM, Actor, Operator, Right
from backend.domain.retraction import RetractionState
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
        taken = [r for r in retractions.of_message(tx, tenant.id, message_id) if r.state in _TAKEN]

    if taken and (disposition in LEGITIMATE or simulation):
        order_restore(services, operator, taken[0].id)
    elif not taken and action != NO_ACTION:
        order_retraction(services, operator, message_id, action)
    log.info("corrected", message=message_id, disposition=disposition, operator=operator.id)


_TAKEN = {RetractionState.DONE, RetractionState.INCOMPLETE}


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
