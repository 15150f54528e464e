"""Pace: how long to wait before asking again, and when to stop asking."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom

from connectors.outlook.refusals import Answer

_jitter = SystemRandom().uniform


@dataclass(frozen=True)
class Pace:
    """Waiting can be injected, so that tests see what was waited and need not."""

    tries: int = 6
    longest: float = 60.0  # seconds; who asks us to wait longer is asked again by the flow
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic

    def wait(self, tries: int, answer: Answer | None) -> float | None:
        """Seconds until the next try, after so many; None when there should be none.

        Microsoft's own wish is obeyed to the second; without one the wait doubles, with jitter.
        """
        if tries >= self.tries:
            return None
        if answer is not None and answer.after is not None:
            return answer.after if answer.after <= self.longest else None
        return min(self.longest, 2.0 ** (tries - 1)) * _jitter(0.5, 1.0)
