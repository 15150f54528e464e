"""A world for Outlook: a Microsoft tenant on loopback, with the hands and eyes of its mailboxes' owners."""

import json
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from microsoft.entra import Entra
from microsoft.graph import FakeGraph
from microsoft.store import RECOVERABLE, Message, moment

from connectors.contract import Action, Copy
from connectors.outlook.mailboxes import OutlookMailboxes, connect
from connectors.outlook.pace import Pace
from mailboxes.contract import ANA, BEN, Sight

TID = "11111111-2222-3333-4444-555555555555"
APP = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
ROLES = ("Mail.ReadWrite", "Mail.Send", "User.Read.All")
TRACE = "ExchangeMessageTrace.Read.All"
ANSWERS = "security@example.org"


class Waiting:
    """A clock that jumps when somebody sleeps, and remembers for how long."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.time += seconds

    def now(self) -> float:
        return self.time

    def pace(self, **more: object) -> Pace:
        return Pace(sleep=self.sleep, now=self.now, **more)  # type: ignore[arg-type]


class OutlookWorld:
    """One tenant with Ana and Ben, and the mailbox that answers are sent from."""

    actions = tuple(Action)
    folders = ("", "Projects", "deleteditems", "junkemail")

    def __init__(self, entra: Entra, graph: FakeGraph, people: Iterable[str] = (ANA, BEN)) -> None:
        self.entra, self.graph = entra, graph
        self.directory = graph.add_tenant(TID)
        entra.add_app(APP, "a secret")
        entra.grant(TID, APP, ROLES)
        for address in (*people, ANSWERS):
            self.directory.add_user(address)
        self.waiting = Waiting()
        self.connected: list[OutlookMailboxes] = []
        self.mailboxes: OutlookMailboxes = self.connect()

    def connect(self, **more: object) -> OutlookMailboxes:
        """Another client of the same tenant, as another process would have."""
        options = {
            "directory": TID,
            "client_id": APP,
            "secret": "a secret",
            "answers_from": ANSWERS,
            "login_url": self.entra.url,
            "graph_url": self.graph.url,
            "ca_file": self.entra.ca_file,
            "pace": self.waiting.pace(),
        }
        self.connected.append(connect(**{**options, **more}))  # type: ignore[arg-type]
        return self.connected[-1]

    def close(self) -> None:
        for one in self.connected:
            one.graph.close()

    def deliver(self, address: str, raw: bytes, folder: str = "", read: bool = False) -> Copy:
        message = self.directory.deliver(address, raw, self.folder(address, folder or "inbox"), read)
        return Copy(address, message.immutable, message.folder)

    def arrives(self, copy: Copy, at: datetime) -> None:
        self.message(copy).received = moment(at.replace(tzinfo=UTC))

    def folder(self, address: str, name: str) -> str:
        """The id of a folder by its shown or well-known name; made when it is not there."""
        box = self.directory.box(address)
        by_name = {shown: made for made, shown in box.folders.items()}
        well_known = box.well_known(name)
        return by_name.get(name) or (well_known if well_known in box.folders else box.add_folder(name))

    def message(self, copy: Copy) -> Message:
        found = self.directory.box(copy.mailbox).by_id(copy.id)
        assert found is not None
        return found

    def look(self, address: str) -> list[Sight]:
        box = self.directory.box(address)
        hidden = box.well_known(RECOVERABLE)
        seen = [one for one in box.messages.values() if one.folder != hidden]
        return sorted(Sight(box.folders[one.folder], _marks(one), one.raw) for one in seen)

    def hidden_folder(self, action: Action) -> str:
        return {Action.TRASH: "Deleted Items", Action.JUNK: "Junk Email"}.get(action, "")

    def lies_in(self, copy: Copy) -> str:
        return self.directory.box(copy.mailbox).folders[self.message(copy).folder]

    def change(self, copy: Copy, change: Callable[[Message], None]) -> None:
        change(self.message(copy))

    def owner_reads(self, copy: Copy) -> None:
        self.message(copy).read = True

    def owner_moves(self, copy: Copy, folder: str) -> None:
        self.directory.box(copy.mailbox).move(self.message(copy), self.folder(copy.mailbox, folder or "inbox"))

    def owner_deletes(self, copy: Copy) -> None:
        """For good, as far as the owner can: only Recover Deleted Items still finds it."""
        self.owner_moves(copy, RECOVERABLE)

    def provider_purges(self, copy: Copy) -> None:
        box = self.directory.box(copy.mailbox)
        del box.messages[copy.id]


def _marks(message: Message) -> tuple[str, ...]:
    return (str(message.read), json.dumps(message.flag, sort_keys=True), *message.categories)
