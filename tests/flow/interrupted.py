"""Interrupted: somebody else acts between two transactions of a worker, at each such moment in turn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from sqlalchemy import Connection

from backend.flow.steps import run_retraction
from backend.services import Services
from backend.store.database import Database


class Between(Database):
    """The same store; before the transaction with this number, counted from 0, something else is done."""

    def __init__(self, database: Database, number: int, act: Callable[[], object]) -> None:
        super().__init__(database.engine)
        self.left, self.act = number, act

    @property
    def acted(self) -> bool:
        return self.left < 0

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        self._count()
        with super().begin() as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self._count()
        with super().read() as tx:
            yield tx

    def _count(self) -> None:
        self.left -= 1
        if self.left == -1:
            self.act()


@dataclass
class Asleep:
    """A queue whose workers come later: `work` is what they do then."""

    woken: list[int] = field(default_factory=list)

    def retraction(self, retraction_id: int, *, after_seconds: float = 0) -> None:
        self.woken.append(retraction_id)

    def submission(self, submission_id: int, *, after_seconds: float = 0) -> None:
        """Tests take its steps."""

    def later_look(self, look_id: int, *, after_seconds: float = 0) -> None:
        """Sweep finds it."""

    def answer(self, answer_id: int, *, after_seconds: float = 0) -> None:
        """Sweep sends it."""

    def label(self, label_id: int) -> None:
        """Nothing rests on the labels of these tests."""

    def work(self, services: Services) -> None:
        while self.woken:
            run_retraction(services, self.woken.pop(0))


def asleep(services: Services) -> tuple[Services, Asleep]:
    """The same services with a queue that nobody works on meanwhile."""
    queue = Asleep()
    return replace(services, wake=queue), queue


def at_each_moment(
    services: Services, work: Callable[[Services], object], prepare: Callable[[], Callable[[], object]], first: int = 0
) -> Iterator[int]:
    """Do the work anew for each moment at which somebody may act in between, from the `first` on to the last."""
    for number in count(first):
        between = Between(services.database, number, prepare())
        work(replace(services, database=between))
        if not between.acted:
            assert number > first, "the work is over before that"
            return
        yield number
