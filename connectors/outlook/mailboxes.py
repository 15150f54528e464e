"""Mailboxes: the contract, kept by Exchange Online through Microsoft Graph."""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from connectors.contract import Action, Arrival, Copy, Mailboxes, OutgoingMail, Receipt, Searched, Wanted
from connectors.errors import ConnectorError, Refused, TooLarge, TryLater
from connectors.likeness import Like
from connectors.outlook import arriving, asks, content, looking, moving, search, sending, trace
from connectors.outlook.asks import Ask
from connectors.outlook.batch import Conversation, T, alone, together
from connectors.outlook.client import AT_A_TIME, Graph, graph_for
from connectors.outlook.mark import Row
from connectors.outlook.pace import Pace
from connectors.outlook.people import People, naming
from connectors.outlook.refusals import checked
from connectors.outlook.trace import Traced

# What Exchange Online keeps unless the tenant says otherwise; docs/permissions.md tells where it may.
KEPT = {
    Action.JUNK: timedelta(days=30),
    Action.TRASH: timedelta(days=30),
    Action.SOFT_DELETE: timedelta(days=14),
    Action.HARD_DELETE: timedelta(0),
}
_NO_TRACE = 3600.0  # seconds until trace is tried again after it was refused


class OutlookMailboxes(Mailboxes):
    """All mailboxes of one Microsoft tenant."""

    provider = "outlook"
    authserv_id = "microsoft"  # stands for Exchange Online, whose header bears no name

    def __init__(self, graph: Graph, *, answers_from: str = "", max_bytes: int = 30_000_000) -> None:
        self.graph = graph
        self._answers_from = answers_from
        self._max_bytes = max_bytes
        self._people = People()
        self._no_trace_until = float("-inf")

    def list_mailboxes(self) -> Iterator[str]:
        """Every user by address, a page at a time; not guests. Disabled accounts are shared and room mailboxes."""
        for address, _ in self._users():
            yield address

    def find(self, mailbox: str, wanted: Wanted) -> list[Copy]:
        """Candidates in all folders; copies that their owner put into Deleted Items or Junk count, ours do not."""
        return list(self._alone(mailbox, lambda user: search.find(self.graph, self._people, mailbox, user, wanted)))

    def look(self, mailbox: str, like: Like) -> Searched:
        """Mails in all folders, by the time they were received."""
        return self._alone(mailbox, lambda user: looking.look(self.graph, self._people, mailbox, user, like))

    def arrived(self, mailbox: str, since: datetime, known: Collection[str], most: int) -> list[Arrival]:
        """What lies in the inbox, by the time Exchange took it in."""
        return self._alone(mailbox, lambda user: arriving.arrived(self.graph, user, since, known, most))

    def fetch(self, mailbox: str, copy_id: str) -> bytes:
        """The bytes of one message, also by an id that an Office program gave."""
        return self._alone(mailbox, lambda user: content.read(self.graph, user, copy_id, self._max_bytes))

    def retract(self, copy: Copy, action: Action) -> Receipt:
        """Move one copy out of sight, marked as ours."""
        return alone(self.graph, self._retracting(copy, action))

    def restore(self, copy: Copy, held: str) -> Receipt:
        """Put a copy back where it lay, as it was."""
        return alone(self.graph, self._restoring(copy, held))

    def restorable_for(self, action: Action) -> timedelta:
        """How long Exchange Online keeps it by default. Owners may empty their folders earlier: then it is expired."""
        return KEPT[action]

    def send(self, mail: OutgoingMail) -> None:
        """Send an answer, at most once: when its own answer is lost, nobody asks again."""
        if not self._answers_from:
            raise Refused("no mailbox is set that answers are sent from: set UNHOOK_OUTLOOK_ANSWERS_FROM")
        self._alone(mail.to, lambda user: sending.send(self._answers_from, user, mail))

    # --- many at once

    def search_recipients(self, wanted: Wanted) -> Iterator[Searched]:
        """Whom message trace names, where it may be asked."""
        return self._search_named(self._traced(wanted).recipients, wanted)

    def search(self, wanted: Wanted) -> Iterator[Searched]:
        """Whom message trace names, and everybody else unless it has had the time to name all."""
        traced = self._traced(wanted)
        yield from self._search_named(traced.recipients, wanted)
        if not traced.settled:
            others = ((one, user) for one, user in self._users() if one not in traced.recipients)
            asked = ((one, naming(one, self._find_by(one, user, wanted))) for one, user in others)
            yield from _searched(together(self.graph, asked))

    def look_everywhere(self, like: Like) -> Iterator[Searched]:
        """Into every mailbox, in batches."""
        everybody = ((one, naming(one, self._look(one, user, like))) for one, user in self._users())
        yield from _searched(together(self.graph, everybody))

    def fetch_many(self, many: Iterable[Copy]) -> Iterator[tuple[Copy, bytes | ConnectorError]]:
        """Small ones twenty to a request, others one by one, four requests at a time."""
        large: list[Copy] = []
        small = ((copy, content.read_small(self._people, copy)) for copy in self._small(many, large))
        for copy, said in together(self.graph, small):
            if said is None:
                large.append(copy)
            elif isinstance(said, bytes) and len(said) > self._max_bytes:
                yield copy, TooLarge(f"a message is larger than {self._max_bytes:,} bytes")
            else:
                yield copy, said
        yield from self._fetch_large(iter(large))

    def retract_many(self, many: Iterable[Copy], action: Action) -> Iterator[tuple[Copy, Receipt | ConnectorError]]:
        """As `retract`, in batches."""
        return together(self.graph, ((copy, self._retracting(copy, action)) for copy in many))

    def restore_many(self, many: Iterable[tuple[Copy, str]]) -> Iterator[tuple[Copy, Receipt | ConnectorError]]:
        """As `restore`, in batches."""
        return together(self.graph, ((copy, self._restoring(copy, held)) for copy, held in many))

    # --- inside

    def _alone(self, mailbox: str, talk: Callable[[str], Conversation[T]]) -> T:
        return alone(self.graph, self._people.called(mailbox, talk))

    def _retracting(self, copy: Copy, action: Action) -> Conversation[Receipt]:
        return self._people.called(copy.mailbox, lambda user: moving.retract(self._people, user, copy, action))

    def _restoring(self, copy: Copy, held: str) -> Conversation[Receipt]:
        return self._people.called(copy.mailbox, lambda user: moving.restore(self._people, user, copy, held))

    def _users(self) -> Iterator[tuple[str, str]]:
        return iter(search.users_of(self._directory(asks.users())))

    def _directory(self, ask: Ask) -> Iterator[Row]:
        while True:
            page = checked(ask, self.graph.ask(ask))
            yield from page["value"]
            if "@odata.nextLink" not in page:
                return
            ask = Ask("GET", self.graph.relative(page["@odata.nextLink"]), ask.what, ask.needs)

    def _search_named(self, recipients: Iterable[str], wanted: Wanted) -> Iterator[Searched]:
        known = ((one, self._find_in(one, wanted)) for one in sorted(recipients))
        return _searched(together(self.graph, known))

    def _traced(self, wanted: Wanted) -> Traced:
        """The recipients by message trace; none when it cannot be asked. A refusal is remembered for an hour."""
        if self.graph.pace.now() < self._no_trace_until:
            return Traced()
        try:
            now = datetime.now(UTC).replace(tzinfo=None)
            return trace.traced(self.graph, wanted, now, self._own_addresses)
        except Refused:
            self._no_trace_until = self.graph.pace.now() + _NO_TRACE
        except TryLater:
            pass  # opening every mailbox takes longer, and finds no less
        return Traced()

    def _own_addresses(self) -> dict[str, str]:
        """Every address of our own people with the one that `list_mailboxes` gives: trace names any of them."""
        found: dict[str, str] = {}
        for row in self._directory(asks.users(aliases=True)):
            for primary, _ in search.users_of([row]):
                found |= {address.casefold(): primary for address in search.addresses_of(row) if address}
        return found

    def _find_in(self, mailbox: str, wanted: Wanted) -> Conversation[Searched]:
        return self._people.called(mailbox, lambda user: self._find_by(mailbox, user, wanted))

    def _find_by(self, mailbox: str, user: str, wanted: Wanted) -> Conversation[Searched]:
        copies = yield from search.find(self.graph, self._people, mailbox, user, wanted)
        if copies:
            self._people.meet(mailbox, user)
        return Searched(mailbox, copies)

    def _look(self, mailbox: str, user: str, like: Like) -> Conversation[Searched]:
        return looking.look(self.graph, self._people, mailbox, user, like)

    def _small(self, copies: Iterable[Copy], large: list[Copy]) -> Iterator[Copy]:
        for copy in copies:
            if content.is_small(copy):
                yield copy
            else:
                large.append(copy)

    def _fetch_large(self, copies: Iterator[Copy]) -> Iterator[tuple[Copy, bytes | ConnectorError]]:
        reading: dict[Future[bytes], Copy] = {}
        while True:
            for copy in islice(copies, AT_A_TIME - len(reading)):
                reading[self.graph.threads.submit(self.fetch, copy.mailbox, copy.id)] = copy
            if not reading:
                return
            for done in wait(reading, return_when=FIRST_COMPLETED).done:
                error = done.exception()
                if error is not None and not isinstance(error, ConnectorError):
                    raise error
                yield reading.pop(done), error or done.result()


def connect(
    *,
    directory: str,
    client_id: str,
    secret: str = "",
    certificate: str = "",
    answers_from: str = "",
    login_url: str = "https://login.microsoftonline.com",
    graph_url: str = "https://graph.microsoft.com/v1.0",
    ca_file: Path | None = None,
    max_bytes: int = 30_000_000,
    pace: Pace | None = None,
) -> OutlookMailboxes:
    """What the registry calls. Raises Refused when a setting is missing; asks Microsoft nothing yet."""
    graph = graph_for(directory, client_id, secret, certificate, login_url, graph_url, ca_file, pace)
    return OutlookMailboxes(graph, answers_from=answers_from, max_bytes=max_bytes)


def _searched(found: Iterator[tuple[str, Searched | ConnectorError]]) -> Iterator[Searched]:
    for mailbox, said in found:
        yield said if isinstance(said, Searched) else Searched(mailbox, error=said)
