"""Trouble: what a test tells the fake Graph to get wrong."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from microsoft.server import Response


@dataclass
class Trouble:
    """For the next `times` requests whose "METHOD path?query" fits.

    `after`: it is done first, and only the answer is wrong. `lost`: the connection breaks. Status 0: within a batch,
    the answer is left out.
    """

    pattern: str
    status: int = 503
    code: str = "ServiceUnavailable"
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    after: bool = False
    lost: bool = False

    def answer(self) -> Response:
        return Response(self.status, {"error": {"code": self.code, "message": "as ordered"}}, self.headers, self.lost)


class Troubles:
    """Those that are ordered, and a share of requests that are throttled at random."""

    def __init__(self) -> None:
        self.ordered: list[Trouble] = []
        self.throttled_share = 0.0
        self.retry_after = (1, 5)
        self.throttled = 0
        self._random = Random(20261124)
        self._lock = threading.Lock()

    def order(self, pattern: str, **how: object) -> None:
        self.ordered.append(Trouble(pattern, **how))  # type: ignore[arg-type]

    def next(self, line: str) -> Trouble | None:
        """What is to go wrong with this request."""
        with self._lock:
            for trouble in self.ordered:
                if trouble.times > 0 and re.search(trouble.pattern, line):
                    trouble.times -= 1
                    return trouble
            if self.throttled_share and "$batch" not in line and self._random.random() < self.throttled_share:
                self.throttled += 1
                wait = str(self._random.randint(*self.retry_after))
                return Trouble("", 429, "ApplicationThrottled", {"Retry-After": wait})
        return None

    def shuffle(self, answers: list[dict[str, object]]) -> None:
        with self._lock:
            self._random.shuffle(answers)
