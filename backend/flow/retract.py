"""Retract: is every copy out of sight, and can we prove it?

Each round searches all mailboxes, journals what it finds, and takes it away. It ends with a round that finds
nothing: that is the proof. Whatever a crash interrupts is found again in the journal.
"""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from backend.domain.disposition import LEGITIMATE
from backend.domain.people import POLICY, SYSTEM
from backend.domain.retraction import Retraction, RetractionState
from backend.errors import Unknown
from backend.flow.claim import is_panic, lease, wait_before
from backend.services import Services
from backend.store import audit, copies, decisions, messages, retractions, tenants
from backend.store.copies import JournalEntry
from backend.store.messages import Message
from backend.store.tenants import Tenant
from connectors.contract import Action, Copy, Mailboxes, Outcome, Wanted
from connectors.errors import ConnectorError, NoMailbox, NotFound, NotPermitted, Refused, TryLater
from model.message.fingerprint import fingerprint
from model.message.parse import parse_message

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
    except _LeaseLost:
        log.warning("lease lost", retraction=retraction.id)
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        put_back(services, retraction, f"unexpected {type(error).__name__}")
        raise


class _LeaseLost(Exception):
    """Another worker has it now: keep nothing, call nothing."""


class _Work:
    """One worker's go at one retraction."""

    def __init__(self, services: Services, retraction: Retraction) -> None:
        self.services = services
        self.retraction = retraction
        with services.database.read() as tx:
            self.tenant: Tenant = tenants.get(tx, retraction.tenant_id)
            message = messages.get(tx, retraction.tenant_id, retraction.message_id)
        if message is None:
            raise Unknown("The message of this retraction is gone.")
        self.message: Message = message
        self.mailboxes: Mailboxes = services.mailboxes(retraction.tenant_id)
        self.wished = 0.0  # seconds the provider asked us to wait, the most of all its answers

    def run(self) -> None:
        found = 0
        for _ in range(_ROUNDS):
            if self.overruled():
                break
            if needed := self.missing_approvals():
                return self.wait_for_approval(needed)
            self.settle_intended()
            found = self.search()
            if not found:
                break
        return self.finish(remaining=found)

    def search(self) -> int:
        """Look into every mailbox; journal each confirmed copy before it is touched. Returns how many there are."""
        wanted = Wanted(self.message.internet_message_id, self.message.from_address, self.message.sent_at)
        found = 0
        for mailbox in self.mailboxes.list_mailboxes():
            self.renew()
            found += sum(1 for copy in self.candidates(mailbox, wanted) if self.confirm(copy))
        return found

    def candidates(self, mailbox: str, wanted: Wanted) -> Iterator[Copy]:
        """What the mailbox holds under this Message-ID; a mailbox that cannot be searched is written down."""
        try:
            found = self.mailboxes.find(mailbox, wanted)
        except (Refused, TryLater) as error:
            self.note(Copy(mailbox, "", ""), error)
            return
        with self.services.database.begin() as tx:
            copies.forget_unsearched(tx, self.retraction, mailbox)
        yield from found

    def confirm(self, copy: Copy) -> bool:
        """Journal the candidate if it is this message by fingerprint; another message is noted and left alone."""
        try:
            raw = self.mailboxes.fetch(copy.mailbox, copy.id)
        except NotFound:
            return False  # its owner was faster
        except (Refused, TryLater) as error:
            self.note(copy, error)
            return False
        facts = parse_message(raw, self.tenant.policy.senders.authserv_ids)
        if fingerprint(facts) != self.message.fingerprint:
            with self.services.database.begin() as tx:
                other = "same Message-ID, another message"
                copies.note(tx, self.retraction, copy, Outcome.DIFFERENT_MESSAGE, other, self.services.now())
            return False
        with self.services.database.begin() as tx:
            if not copies.intend(tx, self.retraction, copy, self.services.now()):
                copies.intend_again(tx, self.retraction, copy, self.services.now())
        return True

    def settle_intended(self) -> None:
        """Make the calls the journal intends, each once in a go, a page at a time, and write down what each did."""
        last = 0
        while page := self.intended(after=last):
            self.set_deadline()
            for entry in page:
                self.renew(entry)
                self.settle(entry)
            last = page[-1].id

    def intended(self, after: int) -> list[JournalEntry]:
        with self.services.database.read() as tx:
            return copies.intended(tx, self.retraction, after)

    def settle(self, entry: JournalEntry) -> None:
        """Make one call. When its answer is lost, nobody knows what it did: the next go asks again."""
        try:
            receipt = self.mailboxes.retract(entry.copy, Action(self.retraction.action))
        except TryLater as error:
            self.wished = max(self.wished, error.after_seconds)
            with self.services.database.begin() as tx:
                copies.put_off(tx, entry, str(error)[:500])
        except Refused as error:
            self.note(entry.copy, error)
        else:
            with self.services.database.begin() as tx:
                copies.settle(tx, entry, receipt, self.services.now())

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
        with self.services.database.begin() as tx:
            kept = {"approvals_needed": needed, "attempts": 0}
            retractions.leave(tx, self.retraction, RetractionState.AWAITING_APPROVAL, **kept)
        log.info("awaiting approval", retraction=self.retraction.id, needed=needed)

    def finish(self, remaining: int) -> None:
        """End with the proof, or with the names of what is left; unreachable mailboxes are tried again first."""
        with self.services.database.read() as tx:
            waiting = copies.count_intended(tx, self.retraction)
            unreachable = copies.count(tx, self.retraction, [Outcome.UNREACHABLE]) + waiting
            closed = copies.count(tx, self.retraction, [Outcome.NOT_PERMITTED])
            wanted = not is_overruled(tx, self.retraction)
        if wanted and (unreachable or remaining) and self.retraction.attempts < self.services.settings.max_attempts:
            return put_back(self.services, self.retraction, f"{unreachable} could not be reached", self.wished)

        complete = not (unreachable or closed or remaining)
        state = RetractionState.DONE if complete else RetractionState.INCOMPLETE
        cause = "" if complete else f"{remaining} copies left, {unreachable} unreachable, {closed} not permitted"
        now = self.services.now()
        with self.services.database.begin() as tx:
            kept = {"remaining": remaining, "finished_at": now, "cause": cause, "attempts": 0}
            if retractions.leave(tx, self.retraction, state, **kept):
                done = copies.count(tx, self.retraction, [Outcome.RETRACTED])
                detail = {"state": state, "retracted": done, "remaining": remaining}
                audit.record(tx, self.tenant.id, SYSTEM, "retracted", f"retraction:{self.retraction.id}", detail, now)
        log.info("retracted", retraction=self.retraction.id, state=state, remaining=remaining)
        if not wanted:
            self.give_back()
        return None

    def give_back(self) -> None:
        """An operator said while we worked that the message is legitimate: what was taken goes back at once."""
        with self.services.database.begin() as tx:
            at_rest = (RetractionState.DONE, RetractionState.INCOMPLETE)
            moved = retractions.move(tx, self.tenant.id, self.retraction.id, at_rest, RetractionState.RESTORING)
        if moved:
            self.services.wake.retraction(self.retraction.id)

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

    def renew(self, entry: JournalEntry | None = None) -> None:
        """Keep the lease, and write down which copy the provider is asked about next."""
        now = self.services.now()
        with self.services.database.begin() as tx:
            if not retractions.renew(tx, self.retraction, now, lease(self.services)):
                raise _LeaseLost
            if entry:
                copies.ask(tx, entry, now)


def _outcome_of(error: ConnectorError) -> Outcome:
    """What to write down for a mailbox or a copy that a call could not deal with."""
    if isinstance(error, NoMailbox):
        return Outcome.NO_MAILBOX
    return Outcome.NOT_PERMITTED if isinstance(error, NotPermitted) else Outcome.UNREACHABLE


def is_overruled(tx: Connection, retraction: Retraction) -> bool:
    """Whether people judged the message legitimate, or an exercise, after this retraction was ordered."""
    standing = decisions.standing(tx, retraction.tenant_id, retraction.message_id)
    if standing is None or standing.decided_by == str(POLICY) or standing.decided_at < retraction.ordered_at:
        return False
    return standing.simulation or standing.disposition in LEGITIMATE


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
