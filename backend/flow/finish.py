"""Finish: what becomes of an order for many messages when the process that worked on it dies?

Sweep finds it once its lease is over and does what is left, as the operator who ordered it and message by message.
An undo that was cut short is gone on with as well. A deed that was done but not written down is not done twice, and
what somebody has decided since is left alone.
"""

from dataclasses import replace

import structlog

from backend.domain.decision import Decision
from backend.domain.operation import Deed, Item, ItemOutcome, Operation
from backend.domain.people import POLICY, Actor, Operator, Right
from backend.domain.retraction import RetractionState
from backend.flow import bulk
from backend.flow.bulk import Order
from backend.flow.undo import take_back
from backend.services import Services
from backend.store import audit, decisions, operations, operators, retractions
from backend.store.operations import Abandoned

_GIVEN_BACK = (RetractionState.RESTORING, RetractionState.RESTORED, RetractionState.REFUSED)

log = structlog.get_logger()


def finish_abandoned(services: Services) -> int:
    """Take up what dead processes left. Returns how many messages were seen to."""
    with services.database.read() as tx:
        left = operations.abandoned(tx, services.now())
    return sum(_finish(services, one) for one in left)


def _finish(services: Services, left: Abandoned) -> int:
    held = bulk.hold(services, left.tenant_id, left.id, left.held)
    if held is None:
        return 0
    with services.database.begin() as tx:
        asked = operations.get(tx, left.tenant_id, left.id)
        assert asked is not None, "operations are never deleted"
        operator = operators.get_operator(tx, asked.operator_id)
        every = operations.items(tx, left.tenant_id, left.id, bulk.MOST)
        items = [item for item in every if _is_left(asked, item)]
        actor, detail = Actor("operator", asked.operator_id), {"messages": len(items)}
        audit.record(
            tx, left.tenant_id, actor, "operation taken up again", f"operation:{left.id}", detail, services.now()
        )

    for item in items:
        held = bulk.hold(services, left.tenant_id, left.id, held)
        if held is None:
            break
        _one(services, asked, operator, item)
    log.warning("operation taken up again", operation=left.id, deed=asked.deed, messages=len(items))
    return len(items)


def _is_left(asked: Operation, item: Item) -> bool:
    """Not done yet; or done, and not taken back though the operation was undone. What could not be says why."""
    to_take_back = asked.undone_at is not None and item.outcome is ItemOutcome.DONE and not item.detail
    return item.outcome is ItemOutcome.INTENDED or to_take_back


def _one(services: Services, asked: Operation, operator: Operator | None, item: Item) -> None:
    if operator is None or not operator.may(Right.MAIL):
        outcome = item.outcome or ItemOutcome.REFUSED
        return _settle(services, asked, item, outcome, "Whoever ordered this may not do it any more.")
    if item.outcome is ItemOutcome.DONE:
        return take_back(services, operator, asked, item)
    if asked.undone_at is not None:
        return _take_back(services, asked, operator, item)
    if _is_done(services, asked, item):
        return _settle(services, asked, item, ItemOutcome.DONE)
    if _somebody_decided(services, asked, item):
        return _settle(services, asked, item, ItemOutcome.REFUSED, "Somebody has decided about this message since.")
    return bulk.do_one(services, operator, asked.id, Order(asked.deed, asked.value), item.message_id, item.before)


def _take_back(services: Services, asked: Operation, operator: Operator, item: Item) -> None:
    """The operation was undone meanwhile: so is what it had done to this message before it could say so."""
    with services.database.read() as tx:
        standing = decisions.standing(tx, asked.tenant_id, item.message_id)
        after = bulk.stands(tx, asked.tenant_id, item.message_id)
    judged = standing is not None and standing.id != item.before.decision and _is_this_order(asked, standing)
    if judged or _is_done(services, asked, item):
        take_back(services, operator, asked, replace(item, after=after))
    else:
        _settle(services, asked, item, ItemOutcome.REFUSED, "This was undone before it was done.")


def _settle(services: Services, asked: Operation, item: Item, outcome: ItemOutcome, detail: str = "") -> None:
    with services.database.begin() as tx:
        after = bulk.stands(tx, asked.tenant_id, item.message_id)
        operations.settle(tx, asked.tenant_id, asked.id, item.message_id, outcome, after, detail)


def _is_done(services: Services, asked: Operation, item: Item) -> bool:
    """Whether the deed came before the crash. A judgement or a status given once more does no harm."""
    with services.database.read() as tx:
        if asked.deed is Deed.RETRACT:
            return bulk.stands(tx, asked.tenant_id, item.message_id).retraction not in (None, item.before.retraction)
        if asked.deed is Deed.RESTORE and item.before.retraction:
            before = retractions.get(tx, asked.tenant_id, item.before.retraction)
            return before is not None and before.state in _GIVEN_BACK
    return False


def _somebody_decided(services: Services, asked: Operation, item: Item) -> bool:
    with services.database.read() as tx:
        now = decisions.standing(tx, asked.tenant_id, item.message_id)
    if now is None or now.id == item.before.decision or now.decided_by == str(POLICY):
        return False
    return not _is_this_order(asked, now)


def _is_this_order(asked: Operation, decision: Decision) -> bool:
    """Whether the decision is what the operation itself came to make."""
    if decision.decided_by != str(Actor("operator", asked.operator_id)):
        return False
    if asked.deed is Deed.SIMULATION:
        return decision.simulation
    return asked.deed in (Deed.JUDGE, Deed.ESCALATE) and decision.disposition == asked.value
