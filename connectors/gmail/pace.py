"""Pace: how long must a call wait so that Google's quota holds, per person and for the whole project?"""

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

PER_PROJECT = 1_200_000  # units a minute; https://developers.google.com/workspace/gmail/api/reference/quota
PER_PERSON = 6_000
_REMEMBERED = 10_000  # people whose use is kept; one who was longest not called has a full budget again anyway
_LONGEST = 64.0  # seconds of back-off that Google advises at most


@dataclass
class _Budget:
    units: float
    at: float


class Pace:
    """Budgets that refill evenly. Thread-safe; clock and sleep are given, so that tests need not wait."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        per_project: float = PER_PROJECT,
        per_person: float = PER_PERSON,
    ) -> None:
        self.now = clock
        self.sleep = sleep
        self._per_project = per_project
        self._per_person = per_person
        self._project = _Budget(per_project / 60, clock())  # one second's worth at once
        self._people: OrderedDict[str, _Budget] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, person: str, units: int) -> None:
        """Take `units` of both budgets, waiting for them when they are used up."""
        with self._lock:
            own = self._people.pop(person, None) or _Budget(self._per_person / 2, self.now())
            self._people[person] = own
            if len(self._people) > _REMEMBERED:
                self._people.popitem(last=False)
            waits = (
                self._take(own, units, self._per_person, self._per_person / 2),
                self._take(self._project, units, self._per_project, self._per_project / 60),
            )
        if max(waits) > 0:
            self.sleep(max(waits))

    def _take(self, budget: _Budget, units: int, per_minute: float, most: float) -> float:
        """Seconds until the budget has what was taken; it may go below zero, which makes the next one wait longer."""
        now = self.now()
        budget.units = min(most, budget.units + (now - budget.at) * per_minute / 60) - units
        budget.at = now
        return max(0.0, -budget.units * 60 / per_minute)


def back_off(attempt: int, wished: float, chance: Callable[[], float] = random.random) -> float:
    """Seconds before the next try: what Google wished for, or twice as long each time, never all at the same moment."""
    if wished > 0:
        return wished + chance() * 0.25
    return min(_LONGEST, 2.0 ** (attempt - 1)) * (0.5 + chance() / 2)
