"""Restore: is every copy back exactly where it was?"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain
from typing import Any

import structlog

from backend.domain.retraction import Retraction, RetractionState
from backend.flow.again import come_to_rest, put_back
from backend.flow.claim import lease
from backend.services import Services
from backend.store import copies, retractions
from backend.store.copies import JournalEntry
from connectors.contract import Action, Copy, Mailboxes, Outcome, Receipt
from connectors.errors import ConnectorError

Answers = Iterator[tuple[Copy, Receipt | ConnectorError]]

_TOGETHER = 1_000  # copies brought back in one go: each go ends with waiting for the slowest

log = structlog.get_logger()


def restore(services: Services, retraction_id: int) -> None:
    """Bring back what a retraction took away. Safe to run twice, or by two workers at once."""
    with services.database.begin() as tx:
        retraction = retractions.claim(tx, retraction_id, RetractionState.RESTORING, services.now(), lease(services))
    if retraction is None:
        return None
    if retraction.attempts > services.settings.max_attempts:
        return put_back(services, retraction, retraction.cause or "gave up after too many tries")

    try:
        _bring_all_back(services, retraction)
    except Exception as error:
        put_back(services, retraction, f"unexpected {type(error).__name__}")
        raise


def _bring_all_back(services: Services, retraction: Retraction) -> None:
    """Each copy once in a go, a page at a time."""
    mailboxes = services.mailboxes(retraction.tenant_id)
    last = failures = 0
    while page := _page(services, retraction, after=last):
        if not _renewed(services, retraction):
            return
        failures += _bring_back(services, mailboxes, retraction, page)
        last = page[-1].id
    _finish(services, retraction, failures)


def _page(services: Services, retraction: Retraction, after: int) -> list[JournalEntry]:
    with services.database.read() as tx:
        return copies.to_restore(tx, retraction, after, _TOGETHER)


def _bring_back(services: Services, mailboxes: Mailboxes, retraction: Retraction, page: Sequence[JournalEntry]) -> int:
    """Bring a page back; how many could not be now, so that they can be asked for again."""
    entries = {(entry.copy.mailbox, entry.copy.id): entry for entry in page}
    failures = 0
    for copy, answer in chain.from_iterable(_asked(mailboxes, retraction, page)):
        entry = entries[copy.mailbox, copy.id]
        if isinstance(answer, ConnectorError):
            failures += 1
            log.warning("copy not back", copy=entry.id, error=type(answer).__name__)
            with services.database.begin() as tx:
                copies.put_off(tx, entry, f"not back yet: {answer}"[:500])
            continue
        with services.database.begin() as tx:
            copies.settle(tx, entry, answer, services.now())
    return failures


def _asked(mailboxes: Mailboxes, retraction: Retraction, page: Sequence[JournalEntry]) -> Iterator[Answers]:
    """The provider's answers: for copies whose place is known, and for those whose place it is asked for first."""
    yield mailboxes.restore_many([(entry.copy, entry.held) for entry in page if entry.held])
    for entry in page:
        if not entry.held:
            yield _from_wherever(mailboxes, retraction, entry)


def _from_wherever(mailboxes: Mailboxes, retraction: Retraction, entry: JournalEntry) -> Answers:
    try:
        held = _learn_where(mailboxes, retraction, entry)
        yield entry.copy, mailboxes.restore(entry.copy, held) if held else Receipt(Outcome.NOT_FOUND)
    except ConnectorError as error:
        yield entry.copy, error


def _learn_where(mailboxes: Mailboxes, retraction: Retraction, entry: JournalEntry) -> str:
    """Where a copy is held whose call was made and never answered. Asking for it again is harmless and tells."""
    action = Action(retraction.action)
    return mailboxes.retract(entry.copy, action).held if mailboxes.restorable_for(action) > timedelta(0) else ""


def _renewed(services: Services, retraction: Retraction) -> bool:
    with services.database.begin() as tx:
        return retractions.renew(tx, retraction, services.now(), lease(services))


def _finish(services: Services, retraction: Retraction, failures: int) -> None:
    if failures:
        return put_back(services, retraction, f"{failures} copies could not be brought back")

    with services.database.read() as tx:
        lost = copies.count_lost(tx, retraction)
        back = copies.count(tx, retraction, [Outcome.RESTORED])
    state = RetractionState.RESTORED
    cause = f"{lost} copies had expired or were deleted for good" if lost else ""
    kept: dict[str, Any] = {"cause": cause, "finished_at": services.now(), "attempts": 0}
    detail = {"state": state, "restored": back, "lost": lost}
    left = come_to_rest(services, retraction, state, "restored", detail, **kept)
    log.info("restored", retraction=retraction.id, state=left)
    return None
