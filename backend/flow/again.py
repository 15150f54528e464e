"""Again: when is a retraction, or its undo, tried once more, and where does it come to rest when it is not?"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from backend.domain.people import SYSTEM
from backend.domain.retraction import OPEN, Retraction, RetractionState
from backend.flow.claim import wait_before
from backend.flow.overruled import is_overruled
from backend.services import Services
from backend.store import audit, messages, retractions


class LeaseLost(Exception):
    """Another worker has it now: keep nothing, call nothing."""


def put_back(services: Services, retraction: Retraction, cause: str, wished: float = 0) -> None:
    """Give a retraction, or its undo, back for another try; INCOMPLETE when there were enough."""
    if retraction.attempts >= services.settings.max_attempts:
        come_to_rest(services, retraction, RetractionState.INCOMPLETE, cause=cause, retry_at=None)
        return
    seconds = wait_before(retraction.attempts, wished)
    with services.database.begin() as tx:
        kept = {"cause": cause, "retry_at": services.now() + timedelta(seconds=seconds)}
        left = retractions.leave(tx, retraction, retraction.state, **kept)
    if left:
        services.wake.retraction(retraction.id, after_seconds=seconds)


def come_to_rest(
    services: Services,
    retraction: Retraction,
    state: RetractionState,
    done: str = "",
    detail: Mapping[str, object] | None = None,
    **kept: object,
) -> RetractionState | None:
    """Leave a retraction in `state`; RESTORING when people said meanwhile that it is not wanted, RUNNING when copies
    that come back are to go again. Returns where it was left; None when the lease was lost.

    The message is held. So whoever judges it either is seen here, or finds the retraction at rest and brings the copies
    back themselves; nobody has to come in between. `done` is what the log says was done.
    """
    with services.database.begin() as tx:
        messages.hold(tx, retraction.tenant_id, retraction.message_id)
        left = _turned_round(tx, retraction) or state
        if left in OPEN:
            undoing = left is RetractionState.RESTORING
            kept |= {"cause": "", "attempts": 0, "finished_at": None, "undoing": undoing}
        if not retractions.leave(tx, retraction, left, **kept):
            return None
        if done:
            subject = f"retraction:{retraction.id}"
            audit.record(tx, retraction.tenant_id, SYSTEM, done, subject, dict(detail or {}), services.now())
    if left in OPEN:
        services.wake.retraction(retraction.id)
    return left


def _turned_round(tx: Connection, retraction: Retraction) -> RetractionState | None:
    """The way it has to go now, if that is not the way it went."""
    if retraction.state is RetractionState.RUNNING:
        return RetractionState.RESTORING if is_overruled(tx, retraction) else None
    now = retractions.get(tx, retraction.tenant_id, retraction.id)
    return None if now is None or now.undoing else RetractionState.RUNNING
