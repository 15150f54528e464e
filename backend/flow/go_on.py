"""Go on: what does an operator do with a retraction that stopped, or that left copies behind?"""

import structlog

from backend.domain.people import Actor, Operator
from backend.domain.retraction import Canary, RetractionState
from backend.errors import Conflict
from backend.flow.respond import get_retraction, must_handle_mail
from backend.services import Services
from backend.store import audit, retractions

log = structlog.get_logger()


def go_on(services: Services, operator: Operator, retraction_id: int) -> None:
    """Go on although the canary failed: the operator has read why. Raises NotAllowed, Unknown, Conflict."""
    must_handle_mail(operator)
    with services.database.begin() as tx:
        retraction = get_retraction(tx, operator, retraction_id)
        stopped = [RetractionState.STOPPED]
        fresh = {"canary": Canary.OVERRULED}
        if not retractions.move(tx, operator.tenant_id, retraction_id, stopped, RetractionState.RUNNING, **fresh):
            raise Conflict("This retraction has not stopped.")
        actor, detail = Actor("operator", operator.id), {"message": retraction.message_id}
        what = f"retraction:{retraction_id}"
        audit.record(tx, operator.tenant_id, actor, "went on after the canary", what, detail, services.now())
    services.wake.retraction(retraction_id)


def retry_failures(services: Services, operator: Operator, retraction_id: int) -> None:
    """Try again what could not be taken, or could not be brought back. Raises NotAllowed, Unknown, Conflict.

    It goes the way it went: copies that came back are not taken away again because others could not come back.
    """
    must_handle_mail(operator)
    with services.database.begin() as tx:
        retraction = get_retraction(tx, operator, retraction_id)
        way = RetractionState.RESTORING if retraction.undoing else RetractionState.RUNNING
        left = [RetractionState.INCOMPLETE]
        if not retractions.move(tx, operator.tenant_id, retraction_id, left, way):
            raise Conflict("This retraction has left nothing to try again.")
        actor, detail = Actor("operator", operator.id), {"undoing": retraction.undoing}
        what = f"retraction:{retraction_id}"
        audit.record(tx, operator.tenant_id, actor, "failures tried again", what, detail, services.now())
    services.wake.retraction(retraction_id)
