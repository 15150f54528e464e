"""Mailboxes: the contract, kept by Gmail through its API."""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from connectors.contract import Action, Arrival, Copy, Mailboxes, OutgoingMail, Receipt, Searched, Wanted
from connectors.errors import ConnectorError, NoMailbox, Refused, TryLater
from connectors.gmail import answers, arriving, labels, looking, moving, search
from connectors.gmail.client import Google, google_for
from connectors.gmail.directory import Directory
from connectors.gmail.marks import Marks
from connectors.gmail.reports import recipients
from connectors.gmail.together import Together, patiently
from connectors.likeness import Like

KEPT = timedelta(days=30)  # Gmail deletes what lies in Trash and Spam for longer
_NO_REPORT = 3600.0  # seconds until the delivery report is tried again after it was refused
_DOMAINS = 3600.0  # seconds for which the organisation's domains are remembered

T = TypeVar("T")


class GmailMailboxes(Mailboxes):
    """All mailboxes of one Google Workspace organisation."""

    provider = "gmail"
    authserv_id = "mx.google.com"

    def __init__(
        self,
        google: Google,
        administrator: str,
        *,
        domain: str = "",
        answers_from: str = "",
        max_bytes: int = 30_000_000,
    ) -> None:
        self.google = google
        self._administrator = administrator
        self._answers_from = answers_from
        self._max_bytes = max_bytes
        self._named = frozenset({domain.lower(), administrator.rpartition("@")[2].lower()})
        self._domains: frozenset[str] = frozenset()
        self._domains_until = float("-inf")
        self._directory = Directory(google, administrator)
        self._marks = Marks(google)
        self._no_report_until = float("-inf")

    def list_mailboxes(self) -> Iterator[str]:
        """Everybody's primary address, a page at a time; not suspended or archived people, who cannot be opened."""
        yield from self._directory.mailboxes()

    def find(self, mailbox: str, wanted: Wanted) -> list[Copy]:
        """Candidates with any labels; copies in Spam and Trash count unless we put them there."""
        self._must_be_ours(mailbox)
        return self._patiently(lambda: self._find(mailbox, wanted))

    def look(self, mailbox: str, like: Like) -> Searched:
        """Mails with any labels, by the time Gmail took them in."""
        self._must_be_ours(mailbox)
        return self._patiently(lambda: self._look(mailbox, like))

    def arrived(self, mailbox: str, since: datetime, known: Collection[str], most: int) -> list[Arrival]:
        """What has the label INBOX, by the time Gmail took it in. Not elsewhere, though others let us in as well."""
        self._patiently(lambda: self._directory.primary(mailbox))
        return self._patiently(lambda: arriving.arrived(self.google, mailbox, since, known, most))

    def fetch(self, mailbox: str, copy_id: str) -> bytes:
        """The bytes of one mail, also by the id that the add-on gave, and also while it lies in Trash."""
        self._must_be_ours(mailbox)
        return self._patiently(lambda: search.fetch(self.google, mailbox, copy_id, self._max_bytes))

    def retract(self, copy: Copy, action: Action) -> Receipt:
        """Label one copy out of sight."""
        return self._patiently(lambda: moving.retract(self.google, self._marks, copy, action))

    def restore(self, copy: Copy, held: str) -> Receipt:
        """Give one copy exactly the labels it had."""
        return self._patiently(lambda: moving.restore(self.google, self._marks, copy, held))

    def home(self, first: str, last: str) -> str:
        """Not Trash, if it was in sight when we first took it: its owner may have deleted the label that says so."""
        return labels.home(first, last)

    def restorable_for(self, action: Action) -> timedelta:
        """Until Gmail purges it. Owners may empty Trash and Spam earlier: then a copy is expired."""
        return timedelta(0) if action is Action.HARD_DELETE else KEPT

    def send(self, mail: OutgoingMail) -> None:
        """Send an answer, at most once: when its own answer is lost, nobody asks again."""
        if not self._answers_from:
            raise Refused("no account is set that answers are sent from: set UNHOOK_GMAIL_ANSWERS_FROM")
        self._must_be_ours(mail.to)
        if not self._has(mail):
            answers.send(self.google, mail, self._answers_from)

    # --- many at once

    def search(self, wanted: Wanted) -> Iterator[Searched]:
        """Whom the delivery report names, where it may be asked and names everybody; else everybody."""
        done: set[str] = set()
        reported = self._reported(wanted)
        if reported and (yield from self._search_reported(reported, wanted, done)):
            return
        others = (mailbox for mailbox in self._directory.mailboxes() if mailbox not in done)
        yield from self._searched(others, wanted)

    def look_everywhere(self, like: Like) -> Iterator[Searched]:
        """Into some mailboxes at a time."""

        def one(mailbox: str) -> Searched:
            return self._look(mailbox, like)

        for mailbox, said in Together(self.google.pace, one).answers(self._directory.mailboxes()):
            yield Searched(mailbox, error=said) if isinstance(said, ConnectorError) else said

    def fetch_many(self, many: Iterable[Copy]) -> Iterator[tuple[Copy, bytes | ConnectorError]]:
        """As `fetch`, some at a time; sizes are known from the search."""
        return Together(self.google.pace, self._fetch).answers(many)

    def retract_many(self, many: Iterable[Copy], action: Action) -> Iterator[tuple[Copy, Receipt | ConnectorError]]:
        """As `retract`, some at a time."""

        def one(copy: Copy) -> Receipt:
            return moving.retract(self.google, self._marks, copy, action)

        return Together(self.google.pace, one).answers(many)

    def restore_many(self, many: Iterable[tuple[Copy, str]]) -> Iterator[tuple[Copy, Receipt | ConnectorError]]:
        """As `restore`, some at a time."""

        def one(item: tuple[Copy, str]) -> Receipt:
            return moving.restore(self.google, self._marks, *item)

        for (copy, _), said in Together(self.google.pace, one).answers(many):
            yield copy, said

    def close(self) -> None:
        """Hang up."""
        self.google.connections.close()

    # --- inside

    def _must_be_ours(self, mailbox: str) -> None:
        """Raises NoMailbox for one of another organisation, which may have let the same service account in."""
        if not self._is_ours(mailbox):
            raise NoMailbox(f"{mailbox} is nobody's address in this organisation")

    def _is_ours(self, address: str) -> bool:
        """By its domain, which is one organisation's alone. It may have others than its tenant names: Google knows."""
        domain = address.rpartition("@")[2].lower()
        if domain in self._named:
            return True
        if self.google.pace.now() >= self._domains_until:
            self._domains = frozenset(self._directory.domains())
            self._domains_until = self.google.pace.now() + _DOMAINS
        return domain in self._domains

    def _patiently(self, call: Callable[[], T]) -> T:
        return patiently(self.google.pace, call)

    def _find(self, mailbox: str, wanted: Wanted) -> list[Copy]:
        return search.find(self.google, self._marks, mailbox, wanted)

    def _look(self, mailbox: str, like: Like) -> Searched:
        return looking.look(self.google, self._marks, mailbox, like)

    def _fetch(self, copy: Copy) -> bytes:
        size = copy.state.get("size")
        known = size if isinstance(size, int) and size > 0 else None
        return search.fetch(self.google, copy.mailbox, copy.id, self._max_bytes, known)

    def _has(self, mail: OutgoingMail) -> bool:
        """Whether the person has the answer already. An alias is nobody's mailbox: the directory knows whose it is."""
        try:
            return answers.is_there(self.google, mail.to, mail, self._answers_from)
        except NoMailbox:
            primary = self._patiently(lambda: self._directory.primary(mail.to))
            if primary == mail.to.lower():
                raise
            return answers.is_there(self.google, primary, mail, self._answers_from)

    def _searched(self, mailboxes: Iterable[str], wanted: Wanted) -> Iterator[Searched]:
        def one(mailbox: str) -> list[Copy]:
            return self._find(mailbox, wanted)

        for mailbox, said in Together(self.google.pace, one).answers(mailboxes):
            yield Searched(mailbox, error=said) if isinstance(said, ConnectorError) else Searched(mailbox, tuple(said))

    def _reported(self, wanted: Wanted) -> set[str]:
        """The recipients by the delivery report; none when it cannot be asked. A refusal is remembered for an hour."""
        if self.google.pace.now() < self._no_report_until:
            return set()
        try:
            return recipients(self.google, self._administrator, wanted, datetime.now(UTC))
        except Refused:
            self._no_report_until = self.google.pace.now() + _NO_REPORT
        except TryLater:
            pass  # opening every mailbox takes longer, and finds no less
        return set()

    def _search_reported(self, reported: set[str], wanted: Wanted, done: set[str]) -> Generator[Searched, None, bool]:
        """Look where the report points; whether that is everybody who can have it.

        An address of our own that is no person's is a group, or somebody whom Google has forgotten: then the report
        does not say who got it. One that is elsewhere is not ours to look into.
        """
        whole = True
        aliases: set[str] = set()
        for one in self._searched(sorted(filter(self._is_ours, reported)), wanted):
            done.add(one.mailbox)
            if not isinstance(one.error, NoMailbox):
                yield one
                continue
            primary = self._primary(one.mailbox)
            if primary == one.mailbox:
                yield one
            elif primary:
                aliases.add(primary)
            else:
                whole = False
        for one in self._searched(sorted(aliases - done), wanted):
            done.add(one.mailbox)
            yield one
        return whole

    def _primary(self, address: str) -> str:
        try:
            return self._patiently(lambda: self._directory.primary(address))
        except NoMailbox:
            return ""


def connect(
    *,
    directory: str,
    administrator: str,
    key: str,
    answers_from: str,
    token_url: str,
    gmail_url: str,
    admin_url: str,
    ca_file: Path | None,
    service_account: str = "",
    iam_url: str = "",
    max_bytes: int = 30_000_000,
) -> Mailboxes:
    """What the registry calls. Raises Refused when the key or the administrator is missing."""
    if not administrator:
        raise Refused(f"the tenant of {directory} names no administrator whose rights its directory is read with")
    google = google_for(key, token_url, gmail_url, admin_url, ca_file, service_account=service_account, iam_url=iam_url)
    return GmailMailboxes(google, administrator, domain=directory, answers_from=answers_from, max_bytes=max_bytes)
