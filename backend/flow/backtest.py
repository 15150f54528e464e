"""Back-test: what would PSR have retracted of this tenant's own history, and was that right?

The rules that act today are applied to the verdicts as they were given: to the last one before a person judged the
message, with the reports that were there by then. Nothing is scored anew and nothing is touched.
"""

import json
from datetime import timedelta
from hashlib import sha256

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Psr, Response
from backend.domain.disposition import LEGITIMATE, Disposition
from backend.domain.people import Actor, Operator, Right
from backend.domain.submission import EvidenceSource
from backend.errors import NotAllowed
from backend.flow.context import list_context
from backend.policy.licence import lower_bound
from backend.policy.rules import Circumstances, rule
from backend.policy.settings import TenantPolicy
from backend.services import Services
from backend.store import audit, backtests, messages, submissions, tenants, verdicts
from backend.store.messages import Message
from backend.store.tenants import Tenant
from model.contract import ModuleContext
from model.modules.authentication import impersonates
from model.modules.lists import trusted_sender, verify_sender
from model.modules.simulations import is_simulation

MOST_MESSAGES = 2000  # at or above the threshold; older ones are left out

log = structlog.get_logger()


def run_backtest(services: Services, operator: Operator) -> int:
    """Count, and keep what was counted with the policy it was counted with. Returns its id. Raises NotAllowed."""
    if not operator.may(Right.SETTINGS):
        raise NotAllowed("The role %(role)s does not change settings; ask an admin or an owner.", role=operator.role)
    now = services.now()
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
        context = list_context(tx, tenant, now)
        since = now - timedelta(days=tenant.policy.backtest.days)
        looked_at = backtests.count_messages(tx, tenant.id, since)
        would = [
            judged
            for message_id in backtests.may_have_acted(tx, tenant.id, since, MOST_MESSAGES)
            for judged in _would_be(tx, tenant, context, message_id)
        ]
    confirmed = sum(judged is not None and judged not in LEGITIMATE for judged in would)
    wrong = sum(judged in LEGITIMATE for judged in would)
    counted = {"days": tenant.policy.backtest.days, "looked_at": looked_at, "would_retract": len(would)}
    counted |= {"confirmed": confirmed, "wrong": wrong}

    with services.database.begin() as tx:
        found = {**counted, "lower_bound": lower_bound(confirmed + wrong, wrong)}
        mark = policy_mark(tenant.policy, context)
        number = backtests.add(tx, tenant.id, run_by=operator.id, run_at=now, policy_mark=mark, **found)
        audit.record(tx, tenant.id, Actor("operator", operator.id), "back-test run", "settings", counted, now)
    log.info("back-test", tenant=tenant.id, **counted)
    return number


def policy_mark(policy: TenantPolicy, context: ModuleContext) -> str:
    """Names what a back-test depends on: another mark means that it says nothing of policy and lists in force."""
    parts = policy.model_dump(mode="json", include={"psr", "actions", "thresholds", "senders", "hard_delete_confirmed"})
    parts["psr"].pop("switch")
    kept_away = {"trusted": context.trusted_senders, "verify": context.verify_senders}
    parts |= {name: sorted(entries) for name, entries in kept_away.items() if entries}
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _would_be(tx: Connection, tenant: Tenant, context: ModuleContext, message_id: int) -> list[Disposition | None]:
    """What a person held a would-be retraction to be (None: nobody said); empty when PSR would have done nothing."""
    message = messages.get(tx, tenant.id, message_id)
    judged, judged_at = backtests.judgement(tx, tenant.id, message_id)
    given = [one for one in verdicts.all_of(tx, tenant.id, message_id) if not judged_at or one.scored_at <= judged_at]
    if message is None or not given:
        return []
    last = given[0]
    reports = [one for one in submissions.of_message(tx, tenant.id, message_id) if one.received_at <= last.scored_at]
    ruling = rule(last.verdict, _circumstances(message, context), reports, _switched_on(tenant.policy))
    return [judged] if ruling.response is Response.RETRACT else []


def _circumstances(message: Message, context: ModuleContext) -> Circumstances:
    return Circumstances(
        simulation=is_simulation(message.facts, context),
        impersonation=impersonates(message.facts) is not None,
        trusted_evidence=message.evidence_source != EvidenceSource.CLIENT,
        trusted_sender=trusted_sender(message.facts, context) is not None,
        verify_sender=verify_sender(message.facts, context) is not None,
    )


def _switched_on(policy: TenantPolicy) -> TenantPolicy:
    return policy.model_copy(update={"psr": policy.psr.model_copy(update={"switch": Psr.ON})})
