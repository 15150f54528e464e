"""Google: one server for all that Unhook asks of Google."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from microsoft.certificates import write_server_files
from microsoft.server import HttpsServer, Request, Response

from workspace.admin import Admin
from workspace.batches import answer_batch
from workspace.gmail import UNITS, Gmail
from workspace.iam import Iam
from workspace.store import Store
from workspace.tokens import Given, Tokens
from workspace.trouble import Trouble, Troubles, failure

TOKEN, CERTS, BATCHES = "/token", "/oauth2/v1/certs", {"/batch", "/batch/gmail/v1"}


class FakeGoogle:
    """A Workspace organisation on loopback. All knobs may be turned while it runs."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self.ca_file, server_file = write_server_files(folder)
        self.store = Store()
        self.tokens = Tokens(self.store, now)
        self.gmail = Gmail(self.store)
        self.admin = Admin(self.store)
        self.iam = Iam()
        self.troubles = Troubles()
        self.latency = 0.0  # seconds per call
        self.per_person = 0  # units a minute, when they are to be kept; 0 keeps no account
        self.calls: Counter[str] = Counter()  # by method, also those that failed
        self.units: Counter[str] = Counter()  # by person
        self.per_minute: Counter[tuple[str, int]] = Counter()  # units by person and minute
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = HttpsServer(self._answer, server_file)
        self.url = self._server.url

    def close(self) -> None:
        self._server.close()

    def __enter__(self) -> "FakeGoogle":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def key(self) -> str:
        return self.tokens.service_account(self.url + TOKEN)

    # --- one request

    def _answer(self, request: Request) -> Response:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if self.latency:
                time.sleep(self.latency)
            return self._routed(_unfolded(request))
        finally:
            with self._lock:
                self._at_once -= 1

    def _routed(self, request: Request) -> Response:
        if request.path == TOKEN:
            return self._troubled("token", "", lambda: self.tokens.answer(request))
        if request.path == CERTS:
            return self._troubled("certs", "", self.tokens.certificates)
        if self.iam.answers(request.path):
            return self._troubled("iam", "", lambda: self.iam.answer(request))
        if request.path in BATCHES:
            return answer_batch(request, self._routed)
        method = self.gmail.method(request) or self.admin.method(request)
        given = self.tokens.opened(request)
        if not method:
            return failure(404, "notFound", "no such address")
        if given is None:
            with self._lock:
                self.calls[method] += 1
            return failure(401, "authError", "Request had invalid authentication credentials.")
        return self._troubled(method, given.person, lambda: self._called(method, request, given))

    def _called(self, method: str, request: Request, given: Given) -> Response:
        if refused := self._spent(given.person, UNITS.get(method, 0)):
            return refused
        answers = self.gmail if method in UNITS else self.admin
        return answers.answer(method, request, given)

    def _spent(self, person: str, units: int) -> Response | None:
        minute = int(self.tokens.now() // 60)
        with self._lock:
            self.units[person] += units
            self.per_minute[person, minute] += units
            over = self.per_person and self.per_minute[person, minute] > self.per_person
        return failure(403, "userRateLimitExceeded", "User-rate limit exceeded.") if over else None

    def _troubled(self, method: str, person: str, do: Callable[[], Response]) -> Response:
        with self._lock:
            self.calls[method] += 1
        trouble: Trouble | None = self.troubles.next(method, person)
        if trouble is None:
            return do()
        if trouble.twice:
            do()
            return do()
        if trouble.after:
            do()
        if trouble.hang:
            time.sleep(trouble.hang)
        return trouble.answer()


def _unfolded(request: Request) -> Request:
    """A request whose address was too long comes as a POST that says what it means."""
    meant = request.headers.get("x-http-method-override")
    if not meant:
        return request
    return Request(meant, request.path, request.body.decode(), request.headers)
