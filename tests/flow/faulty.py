"""Faulty: a provider and a clock that do as a test tells them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from builders import World
from clocks import RunningClock

from backend.flow.intake import intake
from backend.flow.sweep import sweep
from backend.store import copies, retractions, submissions
from connectors.contract import Outcome
from connectors.maildir.mailboxes import MaildirMailboxes


class Faulty(MaildirMailboxes):
    """Real Maildirs behind a provider that fails as it is told: `fault(method, mailbox)` may raise."""

    fault: Callable[[str, str], None] = staticmethod(lambda method, mailbox: None)
    calls: list[tuple[str, str]]

    def _meet(self, method: str, mailbox: str) -> None:
        self.calls.append((method, mailbox))
        self.fault(method, mailbox)

    def find(self, mailbox, wanted):
        self._meet("find", mailbox)
        return super().find(mailbox, wanted)

    def list_mailboxes(self):
        self._meet("list", "")
        return super().list_mailboxes()

    def fetch(self, mailbox, copy_id):
        self._meet("fetch", mailbox)
        return super().fetch(mailbox, copy_id)

    def retract(self, copy, action):
        self._meet("retract", copy.mailbox)
        receipt = super().retract(copy, action)
        self._meet("retracted", copy.mailbox)  # the provider has done it; its answer may still be lost
        return receipt

    def restore(self, copy, held):
        self._meet("restore", copy.mailbox)
        return super().restore(copy, held)


@dataclass(frozen=True)
class Stage:
    """A world whose provider and whose clock do as they are told."""

    world: World
    provider: Faulty
    clock: RunningClock

    def submit(self, address: str, raw: bytes):
        copy = self.world.deliver(address, raw)
        number = intake(self.world.services, self.world.report(address, copy)).submission_id
        return self.submission(number)

    def submission(self, number: int):
        with self.world.services.database.read() as tx:
            return submissions.get(tx, self.world.tenant_id, number)

    def retraction(self, message_id: int):
        with self.world.services.database.read() as tx:
            return retractions.of_message(tx, self.world.tenant_id, message_id)[0]

    def outcomes(self, message_id: int) -> dict[str, Outcome | None]:
        with self.world.services.database.read() as tx:
            journal = copies.of_retraction(tx, self.world.tenant_id, self.retraction(message_id).id)
        return {entry.copy.mailbox: entry.outcome for entry in journal}

    def later(self, **ahead: float) -> None:
        """Time passes, and sweep comes by."""
        self.clock.ahead += timedelta(**ahead)
        sweep(self.world.services)


def failing(times: int, error: Exception, method: str, mailbox: str) -> Callable[[str, str], None]:
    """A fault that happens `times` times and then no more."""
    left = [times]

    def fault(called: str, at: str) -> None:
        if (called, at) == (method, mailbox) and left[0] > 0:
            left[0] -= 1
            raise error

    return fault
