"""Candidates: who asks for one, who lets it serve, and how is that taken back in one step?"""

import structlog
from sqlalchemy import Connection

from backend.domain.candidate import Candidate, CandidateState
from backend.domain.people import POLICY, SYSTEM, Actor, Operator, Right
from backend.errors import Conflict, NotAllowed, Unknown
from backend.flow.feedback import must_judge
from backend.services import Services
from backend.store import audit, candidates, labels, tenants

FEWEST_LABELS = 20

log = structlog.get_logger()


def ask(services: Services, operator: Operator) -> int:
    """An analyst or owner has a candidate trained; a worker starts a process of its own for it.

    Raises NotAllowed, Conflict while one is under way, or with too few labels.
    """
    must_judge(operator)
    with services.database.begin() as tx:
        candidate_id = _asked(tx, services, operator.tenant_id, Actor("operator", operator.id))
    services.wake.candidate(candidate_id)
    return candidate_id


def ask_here(services: Services, tenant_id: int) -> int:
    """The same from the command line, which trains it itself: no worker is woken. Raises Conflict."""
    with services.database.begin() as tx:
        return _asked(tx, services, tenant_id, SYSTEM)


def promote(services: Services, operator: Operator, candidate_id: int, *, even_so: bool = False) -> None:
    """An owner lets a candidate serve from the next message on. `even_so`: although something speaks against it.

    Raises NotAllowed, Unknown, Conflict.
    """
    _must_own(operator)
    with services.database.begin() as tx:
        candidate = candidates.get(tx, operator.tenant_id, candidate_id)
        if candidate is None:
            raise Unknown("There is no such candidate.")
        if candidate.obstacles and not even_so:
            raise Conflict("Something speaks against this candidate; read it, and confirm that it is to serve even so.")
        _serve(tx, services, candidate, Actor("operator", operator.id))


def promote_by_policy(tx: Connection, services: Services, candidate: Candidate) -> bool:
    """Where the tenant's policy says so and nothing speaks against it. True when it serves."""
    if tenants.get(tx, candidate.tenant_id).policy.learning.promote != "policy" or candidate.obstacles:
        return False
    _serve(tx, services, candidate, POLICY)
    return True


def roll_back(services: Services, operator: Operator) -> None:
    """What served before serves again, in one step. Raises NotAllowed, Conflict when nothing else ever did."""
    _must_own(operator)
    with services.database.begin() as tx:
        past = candidates.served(tx, operator.tenant_id, 2)
        if not past or past[0].candidate_id is None:
            raise Conflict("The installation's own checkpoint serves already.")
        before = past[1].candidate_id if len(past) > 1 and past[0].why == "promoted" else None
        actor, now = Actor("operator", operator.id), services.now()
        candidates.serve(tx, operator.tenant_id, before, str(actor), "rolled back", now)
        detail = {"from": past[0].candidate_id, "to": before or 0}
        audit.record(tx, operator.tenant_id, actor, "rolled back", f"candidate:{past[0].candidate_id}", detail, now)
    log.info("rolled back", tenant=operator.tenant_id, candidate=past[0].candidate_id, to=before)


def _asked(tx: Connection, services: Services, tenant_id: int, actor: Actor) -> int:
    taught = len(labels.judged_messages(tx, tenant_id))
    if taught < FEWEST_LABELS:
        raise Conflict(
            "There are %(labels)s judged messages; a candidate needs at least %(fewest)s.",
            labels=taught,
            fewest=FEWEST_LABELS,
        )
    candidate_id = candidates.ask(tx, tenant_id, str(actor), services.now())
    if candidate_id is None:
        raise Conflict("A candidate is being trained already.")
    subject = f"candidate:{candidate_id}"
    audit.record(tx, tenant_id, actor, "candidate asked for", subject, {"labels": taught}, services.now())
    return candidate_id


def _serve(tx: Connection, services: Services, candidate: Candidate, actor: Actor) -> None:
    if candidate.state is not CandidateState.READY:
        raise Conflict("This candidate is not ready to serve.")
    if candidates.serving(tx, candidate.tenant_id) == candidate.id:
        raise Conflict("This candidate serves already.")
    now, detail = services.now(), {"obstacles": list(candidate.obstacles)}
    candidates.serve(tx, candidate.tenant_id, candidate.id, str(actor), "promoted", now)
    audit.record(tx, candidate.tenant_id, actor, "promoted", f"candidate:{candidate.id}", detail, now)
    log.info("promoted", tenant=candidate.tenant_id, candidate=candidate.id)


def _must_own(operator: Operator) -> None:
    if not operator.may(Right.NETWORK):
        raise NotAllowed("Only an owner decides which network serves.")
