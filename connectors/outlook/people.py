"""People: which user of the directory is meant by an address, and which folder by a well-known name?"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from connectors.errors import ConnectorError, NoMailbox, NotFound
from connectors.outlook import asks
from connectors.outlook.batch import Conversation
from connectors.outlook.refusals import UnknownUser, checked, named

T = TypeVar("T")
_KNOWN = 10_000


class Memory:
    """A bounded dictionary; what was not needed for longest is forgotten. Thread-safe."""

    def __init__(self, limit: int = _KNOWN) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, whose: str, name: str) -> str | None:
        """What is kept under this name, or None."""
        with self._lock:
            if (whose, name) in self._kept:
                self._kept.move_to_end((whose, name))
            return self._kept.get((whose, name))

    def keep(self, whose: str, name: str, value: str) -> None:
        """Remember it, and forget what nobody asked for."""
        with self._lock:
            self._kept[whose, name] = value
            self._kept.move_to_end((whose, name))
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)


class People:
    """What was learned about users and their folders; it is only ever a shortcut."""

    def __init__(self) -> None:
        self._users = Memory()
        self._folders = Memory()
        self._names = Memory()

    def meet(self, address: str, user: str) -> None:
        """Remember whose address this is; needed only where it is not the sign-in name as well."""
        self._users.keep(address.casefold(), "", user)

    def called(self, mailbox: str, talk: Callable[[str], Conversation[T]]) -> Conversation[T]:
        """Talk about a user. Graph knows ids and sign-in names; other addresses are looked up first."""
        return (yield from naming(mailbox, self._called(mailbox, talk)))

    def _called(self, mailbox: str, talk: Callable[[str], Conversation[T]]) -> Conversation[T]:
        known = self._users.get(mailbox.casefold(), "")
        try:
            return (yield from talk(known or mailbox))
        except UnknownUser:
            if known:
                raise
        user = yield from _look_up(mailbox)
        self.meet(mailbox, user)
        return (yield from talk(user))

    def folder(self, user: str, name: str) -> Conversation[str]:
        """The id of a well-known folder of a mailbox."""
        known = self._folders.get(user, name)
        if known:
            return known
        ask = asks.folder(user, name)
        found = str(checked(ask, (yield ask))["id"])
        self.learn_folder(user, name, found)
        return found

    def folder_name(self, user: str, folder_id: str) -> Conversation[str]:
        """What its owner calls a folder; nothing when it is gone."""
        known = self._names.get(user, folder_id)
        if known is None:
            ask = asks.folder_name(user, folder_id)
            try:
                known = str(checked(ask, (yield ask)).get("displayName") or "")
            except NotFound:
                return ""
            self._names.keep(user, folder_id, known)
        return known

    def learn_folder(self, user: str, name: str, folder: str) -> None:
        """Remember what an answer told in passing."""
        self._folders.keep(user, name, folder)


def naming(mailbox: str, conversation: Conversation[T]) -> Conversation[T]:
    """The same conversation; what it raises says which mailbox it is about."""
    try:
        return (yield from conversation)
    except ConnectorError as error:
        raise named(mailbox, error) from error


def _look_up(mailbox: str) -> Conversation[str]:
    ask = asks.users(mailbox, top=2)
    found = checked(ask, (yield ask))["value"]
    if not found:
        raise UnknownUser("nobody in this directory has this address")
    if len(found) > 1:
        raise NoMailbox("more than one user has this address")
    return str(found[0]["id"])
