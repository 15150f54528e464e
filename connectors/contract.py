"""The contract: what Unhook asks of a mail provider."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ParamSpec, TypeVar

from connectors.errors import ConnectorError
from connectors.likeness import Like

P = ParamSpec("P")
T = TypeVar("T")


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
    EXEMPT = "exempt"  # the tenant wants nothing taken out of this mailbox: no provider says so


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

    `id` survives moves and flag changes made by a mail client. `state` is plain JSON; its `read` says whether the owner
    had opened the mail.
    """

    mailbox: str
    id: str
    folder: str
    state: Mapping[str, str | int | bool | list[str]] = field(default_factory=dict)

    @property
    def read(self) -> bool | None:
        """Whether the owner had opened it; None where the mailbox did not tell."""
        told = self.state.get("read")
        return told if isinstance(told, bool) else None

    @property
    def place(self) -> str:
        """The folder as its owner calls it, as far as `look` was told."""
        return str(self.state.get("place", self.folder))


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


@dataclass(frozen=True)
class Searched:
    """What looking into one mailbox gave: its candidates, or why it could not be looked into.

    `cut` when a limit ended it, so that there may be more.
    """

    mailbox: str
    copies: tuple[Copy, ...] = ()
    error: ConnectorError | None = None
    cut: bool = False


@dataclass(frozen=True)
class Arrival:
    """A mail in an inbox by the id that `fetch` wants, and when the provider took it in: UTC without a zone."""

    id: str
    at: datetime


class Mailboxes(ABC):
    """All mailboxes of one tenant. Every method has a timeout and raises only `ConnectorError`s.

    Retract and restore are at-least-once with idempotent effect: doing either again is harmless.
    """

    provider: str
    authserv_id: str = ""  # under which the provider itself writes Authentication-Results; empty where a gateway does

    @abstractmethod
    def list_mailboxes(self) -> Iterator[str]:
        """Every mailbox that may hold a copy, by address, lazily."""

    @abstractmethod
    def find(self, mailbox: str, wanted: Wanted) -> list[Copy]:
        """Candidates for `wanted` anywhere in the mailbox except where retracted copies lie.

        Raises NoMailbox, NotPermitted, TryLater.
        """

    @abstractmethod
    def look(self, mailbox: str, like: Like) -> Searched:
        """Mails that are like this, the newest first, anywhere in the mailbox except where retracted copies lie.

        `state["place"]` of each copy is its folder as the owner calls it, where that is not `folder`.
        Raises NoMailbox, NotPermitted, TryLater, Refused.
        """

    @abstractmethod
    def arrived(self, mailbox: str, since: datetime, known: Collection[str], most: int) -> list[Arrival]:
        """What lies in the inbox, came at `since` or later and is not `known`: the oldest first, at most `most`.

        Changes nothing, not even whether a mail was read. `since` is UTC without a zone. Searches may lag, times are no
        keys, and a mail may be moved in long after it came: ask again with an earlier `since`, and say what is known.
        Raises NoMailbox, NotPermitted, TryLater, Refused.
        """

    @abstractmethod
    def fetch(self, mailbox: str, copy_id: str) -> bytes:
        """The authoritative bytes of one message. Raises NotFound, TooLarge, NoMailbox, NotPermitted, TryLater."""

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

    def home(self, first: str, last: str) -> str:  # noqa: ARG002 - a mark of most providers' stays on a copy
        """Of two `held` of a copy that was taken twice, the one to bring it back by: where it lay the last time."""
        return last

    @abstractmethod
    def restorable_for(self, action: Action) -> timedelta:
        """How long this provider keeps what `action` took away; zero when it cannot be undone."""

    @abstractmethod
    def send(self, mail: OutgoingMail) -> None:
        """Deliver an answer to one of the tenant's own people."""

    # A provider that can do many at once does better than these; each yields one answer per item, in any order, and
    # an error is an answer. Nothing is asked before the answer is wanted, so that a caller can write down in between.

    def search(self, wanted: Wanted) -> Iterator[Searched]:
        """Look into every mailbox that may hold a copy. Raises ConnectorError when not even those can be told."""
        for mailbox in self.list_mailboxes():
            try:
                yield Searched(mailbox, tuple(self.find(mailbox, wanted)))
            except ConnectorError as error:
                yield Searched(mailbox, error=error)

    def search_recipients(self, wanted: Wanted) -> Iterator[Searched]:  # noqa: ARG002 - most cannot tell
        """Look only where the provider says that it was delivered: quick, and no proof. Nowhere if it cannot tell."""
        return iter(())

    def look_everywhere(self, like: Like) -> Iterator[Searched]:
        """Look into every mailbox. Raises ConnectorError when not even those can be told."""
        for mailbox in self.list_mailboxes():
            try:
                yield self.look(mailbox, like)
            except ConnectorError as error:
                yield Searched(mailbox, error=error)

    def fetch_many(self, many: Iterable[Copy]) -> Iterator[tuple[Copy, bytes | ConnectorError]]:
        """The bytes of each."""
        for copy in many:
            yield copy, _answer(self.fetch, copy.mailbox, copy.id)

    def retract_many(self, many: Iterable[Copy], action: Action) -> Iterator[tuple[Copy, Receipt | ConnectorError]]:
        """Take each out of sight."""
        for copy in many:
            yield copy, _answer(self.retract, copy, action)

    def restore_many(self, many: Iterable[tuple[Copy, str]]) -> Iterator[tuple[Copy, Receipt | ConnectorError]]:
        """Bring each back from where it is held."""
        for copy, held in many:
            yield copy, _answer(self.restore, copy, held)

    def purge(self, mailbox: str, now: datetime) -> int:  # noqa: ARG002 - most providers need neither
        """Delete for good what `retract` took and whose time is over; how many. Most providers do it themselves."""
        return 0


def _answer(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | ConnectorError:
    try:
        return call(*args, **kwargs)
    except ConnectorError as error:
        return error
