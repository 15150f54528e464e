"""Retract: is every copy out of sight, and can we prove it?

Each round searches all mailboxes, journals what it finds, and takes it away. It ends with a round that finds
nothing: that is the proof. Whatever a crash interrupts is found again in the journal.
"""

from collections.abc import Iterator
from datetime import timedelta

import structlog

from backend.domain.people import SYSTEM
from backend.domain.retraction import Retraction, RetractionState
from backend.errors import Unknown
from backend.flow.claim import lease, wait_before
from backend.services import Services
from backend.store import audit, copies, messages, retractions, tenants
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
        return

    try:
        _Work(services, retraction).run()
    except _LeaseLost:
        log.warning("lease lost", retraction=retraction.id)
    except Exception as error:
        _put_back(services, retraction, f"unexpected {type(error).__name__}")
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

    def run(self) -> None:
        found = 0
        for _ in range(_ROUNDS):
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
            self.note(Copy(mailbox, "", ""), _outcome_of(error), str(error))
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
            self.note(copy, _outcome_of(error), str(error))
            return False
        facts = parse_message(raw, self.tenant.policy.senders.authserv_ids)
        if fingerprint(facts) != self.message.fingerprint:
            self.note(copy, Outcome.DIFFERENT_MESSAGE, "same Message-ID, another message")
            return False
        with self.services.database.begin() as tx:
            if not copies.intend(tx, self.retraction, copy, self.services.now()):
                copies.intend_again(tx, self.retraction, copy, self.services.now())
        return True

    def settle_intended(self) -> None:
        """Make the calls the journal intends, a page at a time, and write down what each did."""
        action = Action(self.retraction.action)
        while True:
            with self.services.database.read() as tx:
                page = copies.intended(tx, self.retraction)
            if not page:
                return
            self.set_deadline(action)
            for entry in page:
                self.renew()
                try:
                    receipt = self.mailboxes.retract(entry.copy, action)
                except (Refused, TryLater) as error:
                    self.note(entry.copy, _outcome_of(error), str(error))
                    continue
                with self.services.database.begin() as tx:
                    copies.settle(tx, entry, receipt, self.services.now())

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
            unreachable = copies.count(tx, self.retraction, [Outcome.UNREACHABLE])
            closed = copies.count(tx, self.retraction, [Outcome.NOT_PERMITTED])
        if (unreachable or remaining) and self.retraction.attempts < self.services.settings.max_attempts:
            return _put_back(self.services, self.retraction, f"{unreachable} mailboxes could not be reached")

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
        return None

    def set_deadline(self, action: Action) -> None:
        """Store until when Undo is possible, before anything moves."""
        if self.retraction.restorable_until is None:
            keeps = self.mailboxes.restorable_for(action)
            until = self.services.now() + keeps if keeps > timedelta(0) else None
            with self.services.database.begin() as tx:
                retractions.set_restorable_until(tx, self.retraction, until)

    def note(self, copy: Copy, outcome: Outcome, detail: str) -> None:
        with self.services.database.begin() as tx:
            copies.note(tx, self.retraction, copy, outcome, detail[:500], self.services.now())

    def renew(self) -> None:
        with self.services.database.begin() as tx:
            if not retractions.renew(tx, self.retraction, self.services.now(), lease(self.services)):
                raise _LeaseLost


def _outcome_of(error: ConnectorError) -> Outcome:
    """What to write down for a mailbox or a copy that a call could not deal with."""
    if isinstance(error, NoMailbox):
        return Outcome.NO_MAILBOX
    return Outcome.NOT_PERMITTED if isinstance(error, NotPermitted) else Outcome.UNREACHABLE


def _put_back(services: Services, retraction: Retraction, cause: str) -> None:
    seconds = wait_before(retraction.attempts)
    given_up = retraction.attempts >= services.settings.max_attempts
    state = RetractionState.INCOMPLETE if given_up else retraction.state
    now = services.now()
    with services.database.begin() as tx:
        kept = {"cause": cause, "retry_at": None if given_up else now + timedelta(seconds=seconds)}
        left = retractions.leave(tx, retraction, state, **kept)
    if left and not given_up:
        services.wake.retraction(retraction.id, after_seconds=seconds)
