"""Respond: set the retraction going and answer the reporter. Here operators order and undo as well."""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Decision, Response, Ruling
from backend.domain.people import POLICY, Actor, Operator, Right
from backend.domain.retraction import Retraction, RetractionState
from backend.domain.submission import State
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow.answer import answer, intend
from backend.flow.claim import claimed
from backend.policy.settings import NO_ACTION
from backend.services import Services
from backend.store import audit, decisions, messages, retractions, submissions, tenants, verdicts
from connectors.contract import Action

_AT_REST = (RetractionState.DONE, RetractionState.INCOMPLETE)
_UNDOABLE = (*_AT_REST, RetractionState.AWAITING_APPROVAL)  # there, undoing means refusing as well

log = structlog.get_logger()


def respond(services: Services, submission_id: int) -> None:
    """Act on the decision that stands. Safe to run twice, or by two workers at once."""
    with claimed(services, submission_id, State.DECIDED) as submission:
        if submission is None:
            return

        message_id = submission.message_id or 0
        retraction_id = answer_id = None
        with services.database.begin() as tx:
            messages.hold(tx, submission.tenant_id, message_id)
            if not submissions.advance(tx, submission, State.ANSWERED, services.now()):
                return
            standing = decisions.standing(tx, submission.tenant_id, message_id)
            if standing and standing.response is Response.RETRACT:
                retraction_id = _retract_automatically(tx, services, standing)
            if standing:
                answer_id = intend(tx, services, submission, standing)
        if retraction_id is not None:
            services.wake.retraction(retraction_id)
        if answer_id is not None:
            answer(services, submission.tenant_id, answer_id)
        log.info("answered", submission=submission.id, message=message_id, retraction=retraction_id)


def _retract_automatically(tx: Connection, services: Services, standing: Decision) -> int | None:
    """Order PSR's retraction, or send a finished one to look for copies that came later."""
    ordered = retractions.order(
        tx,
        standing.tenant_id,
        standing.message_id,
        standing.id,
        standing.action,
        str(POLICY),
        services.now(),
        automatic=True,
    )
    if ordered is not None:
        detail = {"message": standing.message_id, "decision": standing.id, "action": standing.action}
        subject = f"retraction:{ordered}"
        audit.record(tx, standing.tenant_id, POLICY, "retraction ordered", subject, detail, services.now())
        return ordered
    last = retractions.of_message(tx, standing.tenant_id, standing.message_id, limit=1)
    if last and _run_again(tx, last[0], standing.action, services):
        return last[0].id
    return None


def _run_again(tx: Connection, last: Retraction, action: str, services: Services) -> bool:
    """Send a finished retraction to look again, with what is to be done now; what it takes sets a new deadline."""
    fresh = {"action": action, "ordered_at": services.now()}
    return retractions.move(tx, last.tenant_id, last.id, _AT_REST, RetractionState.RUNNING, **fresh)


def order_retraction(services: Services, operator: Operator, message_id: int, action: str) -> int:
    """An operator takes the message out of every mailbox. Returns the retraction's id.

    Raises NotAllowed, Unknown, BadInput for an action that is none or not confirmed, Conflict when one is under way.
    """
    _must_handle_mail(operator)
    with services.database.begin() as tx:
        if not messages.hold(tx, operator.tenant_id, message_id):
            raise Unknown("There is no such message.")
        _check_action(tx, operator, action)
        actor, now = Actor("operator", operator.id), services.now()
        decision = decisions.standing(tx, operator.tenant_id, message_id)
        retraction_id = retractions.order(
            tx,
            operator.tenant_id,
            message_id,
            decision.id if decision else None,
            action,
            str(actor),
            now,
            automatic=False,
            approved_by=[operator.id],
        )
        if retraction_id is None:
            retraction_id = _look_again(tx, services, operator, message_id, action)
        detail = {"message": message_id, "action": action}
        audit.record(tx, operator.tenant_id, actor, "retraction ordered", f"retraction:{retraction_id}", detail, now)
    services.wake.retraction(retraction_id)
    return retraction_id


def _look_again(tx: Connection, services: Services, operator: Operator, message_id: int, action: str) -> int:
    last = retractions.of_message(tx, operator.tenant_id, message_id, limit=1)[0]
    if not _run_again(tx, last, action, services):
        raise Conflict(f"A retraction of this message is {last.state.replace('_', ' ')} already.")
    return last.id


def _check_action(tx: Connection, operator: Operator, action: str) -> None:
    known = [a.value for a in Action]
    if action not in known:
        raise BadInput(f"Choose one of {', '.join(known)}; {action!r} is none of them.")
    policy = tenants.get(tx, operator.tenant_id).policy
    if action == Action.HARD_DELETE and not policy.hard_delete_confirmed:
        raise BadInput("Hard delete cannot be undone and is switched off; an owner can allow it in the settings.")


def approve(services: Services, operator: Operator, retraction_id: int) -> None:
    """One operator's yes to a retraction above the mailbox limit; the same operator counts once."""
    _must_handle_mail(operator)
    with services.database.begin() as tx:
        retraction = _get(tx, operator, retraction_id)
        approvers = retractions.approvers(tx, operator.tenant_id, retraction_id)
        if retraction.state is not RetractionState.AWAITING_APPROVAL:
            raise Conflict("This retraction is not waiting for an approval.")
        if operator.id in approvers:
            raise Conflict("You approved this already; it needs another operator as well.")
        approvers.append(operator.id)
        retractions.set_approvers(tx, operator.tenant_id, retraction_id, approvers)
        enough = len(approvers) >= retraction.approvals_needed
        if enough:
            retractions.move(tx, operator.tenant_id, retraction_id, [retraction.state], RetractionState.RUNNING)
        actor = Actor("operator", operator.id)
        audit.record(tx, operator.tenant_id, actor, "approved", f"retraction:{retraction_id}", {}, services.now())
    if enough:
        services.wake.retraction(retraction_id)


def order_restore(services: Services, operator: Operator, retraction_id: int) -> None:
    """An operator brings every copy back; from then on policy does not take the message away again.

    Raises NotAllowed, Unknown, Conflict when it is under way, or when it can no longer be undone.
    """
    _must_handle_mail(operator)
    with services.database.begin() as tx:
        retraction = _get(tx, operator, retraction_id)
        messages.hold(tx, operator.tenant_id, retraction.message_id)
        now = services.now()
        if retraction.state in _AT_REST:
            _must_be_undoable(retraction, now)
        if not retractions.move(tx, operator.tenant_id, retraction_id, _UNDOABLE, RetractionState.RESTORING):
            raise Conflict(f"This retraction is {retraction.state.replace('_', ' ')}: there is nothing to undo now.")
        actor = Actor("operator", operator.id)
        _let_it_be(tx, services, retraction, actor)
        audit.record(tx, operator.tenant_id, actor, "restore ordered", f"retraction:{retraction_id}", {}, now)
    services.wake.retraction(retraction_id)


def _must_be_undoable(retraction: Retraction, now: datetime) -> None:
    if retraction.restorable_until is None:
        raise Conflict("There is nothing to undo: no copy was taken away, or it was deleted for good.")
    if retraction.restorable_until < now:
        raise Conflict("The time in which this could be undone is over.")


def _let_it_be(tx: Connection, services: Services, retraction: Retraction, actor: Actor) -> None:
    """An undo stands against policy: an operator's decision without an action."""
    standing = decisions.standing(tx, retraction.tenant_id, retraction.message_id)
    theirs = standing is not None and standing.decided_by != str(POLICY) and standing.action == NO_ACTION
    if standing and not theirs:
        ruling = Ruling(standing.disposition, standing.simulation, Response.NOTHING, NO_ACTION, ("operator-restored",))
        verdict = verdicts.latest(tx, retraction.tenant_id, retraction.message_id)
        decisions.append(
            tx,
            retraction.tenant_id,
            retraction.message_id,
            ruling,
            actor,
            services.now(),
            verdict.id if verdict else None,
        )


def _get(tx: Connection, operator: Operator, retraction_id: int) -> Retraction:
    retraction = retractions.get(tx, operator.tenant_id, retraction_id)
    if retraction is None:
        raise Unknown("There is no such retraction.")
    return retraction


def _must_handle_mail(operator: Operator) -> None:
    if not operator.may(Right.MAIL):
        raise NotAllowed(f"The role {operator.role} does not handle mail; ask an analyst or an owner.")
