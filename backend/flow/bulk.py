"""Bulk: what does an operator do to many messages at once, so that it can be undone at once?

An operation is written down with what stood before each of its messages, then done one message at a time: what is
refused for one is done for the others. What a crash leaves is still marked as intended: backend.flow.finish.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection

from backend.domain.disposition import Disposition
from backend.domain.operation import Deed, ItemOutcome, Operation, Stood
from backend.domain.people import Actor, Operator, Right
from backend.domain.triage import Triage
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow import feedback, respond
from backend.flow.claim import lease
from backend.flow.escalate import escalate_message
from backend.services import Services
from backend.store import audit, decisions, escalations, labels, messages, operations, psr_log, retractions
from connectors.contract import Action

MOST = 500  # messages of one operation
LONGEST_KEY = 64

log = structlog.get_logger()


@dataclass(frozen=True)
class Order:
    """What is to be done. `value` is a disposition to judge or escalate as, an action, or a status; else empty."""

    deed: Deed
    value: str = ""


def carry_out(services: Services, operator: Operator, order: Order, message_ids: Sequence[int], key: str) -> Operation:
    """Do the same to each message. The same key from the same operator is the same operation: nothing happens twice.

    Raises NotAllowed, Unknown when one of them is not there, BadInput for too many, for none, or for a wrong value.
    """
    must_handle_mail(operator)
    _check(order, message_ids, key)
    with services.database.begin() as tx:
        ids = messages.known(tx, operator.tenant_id, message_ids)
        if len(ids) < len(set(message_ids)):
            raise Unknown("There is no such message.")
        before = {message_id: stands(tx, operator.tenant_id, message_id) for message_id in ids}
        now = services.now()
        held: datetime | None = now + lease(services)
        operation_id, seen = operations.begin(
            tx, operator.tenant_id, operator.id, key, order.deed, order.value, before, now, held
        )
        if not seen:
            detail = {"deed": order.deed, "value": order.value, "messages": len(ids)}
            actor = Actor("operator", operator.id)
            audit.record(tx, operator.tenant_id, actor, "operation ordered", f"operation:{operation_id}", detail, now)

    if not seen:
        for message_id in ids:
            held = hold(services, operator.tenant_id, operation_id, held)
            if held is None:
                break
            do_one(services, operator, operation_id, order, message_id, before[message_id])
        log.info("operation", operation=operation_id, deed=order.deed, messages=len(ids))
    return operation(services, operator, operation_id)


def hold(services: Services, tenant_id: int, operation_id: int, held: datetime | None) -> datetime | None:
    """Keep the operation's lease; None when sweep gave it to somebody else: then do nothing more."""
    until = services.now() + lease(services)
    with services.database.begin() as tx:
        mine = operations.hold(tx, tenant_id, operation_id, held, until)
    return until if mine else None


def of_campaign(services: Services, operator: Operator, campaign_id: int) -> list[int]:
    """Every message of a campaign. Raises Unknown; BadInput when there are too many to be undone at once."""
    must_handle_mail(operator)
    with services.database.read() as tx:
        ids = messages.of_campaign(tx, operator.tenant_id, campaign_id, MOST + 1)
    if not ids:
        raise Unknown("There is no such campaign.")
    if len(ids) > MOST:
        raise BadInput("This campaign has more than %(most)s messages. Select them in parts.", most=MOST)
    return ids


def operation(services: Services, operator: Operator, operation_id: int) -> Operation:
    """One operation of the operator's tenant. Raises Unknown."""
    with services.database.read() as tx:
        found = operations.get(tx, operator.tenant_id, operation_id)
    if found is None:
        raise Unknown("There is no such operation.")
    return found


def must_handle_mail(operator: Operator) -> None:
    """Raises NotAllowed."""
    if not operator.may(Right.MAIL):
        raise NotAllowed("The role %(role)s does not handle mail; ask an analyst or an owner.", role=operator.role)


def stands(tx: Connection, tenant_id: int, message_id: int) -> Stood:
    """What stands now, and what an undo would have to bring back."""
    decision = decisions.standing(tx, tenant_id, message_id)
    message = messages.get(tx, tenant_id, message_id)
    closed = message.closed_at if message else None
    judged, to_judge = psr_log.judgement(tx, tenant_id, message_id)
    last = next(iter(retractions.of_message(tx, tenant_id, message_id, limit=1)), None)
    return Stood(
        decision=decision.id if decision else None,
        label=labels.standing(tx, tenant_id, message_id),
        closed_at=closed.isoformat() if closed else "",
        judged=judged,
        to_judge=to_judge,
        retraction=last.id if last and not last.given_back else None,
        triage=message.triage if message else "",
        team_submission=escalations.of_message(tx, tenant_id, message_id),
    )


def _check(order: Order, message_ids: Sequence[int], key: str) -> None:
    if not message_ids:
        raise BadInput("Select at least one message.")
    if len(message_ids) > MOST:
        raise BadInput("At most %(most)s messages at once.", most=MOST)
    if not 8 <= len(key) <= LONGEST_KEY:
        raise BadInput("The form is out of date. Reload the page and try again.")
    allowed: dict[Deed, Sequence[str]] = {
        Deed.JUDGE: list(Disposition),
        Deed.RETRACT: list(Action),
        Deed.ESCALATE: list(Disposition),
        Deed.STATUS: [Triage.UNREVIEWED, Triage.REVIEWED],
    }
    if order.value not in allowed.get(order.deed, [""]):
        raise BadInput("%(value)s is nothing that can be chosen here.", value=repr(order.value))


def do_one(
    services: Services, operator: Operator, operation_id: int, order: Order, message_id: int, before: Stood
) -> None:
    """Do it to one message, and write down what became of it and what stands now."""
    try:
        _DEEDS[order.deed](services, operator, order.value, message_id, before)
    except (Conflict, BadInput, Unknown) as refusal:
        outcome, detail = ItemOutcome.REFUSED, str(refusal)
    else:
        outcome, detail = ItemOutcome.DONE, ""
    with services.database.begin() as tx:
        after = stands(tx, operator.tenant_id, message_id)
        operations.settle(tx, operator.tenant_id, operation_id, message_id, outcome, after, detail)


def _judge(services: Services, operator: Operator, value: str, message_id: int, _: Stood) -> None:
    feedback.correct(services, operator, message_id, Disposition(value))


def _simulation(services: Services, operator: Operator, _value: str, message_id: int, _: Stood) -> None:
    feedback.mark_simulation(services, operator, message_id)


def _escalate(services: Services, operator: Operator, value: str, message_id: int, _: Stood) -> None:
    escalate_message(services, operator, message_id, Disposition(value))


def _retract(services: Services, operator: Operator, value: str, message_id: int, _: Stood) -> None:
    respond.order_retraction(services, operator, message_id, value)


def _restore(services: Services, operator: Operator, _value: str, _message_id: int, before: Stood) -> None:
    if before.retraction is None:
        raise Conflict("Nothing was taken out of any mailbox.")
    respond.order_restore(services, operator, before.retraction)


def _status(services: Services, operator: Operator, value: str, message_id: int, _: Stood) -> None:
    with services.database.begin() as tx:
        messages.set_triage(tx, operator.tenant_id, [message_id], Triage(value))


_DEEDS: dict[Deed, Callable[[Services, Operator, str, int, Stood], None]] = {
    Deed.JUDGE: _judge,
    Deed.SIMULATION: _simulation,
    Deed.RETRACT: _retract,
    Deed.RESTORE: _restore,
    Deed.STATUS: _status,
    Deed.ESCALATE: _escalate,
}
