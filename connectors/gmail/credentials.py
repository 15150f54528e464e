"""Credentials: how does the service account get a token to act as one person, for one purpose?"""

import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import httplib2

from connectors.errors import ConnectorError, NoMailbox, NotPermitted, Refused, TryLater
from connectors.gmail.account import Account
from connectors.gmail.refusals import NotDelegated, is_throttling, lost, reason_in, retry_after
from connectors.gmail.scopes import PURPOSE

AUDIENCE = "https://oauth2.googleapis.com/token"  # what Google expects, also when another address is asked
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_REMEMBERED = 10_000  # tokens kept; each is good for an hour
_MARGIN = 120.0  # seconds before its end that a token is no longer used
_OF_A_PERSON = re.compile(r"\b(email|user|account(?! not found))\b", re.IGNORECASE)  # that one is the service account


class Credentials:
    """Tokens of people, asked for one by one and kept while they are good. Thread-safe."""

    def __init__(self, account: Account, token_url: str, clock: Callable[[], float] = time.time) -> None:
        self.account = account
        self._token_url = token_url
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def token(self, person: str, scope: str, http: httplib2.Http) -> str:
        """A token to act as `person`. Raises NoMailbox, NotPermitted, TryLater."""
        with self._lock:
            token, until = self._kept.get((person, scope), ("", 0.0))
        if self._clock() < until:
            return token

        token, lifetime = self._ask(person, scope, http)
        with self._lock:
            self._kept[person, scope] = token, self._clock() + lifetime - _MARGIN
            self._kept.move_to_end((person, scope))
            if len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
        return token

    def drop(self, person: str, scope: str) -> None:
        """Forget a token that Google refused before its time."""
        with self._lock:
            self._kept.pop((person, scope), None)

    def _ask(self, person: str, scope: str, http: httplib2.Http) -> tuple[str, float]:
        form = urlencode({"grant_type": _GRANT, "assertion": self._assertion(person, scope, http)})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            answer, content = http.request(self._token_url, "POST", form, headers)
        except Exception as error:
            raise lost("Google's token service", error) from error
        said = _object(content)
        if answer.status != 200 or "access_token" not in said:
            throttled = is_throttling(answer.status, reason_in(content))
            raise (
                TryLater("Google's token service throttles", retry_after(answer))
                if throttled
                else refused(answer.status, said, answer, person, scope)
            )
        return str(said["access_token"]), float(said.get("expires_in", 3600))

    def _assertion(self, person: str, scope: str, http: httplib2.Http) -> str:
        now = int(self._clock())
        who = {"iss": self.account.email, "sub": person, "scope": scope}
        return self.account.signed({**who, "aud": AUDIENCE, "iat": now, "exp": now + 3600}, http)


def refused(
    status: int, said: Mapping[str, Any], headers: Mapping[str, str], person: str, scope: str
) -> ConnectorError:
    """What a refusal of the token service means for us."""
    error, why = str(said.get("error", "")), str(said.get("error_description", ""))
    if status == 429 or status >= 500 or error in {"temporarily_unavailable", "server_error", "internal_failure"}:
        return TryLater(f"Google's token service is busy ({status})", retry_after(headers))
    purpose = PURPOSE.get(scope, "")
    if error == "unauthorized_client":
        return NotDelegated(f"Google does not let the service account act for people {purpose}: grant {scope}")
    if error == "access_denied":
        return NotPermitted(f"an administrator's policy forbids the service account {purpose} (access_denied)")
    if error == "invalid_grant" and _OF_A_PERSON.search(why):
        return NoMailbox(f"{person} cannot be opened: Google says that there is no such account, or it is suspended")
    if error == "invalid_grant":  # said of the key, in words that change: nobody's mailbox is missing for that
        return NotPermitted("Google refuses the service account's signature: is the key deleted, or our clock wrong?")
    return Refused(f"Google's token service refuses: {error or status}")


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
