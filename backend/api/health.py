"""Health: does the process live, can it work, and what has it measured?"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import structlog
from flask import Response, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from backend import whence
from backend.api.bodies import Health, plain
from backend.errors import NotAllowed, StoreUnavailable, UnhookError
from backend.metrics import Metrics
from backend.services import Services
from backend.store import database

log = structlog.get_logger()

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
PROBE_TENANT = 0  # no tenant has this id
PROBE = b"unhook: can evidence be kept?"
PROBED_EVERY = timedelta(seconds=10)  # anybody may ask; a write for each who does would be a stranger's to order


class Operations:
    """What machines ask about this process. None of it needs a token, and none of it tells of mail."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._services = services
        self._metrics = metrics
        self._probe = _Seldom(lambda: _works("evidence", self._evidence), services.now)

    def alive(self) -> ResponseReturnValue:
        """The process answers: no more, so that a lost database restarts nothing."""
        return plain(Health(ok=True))

    def ready(self) -> ResponseReturnValue:
        """Whether a report could be kept and handed on now; 503 names what is missing."""
        found = {
            "database": _works("database", self._database),
            "evidence": self._probe.found(),
            "queue": _works("queue", self._queue),
        }
        missing = [name for name, works in found.items() if not works]
        return plain(Health(ok=not missing, missing=missing)), 503 if missing else 200

    def measured(self) -> ResponseReturnValue:
        """Measurements, for the socket's own address only: headers are what anybody can write."""
        allowed = {whence.spelled(host) for host in self._services.settings.metrics_hosts}
        passed_on = any(name in request.headers for name in FORWARDED)  # a proxy's neighbour is not its client
        asking = whence.spelled(request.remote_addr or "")
        if passed_on or not asking or asking not in allowed:
            raise NotAllowed("Measurements are for the addresses in UNHOOK_METRICS_HOSTS, asked directly.")
        return Response(self._metrics.render(), content_type=CONTENT_TYPE_LATEST)

    def _database(self) -> None:
        current, newest = database.version(self._services.database)
        if current != newest:
            raise StoreUnavailable("the tables are not those of this version: run unhook migrate")

    def _evidence(self) -> None:
        """Really keep something: a full disk and a lost right show only then."""
        sha256 = self._services.evidence.keep(PROBE_TENANT, PROBE)
        self._services.evidence.delete(PROBE_TENANT, sha256)

    def _queue(self) -> None:
        if not self._services.wake.ready():
            raise StoreUnavailable("the queue does not answer: see UNHOOK_QUEUE_URL")


class _Seldom:
    """A check that is made at most once in `PROBED_EVERY`; whoever asks in between is told what it found."""

    def __init__(self, check: Callable[[], bool], now: Callable[[], datetime]) -> None:
        self._check = check
        self._now = now
        self._lock = Lock()  # of several who ask at once, one checks and the others wait for what it finds
        self._last: tuple[datetime, bool] | None = None

    def found(self) -> bool:
        """What the check found, now or a moment ago."""
        with self._lock:
            now = self._now()
            if self._last is None or not timedelta(0) <= now - self._last[0] < PROBED_EVERY:
                self._last = now, self._check()
            return self._last[1]


def _works(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except (UnhookError, OSError) as error:
        log.warning("not ready", missing=name, why=str(error), exc_info=error)
        return False
    return True
