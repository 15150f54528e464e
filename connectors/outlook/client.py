"""Client: asks Microsoft Graph, one request or a batch at a time, as politely as it wants to be asked."""

import json
import ssl
import threading
from base64 import urlsafe_b64decode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from connectors.errors import ConnectorError, Refused, TooLarge, TryLater
from connectors.outlook.asks import Ask
from connectors.outlook.credentials import Credentials, scope_of
from connectors.outlook.pace import Pace
from connectors.outlook.refusals import Answer, refusal, seconds

AT_A_TIME = 4  # requests per tenant: Exchange serves an app no more, whatever the mailboxes
BATCH = 20  # asks in one $batch
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
_TIMEOUT = httpx.Timeout(90.0, connect=10.0)


class Graph:
    """Microsoft Graph for one tenant; thread-safe."""

    def __init__(self, url: str, credentials: Credentials, ca_file: Path | None = None, pace: Pace | None = None):
        self.url = url
        self.credentials = credentials
        self.pace = pace or Pace()
        self.timeout = _TIMEOUT
        self._ca_file = ca_file
        self._free = threading.BoundedSemaphore(AT_A_TIME)

    @cached_property
    def _http(self) -> httpx.Client:
        trusted = ssl.create_default_context(cafile=str(self._ca_file) if self._ca_file else None)
        limits = httpx.Limits(max_connections=AT_A_TIME, max_keepalive_connections=AT_A_TIME)
        return httpx.Client(verify=trusted, trust_env=False, timeout=self.timeout, limits=limits)

    @cached_property
    def threads(self) -> ThreadPoolExecutor:
        """As many as may ask at a time."""
        return ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="graph")

    def close(self) -> None:
        """Hang up, once everything that is under way has been answered."""
        self.threads.shutdown()
        self._http.close()
        self.credentials.close()

    def ask(self, ask: Ask) -> Answer:
        """One request, tried again while Graph is busy. Raises TryLater when it stays so, NotPermitted."""
        return self._persist(ask, lambda: _said(self._send(ask.method, ask.path, ask.body)))

    def ask_together(self, asks: Sequence[Ask]) -> list[Answer | None]:
        """Up to twenty in one request; None where Graph left one out. Single refusals are for the caller to see."""
        requests = [
            {"id": str(number), "method": ask.method, "url": ask.path, "headers": _headers(ask), **_body(ask)}
            for number, ask in enumerate(asks)
        ]
        whole = Ask("POST", "/$batch", asks[0].what, asks[0].needs, {"requests": requests})
        answer = self.ask(whole)
        if not answer.ok:
            raise refusal(whole, answer)
        found: dict[str, Answer] = {}
        for one in answer.body.get("responses", ()) if isinstance(answer.body, dict) else ():
            found[str(one.get("id"))] = _sub_answer(one)
        return [found.get(str(number)) for number in range(len(asks))]

    def read(self, ask: Ask, limit: int) -> bytes | Answer:
        """The bytes that are answered, or the answer when it is not good. Raises TooLarge."""
        kept = bytearray()

        def one() -> Answer:
            kept.clear()
            with self._free, self._streamed(ask) as response:
                if not response.is_success:
                    response.read()
                    return _said(response)
                for chunk in response.iter_bytes():
                    kept.extend(chunk)
                    if len(kept) > limit:
                        raise TooLarge(f"a message is larger than {limit:,} bytes")
                return Answer(response.status_code)

        answer = self._persist(ask, one)
        return bytes(kept) if answer.ok else answer

    def relative(self, link: str) -> str:
        """The path of a next page. Raises Refused for one that leads elsewhere: it would get our token."""
        if not link.startswith(f"{self.url}/"):
            raise Refused("Microsoft Graph named a next page at another address")
        return link.removeprefix(self.url)

    def _persist(self, ask: Ask, once: Callable[[], Answer]) -> Answer:
        """Try until it is answered; a token that Graph does not like is replaced once."""
        tries, renewed = 0, False
        while True:
            answer, problem = self._attempt(ask, once)
            if answer is not None and answer.status == 401 and not renewed:
                self.credentials.drop()
                renewed = True
                continue
            if answer is not None and not answer.busy:
                return answer
            tries += 1
            pause = self.pace.wait(tries, answer) if ask.repeatable or answer is None or answer.status == 429 else None
            if pause is None:
                raise problem or refusal(ask, answer or Answer(0))
            self.pace.sleep(pause)

    def _attempt(self, ask: Ask, once: Callable[[], Answer]) -> tuple[Answer | None, ConnectorError | None]:
        """(an answer, nothing), or (nothing, why there is none and yet asking again is harmless)."""
        try:
            return once(), None
        except TryLater as error:  # from the sign-in service
            return None, error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:  # it has not left
            return None, TryLater(f"Microsoft Graph cannot be reached ({type(error).__name__})")
        except httpx.HTTPError as error:
            lost = TryLater(f"Microsoft Graph's answer was lost ({type(error).__name__})")
            if not ask.repeatable:
                raise lost from error
            return None, lost

    def _send(self, method: str, path: str, body: Any) -> httpx.Response:
        with self._free:
            return self._http.request(method, self.url + path, json=body, headers=self._identified())

    def _streamed(self, ask: Ask) -> Any:
        return self._http.stream(ask.method, self.url + ask.path, headers=self._identified())

    def _identified(self) -> dict[str, str]:
        token = self.credentials.token()
        return {"Authorization": f"Bearer {token}", "client-request-id": str(uuid4()), **IMMUTABLE}


def graph_for(
    directory: str,
    client_id: str,
    secret: str,
    certificate: str,
    login_url: str,
    graph_url: str,
    ca_file: Path | None,
    pace: Pace | None = None,
) -> Graph:
    """A client for one tenant; nothing is asked yet. Raises Refused when a setting is missing."""
    if not directory:
        raise Refused("this tenant names no Microsoft directory")
    if not client_id:
        raise Refused("Outlook needs UNHOOK_OUTLOOK_CLIENT_ID")
    credentials = Credentials(directory, client_id, secret, certificate, login_url, scope_of(graph_url), ca_file)
    return Graph(graph_url, credentials, ca_file, pace)


def roles_in(token: str) -> frozenset[str]:
    """The application permissions a token carries, unverified: Graph verifies it."""
    with suppress(ValueError, IndexError, AttributeError, TypeError):
        middle = token.split(".")[1]
        said = json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return frozenset(map(str, said.get("roles", ())))
    return frozenset()


def _headers(ask: Ask) -> dict[str, str]:
    return {**IMMUTABLE, **({"Content-Type": "application/json"} if ask.body is not None else {})}


def _body(ask: Ask) -> dict[str, Any]:
    return {} if ask.body is None else {"body": ask.body}


def _said(response: httpx.Response) -> Answer:
    body = None
    with suppress(ValueError):
        body = response.json()
    return Answer(response.status_code, body, seconds(response.headers.get("Retry-After")))


def _sub_answer(one: dict[str, Any]) -> Answer:
    headers = {str(name).lower(): str(value) for name, value in (one.get("headers") or {}).items()}
    return Answer(int(one.get("status", 0)), one.get("body"), seconds(headers.get("retry-after")))
