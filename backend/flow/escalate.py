"""Escalate: how does a user's submission come before the team?"""

from dataclasses import replace

import structlog

from backend.domain.disposition import Disposition
from backend.domain.people import Actor, Operator
from backend.domain.submission import Identity, Kind, Submission
from backend.domain.triage import Triage
from backend.errors import Conflict, Unknown
from backend.flow.feedback import Judgement, follow_judgement, keep_judgement, must_judge
from backend.services import Services
from backend.store import escalations, messages, submissions

log = structlog.get_logger()


def escalate(services: Services, operator: Operator, submission_id: int, disposition: Disposition) -> int:
    """Put a user's submission before the team, as what the operator holds it to be. Returns the team submission's id.

    It counts as the team's judgement, below a later one of an operator. A submission that was escalated before keeps
    its one link, whatever is said now. Raises NotAllowed, Unknown, Conflict when there is no message to put forward.
    """
    must_judge(operator)
    with services.database.read() as tx:
        submission = submissions.get(tx, operator.tenant_id, submission_id)
    if submission is None:
        raise Unknown("There is no such submission.")
    if submission.kind is not Kind.USER:
        raise Conflict("This is a team submission already.")
    if submission.message_id is None:
        raise Conflict("The report has not been read yet; there is no message to escalate.")

    said = Judgement(disposition, why="operator-escalated", done="escalated", source="team")
    team_id, new = _link(services, operator, submission, submission.message_id, said)
    if new:
        follow_judgement(services, operator, submission.message_id, said)
        services.wake.submission(team_id)
        log.info("escalated", submission=submission_id, team=team_id, message=submission.message_id)
    return team_id


def escalate_message(services: Services, operator: Operator, message_id: int, disposition: Disposition) -> int:
    """The same for the first user who reported the message, somebody verified before somebody who is not."""
    must_judge(operator)
    with services.database.read() as tx:
        reports = submissions.of_message(tx, operator.tenant_id, message_id)
    users = sorted((one for one in reports if one.kind is Kind.USER), key=_proven_first)
    if not users:
        raise Conflict("No user reported this message: there is no submission to escalate.")
    return escalate(services, operator, users[0].id, disposition)


def _proven_first(submission: Submission) -> tuple[bool, int]:
    return submission.identity is not Identity.VERIFIED, submission.id


def _link(
    services: Services, operator: Operator, submission: Submission, message_id: int, said: Judgement
) -> tuple[int, bool]:
    """The link and the judgement in one transaction; (id, False) when there is a link already."""
    tenant_id, actor, now = operator.tenant_id, Actor("operator", operator.id), services.now()
    with services.database.begin() as tx:
        messages.hold(tx, tenant_id, message_id)
        before = escalations.of_submission(tx, tenant_id, submission.id)
        if before:
            return before.escalated_submission_id, False
        message = messages.get(tx, tenant_id, message_id)
        if message is None or not message.evidence_sha256:
            raise Conflict("The mail itself was deleted; there is nothing left to put before the team.")
        team_id = escalations.escalate(tx, submission, message, said.disposition, actor, now)
        about = {"submission": submission.id, "team_submission": team_id}
        keep_judgement(tx, services, operator, message_id, replace(said, about=about))
        messages.set_triage(tx, tenant_id, [message_id], Triage.ESCALATED)
    return team_id, True
