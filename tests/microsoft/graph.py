"""Graph: Microsoft Graph as far as Unhook uses it, with its habits: ids that change, batches that answer in disorder,
mailboxes that are busy, answers that get lost.
"""

import re
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from microsoft import mail
from microsoft.entra import Entra
from microsoft.filters import BadFilter, users_with
from microsoft.server import HttpsServer, Request, Response
from microsoft.store import Directory
from microsoft.traces import traces
from microsoft.trouble import Troubles

VERSION = "/v1.0"
AT_ONCE_IN_A_BATCH = 4  # Graph hands Exchange no more of a batch at a time
AT_ONCE_PER_MAILBOX = 4
GATHER_SECONDS = 10.0  # for too few requests: the test then fails, and does not hang


class FakeGraph:
    """Serves every tenant that was added; who asks is told by Entra's tokens."""

    def __init__(self, entra: Entra) -> None:
        self.entra = entra
        self.directories: dict[str, Directory] = {}
        self.troubles = Troubles()
        self.latency = 0.0  # seconds per request, and per part of a batch
        self.gathers = 0  # the first requests wait until so many have come, however busy the machine is
        self.scopes: dict[str, set[str]] = {}  # client id -> addresses it may open by RBAC for Applications
        self.organisation_needs: frozenset[str] = frozenset()  # any of these roles; empty means every token will do
        self.keeps_log = True
        self.log: list[str] = []  # "METHOD path?query" of every request and every part of a batch
        self.batches: list[int] = []  # how many parts each had
        self.moves: list[tuple[str, str, str]] = []  # (address, immutable id, well-known name or id): real moves only
        self.last_move = 0.0
        self.most_at_once = 0
        self.refused_tokens = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._coming = threading.Condition(self._lock)
        self._server = HttpsServer(self._answer, entra.server_file)
        self.url = self._server.url + VERSION

    def close(self) -> None:
        self._server.close()

    def __enter__(self) -> "FakeGraph":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def add_tenant(self, tid: str, **more: Any) -> Directory:
        """A directory here and in Entra."""
        self.entra.add_tenant(tid)
        self.directories[tid] = Directory(tid, **more)
        return self.directories[tid]

    def asked(self, pattern: str) -> int:
        """How many requests fitted."""
        return sum(1 for line in self.log if re.search(pattern, line))

    # --- one request

    def _answer(self, request: Request) -> Response:
        with self._coming:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self._coming.notify_all()
            self._coming.wait_for(lambda: self.most_at_once >= self.gathers, GATHER_SECONDS)
        try:
            return self._answered(request)
        finally:
            with self._lock:
                self._at_once -= 1

    def _answered(self, request: Request) -> Response:
        if not request.path.startswith(VERSION + "/"):
            return error(404, "ResourceNotFound")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        claims = self.entra.opened(token)
        if claims is None or claims["tid"] not in self.directories:
            self.refused_tokens += 1
            return error(401, "InvalidAuthenticationToken")
        path = request.path.removeprefix(VERSION)
        if path == "/$batch":
            return self._troubled("POST /$batch", lambda: self._batch(request.json, claims))
        time.sleep(self.latency)
        return self._one(Request(request.method, path, request.query_string, request.headers, request.body), claims)

    def _one(self, request: Request, claims: dict[str, Any]) -> Response:
        line = f"{request.method} {unquote(request.path)}" + (f"?{unquote(request.query_string)}").rstrip("?")
        if self.keeps_log:
            self.log.append(line)
        return self._troubled(line, lambda: self._route(request, claims))

    def _troubled(self, line: str, serve: Callable[[], Response]) -> Response:
        trouble = self.troubles.next(line)
        if trouble is None:
            return serve()
        if trouble.after:
            serve()
        return trouble.answer()

    # --- a batch

    def _batch(self, body: Any, claims: dict[str, Any]) -> Response:
        parts = body["requests"]
        if self.keeps_log:
            self.batches.append(len(parts))
        if len(parts) > 20 or len({part["id"] for part in parts}) != len(parts) or not parts:
            return error(400, "BadRequest")
        answers: list[dict[str, object]] = []
        for first in range(0, len(parts), AT_ONCE_IN_A_BATCH):
            answers += self._wave(parts[first : first + AT_ONCE_IN_A_BATCH], claims)
        self.troubles.shuffle(answers)
        return Response(200, {"responses": answers})

    def _wave(self, parts: list[dict[str, Any]], claims: dict[str, Any]) -> list[dict[str, object]]:
        """Parts that are served at the same time: they wait together and are answered one after the other."""
        directory = self.directories[claims["tid"]]
        boxes = [self._begin(directory, part["url"]) for part in parts]
        time.sleep(self.latency)
        answers = []
        for part, (box, too_many) in zip(parts, boxes, strict=True):
            busy = error(429, "ApplicationThrottled", {"Retry-After": "1"})
            said = busy if too_many else self._one(_part(part), claims)
            if box is not None:
                with self._lock:
                    box.now_asking -= 1
            if said.status:
                answers.append(_part_answer(part["id"], said))
        return answers

    def _begin(self, directory: Directory, url: str) -> tuple[Any, bool]:
        match = re.match(r"/users/([^/?]+)/", url)
        user = directory.user(unquote(match[1])) if match else None
        if user is None or user.mailbox is None:
            return None, False
        with self._lock:
            user.mailbox.now_asking += 1
            return user.mailbox, user.mailbox.now_asking > AT_ONCE_PER_MAILBOX

    # --- what there is

    def _route(self, request: Request, claims: dict[str, Any]) -> Response:
        directory = self.directories[claims["tid"]]
        roles = set(claims.get("roles", ()))
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        try:
            if parts == ["organization"]:
                return self._organisation(directory, roles)
            if parts == ["admin", "exchange", "tracing", "messageTraces"]:
                return traces(self, directory, request, roles)
            if parts == ["users"]:
                return self._users(directory, request, roles)
            if parts[0] == "users" and len(parts) > 2:
                return self._in_mailbox(directory, parts[1], parts[2:], request, claims)
        except BadFilter as bad:
            return error(400, "ErrorInvalidUrlQueryFilter", message=str(bad))
        return error(400, "BadRequest")

    def _organisation(self, directory: Directory, roles: set[str]) -> Response:
        if self.organisation_needs and not roles & self.organisation_needs:
            return error(403, "Authorization_RequestDenied")
        domains = [{"name": name} for name in directory.domains]
        return Response(
            200, {"value": [{"id": directory.tid, "displayName": directory.name, "verifiedDomains": domains}]}
        )

    def _users(self, directory: Directory, request: Request, roles: set[str]) -> Response:
        if not roles & {"User.Read.All", "Directory.Read.All"}:
            return error(403, "Authorization_RequestDenied")
        query = request.query
        found = list(directory.users.values())
        if "$filter" in query:
            address = users_with(query["$filter"])
            found = [one for one in found if address in {str(x).casefold() for x in (one.mail, *one.aliases)}]
        return self.page(request, "/users", [one.shown() for one in found], default=100, most=999)

    def _in_mailbox(
        self, directory: Directory, key: str, rest: list[str], request: Request, claims: dict[str, Any]
    ) -> Response:
        user = directory.user(key)
        if user is None:
            return error(404, "ErrorInvalidUser")
        roles = set(claims.get("roles", ()))
        if user.mail in self.scopes.get(claims["appid"], ()):
            roles |= {"Mail.ReadWrite", "Mail.Send"}
        needed = {"Mail.Send"} if rest == ["sendMail"] else {"Mail.ReadWrite"}
        if request.method == "GET" or rest == ["translateExchangeIds"]:
            needed |= {"Mail.Read"}
        if not roles & needed:
            return error(403, "ErrorAccessDenied")
        if user.mailbox is None:
            return error(404, "MailboxNotEnabledForRESTAPI")
        return mail.serve(self, directory, user, rest, request)

    def page(self, request: Request, path: str, items: list[Any], default: int, most: int) -> Response:
        """As many as were asked for, with `$select` applied, and the link to the next page."""
        query = request.query
        top = int(query.get("$top", default))
        skip = int(query.get("$skiptoken", 0))
        if not 1 <= top <= most:
            return error(400, "BadRequest")
        chosen = query["$select"].split(",") if "$select" in query else []
        shown = items[skip : skip + top]
        if chosen:
            kept = {*chosen, "id", "singleValueExtendedProperties"}
            shown = [{name: value for name, value in item.items() if name in kept} for item in shown]
        body: dict[str, Any] = {"value": shown}
        if skip + top < len(items):
            carried = {name: value for name, value in query.items() if name != "$skiptoken"}
            rest = "&".join(f"{name}={quote(value, safe='')}" for name, value in carried.items())
            body["@odata.nextLink"] = f"{self.url}{path}?{rest}&$skiptoken={skip + top}"
        return Response(200, body)

    def record_move(self, address: str, immutable: str, folder: str) -> None:
        with self._lock:
            self.moves.append((address, immutable, folder))
            self.last_move = time.time()


def error(status: int, code: str, headers: dict[str, str] | None = None, message: str = "as in Graph") -> Response:
    return Response(status, {"error": {"code": code, "message": message}}, headers or {})


def _part(part: dict[str, Any]) -> Request:
    address = urlsplit(part["url"])
    headers = {name.lower(): value for name, value in part.get("headers", {}).items()}
    has_body = part.get("body") is not None
    if has_body and headers.get("content-type") != "application/json":
        return Request("POST", "/a-body-without-content-type", "", headers)
    body = b"" if not has_body else mail.dumps(part["body"])
    return Request(part["method"], address.path, address.query, headers, body)


def _part_answer(number: str, said: Response) -> dict[str, object]:
    body = mail.base64(said.body) if isinstance(said.body, bytes) else said.body
    return {"id": number, "status": said.status, "headers": dict(said.headers), "body": body}
