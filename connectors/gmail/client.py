"""Client: how is one request put to Google, in whose name, and what comes of a failure?"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import httplib2
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

from connectors.gmail.account import Account, read_account
from connectors.gmail.connections import Connections
from connectors.gmail.credentials import Credentials
from connectors.gmail.pace import Pace
from connectors.gmail.refusals import Unauthorised, lost, refusal
from connectors.gmail.scopes import MAIL

# What each method costs of the quota; https://developers.google.com/workspace/gmail/api/reference/quota
LIST, GET, MODIFY, DELETE, SEND, LABELS, LABEL_CREATE, FREE = 5, 20, 5, 10, 100, 1, 5, 0


class Request(Protocol):
    """What googleapiclient makes of a method's name and arguments."""

    headers: dict[str, str]

    def execute(self, http: httplib2.Http, num_retries: int = 0) -> Any: ...  # noqa: D102


@dataclass(frozen=True)
class Addresses:
    """Where Google's services are. All are settings, so that another server can take their place."""

    token: str
    gmail: str
    admin: str


class Google:
    """Gmail, Directory and Reports, for one organisation. Thread-safe; nothing is asked before the first call."""

    def __init__(self, credentials: Credentials, connections: Connections, addresses: Addresses, pace: Pace) -> None:
        self.credentials = credentials
        self.connections = connections
        self.pace = pace
        self._addresses = addresses

    @cached_property
    def messages(self) -> Any:
        """users.messages of the Gmail API."""
        return _api("gmail", "v1", self._addresses.gmail).users().messages()

    @cached_property
    def labels(self) -> Any:
        """users.labels of the Gmail API."""
        return _api("gmail", "v1", self._addresses.gmail).users().labels()

    @cached_property
    def users(self) -> Any:
        """users of the Directory API."""
        return _api("admin", "directory_v1", self._addresses.admin).users()

    @cached_property
    def activities(self) -> Any:
        """activities of the Reports API."""
        return _api("admin", "reports_v1", self._addresses.admin).activities()

    @property
    def account(self) -> Account:
        """The service account."""
        return self.credentials.account

    def may_act_for(self, person: str, scope: str) -> None:
        """Ask for a token and use it for nothing. Raises NotDelegated, NotPermitted, NoMailbox, TryLater."""
        with self.connections.lent() as http:
            self.credentials.token(person, scope, http)

    def call(self, request: Request, person: str, units: int = FREE, scope: str = MAIL) -> Any:
        """Google's answer to what `person` asks for, tried once. Raises every error of `refusals`.

        Only what may be asked twice: a connection that went stale is opened anew and the request repeated.
        """
        with self.connections.lent() as http:
            try:
                token = self.credentials.token(person, scope, http)
                return self._execute(request, person, units, scope, token, http)
            except Unauthorised:
                self.credentials.drop(person, scope)
                token = self.credentials.token(person, scope, http)
                return self._execute(request, person, units, scope, token, http)

    def call_once(self, request: Request, person: str, units: int = FREE, scope: str = MAIL) -> Any:
        """As `call`, for what must not happen twice: when the answer is lost, nothing has been sent again."""
        with self.connections.lent() as other:  # the one that sends once is not used up for a token
            token = self.credentials.token(person, scope, other)
        with self.connections.once() as http:
            return self._execute(request, person, units, scope, token, http)

    def _execute(self, request: Request, person: str, units: int, scope: str, token: str, http: httplib2.Http) -> Any:
        request.headers["authorization"] = f"Bearer {token}"
        if units:
            self.pace.spend(person, units)
        try:
            return request.execute(http=http)
        except HttpError as error:
            raise refusal(int(error.resp.status), error.content, error.resp, person, scope) from None
        except Exception as error:
            raise lost(f"Google, asked for {person},", error) from error


def google_for(
    key: str,
    token_url: str,
    gmail_url: str,
    admin_url: str,
    ca_file: Path | None,
    pace: Pace | None = None,
    timeout: float | None = None,
    *,
    service_account: str = "",
    iam_url: str = "",
) -> Google:
    """A client for one organisation; nothing is asked yet. Raises Refused when the key is missing or none."""
    connections = Connections(ca_file, timeout) if timeout else Connections(ca_file)
    credentials = Credentials(read_account(key, service_account, iam_url), token_url)
    return Google(credentials, connections, Addresses(token_url, gmail_url, admin_url), pace or Pace())


def _api(name: str, version: str, root: str) -> Any:
    """An API as the library's own copy of its description has it, moved to `root` with its batch address."""
    document: dict[str, Any] = json.loads(get_static_doc(name, version))
    document["rootUrl"] = f"{root.rstrip('/')}/"
    document["baseUrl"] = document["rootUrl"] + document["servicePath"]
    document.pop("mtlsRootUrl", None)
    return build_from_document(document, http=httplib2.Http(proxy_info=None))
