"""Directory: which accounts of the organisation have a mailbox?"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from connectors.errors import NoMailbox, NotFound, Refused
from connectors.gmail.client import Google, Request
from connectors.gmail.refusals import BadRequest
from connectors.gmail.scopes import DIRECTORY
from connectors.gmail.together import patiently

_FIELDS = "nextPageToken,users(primaryEmail,suspended,archived,isMailboxSetup)"
_ADDRESSES = "nextPageToken,users(primaryEmail,aliases,nonEditableAliases)"
_PAGE = 500


class Directory:
    """Read as an administrator: nobody else may."""

    def __init__(self, google: Google, administrator: str) -> None:
        self._google = google
        self._administrator = administrator

    def mailboxes(self) -> Iterator[str]:
        """Everybody whose mailbox can be opened, a page at a time. Suspended and archived people's cannot."""
        for said in self._pages(_FIELDS):
            yield from _open(said)

    def domains(self) -> set[str]:
        """Where the organisation's people have addresses, aliases included: it may have any number of domains."""
        found: set[str] = set()
        for said in self._pages(_ADDRESSES):
            for user in said.get("users", ()):
                own = (user["primaryEmail"], *user.get("aliases", ()), *user.get("nonEditableAliases", ()))
                found |= {str(address).rpartition("@")[2].lower() for address in own}
        return found

    def _pages(self, fields: str) -> Iterator[Mapping[str, Any]]:
        page = ""
        while True:
            token = {"pageToken": page} if page else {}
            request = self._google.users.list(
                customer="my_customer", maxResults=_PAGE, orderBy="email", projection="basic", fields=fields, **token
            )
            said = patiently(self._google.pace, partial(self._ask, request))
            yield said
            page = said.get("nextPageToken", "")
            if not page:
                return

    def first(self) -> str:
        """Anybody whose mailbox can be opened, asked once; empty when there is none on the first page."""
        request = self._google.users.list(customer="my_customer", maxResults=_PAGE, orderBy="email", fields=_FIELDS)
        return next(_open(self._ask(request)), "")

    def primary(self, address: str) -> str:
        """The address a person signs in with, from any of theirs. Raises NoMailbox when it is nobody's."""
        request = self._google.users.get(userKey=address, projection="basic", fields="primaryEmail")
        try:
            return str(self._ask(request)["primaryEmail"]).lower()
        except (NotFound, BadRequest):
            raise NoMailbox(f"{address} is nobody's address in this organisation") from None

    def _ask(self, request: Request) -> Any:
        if not self._administrator:
            raise Refused("the tenant names no administrator whose rights the directory is read with")
        return self._google.call(request, self._administrator, scope=DIRECTORY)


def _open(said: Mapping[str, Any]) -> Iterator[str]:
    for user in said.get("users", ()):
        if user.get("isMailboxSetup", True) and not user.get("suspended") and not user.get("archived"):
            yield str(user["primaryEmail"]).lower()
