"""Respond: set the retraction going and answer the reporter. Here operators order and undo as well."""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Decision, Psr, Response, Ruling
from backend.domain.later_look import LookSource
from backend.domain.people import POLICY, Actor, Operator, Right
from backend.domain.retraction import WAITS_FOR_AN_OPERATOR, Retraction, RetractionState
from backend.domain.submission import State
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow import answer, canary
from backend.flow.claim import claimed
from backend.flow.decide import decide_message
from backend.flow.overruled import BROUGHT_BACK, CALLED_OFF, lost_its_reason
from backend.flow.plan_looks import plan_looks
from backend.policy.settings import NO_ACTION
from backend.services import Services
from backend.store import audit, decisions, messages, retractions, submissions, tenants, verdicts
from connectors.contract import Action
from connectors.registry import actions_of

_AT_REST = (RetractionState.DONE, RetractionState.INCOMPLETE)
_UNDOABLE = (*_AT_REST, *WAITS_FOR_AN_OPERATOR)  # there, undoing means refusing as well

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
            standing = _as_it_is_now(tx, services, submission.tenant_id, message_id)
            if standing and standing.response is Response.RETRACT:
                retraction_id = _retract_automatically(tx, services, standing)
            if standing:
                answer_id = answer.intend(tx, services, submission, standing)
        if retraction_id is not None:
            services.wake.retraction(retraction_id)
        if answer_id is not None:
            answer.wake(services, submission.tenant_id, [answer_id])
        log.info("answered", submission=submission.id, message=message_id, retraction=retraction_id)


def _as_it_is_now(tx: Connection, services: Services, tenant_id: int, message_id: int) -> Decision | None:
    """The decision that stands; policy decides anew when PSR was switched back since it decided to retract."""
    standing = decisions.standing(tx, tenant_id, message_id)
    tenant = tenants.get(tx, tenant_id)
    if standing and standing.response is Response.RETRACT and tenant.policy.psr.switch is not Psr.ON:
        decide_message(tx, services, tenant, message_id)
        standing = decisions.standing(tx, tenant_id, message_id)
    return standing


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
        tenant = tenants.get(tx, standing.tenant_id)
        plan_looks(tx, services, tenant, standing.message_id, LookSource.PSR)
        return ordered
    last = retractions.of_message(tx, standing.tenant_id, standing.message_id, limit=1)
    if last and run_again(tx, last[0], standing.action, services.now(), automatic=True):
        return last[0].id
    return None


def run_again(tx: Connection, last: Retraction, action: str, now: datetime, *, automatic: bool) -> bool:
    """Send a finished retraction to look again, with what is to be done now; what it takes sets a new deadline.

    Once policy has sent it, it is as careful as policy's own.
    """
    fresh = {"action": action, "ordered_at": now, "automatic": last.automatic or automatic}
    again = retractions.move(tx, last.tenant_id, last.id, _AT_REST, RetractionState.RUNNING, **fresh)
    if again:
        canary.ask_again(tx, last)
    return again


def order_retraction(services: Services, operator: Operator, message_id: int, action: str) -> int:
    """An operator takes the message out of every mailbox. Returns the retraction's id.

    Raises NotAllowed, Unknown, BadInput for an action that is none or not confirmed, Conflict when one is under way.
    """
    must_handle_mail(operator)
    with services.database.begin() as tx:
        if not messages.hold(tx, operator.tenant_id, message_id):
            raise Unknown("There is no such message.")
        check_action(tx, operator, action)
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
    """Whoever sends a finished retraction to look again says yes to it, as to a new one.

    Copies that are on their way back go again once they are there.
    """
    last = retractions.of_message(tx, operator.tenant_id, message_id, limit=1)[0]
    approvers = retractions.approvers(tx, operator.tenant_id, last.id)
    now = services.now()
    if not run_again(tx, last, action, now, automatic=False):
        fresh = {"action": action, "ordered_at": now}
        if not retractions.turn_round(tx, last.tenant_id, last.id, undoing=False, **fresh):
            raise Conflict("There is a retraction of this message already (%(state)s).", state=last.state)
        canary.ask_again(tx, last)
    if operator.id not in approvers:
        retractions.set_approvers(tx, operator.tenant_id, last.id, [*approvers, operator.id])
    return last.id


def check_action(tx: Connection, operator: Operator, action: str) -> None:
    """Refuse at once what this tenant's provider cannot do, or what is switched off. Raises BadInput."""
    tenant = tenants.get(tx, operator.tenant_id)
    known = sorted(actions_of(tenant.provider), key=list(Action).index)
    if action not in known:
        raise BadInput(
            "Choose one of %(known)s; %(action)s is none of what %(provider)s can do.",
            known=", ".join(known),
            action=repr(action),
            provider=tenant.provider,
        )
    policy = tenant.policy
    if action == Action.HARD_DELETE and not policy.hard_delete_confirmed:
        raise BadInput("Hard delete cannot be undone and is switched off; an owner can allow it in the settings.")


def approve(services: Services, operator: Operator, retraction_id: int) -> None:
    """One operator's yes to a retraction above the mailbox limit; the same operator counts once."""
    must_handle_mail(operator)
    with services.database.begin() as tx:
        retraction = get_retraction(tx, operator, retraction_id)
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


def bring_back(tx: Connection, services: Services, tenant_id: int, message_id: int, who: Actor) -> int | None:
    """Undo the message's retraction if what it was ordered on was taken back. Returns which is to be woken, if any.

    One that is still running sees that by itself. Nobody decides with it: policy goes on as if there had been no order.
    The caller holds the message.
    """
    last = next(iter(retractions.of_message(tx, tenant_id, message_id, limit=1)), None)
    if last is None or not lost_its_reason(tx, last):
        return None
    too_late = last.restorable_until is None or last.restorable_until < services.now()
    if (last.state in _AT_REST and too_late) or not _turn_back(tx, last):
        return None
    audit.record(tx, tenant_id, who, "restore ordered", f"retraction:{last.id}", {}, services.now())
    return last.id


def order_restore(services: Services, operator: Operator, retraction_id: int) -> None:
    """An operator brings every copy back; from then on policy does not take the message away again.

    A retraction that is still running is called off: it stops at its next round and gives back what it took.
    Raises NotAllowed, Unknown, Conflict when it is being restored, or when it can no longer be undone.
    """
    must_handle_mail(operator)
    with services.database.begin() as tx:
        messages.hold(tx, operator.tenant_id, get_retraction(tx, operator, retraction_id).message_id)
        retraction = get_retraction(tx, operator, retraction_id)  # as it is once nobody else decides
        now = services.now()
        if retraction.state in _AT_REST:
            _must_be_undoable(retraction, now)
        actor = Actor("operator", operator.id)
        if _turn_back(tx, retraction):
            _let_it_be(tx, services, retraction, actor)
        elif retraction.state is RetractionState.RUNNING:
            _call_off(tx, services, retraction, actor)
        else:
            raise Conflict("There is nothing to undo now in this retraction (%(state)s).", state=retraction.state)
        audit.record(tx, operator.tenant_id, actor, "restore ordered", f"retraction:{retraction_id}", {}, now)
    services.wake.retraction(retraction_id)


def _turn_back(tx: Connection, retraction: Retraction) -> bool:
    """Send what rests on its way back, or let what is on its way back stay there though it was to go again."""
    tenant_id, number = retraction.tenant_id, retraction.id
    moved = retractions.move(tx, tenant_id, number, _UNDOABLE, RetractionState.RESTORING)
    return moved or retractions.turn_round(tx, tenant_id, number, undoing=True)


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
        _decide_without_action(tx, services, standing, actor, BROUGHT_BACK)


def _call_off(tx: Connection, services: Services, retraction: Retraction, actor: Actor) -> None:
    """Say, where the worker looks between its rounds, that this is not wanted any more."""
    standing = decisions.standing(tx, retraction.tenant_id, retraction.message_id)
    if standing is None:
        raise Conflict("This retraction is running, and nothing was decided yet: wait until it ends.")
    _decide_without_action(tx, services, standing, actor, CALLED_OFF)


def _decide_without_action(
    tx: Connection, services: Services, standing: Decision, actor: Actor, why: tuple[str, ...]
) -> None:
    ruling = Ruling(standing.disposition, standing.simulation, Response.NOTHING, NO_ACTION, why)
    verdict = verdicts.latest(tx, standing.tenant_id, standing.message_id)
    kept = verdict.id if verdict else None
    decisions.append(tx, standing.tenant_id, standing.message_id, ruling, actor, services.now(), kept)


def get_retraction(tx: Connection, operator: Operator, retraction_id: int) -> Retraction:
    """One of the operator's own tenant. Raises Unknown."""
    retraction = retractions.get(tx, operator.tenant_id, retraction_id)
    if retraction is None:
        raise Unknown("There is no such retraction.")
    return retraction


def must_handle_mail(operator: Operator) -> None:
    """Raises NotAllowed."""
    if not operator.may(Right.MAIL):
        raise NotAllowed("The role %(role)s does not handle mail; ask an analyst or an owner.", role=operator.role)
