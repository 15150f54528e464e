"""Trouble: what a test tells Google to get wrong."""

import threading
from dataclasses import dataclass
from random import Random

from microsoft.server import Response


@dataclass
class Trouble:
    """For the next `times` calls of `method`, optionally only those of one person.

    `after`: it is done first, and only the answer is wrong. `lost`: the connection breaks instead of an answer.
    `twice`: it is done twice, and answered well. `hang`: seconds before the connection breaks.
    """

    method: str
    status: int = 503
    reason: str = "backendError"
    retry_after: str = ""
    times: int = 1
    person: str = ""
    after: bool = False
    lost: bool = False
    twice: bool = False
    hang: float = 0.0

    def answer(self) -> Response:
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        return failure(self.status, self.reason, "as ordered", headers, lost=self.lost or self.hang > 0)


class Troubles:
    """Those that are ordered, and a share of calls that are throttled at random."""

    def __init__(self) -> None:
        self.ordered: list[Trouble] = []
        self.throttled_share = 0.0
        self.retry_after = (1, 5)
        self.throttled = 0
        self.met = 0
        self._random = Random(20261124)
        self._lock = threading.Lock()

    def order(self, method: str, **how: object) -> Trouble:
        self.ordered.append(Trouble(method, **how))  # type: ignore[arg-type]
        return self.ordered[-1]

    def next(self, method: str, person: str) -> Trouble | None:
        """What is to go wrong with this call."""
        with self._lock:
            for trouble in self.ordered:
                if trouble.times > 0 and trouble.method in {method, "*"} and trouble.person in {"", person}:
                    trouble.times -= 1
                    self.met += 1
                    return trouble
            if self.throttled_share and self._random.random() < self.throttled_share:
                self.throttled += 1
                wait = str(self._random.randint(*self.retry_after))
                if self.throttled % 2:
                    return Trouble(method, 429, "rateLimitExceeded", wait)
                return Trouble(method, 403, "userRateLimitExceeded", wait)
        return None


def failure(
    status: int, reason: str, message: str, headers: dict[str, str] | None = None, lost: bool = False
) -> Response:
    """An error as Google's APIs write it."""
    said = {"message": message, "domain": "global", "reason": reason}
    body = {"error": {"code": status, "message": message, "errors": [said], "status": reason.upper()}}
    return Response(status, body, headers or {}, lost)
