"""Retract: is every copy out of sight, and can we prove it?

Each round searches all mailboxes, journals what it finds, and takes it away. It ends with a round that finds
nothing: that is the proof. Where the provider can name recipients, theirs come first. Whatever a crash interrupts is
found again in the journal.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

import structlog

from backend.domain.listed import ListKind
from backend.domain.retraction import Retraction, RetractionState
from backend.errors import Unknown
from backend.flow import trial
from backend.flow.again import LeaseLost, come_to_rest, put_back
from backend.flow.claim import is_panic, lease
from backend.flow.copies_in_sight import is_message
from backend.flow.overruled import is_overruled
from backend.services import Services
from backend.store import copies, lists, messages, retractions, tenants
from backend.store.copies import JournalEntry
from backend.store.messages import Message
from backend.store.tenants import Tenant
from connectors.contract import Action, Copy, Mailboxes, Outcome, Receipt, Searched, Wanted
from connectors.errors import ConnectorError, NoMailbox, NotFound, NotPermitted, TryLater
from model.modules.patterns import compiled

_TOGETHER = 1_000  # copies fetched, journaled and taken away in one go: each go ends with waiting for the slowest
_ROUNDS = 4  # a mailbox that still gains copies after so many is left to the next try

log = structlog.get_logger()


def retract(services: Services, retraction_id: int) -> None:
    """Work on one retraction until no copy is left, or say which are and why. Safe to run twice."""
    with services.database.begin() as tx:
        now = services.now()
        retraction = retractions.claim(tx, retraction_id, RetractionState.RUNNING, now, lease(services))
    if retraction is None:
        return None
    if retraction.attempts > services.settings.max_attempts:
        return put_back(services, retraction, retraction.cause or "gave up after too many tries")

    try:
        _Work(services, retraction).run()
    except LeaseLost:
        log.warning("lease lost", retraction=retraction.id)
    except ConnectorError as error:
        put_back(services, retraction, str(error)[:500], getattr(error, "after_seconds", 0.0))
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        put_back(services, retraction, f"unexpected {type(error).__name__}")
        raise


class _Work:
    """One worker's go at one retraction."""

    def __init__(self, services: Services, retraction: Retraction) -> None:
        self.services = services
        self.retraction = retraction
        with services.database.read() as tx:
            self.tenant: Tenant = tenants.get(tx, retraction.tenant_id)
            message = messages.get(tx, retraction.tenant_id, retraction.message_id)
            exempt = lists.acting(tx, retraction.tenant_id, services.now()).of(ListKind.EXEMPT)
        if message is None:
            raise Unknown("The message of this retraction is gone.")
        self.exempt = compiled(exempt)
        self.message: Message = message
        self.mailboxes: Mailboxes = services.mailboxes(retraction.tenant_id)
        self.renewed_at = services.now()
        self.refused: set[tuple[str, str]] = set()  # copies whose call failed in this go: not asked for twice
        self.wished = 0.0  # seconds the provider asked us to wait, the most of all its answers
        self.by_sender = False  # searched for by sender and time: nobody has it by its Message-ID

    def run(self) -> None:
        found = 0
        if not self.overruled():  # where it was delivered, as far as that is known: those need not wait for all others
            self.journal(self.mailboxes.search_recipients(self.wanted()))
        for _ in range(_ROUNDS):
            if self.overruled():
                break
            if needed := self.missing_approvals():
                return self.wait_for_approval(needed)
            if not trial.passes(self):
                return None
            self.settle_intended()
            found = self.journal(self.mailboxes.search(self.wanted())) or self.journal_by_sender()
            if not found or not self.intended(after=0, limit=1):  # what is left was refused in this go
                break
        return self.finish(remaining=found)

    def wanted(self) -> Wanted:
        name = "" if self.by_sender else self.message.internet_message_id
        return Wanted(name, self.message.from_address, self.message.sent_at)

    def journal_by_sender(self) -> int:
        """What was reported lay somewhere. If nobody has it by its Message-ID, the provider may read another one in it
        than we do, of two or of an odd one: then sender and time find it."""
        message = self.message
        can = message.internet_message_id and message.from_address and message.sent_at
        with self.services.database.read() as tx:
            if self.by_sender or not can or copies.found_any(tx, self.retraction):
                return 0
        self.by_sender = True
        return self.journal(self.mailboxes.search(self.wanted()))

    def journal(self, searched: Iterable[Searched]) -> int:
        """Journal each confirmed copy in these mailboxes before it is touched. Returns how many there are."""
        candidates = self.candidates(searched)
        found = 0
        while page := list(islice(candidates, _TOGETHER)):
            found += self.confirm(page)
        return found

    def candidates(self, searched: Iterable[Searched]) -> Iterator[Copy]:
        """What lies in the mailboxes under this Message-ID; a mailbox that cannot be searched is written down."""
        with self.services.database.read() as tx:
            unsearched = copies.unsearched(tx, self.retraction)
        for one in searched:
            self.renew_in_time()
            if one.error:
                self.note(Copy(one.mailbox, "", ""), one.error)
            elif one.mailbox in unsearched:
                with self.services.database.begin() as tx:
                    copies.forget_unsearched(tx, self.retraction, one.mailbox)
            yield from one.copies

    def confirm(self, candidates: Sequence[Copy]) -> int:
        """Journal those that are this message by fingerprint; another message is noted and left alone."""
        same: list[Copy] = []
        other: list[Copy] = []
        for copy, raw in self.mailboxes.fetch_many(candidates):
            self.renew_in_time()
            if isinstance(raw, bytes):
                (same if self.is_this(raw) else other).append(copy)
            elif not isinstance(raw, NotFound):  # else its owner was faster
                self.note(copy, raw)

        now = self.services.now()
        left = [copy for copy in same if self.is_exempt(copy)]
        same = [copy for copy in same if not self.is_exempt(copy)]
        with self.services.database.begin() as tx:
            for copy in left:
                copies.note(tx, self.retraction, copy, Outcome.EXEMPT, "", now)
            for copy in other:
                detail = "same Message-ID, another message"
                copies.note(tx, self.retraction, copy, Outcome.DIFFERENT_MESSAGE, detail, now)
            for copy in same:
                known = not copies.intend(tx, self.retraction, copy, now)
                if known and (copy.mailbox, copy.id) in self.refused:
                    copies.was_not_taken(tx, self.retraction, copy)
                elif known:
                    copies.intend_again(tx, self.retraction, copy, now)
        return len(same)

    def is_exempt(self, copy: Copy) -> bool:
        return self.exempt.of_address(copy.mailbox) is not None

    def is_this(self, raw: bytes) -> bool:
        return is_message(raw, self.tenant, self.message)

    def settle_intended(self, at_most: int | None = None) -> None:
        """Make the calls the journal intends, each once in a go, a page at a time, and write down what each did."""
        last, left = 0, at_most
        while page := self.intended(after=last, limit=_TOGETHER if left is None else min(left, _TOGETHER)):
            left = None if left is None else left - len(page)
            last = page[-1].id
            page = self.without_exempt(page)
            if not page:
                continue
            self.set_deadline()
            self.renew(page)
            entries = {(entry.copy.mailbox, entry.copy.id): entry for entry in page}
            together = [entry.copy for entry in page]
            for copy, answer in self.mailboxes.retract_many(together, Action(self.retraction.action)):
                self.settle(entries[copy.mailbox, copy.id], answer)
                self.renew_in_time()

    def without_exempt(self, page: list[JournalEntry]) -> list[JournalEntry]:
        """What was intended before its mailbox became exempt is left where it is."""
        exempt = [entry.id for entry in page if self.is_exempt(entry.copy)]
        if not exempt:
            return page
        with self.services.database.begin() as tx:
            left = copies.leave(tx, self.retraction, exempt, self.services.now())
        return [entry for entry in page if entry.id not in left]

    def intended(self, after: int, limit: int) -> list[JournalEntry]:
        if limit <= 0:
            return []
        with self.services.database.read() as tx:
            return copies.intended(tx, self.retraction, after, limit)

    def settle(self, entry: JournalEntry, answer: Receipt | ConnectorError) -> None:
        """Write down what a call did. When its answer is lost, nobody knows: the next go asks again.

        Who is refused then still does not know: the copy may have been taken, and Undo has to ask for it.
        """
        refused = isinstance(answer, ConnectorError) and not isinstance(answer, TryLater)
        if refused:
            self.refused.add((entry.copy.mailbox, entry.copy.id))
        if isinstance(answer, ConnectorError) and (entry.asked or not refused):
            self.wished = max(self.wished, getattr(answer, "after_seconds", 0.0))
            with self.services.database.begin() as tx:
                copies.put_off(tx, entry, str(answer)[:500])
        elif isinstance(answer, ConnectorError):
            self.note(entry.copy, answer)
        else:
            if entry.held and answer.held:
                answer = replace(answer, held=self.mailboxes.home(entry.held, answer.held))
            with self.services.database.begin() as tx:
                copies.settle(tx, entry, answer, self.services.now())

    def overruled(self) -> bool:
        """Whether an operator has judged the message legitimate since this was ordered."""
        with self.services.database.read() as tx:
            return is_overruled(tx, self.retraction)

    def missing_approvals(self) -> int:
        """How many approvals so many mailboxes need; 0 when they are there."""
        limits = self.tenant.policy.psr
        with self.services.database.begin() as tx:
            touched = copies.mailboxes_touched(tx, self.retraction)
            approved = len(retractions.approvers(tx, self.tenant.id, self.retraction.id))
        needed = (touched > limits.max_automatic) + (touched > limits.max_single_approval)
        return needed if approved < needed else 0

    def wait_for_approval(self, needed: int) -> None:
        """Touch nothing more until operators have said yes."""
        kept: dict[str, Any] = {"approvals_needed": needed, "attempts": 0}
        left = come_to_rest(self.services, self.retraction, RetractionState.AWAITING_APPROVAL, **kept)
        log.info("waits", retraction=self.retraction.id, state=left, needed=needed)

    def finish(self, remaining: int) -> None:
        """End with the proof, or with the names of what is left; unreachable mailboxes are tried again first."""
        with self.services.database.read() as tx:
            waiting = copies.count_intended(tx, self.retraction)
            unreachable = copies.count(tx, self.retraction, [Outcome.UNREACHABLE]) + waiting
            closed = copies.count(tx, self.retraction, [Outcome.NOT_PERMITTED])
            done = copies.count(tx, self.retraction, [Outcome.RETRACTED])
            wanted = not is_overruled(tx, self.retraction)
        if wanted and (unreachable or remaining) and self.retraction.attempts < self.services.settings.max_attempts:
            return put_back(self.services, self.retraction, f"{unreachable} could not be reached", self.wished)

        complete = not (unreachable or closed or remaining)
        state = RetractionState.DONE if complete else RetractionState.INCOMPLETE
        cause = "" if complete else f"{remaining} copies left, {unreachable} unreachable, {closed} not permitted"
        kept: dict[str, Any] = {
            "remaining": remaining,
            "finished_at": self.services.now(),
            "cause": cause,
            "attempts": 0,
        }
        detail = {"state": state, "retracted": done, "remaining": remaining}
        left = come_to_rest(self.services, self.retraction, state, "retracted", detail, **kept)
        log.info("retracted", retraction=self.retraction.id, state=left, remaining=remaining)
        return None

    def set_deadline(self) -> None:
        """Store until when Undo is possible, before anything moves: counted from the last copies taken."""
        keeps = self.mailboxes.restorable_for(Action(self.retraction.action))
        if keeps > timedelta(0):
            with self.services.database.begin() as tx:
                retractions.set_restorable_until(tx, self.retraction, self.services.now() + keeps)

    def note(self, copy: Copy, error: ConnectorError) -> None:
        """Write down a mailbox, or a copy, that could not be dealt with."""
        self.wished = max(self.wished, getattr(error, "after_seconds", 0.0))
        with self.services.database.begin() as tx:
            copies.note(tx, self.retraction, copy, _outcome_of(error), str(error)[:500], self.services.now())

    def renew(self, page: Sequence[JournalEntry] = ()) -> None:
        """Keep the lease, and write down which copies the provider is asked about next."""
        now = self.services.now()
        with self.services.database.begin() as tx:
            if not retractions.renew(tx, self.retraction, now, lease(self.services)):
                raise LeaseLost
            if page:
                copies.ask(tx, [entry.id for entry in page], now)
        self.renewed_at = now

    def renew_in_time(self) -> None:
        """Keep the lease before it can run out: until then nobody else can have it."""
        if self.services.now() - self.renewed_at >= lease(self.services) / 4:
            self.renew()


def _outcome_of(error: ConnectorError) -> Outcome:
    """What to write down for a mailbox or a copy that a call could not deal with."""
    if isinstance(error, NoMailbox):
        return Outcome.NO_MAILBOX
    return Outcome.NOT_PERMITTED if isinstance(error, NotPermitted) else Outcome.UNREACHABLE
