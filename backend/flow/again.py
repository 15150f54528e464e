"""Again: when is a retraction, or its undo, that did not get through tried once more, and when is it given up?"""

from datetime import timedelta

from backend.domain.retraction import Retraction, RetractionState
from backend.flow.claim import wait_before
from backend.services import Services
from backend.store import retractions


class LeaseLost(Exception):
    """Another worker has it now: keep nothing, call nothing."""


def put_back(services: Services, retraction: Retraction, cause: str, wished: float = 0) -> None:
    """Give a retraction, or its undo, back for another try; INCOMPLETE when there were enough."""
    seconds = wait_before(retraction.attempts, wished)
    given_up = retraction.attempts >= services.settings.max_attempts
    state = RetractionState.INCOMPLETE if given_up else retraction.state
    now = services.now()
    with services.database.begin() as tx:
        kept = {"cause": cause, "retry_at": None if given_up else now + timedelta(seconds=seconds)}
        left = retractions.leave(tx, retraction, state, **kept)
    if left and not given_up:
        services.wake.retraction(retraction.id, after_seconds=seconds)
