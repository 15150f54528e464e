"""A world for Gmail: a Workspace organisation on loopback, with the hands and eyes of its mailboxes' owners."""

from collections.abc import Iterable
from datetime import UTC, datetime

from workspace.admin import DIRECTORY, REPORTS
from workspace.gmail import FULL, MODIFY
from workspace.google import TOKEN, FakeGoogle
from workspace.store import Mail

from connectors.contract import Action, Copy
from connectors.gmail.client import google_for
from connectors.gmail.labels import home_in
from connectors.gmail.mailboxes import GmailMailboxes
from connectors.gmail.pace import Pace
from connectors.gmail.search import copy_of
from mailboxes.contract import ANA, BEN, Sight
from mailboxes.outlook_world import Waiting

ADMIN = "admin@example.org"
ANSWERS = "security@example.org"


class GmailWorld:
    """One organisation with Ana and Ben, an administrator, and the account that answers are sent from."""

    actions = tuple(Action)
    folders = ("", "Projects", "archive", "SPAM", "TRASH")

    def __init__(self, google: FakeGoogle, people: Iterable[str] = (ANA, BEN)) -> None:
        self.google = google
        for address in (*people, ADMIN, ANSWERS):
            google.store.add(address)
        google.admin.administrators.add(ADMIN)
        google.tokens.granted |= {MODIFY, FULL, DIRECTORY, REPORTS}
        self.waiting = Waiting()
        self.connected: list[GmailMailboxes] = []
        self.mailboxes: GmailMailboxes = self.connect()

    def connect(self, timeout: float | None = None, pace: Pace | None = None, **more: object) -> GmailMailboxes:
        """Another client of the same organisation, as another process would have."""
        url = self.google.url
        pace = pace or Pace(clock=self.waiting.now, sleep=self.waiting.sleep)
        client = google_for(self.google.key, url + TOKEN, url, url, self.google.ca_file, pace, timeout)
        options = {"domain": "example.org", "answers_from": ANSWERS, **more}
        self.connected.append(GmailMailboxes(client, ADMIN, **options))  # type: ignore[arg-type]
        return self.connected[-1]

    def close(self) -> None:
        for one in self.connected:
            one.close()

    def deliver(self, address: str, raw: bytes, folder: str = "", read: bool = False) -> Copy:
        labels = {"CATEGORY_PERSONAL", *self._place(address, folder), *(() if read else ("UNREAD",))}
        mail = self.google.store.put(address, raw, labels)
        return copy_of(address, {"id": mail.id, "labelIds": sorted(labels), "sizeEstimate": len(raw)})

    def _place(self, address: str, folder: str) -> set[str]:
        if folder in {"", "SPAM", "TRASH"}:
            return {folder or "INBOX"}
        return set() if folder == "archive" else {self.google.store.label(address, folder)}

    def mail(self, copy: Copy) -> Mail:
        return self.google.store.box(copy.mailbox).mails[copy.id]

    def arrives(self, copy: Copy, at: datetime) -> None:
        self.mail(copy).received = at.replace(tzinfo=UTC).timestamp()

    def labels(self, copy: Copy) -> set[str]:
        return set(self.mail(copy).labels)

    def look(self, address: str) -> list[Sight]:
        """Every mail, by the place its labels say and all labels, ours included."""
        box = self.google.store.box(address)
        return sorted(Sight(_folder(mail), self._marks(address, mail), mail.raw) for mail in box.mails.values())

    def _marks(self, address: str, mail: Mail) -> tuple[str, ...]:
        names = self.google.store.box(address).labels
        return (mail.id, *sorted(names.get(label, label) for label in mail.labels))

    def hidden_folder(self, action: Action) -> str:
        return "SPAM" if action is Action.JUNK else "TRASH"

    def owner_reads(self, copy: Copy) -> None:
        self.mail(copy).labels.discard("UNREAD")

    def owner_moves(self, copy: Copy, folder: str) -> None:
        kept = self.mail(copy).labels - {"INBOX", "SPAM", "TRASH"}
        self.mail(copy).labels = kept | self._place(copy.mailbox, folder)

    def owner_deletes(self, copy: Copy) -> None:
        """For good, from Trash."""
        del self.google.store.box(copy.mailbox).mails[copy.id]

    def provider_purges(self, copy: Copy) -> None:
        self.google.store.box(copy.mailbox).mails.pop(copy.id)

    def is_marked(self, copy: Copy) -> bool:
        names = self.google.store.box(copy.mailbox).labels
        return any(home_in(names.get(label, "")) is not None for label in self.labels(copy))


def _folder(mail: Mail) -> str:
    return next((place for place in ("TRASH", "SPAM", "INBOX") if place in mail.labels), "archive")
