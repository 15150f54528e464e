"""Clocks: the time of a test, so that none has to wait for it to pass."""

from datetime import datetime, timedelta

from backend.services import utc_now


class RunningClock:
    """The real time and as much more as a test has let pass."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


class StillClock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = utc_now()

    def __call__(self) -> datetime:
        return self.time

    def pass_(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
