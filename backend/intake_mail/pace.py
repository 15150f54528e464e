"""Pace: how much may one relay send, or one tenant get from strangers?"""

import time
from collections.abc import Callable
from dataclasses import dataclass

MOST_PEERS = 10_000  # remembered at once


@dataclass
class _Bucket:
    left: float
    filled_at: float


class Pace:
    """A bucket for each peer that holds a minute's worth and fills as time goes by. For one thread."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def takes(self, peer: str) -> bool:
        """Whether this peer may send one more now; if so, it is counted."""
        now = self._clock()
        if len(self._buckets) >= MOST_PEERS:
            self._forget(now)
        bucket = self._buckets.setdefault(peer, _Bucket(self._per_minute, now))
        gained = (now - bucket.filled_at) * self._per_minute / 60
        bucket.left, bucket.filled_at = min(self._per_minute, bucket.left + gained), now
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True

    def _forget(self, now: float) -> None:
        """Whoever has been quiet for a minute has a full bucket again, as a new one has."""
        self._buckets = {peer: one for peer, one in self._buckets.items() if now - one.filled_at < 60}
