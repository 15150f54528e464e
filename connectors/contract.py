"""The contract: what Unhook asks of a mail provider."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Action(StrEnum):
    """Where a retracted copy goes. docs/permissions.md says what each means per provider."""

    JUNK = "junk"
    TRASH = "trash"
    SOFT_DELETE = "soft-delete"
    HARD_DELETE = "hard-delete"


class Outcome(StrEnum):
    """What became of one copy."""

    RETRACTED = "retracted"
    ALREADY_GONE = "already_gone"
    NOT_FOUND = "not_found"
    DIFFERENT_MESSAGE = "different_message"
    NOT_PERMITTED = "not_permitted"
    NO_MAILBOX = "no_mailbox"
    UNREACHABLE = "unreachable"
    EXPIRED = "expired"
    RESTORED = "restored"


@dataclass(frozen=True)
class Wanted:
    """What to look for. The Message-ID only finds candidates: the attacker chooses it.

    An empty `message_id` means the message has none: search by sender and time instead.
    """

    message_id: str
    from_address: str
    sent_at: datetime | None


@dataclass(frozen=True)
class Copy:
    """One delivered instance in one mailbox, with all that an exact restore needs.

    `id` survives moves and flag changes made by a mail client. `state` is plain JSON.
    """

    mailbox: str
    id: str
    folder: str
    state: Mapping[str, str | int | bool | list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """What an action did to a copy. A non-empty `held` is where the copy can be restored from."""

    outcome: Outcome
    held: str = ""
    detail: str = ""


@dataclass(frozen=True)
class OutgoingMail:
    """An answer to a person. `key` is unique per answer, so that a provider may drop repeats."""

    to: str
    subject: str
    text: str
    key: str


class Mailboxes(ABC):
    """All mailboxes of one tenant. Every method has a timeout and raises only `ConnectorError`s.

    Retract and restore are at-least-once with idempotent effect: doing either again is harmless.
    """

    provider: str

    @abstractmethod
    def list_mailboxes(self) -> Iterator[str]:
        """Every mailbox that may hold a copy, by address, lazily."""

    @abstractmethod
    def find(self, mailbox: str, wanted: Wanted) -> list[Copy]:
        """Candidates for `wanted` anywhere in the mailbox except where retracted copies lie.

        Raises NoMailbox, NotPermitted, TryLater.
        """

    @abstractmethod
    def fetch(self, mailbox: str, copy_id: str) -> bytes:
        """The authoritative bytes of one message. Raises NotFound, NoMailbox, NotPermitted, TryLater."""

    @abstractmethod
    def retract(self, copy: Copy, action: Action) -> Receipt:
        """Take one copy out of sight.

        RETRACTED when this call moved it; ALREADY_GONE when it was not there any more, with `held` set
        if that is because an earlier call retracted it. A copy that moved since `find` is found again by its id.
        """

    @abstractmethod
    def restore(self, copy: Copy, held: str) -> Receipt:
        """Bring a retracted copy back exactly: folder, read state, flags, labels.

        RESTORED also when it is already back; EXPIRED when the provider has purged it.
        """

    @abstractmethod
    def restorable_for(self, action: Action) -> timedelta:
        """How long this provider keeps what `action` took away; zero when it cannot be undone."""

    @abstractmethod
    def send(self, mail: OutgoingMail) -> None:
        """Deliver an answer to one of the tenant's own people."""

    def purge(self, mailbox: str, now: datetime) -> int:  # noqa: ARG002 - most providers need neither
        """Delete for good what `retract` took and whose time is over; how many. Most providers do it themselves."""
        return 0
