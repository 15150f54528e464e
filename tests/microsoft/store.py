"""Store: the directory and the mailboxes of one Microsoft tenant, in memory."""

import itertools
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

RECOVERABLE = "recoverableitemsdeletions"
WELL_KNOWN = {
    "inbox": "Inbox",
    "junkemail": "Junk Email",
    "deleteditems": "Deleted Items",
    "sentitems": "Sent Items",
    "archive": "Archive",
    RECOVERABLE: "Deletions",
}


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(eq=False)
class Message:
    """One copy. `immutable` is its id with the Prefer header; `volatile` without, and changes with each move."""

    immutable: str
    volatile: str
    raw: bytes
    internet_id: str
    sender: str
    subject: str
    sent: str
    received: str
    folder: str
    read: bool = False
    draft: bool = False
    flag: dict[str, Any] = field(default_factory=lambda: {"flagStatus": "notFlagged"})
    categories: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    visible_from: float = 0.0  # a search does not see it earlier

    @property
    def ews(self) -> str:
        """The id as Exchange's older interface and Office programs write it."""
        return self.volatile.replace("-", "/").replace("_", "+")


class Mailbox:
    """Folders and messages of one user. Whoever changes it holds its lock."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.lock = threading.Lock()
        self.folders = {f"AQMkfolder-{number}_{name}=": shown for name, shown in WELL_KNOWN.items()}
        self.messages: dict[str, Message] = {}
        self.now_asking = 0  # requests under way
        self._numbers = itertools.count(1)

    def well_known(self, name: str) -> str:
        """The id of a folder by its well-known name, or its id as it came."""
        return f"AQMkfolder-{self.number}_{name.casefold()}=" if name.casefold() in WELL_KNOWN else name

    def add_folder(self, name: str) -> str:
        made = f"AQMkfolder-{self.number}_own-{len(self.folders)}="
        self.folders[made] = name
        return made

    def deliver(self, raw: bytes, folder: str = "inbox", read: bool = False, visible_from: float = 0.0) -> Message:
        parsed = message_from_bytes(raw)
        now = datetime.now(UTC)
        date = parsed["Date"]
        sent = parsedate_to_datetime(date) if date else now
        number = next(self._numbers)
        message = Message(
            immutable=f"AAkALgAAB+{self.number}-imm_{number}=",
            volatile=self._volatile(number),
            raw=raw,
            internet_id=parsed["Message-ID"] or f"<made-{self.number}-{number}@exchange.example>",
            sender=parseaddr(parsed["From"] or "")[1],
            subject=str(make_header(decode_header(parsed["Subject"] or ""))),
            sent=moment(sent),
            received=moment(now),
            folder=self.well_known(folder),
            read=read,
            visible_from=visible_from,
        )
        message.immutable = message.immutable.replace("+", "")
        with self.lock:
            self.messages[message.immutable] = message
        return message

    def by_id(self, message_id: str) -> Message | None:
        """By either id; ids from before a move are gone."""
        found = self.messages.get(message_id)
        return found or next((one for one in self.messages.values() if one.volatile == message_id), None)

    def move(self, message: Message, folder: str) -> None:
        if message.folder != folder:
            message.folder = folder
            message.volatile = self._volatile(next(self._numbers))

    def _volatile(self, number: int) -> str:
        return f"AAMkAGI-{self.number}_{number}="


@dataclass(eq=False)
class User:
    """Somebody in the directory. Without a mailbox Graph cannot open it: on premises, or without a licence."""

    id: str
    mail: str | None
    upn: str
    kind: str = "Member"
    enabled: bool = True
    mailbox: Mailbox | None = None
    aliases: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "mail": self.mail,
            "userPrincipalName": self.upn,
            "userType": self.kind,
            "accountEnabled": self.enabled,
            "proxyAddresses": [f"SMTP:{self.mail}", *[f"smtp:{one}" for one in self.aliases]] if self.mail else [],
        }


class Directory:
    """One tenant."""

    def __init__(self, tid: str, name: str = "Acme Ltd", domains: Iterable[str] = ("example.org",)) -> None:
        self.tid, self.name, self.domains = tid, name, tuple(domains)
        self.users: dict[str, User] = {}
        self.traces: list[dict[str, Any]] = []
        self._keys: dict[str, User] = {}

    def add_user(
        self,
        address: str,
        upn: str = "",
        kind: str = "Member",
        enabled: bool = True,
        mailbox: bool = True,
        aliases: Iterable[str] = (),
    ) -> User:
        number = len(self.users) + 1
        made = str(uuid5(NAMESPACE_URL, f"{self.tid}/{address}"))
        box = Mailbox(number) if mailbox else None
        user = User(made, address, upn or address, kind, enabled, box, tuple(aliases))
        self.users[made] = user
        self._keys[made] = self._keys[user.upn.casefold()] = user
        return user

    def user(self, key: str) -> User | None:
        """By id or sign-in name, as Graph does; not by address."""
        return self._keys.get(key.casefold())

    def at(self, address: str) -> User:
        """Whoever has this address; for tests, not for Graph."""
        return next(one for one in self.users.values() if address in {one.mail, one.upn, *one.aliases})

    def box(self, address: str) -> Mailbox:
        found = self.at(address).mailbox
        assert found is not None
        return found

    def deliver(self, address: str, raw: bytes, folder: str = "inbox", read: bool = False, **more: Any) -> Message:
        """Deliver and write it down for message trace."""
        message = self.box(address).deliver(raw, folder, read, **more)
        self.trace(message.internet_id, message.sender, address, message.received)
        return message

    def trace(self, message_id: str, sender: str, recipient: str, received: str, status: str = "delivered") -> None:
        self.traces.append(
            {
                "id": f"trace-{len(self.traces)}",
                "messageId": message_id,
                "senderAddress": sender,
                "recipientAddress": recipient,
                "receivedDateTime": received,
                "status": status,
            }
        )

    def all_messages(self) -> Iterator[tuple[User, Message]]:
        for user in self.users.values():
            for message in list(user.mailbox.messages.values()) if user.mailbox else ():
                yield user, message
