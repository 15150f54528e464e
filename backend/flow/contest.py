"""Contest: what if whoever reported the message holds the verdict to be wrong?

It waits in the operators' queue. One that an operator confirms becomes a label; one that is not changes nothing.
"""

import structlog
from sqlalchemy import Connection

from backend.domain.contest import Contest, ContestState
from backend.domain.disposition import Disposition
from backend.domain.people import Actor, Operator, Person
from backend.domain.submission import Kind
from backend.errors import BadInput, Conflict, Unknown
from backend.flow.feedback import Judgement, follow_judgement, keep_judgement, must_judge
from backend.services import Services
from backend.store import audit, contests, decisions, messages, submissions

LONGEST_COMMENT = 2000
MOST_OPEN = 10  # of one person: nobody may fill the operators' queue alone

log = structlog.get_logger()


def contest(services: Services, person: Person, submission_id: int, comment: str) -> int:
    """Say that the verdict on one's own report is wrong, and why. Returns the contest's id.

    Raises Unknown, BadInput, and Conflict where there is nothing to contest, or it was done before.
    """
    said = comment.replace("\0", "").strip()
    if not said:
        raise BadInput("Say what is wrong with the verdict: somebody will read it.")
    if len(said) > LONGEST_COMMENT:
        raise BadInput("Say it in at most %(most)s characters.", most=LONGEST_COMMENT)
    with services.database.begin() as tx:
        mine = submissions.get_own(tx, person.tenant_id, person.id, submission_id)
        if mine is None:
            raise Unknown("You have no report with this id.")
        standing = decisions.standing(tx, person.tenant_id, mine.message_id) if mine.message_id is not None else None
        if mine.message_id is None or standing is None:
            raise Conflict("There is no verdict to contest yet.")
        if standing.simulation:
            raise Conflict("This was an exercise of your own security team; there is nothing to contest.")
        if mine.kind is not Kind.USER:
            raise Conflict("What a team says is a label already; an owner can revoke it.")
        messages.hold(tx, person.tenant_id, mine.message_id)
        if contests.count_open(tx, person.tenant_id, person.id) >= MOST_OPEN:
            raise Conflict("%(most)s of your contests wait for an operator. Wait for an answer to one.", most=MOST_OPEN)
        now = services.now()
        contest_id = contests.open_one(tx, mine, mine.message_id, standing.id, said, now)
        if contest_id is None:
            raise Conflict("You have contested this verdict before.")
        detail = {"submission": submission_id, "contest": contest_id, "decision": standing.id}
        who = Actor("person", person.id)
        audit.record(tx, person.tenant_id, who, "verdict contested", f"message:{mine.message_id}", detail, now)
    log.info("contested", submission=submission_id, message=mine.message_id, contest=contest_id)
    return contest_id


def confirm(services: Services, operator: Operator, contest_id: int, disposition: Disposition) -> None:
    """The reporter was right: the message is what the operator says now, and that is a label.

    Raises NotAllowed, Unknown, and Conflict when it says what is held anyway, or somebody settled it before.
    """
    must_judge(operator)
    found = _open(services, operator, contest_id)
    said = Judgement(
        disposition,
        why="contest-confirmed",
        done="contest confirmed",
        source="contest",
        about={"contest": contest_id, "submission": found.submission_id},
    )
    with services.database.begin() as tx:
        messages.hold(tx, operator.tenant_id, found.message_id)
        standing = decisions.standing(tx, operator.tenant_id, found.message_id)
        if standing and standing.disposition is disposition and not standing.simulation:
            raise Conflict(
                "That is what the message is held to be already. If it is right, do not confirm the contest."
            )
        _settle(tx, services, operator, found, ContestState.CONFIRMED)
        keep_judgement(tx, services, operator, found.message_id, said)
    follow_judgement(services, operator, found.message_id, said)


def leave(services: Services, operator: Operator, contest_id: int) -> None:
    """The verdict was right: nothing changes but that somebody has looked. Raises NotAllowed, Unknown, Conflict."""
    must_judge(operator)
    found = _open(services, operator, contest_id)
    with services.database.begin() as tx:
        _settle(tx, services, operator, found, ContestState.UNCONFIRMED)
        detail = {"contest": contest_id, "submission": found.submission_id}
        who, what = Actor("operator", operator.id), f"message:{found.message_id}"
        audit.record(tx, operator.tenant_id, who, "contest not confirmed", what, detail, services.now())


def _open(services: Services, operator: Operator, contest_id: int) -> Contest:
    with services.database.read() as tx:
        found = contests.get(tx, operator.tenant_id, contest_id)
    if found is None:
        raise Unknown("There is no such contest.")
    return found


def _settle(tx: Connection, services: Services, operator: Operator, found: Contest, state: ContestState) -> None:
    if not contests.settle(tx, found, state, Actor("operator", operator.id), services.now()):
        raise Conflict("Somebody has settled this already.")
