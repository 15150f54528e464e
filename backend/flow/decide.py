"""Decide: what is the message held to be, and may PSR act on it?"""

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Decision, Response, Ruling
from backend.domain.people import POLICY
from backend.domain.submission import EvidenceSource, State
from backend.errors import Conflict
from backend.flow.claim import claimed
from backend.flow.context import module_context
from backend.flow.keywords import set_keywords
from backend.policy.rules import Circumstances, rule
from backend.services import Services
from backend.store import audit, decisions, messages, psr_log, submissions, tenants, verdicts
from backend.store.messages import Message
from backend.store.tenants import Tenant
from backend.store.verdicts import KeptVerdict
from model.modules.authentication import impersonates
from model.modules.lists import is_simulation, trusted_sender

log = structlog.get_logger()


def decide(services: Services, submission_id: int) -> None:
    """Append a decision by policy, unless an operator's stands. Safe to run twice, or by two workers at once."""
    with claimed(services, submission_id, State.SCORED) as submission:
        if submission is None:
            return

        message_id = submission.message_id or 0
        with services.database.begin() as tx:
            messages.hold(tx, submission.tenant_id, message_id)
            if not submissions.advance(tx, submission, State.DECIDED, services.now()):
                return
            tenant = tenants.get(tx, submission.tenant_id)
            disposition = decide_message(tx, services, tenant, message_id)
            set_keywords(tx, tenant.id, message_id)
        log.info("decided", submission=submission.id, message=message_id, disposition=disposition)


def decide_message(tx: Connection, services: Services, tenant: Tenant, message_id: int) -> str:
    """Apply the tenant's policy to the latest verdict; the caller holds the message. Returns what stands."""
    message = messages.get(tx, tenant.id, message_id)
    kept = verdicts.latest(tx, tenant.id, message_id)
    if message is None or kept is None:
        raise Conflict("There is no verdict to decide on.")
    standing = decisions.standing(tx, tenant.id, message_id)
    if standing and standing.decided_by != str(POLICY):
        return standing.disposition  # people overrule policy, not the other way round

    reports = submissions.of_message(tx, tenant.id, message_id)
    ruling = rule(kept.verdict, _circumstances(tx, tenant, message), reports, tenant.policy)
    if standing is None or not _says_the_same(standing, ruling):
        _append(tx, services, tenant, kept, ruling)
    return ruling.disposition


def _circumstances(tx: Connection, tenant: Tenant, message: Message) -> Circumstances:
    context = module_context(tx, tenant, message.id)
    return Circumstances(
        simulation=is_simulation(message.facts, context),
        impersonation=impersonates(message.facts) is not None,
        trusted_evidence=message.evidence_source != EvidenceSource.CLIENT,
        trusted_sender=trusted_sender(message.facts, context) is not None,
    )


def _says_the_same(standing: Decision, ruling: Ruling) -> bool:
    said = (standing.disposition, standing.simulation, standing.response, standing.action, standing.why)
    return said == (ruling.disposition, ruling.simulation, ruling.response, ruling.action, ruling.why)


def _append(tx: Connection, services: Services, tenant: Tenant, kept: KeptVerdict, ruling: Ruling) -> None:
    message_id, now = kept.message_id, services.now()
    decision_id = decisions.append(tx, tenant.id, message_id, ruling, POLICY, now, kept.id)
    if ruling.response is not Response.NOTHING:
        drawn = services.random.random() < tenant.policy.psr.judge_share
        margin = kept.verdict.margin
        psr_log.log(tx, tenant.id, message_id, decision_id, ruling.response, ruling.action, margin, now, to_judge=drawn)
    detail = {
        "decision": decision_id,
        "disposition": ruling.disposition,
        "response": ruling.response,
        "why": list(ruling.why),
    }
    audit.record(tx, tenant.id, POLICY, "decided", f"message:{message_id}", detail, now)
