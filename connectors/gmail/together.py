"""Together: how are many mailboxes asked at once, and what is asked again?

A mailbox that Google throttles is put aside until its time comes; the workers go on with the others meanwhile.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from connectors.errors import ConnectorError, NotPermitted, TryLater
from connectors.gmail.pace import Pace, back_off
from connectors.gmail.refusals import Unauthorised

Item = TypeVar("Item")
Said = TypeVar("Said")

AT_ONCE = 48  # requests under way: at 100 ms for each answer about half of what one core can read
_AHEAD = 3  # items begun, or put aside, per worker: bounds the memory, however many mailboxes there are
TRIES = 8
_PATIENCE = 90.0  # seconds; who is told to wait longer gives up, and the caller tries again another day


def patiently(pace: Pace, call: Callable[[], Said]) -> Said:
    """Call until it works, waiting as Google wishes. Raises ConnectorError when it never will, or not soon."""
    for attempt in range(1, TRIES + 1):
        try:
            return call()
        except ConnectorError as error:
            seconds = wait_after(error, attempt)
            if seconds is None:
                raise outward(error) from error
            pace.sleep(seconds)
    raise AssertionError("the last try either returns or raises")


def wait_after(error: ConnectorError, attempt: int) -> float | None:
    """How long to wait after the try with this number; None when another one makes no sense."""
    if not isinstance(error, TryLater) or attempt >= TRIES or error.after_seconds > _PATIENCE:
        return None
    return back_off(attempt, error.after_seconds)


def outward(error: ConnectorError) -> ConnectorError:
    """The error as the contract knows it. Two tokens refused prove nothing of the mailbox: it may hold a copy."""
    return (
        NotPermitted("Google refused our token and a fresh one (401): was the service account disabled?")
        if isinstance(error, Unauthorised)
        else error
    )


@dataclass(order=True)
class _Due(Generic[Item]):
    at: float
    number: int
    item: Item = field(compare=False)
    attempt: int = field(compare=False)


class Together(Generic[Item, Said]):
    """One call for each of many items, some at a time; an error is an answer."""

    def __init__(self, pace: Pace, call: Callable[[Item], Said], at_once: int = AT_ONCE) -> None:
        self._pace = pace
        self._call = call
        self._at_once = at_once
        self._running: dict[Future[Said], _Due[Item]] = {}
        self._aside: list[_Due[Item]] = []

    def answers(self, items: Iterable[Item]) -> Iterator[tuple[Item, Said | ConnectorError]]:
        """One for each item, in the order in which they come. Nothing is begun before the first is wanted."""
        waiting = ((number, item) for number, item in enumerate(items))
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="gmail") as pool:
            try:
                while True:
                    self._resume(pool)
                    free = self._at_once * _AHEAD - len(self._running) - len(self._aside)
                    for number, item in islice(waiting, max(0, free)):
                        self._begin(pool, _Due(0.0, number, item, attempt=1))
                    if self._running:
                        yield from self._finished()
                    elif self._aside:
                        self._pace.sleep(max(0.0, self._aside[0].at - self._pace.now()))
                    else:
                        return
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _resume(self, pool: ThreadPoolExecutor) -> None:
        while self._aside and self._aside[0].at <= self._pace.now():
            self._begin(pool, heapq.heappop(self._aside))

    def _begin(self, pool: ThreadPoolExecutor, due: _Due[Item]) -> None:
        self._running[pool.submit(self._call, due.item)] = due

    def _finished(self) -> Iterator[tuple[Item, Said | ConnectorError]]:
        until = max(0.0, self._aside[0].at - self._pace.now()) if self._aside else None
        done, _ = wait(self._running, timeout=until, return_when=FIRST_COMPLETED)
        for future in done:
            due = self._running.pop(future)
            try:
                said: Said | ConnectorError = future.result()
            except ConnectorError as error:
                seconds = wait_after(error, due.attempt)
                if seconds is not None:
                    again = _Due(self._pace.now() + seconds, due.number, due.item, due.attempt + 1)
                    heapq.heappush(self._aside, again)
                    continue
                said = outward(error)
            yield due.item, said
