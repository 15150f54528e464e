"""Trial: are the first copies of a retraction taken, and proven to be the right ones and gone, before the others?

What they prove is judged by `canary`; here they are taken, and the retraction goes on, waits, or stops.
"""

from dataclasses import replace
from typing import Protocol

import structlog

from backend.domain.people import SYSTEM
from backend.domain.retraction import Canary, Retraction, RetractionState
from backend.flow import canary
from backend.flow.again import LeaseLost, come_to_rest, put_back
from backend.flow.canary import Patience, Tried
from backend.services import Services
from backend.store import audit, copies, retractions
from backend.store.tenants import Tenant
from connectors.contract import Mailboxes, Wanted

log = structlog.get_logger()


class Work(Protocol):
    """What a trial needs of the go at a retraction that it belongs to."""

    services: Services
    retraction: Retraction
    tenant: Tenant
    mailboxes: Mailboxes
    wished: float

    def wanted(self) -> Wanted:
        """What is looked for."""
        ...

    def is_this(self, raw: bytes) -> bool:
        """Whether these bytes are the message."""
        ...

    def settle_intended(self, at_most: int | None = None) -> None:
        """Take so many copies of the journal."""
        ...


def passes(work: Work) -> bool:
    """Take the first few copies and prove that they were the right ones and are gone; False: this go is over."""
    if not _is_wanted(work):
        return True
    first = _take_first(work)
    failure = canary.failure(work.mailboxes, first, work.wanted(), work.is_this)
    if failure is None:
        return _keep(work, len(first.taken))
    if failure.patience is Patience.ALL or (
        failure.patience is Patience.SOME and work.retraction.attempts < work.tenant.policy.canary.looks
    ):
        put_back(work.services, work.retraction, failure.sentence, work.wished)
    else:
        _stop(work, failure.sentence, len(first.taken))
    return False


def _is_wanted(work: Work) -> bool:
    """Whether there is more to take than a canary would, in an automatic or a large retraction without one yet."""
    if work.retraction.canary in {Canary.PASSED, Canary.OVERRULED}:
        return False
    numbers = work.tenant.policy.canary
    with work.services.database.read() as tx:
        first = canary.tried(tx, work.retraction)
        touched = copies.mailboxes_touched(tx, work.retraction)
    large = work.retraction.automatic or touched >= numbers.large
    return large and first.waiting > 0 and first.waiting + len(first.taken) > numbers.copies


def _take_first(work: Work) -> Tried:
    """Try as many copies as it takes to prove something: those that their owners removed do not."""
    enough, before = work.tenant.policy.canary.copies, -1
    while True:
        with work.services.database.read() as tx:
            first = canary.tried(tx, work.retraction)
        proven = len(first.taken) >= enough or (before >= 0 and (first.taken or first.refused))
        if proven or first.waiting in (0, before):
            return first
        before = first.waiting
        work.settle_intended(at_most=enough - len(first.taken))


def _keep(work: Work, taken: int) -> bool:
    with work.services.database.begin() as tx:
        if not retractions.set_canary(tx, work.retraction, Canary.PASSED):
            raise LeaseLost
        subject, now = f"retraction:{work.retraction.id}", work.services.now()
        audit.record(tx, work.tenant.id, SYSTEM, "canary passed", subject, {"copies": taken}, now)
    work.retraction = replace(work.retraction, canary=Canary.PASSED)
    return True


def _stop(work: Work, why: str, taken: int) -> None:
    """Touch nothing more: the canary says that this does not do what it should. An operator goes on or restores."""
    kept = {"cause": why, "canary": Canary.FAILED, "attempts": 0}
    detail = {"copies": taken}
    come_to_rest(work.services, work.retraction, RetractionState.STOPPED, "canary stopped it", detail, **kept)
    log.error("canary failed", retraction=work.retraction.id, taken=taken)
