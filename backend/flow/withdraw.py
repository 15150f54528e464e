"""Withdraw: how does somebody take a report back that they did not mean, and what is undone then?

For a few seconds after a report its answer waits. Whoever takes the report back meanwhile has not reported: nothing is
counted, nobody is told anything, and what PSR did because of it is undone.
"""

from datetime import timedelta

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Response
from backend.domain.people import POLICY, Actor, Person
from backend.domain.retraction import RetractionState
from backend.domain.submission import TAKEN_BACK, Kind, State
from backend.errors import Conflict, Unknown
from backend.flow.claim import claimed
from backend.flow.decide import decide_message
from backend.flow.score import rescore
from backend.services import Services
from backend.store import answers, audit, decisions, messages, psr_log, retractions, submissions, tenants, verdicts
from connectors.errors import TryLater

_AT_REST = (RetractionState.DONE, RetractionState.INCOMPLETE, RetractionState.AWAITING_APPROVAL)

log = structlog.get_logger()


def withdraw(services: Services, person: Person, submission_id: int) -> None:
    """Take one's own report back. Harmless to do again. Raises Unknown, and Conflict when it is too late."""
    now, seconds = services.now(), services.settings.withdraw_seconds
    with services.database.begin() as tx:
        mine = submissions.get_own(tx, person.tenant_id, person.id, submission_id)
        if mine is None:
            raise Unknown("You have no report with this id.")
        if mine.state in TAKEN_BACK:
            return
        if mine.kind is not Kind.USER:
            raise Conflict("A team's submission cannot be taken back; an owner can revoke its label.")
        if mine.message_id is not None:
            messages.hold(tx, person.tenant_id, mine.message_id)
        taken = submissions.take_back(tx, mine, now - timedelta(seconds=seconds))
        if not taken or not answers.call_off(tx, person.tenant_id, submission_id, now):
            tx.rollback()
            raise Conflict(
                "A report can be taken back for %(seconds)s seconds, and these are over. "
                "If the verdict is wrong, you can contest it.",
                seconds=seconds,
            )
        actor = Actor("person", person.id)
        audit.record(tx, person.tenant_id, actor, "report taken back", f"submission:{submission_id}", {}, now)
    services.wake.submission(submission_id)
    log.info("withdrawn", submission=submission_id, tenant=person.tenant_id)


def unwind(services: Services, submission_id: int) -> None:
    """Undo what rested on a report that was taken back. Safe to run twice, or by two workers at once."""
    with claimed(services, submission_id, State.WITHDRAWING) as submission:
        if submission is None:
            return

        message_id, tenant_id = submission.withdrawn_from, submission.tenant_id
        if message_id is not None:
            rescore(services, tenant_id, message_id)
        bring_back = None
        with services.database.begin() as tx:
            if message_id is not None:
                messages.hold(tx, tenant_id, message_id)
            if not submissions.advance(tx, submission, State.WITHDRAWN, services.now()):
                return
            if message_id is not None:
                bring_back = _decide_without(tx, services, tenant_id, message_id)
        if bring_back is not None:
            services.wake.retraction(bring_back)
        log.info("unwound", submission=submission_id, message=message_id, retraction=bring_back)


def _decide_without(tx: Connection, services: Services, tenant_id: int, message_id: int) -> int | None:
    """What policy says of the message without that report. Returns the retraction that is to be undone, if any."""
    standing = decisions.standing(tx, tenant_id, message_id)
    if standing is None or verdicts.latest(tx, tenant_id, message_id) is None:
        return None
    decide_message(tx, services, tenants.get(tx, tenant_id), message_id)
    if not submissions.of_message(tx, tenant_id, message_id, limit=1):
        psr_log.forget_unjudged(tx, tenant_id, message_id)
    standing = decisions.standing(tx, tenant_id, message_id)
    last = next(iter(retractions.of_message(tx, tenant_id, message_id, limit=1)), None)
    if last is None or standing is None or standing.response is Response.RETRACT or last.ordered_by != str(POLICY):
        return None
    if last.state is RetractionState.RUNNING:
        raise TryLater("The retraction that rests on this report is still running; it is undone once it ends.")
    if not retractions.move(tx, tenant_id, last.id, _AT_REST, RetractionState.RESTORING):
        return None
    audit.record(tx, tenant_id, POLICY, "restore ordered", f"retraction:{last.id}", {}, services.now())
    return last.id
