"""Restore: is every copy back exactly where it was?"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain
from typing import Any

import structlog

from backend.domain.retraction import Retraction, RetractionState
from backend.flow.again import LeaseLost, come_to_rest, put_back
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
        _Return(services, retraction).run()
    except LeaseLost:
        log.warning("lease lost", retraction=retraction.id)
    except ConnectorError as error:
        put_back(services, retraction, str(error)[:500], getattr(error, "after_seconds", 0.0))
    except Exception as error:
        put_back(services, retraction, f"unexpected {type(error).__name__}")
        raise


class _Return:
    """One worker's go at bringing copies back."""

    def __init__(self, services: Services, retraction: Retraction) -> None:
        self.services = services
        self.retraction = retraction
        self.mailboxes: Mailboxes = services.mailboxes(retraction.tenant_id)
        self.failures = 0  # copies that could not be brought back now, so that they can be asked for again
        self.wished = 0.0  # seconds the provider asked us to wait, the most of all its answers
        self.renewed_at = services.now()

    def run(self) -> None:
        """Each copy once in a go, a page at a time."""
        last = 0
        while page := self.page(after=last):
            self.renew()
            self.bring_back(page)
            last = page[-1].id
        self.finish()

    def page(self, after: int) -> list[JournalEntry]:
        with self.services.database.read() as tx:
            return copies.to_restore(tx, self.retraction, after, _TOGETHER)

    def bring_back(self, page: Sequence[JournalEntry]) -> None:
        entries = {(entry.copy.mailbox, entry.copy.id): entry for entry in page}
        for copy, answer in chain.from_iterable(self.asked(page)):
            self.settle(entries[copy.mailbox, copy.id], answer)
            if self.services.now() - self.renewed_at >= lease(self.services) / 4:
                self.renew()

    def asked(self, page: Sequence[JournalEntry]) -> Iterator[Answers]:
        """The provider's answers: for copies whose place is known, and for those whose place it is asked for first."""
        yield self.mailboxes.restore_many([(entry.copy, entry.held) for entry in page if entry.held])
        for entry in page:
            if not entry.held:
                yield self.from_wherever(entry)

    def from_wherever(self, entry: JournalEntry) -> Answers:
        try:
            held = self.learn_where(entry)
            yield entry.copy, self.mailboxes.restore(entry.copy, held) if held else Receipt(Outcome.NOT_FOUND)
        except ConnectorError as error:
            yield entry.copy, error

    def learn_where(self, entry: JournalEntry) -> str:
        """Where a copy is held whose call was made and never answered. Asking for it again is harmless and tells."""
        action = Action(self.retraction.action)
        undoable = self.mailboxes.restorable_for(action) > timedelta(0)
        return self.mailboxes.retract(entry.copy, action).held if undoable else ""

    def settle(self, entry: JournalEntry, answer: Receipt | ConnectorError) -> None:
        if isinstance(answer, ConnectorError):
            self.failures += 1
            self.wished = max(self.wished, getattr(answer, "after_seconds", 0.0))
            log.warning("copy not back", copy=entry.id, error=type(answer).__name__)
        with self.services.database.begin() as tx:
            if isinstance(answer, ConnectorError):
                copies.put_off(tx, entry, f"not back yet: {answer}"[:500])
            else:
                copies.settle(tx, entry, answer, self.services.now())

    def renew(self) -> None:
        """Keep the lease before it can run out: until then nobody else can have it."""
        now = self.services.now()
        with self.services.database.begin() as tx:
            if not retractions.renew(tx, self.retraction, now, lease(self.services)):
                raise LeaseLost
        self.renewed_at = now

    def finish(self) -> None:
        if self.failures:
            cause = f"{self.failures} copies could not be brought back"
            return put_back(self.services, self.retraction, cause, self.wished)

        with self.services.database.read() as tx:
            lost = copies.count_lost(tx, self.retraction)
            back = copies.count(tx, self.retraction, [Outcome.RESTORED])
        state = RetractionState.RESTORED
        cause = f"{lost} copies had expired or were deleted for good" if lost else ""
        kept: dict[str, Any] = {"cause": cause, "finished_at": self.services.now(), "attempts": 0}
        detail = {"state": state, "restored": back, "lost": lost}
        left = come_to_rest(self.services, self.retraction, state, "restored", detail, **kept)
        log.info("restored", retraction=self.retraction.id, state=left)
        return None
