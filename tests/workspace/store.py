"""Store: people, their mailboxes and what lies in them."""

import itertools
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from functools import cached_property

SYSTEM = ("INBOX", "SPAM", "TRASH", "UNREAD", "STARRED", "IMPORTANT", "SENT", "DRAFT", "CHAT")
CATEGORIES = ("CATEGORY_PERSONAL", "CATEGORY_SOCIAL", "CATEGORY_PROMOTIONS", "CATEGORY_UPDATES", "CATEGORY_FORUMS")


@dataclass
class Mail:
    """One mail. Its labels are all that says where it lies."""

    id: str
    raw: bytes
    labels: set[str]
    indexed: bool = True  # whether a search finds it: the index of the real one lags

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        parsed = message_from_bytes(self.raw, policy=policy.compat32)
        return [(name, str(value)) for name, value in parsed.items()]

    def all(self, name: str) -> list[str]:
        return [value for one, value in self.headers if one.lower() == name.lower()]

    @cached_property
    def received(self) -> float:
        """Seconds since 1970; a fake may believe the date."""
        try:
            return parsedate_to_datetime(self.all("date")[0]).timestamp()
        except (IndexError, ValueError, TypeError):
            return 0.0


@dataclass
class Box:
    """One mailbox; `labels` are those that a person made, id to name."""

    mails: dict[str, Mail] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def knows(self, label: str) -> bool:
        return label in SYSTEM or label in CATEGORIES or label in self.labels


@dataclass
class Account:
    """One user of the organisation."""

    address: str
    box: Box = field(default_factory=Box)
    suspended: bool = False
    archived: bool = False
    has_mailbox: bool = True
    aliases: set[str] = field(default_factory=set)


class Store:
    """All users, by primary address. `lock` guards every mailbox."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.lock = threading.RLock()
        self._mails = itertools.count(0x18C0_0000_0000_0001)
        self._labels = itertools.count(1)

    def add(self, address: str, **more: object) -> Account:
        self.accounts[address] = Account(address, **more)  # type: ignore[arg-type]
        return self.accounts[address]

    def box(self, address: str) -> Box:
        return self.accounts[address].box

    def by_any(self, address: str) -> Account | None:
        """By the primary address or an alias."""
        found = self.accounts.get(address)
        return found or next((one for one in self.accounts.values() if address in one.aliases), None)

    def put(self, address: str, raw: bytes, labels: Iterable[str]) -> Mail:
        with self.lock:
            mail = Mail(format(next(self._mails), "x"), raw, set(labels))
            self.box(address).mails[mail.id] = mail
            return mail

    def label(self, address: str, name: str) -> str:
        """The id of a person's label, made when it is not there."""
        with self.lock:
            box = self.box(address)
            for label, known in box.labels.items():
                if known == name:
                    return label
            label = f"Label_{next(self._labels)}"
            box.labels[label] = name
            return label

    def delete_label(self, address: str, label: str) -> None:
        with self.lock:
            box = self.box(address)
            box.labels.pop(label, None)
            for mail in box.mails.values():
                mail.labels.discard(label)
