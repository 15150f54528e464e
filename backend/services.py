"""Services: what a step may use. Built by `backend.wiring`, handed to every function that needs it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Protocol

from backend.settings import Settings
from backend.store.database import Database
from backend.store.evidence import EvidenceStore
from connectors.contract import Mailboxes
from model.contract import Predictor


class Wake(Protocol):
    """Wakes the queue up; the database, not the queue, knows what is left to do."""

    def submission(self, submission_id: int, *, after_seconds: float = 0) -> None:
        """Somebody should take the next step of this submission."""
        ...

    def retraction(self, retraction_id: int, *, after_seconds: float = 0) -> None:
        """Somebody should work on this retraction."""
        ...

    def later_look(self, look_id: int, *, after_seconds: float = 0) -> None:
        """Somebody should look for a message again."""
        ...

    def answer(self, answer_id: int, *, after_seconds: float = 0) -> None:
        """Somebody should send this answer."""
        ...

    def candidate(self, candidate_id: int) -> None:
        """Somebody should start the process that trains this candidate."""
        ...

    def rule_test(self, test_id: int) -> None:
        """Somebody should go on with the back-test of a rule."""
        ...

    def label(self, label_id: int) -> None:
        """Somebody should decide anew what rests on this label."""
        ...

    def mail(self) -> None:
        """Somebody should take in the mail that was received."""
        ...

    def mailbox(self, mailbox_id: int) -> None:
        """Somebody should look what is new in this mailbox."""
        ...

    def ready(self) -> bool:
        """Whether the queue answers."""
        ...


def utc_now() -> datetime:
    """The time as the store keeps it: UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Services:
    """Everything with a side effect. `predictor` loads torch on its first call, so only workers ever do."""

    settings: Settings
    database: Database
    evidence: EvidenceStore
    mailboxes: Callable[[int], Mailboxes]  # by tenant id; raises Unknown when the tenant has no connector
    predictor: Callable[[], Predictor]  # the installation's checkpoint
    predictor_of: Callable[[int], Predictor]  # by tenant id: its own candidate, once one serves
    wake: Wake
    now: Callable[[], datetime] = utc_now
    random: Random = field(default_factory=Random)  # draws the share to judge; guards nothing
