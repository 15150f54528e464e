"""Undo: does what stood before an operation stand again?

Nothing is deleted: the earlier decision stands again by a later row that says the same, the label that was given is
revoked, and the one before it is given again. So the reporters' reliability is what it was. A team submission that an
escalation made is withdrawn: it stays to be read and counts for nothing. What others, the team among them, have decided
since stays as it is, and so does the submission that it was decided on.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Decision, Ruling
from backend.domain.operation import Deed, Item, ItemOutcome, Operation
from backend.domain.people import POLICY, Actor, Operator
from backend.domain.triage import Triage
from backend.errors import BadInput, Conflict, Unknown
from backend.flow import respond
from backend.flow.bulk import hold, must_handle_mail, operation, stands
from backend.flow.claim import lease
from backend.flow.overruled import BROUGHT_BACK, CALLED_OFF, UNDONE
from backend.services import Services
from backend.store import audit, decisions, escalations, labels, messages, operations, psr_log, retractions

log = structlog.get_logger()


def undo(services: Services, operator: Operator, operation_id: int) -> Operation:
    """Take an operation back, message by message. Raises NotAllowed, Unknown, Conflict when it was undone already.

    Whoever still works on the operation stops; what a crash leaves of an undo is taken back by backend.flow.finish.
    """
    must_handle_mail(operator)
    asked = operation(services, operator, operation_id)
    with services.database.begin() as tx:
        now = services.now()
        held: datetime | None = now + lease(services)
        if not operations.mark_undone(tx, operator.tenant_id, operation_id, now, held):
            raise Conflict("This was undone already.")
        actor, what = Actor("operator", operator.id), f"operation:{operation_id}"
        audit.record(tx, operator.tenant_id, actor, "operation undone", what, {"deed": asked.deed}, now)
        done = [
            one for one in operations.items(tx, operator.tenant_id, operation_id) if one.outcome is ItemOutcome.DONE
        ]

    for item in done:
        held = hold(services, operator.tenant_id, operation_id, held)
        if held is None:
            break
        take_back(services, operator, asked, item)
    log.info("undone", operation=operation_id, messages=len(done))
    return operation(services, operator, operation_id)


def take_back(services: Services, operator: Operator, asked: Operation, item: Item) -> None:
    """Undo one message of it, and write down whether that could be."""
    try:
        _UNDO[asked.deed](services, operator, item)
    except (Conflict, BadInput, Unknown) as refusal:
        outcome, detail = ItemOutcome.DONE, str(refusal)
    else:
        outcome, detail = ItemOutcome.UNDONE, ""
    with services.database.begin() as tx:
        operations.settle(tx, operator.tenant_id, asked.id, item.message_id, outcome, None, detail)


def _judgement(services: Services, operator: Operator, item: Item) -> None:
    """First the copies that go back, then the decision: a restore decides as well, and what stood before has the last
    word. What was brought back goes again after that, as what stood before wants it."""
    with services.database.read() as tx:
        _must_be_the_last_word(decisions.standing(tx, operator.tenant_id, item.message_id), item)
    taken = item.after.retraction and item.after.retraction != item.before.retraction
    if taken:
        with suppress(Conflict):  # nothing was found to take away, or it is too late: the judgement goes all the same
            respond.order_restore(services, operator, item.after.retraction or 0)
    with services.database.begin() as tx:
        _stand_again(tx, services, operator, item)
        taught = labels.unfollowed(tx, operator.tenant_id, item.message_id)
    if not taken and item.before.retraction:
        with suppress(Conflict, BadInput):
            _take_again(services, operator, item)
    for label_id in taught:
        services.wake.label(label_id)


def _must_be_the_last_word(last: Decision | None, item: Item) -> None:
    """Raises Conflict when somebody has decided since."""
    if (last.id if last else None) != item.after.decision:
        raise Conflict("Somebody has decided about this message since.")


def _before_copies_went_back(tx: Connection, operator: Operator, message_id: int) -> Decision | None:
    """The decision that stands, but for the one that a restore of this very undo has just made."""
    last = decisions.all_of(tx, operator.tenant_id, message_id, 2)
    own = last and last[0].decided_by == str(Actor("operator", operator.id))
    if own and last[0].why in (BROUGHT_BACK, CALLED_OFF):
        last = last[1:]
    return last[0] if last else None


def _stand_again(tx: Connection, services: Services, operator: Operator, item: Item) -> None:
    tenant_id, now = operator.tenant_id, services.now()
    messages.hold(tx, tenant_id, item.message_id)
    _must_be_the_last_word(_before_copies_went_back(tx, operator, item.message_id), item)
    earlier = decisions.get(tx, tenant_id, item.before.decision) if item.before.decision else None
    if earlier is None:
        raise Conflict("Nothing had been decided before.")
    why = (*(code for code in earlier.why if code != UNDONE), UNDONE)
    ruling = Ruling(earlier.disposition, earlier.simulation, earlier.response, earlier.action, why)
    decisions.append(tx, tenant_id, item.message_id, ruling, Actor.read(earlier.decided_by), now, earlier.verdict_id)
    if item.after.label != item.before.label:
        if item.after.label:
            labels.revoke(tx, tenant_id, item.after.label, now)
        if item.before.label:
            labels.give_again(tx, tenant_id, item.before.label, now)
    if item.after.team_submission and item.after.team_submission != item.before.team_submission:
        escalations.withdraw(tx, tenant_id, item.after.team_submission, now)
    psr_log.take_back(tx, tenant_id, item.message_id, item.before.judged, now, to_judge=item.before.to_judge)
    closed = datetime.fromisoformat(item.before.closed_at) if item.before.closed_at else None
    messages.reopen(tx, tenant_id, item.message_id, closed, Triage(item.before.triage))
    what, detail = f"message:{item.message_id}", {"decision": earlier.id}
    audit.record(tx, tenant_id, Actor("operator", operator.id), "judgement undone", what, detail, now)


def _retraction(services: Services, operator: Operator, item: Item) -> None:
    """What it took comes back, unless people have judged the message since, or others had taken it away before."""
    _must_be_unjudged(services, operator, item)
    if item.after.retraction and item.after.retraction == item.before.retraction:
        raise Conflict("It had been taken away before, and stays so. Restore it by itself.")
    if item.after.retraction:
        respond.order_restore(services, operator, item.after.retraction)


def _restore(services: Services, operator: Operator, item: Item) -> None:
    _must_be_unjudged(services, operator, item)
    _take_again(services, operator, item)


def _take_again(services: Services, operator: Operator, item: Item) -> None:
    """What was brought back, or is on its way, goes again to the same place."""
    with services.database.read() as tx:
        before = retractions.get(tx, operator.tenant_id, item.before.retraction or 0)
    if before is None:
        raise Conflict("Nothing had been taken away before.")
    if before.given_back:
        respond.order_retraction(services, operator, item.message_id, before.action)


def _must_be_unjudged(services: Services, operator: Operator, item: Item) -> None:
    """Raises Conflict when people have decided about the message since, whatever they said."""
    with services.database.read() as tx:
        standing = decisions.standing(tx, operator.tenant_id, item.message_id)
    if standing and standing.id != item.after.decision and standing.decided_by != str(POLICY):
        raise Conflict("Somebody has decided about this message since.")


def _status(services: Services, operator: Operator, item: Item) -> None:
    with services.database.begin() as tx:
        messages.hold(tx, operator.tenant_id, item.message_id)
        if stands(tx, operator.tenant_id, item.message_id).triage != item.after.triage:
            raise Conflict("Somebody has changed the status since.")
        messages.set_triage(tx, operator.tenant_id, [item.message_id], Triage(item.before.triage))


_UNDO: dict[Deed, Callable[[Services, Operator, Item], None]] = {
    Deed.JUDGE: _judgement,
    Deed.SIMULATION: _judgement,
    Deed.RETRACT: _retraction,
    Deed.RESTORE: _restore,
    Deed.STATUS: _status,
    Deed.ESCALATE: _judgement,
}
