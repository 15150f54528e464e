"""Feedback: what does an operator hold the message to be, and what follows from it?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Response, Ruling
from backend.domain.disposition import LEGITIMATE, Disposition
from backend.domain.later_look import LookSource
from backend.domain.people import Actor, Operator, Right
from backend.domain.retraction import WAITS_FOR_AN_OPERATOR, Retraction, RetractionState
from backend.errors import BadInput, NotAllowed, Unknown
from backend.flow import answer
from backend.flow.plan_looks import plan_looks
from backend.flow.respond import order_restore, order_retraction
from backend.flow.switch import fall_back_if_alarmed
from backend.policy.settings import NO_ACTION
from backend.services import Services
from backend.store import audit, decisions, labels, messages, psr_log, retractions, submissions, tenants, verdicts
from backend.store.tenants import Tenant

log = structlog.get_logger()


# The product's two lists (reference 1.3): a false negative is never NONE, because then nothing was missed.
FALSE_POSITIVE = tuple(Disposition)
FALSE_NEGATIVE = tuple(one for one in Disposition if one is not Disposition.NONE)


@dataclass(frozen=True)
class Judgement:
    """What an operator says of a message: what it is, in which words, and whose word it is to be learned as."""

    disposition: Disposition
    simulation: bool = False
    why: str = "operator-decided"
    done: str = "corrected"  # in the audit log
    source: str = "operator"
    about: Mapping[str, object] = field(default_factory=dict)  # more ids for the audit log


def correct(
    services: Services, operator: Operator, message_id: int, disposition: Disposition, simulation: bool = False
) -> None:
    """Keep an operator's judgement, whether or not policy said the same. Raises NotAllowed, Unknown."""
    _judge(services, operator, message_id, Judgement(disposition, simulation))


def report_false_positive(services: Services, operator: Operator, message_id: int, disposition: Disposition) -> None:
    """Say that the message was held to be worse than it is, and what it is. Raises NotAllowed, Unknown."""
    said = Judgement(disposition, why="operator-false-positive", done="false positive reported")
    _judge(services, operator, message_id, said)


def report_false_negative(services: Services, operator: Operator, message_id: int, disposition: Disposition) -> None:
    """Say that the message was missed, and what it is. Raises NotAllowed, Unknown, BadInput for NONE."""
    must_judge(operator)
    if disposition not in FALSE_NEGATIVE:
        raise BadInput("A missed message is something: choose Bulk, Malicious, Spam, Suspicious or Spoof.")
    said = Judgement(disposition, why="operator-false-negative", done="false negative reported")
    _judge(services, operator, message_id, said)


def mark_simulation(services: Services, operator: Operator, message_id: int) -> None:
    """Say that the message is one of the tenant's own exercises; what it pretends to be stays what it was held to be.

    Copies that were taken away come back, and nothing is learned from it. Raises NotAllowed, Unknown.
    """
    must_judge(operator)
    with services.database.read() as tx:
        standing = decisions.standing(tx, operator.tenant_id, message_id)
    disposition = standing.disposition if standing else Disposition.MALICIOUS
    said = Judgement(disposition, simulation=True, why="operator-simulation", done="marked as simulation")
    _judge(services, operator, message_id, said)


def _judge(services: Services, operator: Operator, message_id: int, said: Judgement) -> None:
    must_judge(operator)
    with services.database.begin() as tx:
        if not messages.hold(tx, operator.tenant_id, message_id):
            raise Unknown("There is no such message.")
        keep_judgement(tx, services, operator, message_id, said)
    follow_judgement(services, operator, message_id, said)


def must_judge(operator: Operator) -> None:
    """Raises NotAllowed unless the operator's role judges mail: an analyst's and an owner's does."""
    if not operator.may(Right.MAIL):
        raise NotAllowed("The role %(role)s does not judge mail; ask an analyst or an owner.", role=operator.role)


def keep_judgement(tx: Connection, services: Services, operator: Operator, message_id: int, said: Judgement) -> None:
    """A decision that stands against policy, a label, an entry in the licence's ledger. The caller holds the message.

    An exercise takes the labels that stand back instead: nothing that was said of it before teaches any longer.

    The label is what the reporters' reliability is counted from: it changes with it, from their next report on.
    """
    tenant = tenants.get(tx, operator.tenant_id)
    _keep(tx, services, operator, message_id, said, _action(tenant, said))
    plan_looks(tx, services, tenant, message_id, LookSource.TEAM if said.source == "team" else LookSource.OPERATOR)
    fall_back_if_alarmed(tx, services, tenant)


def follow_judgement(services: Services, operator: Operator, message_id: int, said: Judgement) -> None:
    """Legitimate mail that was taken away comes back; malicious mail goes, if the tenant's policy says so."""
    _tell(services, operator.tenant_id, message_id)
    with services.database.read() as tx:
        action = _action(tenants.get(tx, operator.tenant_id), said)
        last = next(iter(retractions.of_message(tx, operator.tenant_id, message_id, limit=1)), None)
        taught = labels.unfollowed(tx, operator.tenant_id, message_id)
    for label_id in taught:
        services.wake.label(label_id)
    if said.disposition in LEGITIMATE or said.simulation:
        if last and _can_come_back(last, services.now()):
            order_restore(services, operator, last.id)
    elif action != NO_ACTION and (last is None or last.given_back):
        order_retraction(services, operator, message_id, action)
    log.info("corrected", message=message_id, disposition=said.disposition, how=said.done, operator=operator.id)


def _tell(services: Services, tenant_id: int, message_id: int) -> None:
    """Those who wait for the outcome are told it."""
    with services.database.begin() as tx:
        standing = decisions.standing(tx, tenant_id, message_id)
        reports = submissions.of_message(tx, tenant_id, message_id)
        told = answer.intend_verdicts(tx, services, standing, reports) if standing else []
    answer.wake(services, tenant_id, told)


def _action(tenant: Tenant, said: Judgement) -> str:
    return NO_ACTION if said.simulation else tenant.policy.action_for(said.disposition)


def _can_come_back(last: Retraction, now: datetime) -> bool:
    """A retraction still running sees by itself that it was overruled, and gives back what it took."""
    if last.state in WAITS_FOR_AN_OPERATOR:
        return True
    at_rest = last.state in {RetractionState.DONE, RetractionState.INCOMPLETE}
    return at_rest and last.restorable_until is not None and last.restorable_until >= now


def _keep(
    tx: Connection, services: Services, operator: Operator, message_id: int, said: Judgement, action: str
) -> None:
    tenant_id, actor, now = operator.tenant_id, Actor("operator", operator.id), services.now()
    verdict = verdicts.latest(tx, tenant_id, message_id)
    ruling = Ruling(said.disposition, said.simulation, Response.NOTHING, action, (said.why,))
    decisions.append(tx, tenant_id, message_id, ruling, actor, now, verdict.id if verdict else None)
    if said.simulation:  # an exercise teaches nothing about real mail, nor does what was said of it before
        labels.revoke_all(tx, tenant_id, message_id, now, str(actor), "simulation")
        psr_log.judge_again(tx, tenant_id, message_id, None, now)
    else:
        labels.give(tx, tenant_id, message_id, said.disposition, said.source, str(actor), now)
        psr_log.judge(tx, tenant_id, message_id, said.disposition, now)
    messages.close(tx, tenant_id, message_id, now)
    detail = {"disposition": said.disposition, "simulation": said.simulation, **said.about}
    audit.record(tx, tenant_id, actor, said.done, f"message:{message_id}", detail, now)
