"""Restore: is every copy back exactly where it was?"""

from datetime import timedelta

import structlog

from backend.domain.people import SYSTEM
from backend.domain.retraction import Retraction, RetractionState
from backend.flow.claim import lease, wait_before
from backend.services import Services
from backend.store import audit, copies, retractions
from backend.store.copies import JournalEntry
from connectors.contract import Mailboxes, Outcome, Receipt
from connectors.errors import NotPermitted, Refused, TryLater

log = structlog.get_logger()


def restore(services: Services, retraction_id: int) -> None:
    """Bring back what a retraction took away. Safe to run twice, or by two workers at once."""
    with services.database.begin() as tx:
        retraction = retractions.claim(tx, retraction_id, RetractionState.RESTORING, services.now(), lease(services))
    if retraction is None:
        return

    mailboxes = services.mailboxes(retraction.tenant_id)
    failures = 0
    while page := _page(services, retraction, after=failures):
        for entry in page:
            if not _renewed(services, retraction):
                return
            failures += not _bring_back(services, mailboxes, entry)
    _finish(services, retraction, failures)


def _page(services: Services, retraction: Retraction, after: int) -> list[JournalEntry]:
    """The next copies to bring back; those that failed in this go stay at the front and are passed over."""
    with services.database.read() as tx:
        return copies.to_restore(tx, retraction, limit=after + 200)[after:]


def _bring_back(services: Services, mailboxes: Mailboxes, entry: JournalEntry) -> bool:
    try:
        receipt = mailboxes.restore(entry.copy, entry.held)
    except NotPermitted as error:
        receipt = Receipt(Outcome.NOT_PERMITTED, entry.held, str(error))
    except (Refused, TryLater):
        return False
    with services.database.begin() as tx:
        copies.settle(tx, entry, receipt, services.now())
    return True


def _renewed(services: Services, retraction: Retraction) -> bool:
    with services.database.begin() as tx:
        return retractions.renew(tx, retraction, services.now(), lease(services))


def _finish(services: Services, retraction: Retraction, failures: int) -> None:
    again = failures and retraction.attempts < services.settings.max_attempts
    seconds = wait_before(retraction.attempts)
    now = services.now()
    if again:
        with services.database.begin() as tx:
            kept = {"cause": f"{failures} copies not back yet", "retry_at": now + timedelta(seconds=seconds)}
            retractions.leave(tx, retraction, RetractionState.RESTORING, **kept)
        services.wake.retraction(retraction.id, after_seconds=seconds)
        return

    with services.database.begin() as tx:
        lost = copies.count(tx, retraction, [Outcome.EXPIRED, Outcome.NOT_PERMITTED])
        state = RetractionState.INCOMPLETE if failures else RetractionState.RESTORED
        cause = f"{failures} copies could not be brought back" if failures else ""
        cause = cause or (f"{lost} copies had expired or were not permitted" if lost else "")
        if retractions.leave(tx, retraction, state, cause=cause, finished_at=now, attempts=0):
            back = copies.count(tx, retraction, [Outcome.RESTORED])
            detail = {"state": state, "restored": back, "lost": lost}
            audit.record(tx, retraction.tenant_id, SYSTEM, "restored", f"retraction:{retraction.id}", detail, now)
    log.info("restored", retraction=retraction.id, state=state)
