"""Maildir concurrency: is anything lost or doubled while mail programs and workers change the same files?"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from connectors.contract import Action, Copy, Outcome, Receipt
from connectors.errors import TryLater
from mailboxes.contract import ANA, mail, wanted
from mailboxes.worlds import MaildirWorld

FOLDERS = ("", ".Work", ".Work.Old")


@pytest.fixture
def world(tmp_path: Path) -> MaildirWorld:
    world = MaildirWorld(tmp_path / "mail")
    for folder in FOLDERS:
        for number in range(20):
            world.deliver(ANA, mail(f"<{folder}{number}@list.example>"), folder, read=number % 2 == 0)
    return world


class MailProgram:
    """Renames flags, takes mails from new to cur and moves them between folders, as fast as it is told to."""

    def __init__(self, world: MaildirWorld, pause: float, seed: int) -> None:
        self._maildir = world.maildir(ANA)
        self._world = world
        self._pause = pause
        self._random = random.Random(seed)
        self._stop = threading.Event()
        self.steps = 0

    def run(self) -> None:
        while not self._stop.wait(self._pause):
            paths = [path for folder in FOLDERS for sub in ("new", "cur") for path in self._list(folder, sub)]
            path = self._random.choice(paths)
            flags = "".join(sorted(self._random.sample("DFRST", 2)))
            folder = self._random.choice(FOLDERS)
            with suppress(FileNotFoundError):  # a worker was quicker
                path.rename(self._maildir / folder / "cur" / f"{path.name.split(':')[0]}:2,{flags}")
                self.steps += 1

    def _list(self, folder: str, sub: str) -> list[Path]:
        return list((self._maildir / folder / sub).iterdir())

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def at_work(*jobs: Callable[[], None]) -> Iterator[None]:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()


@contextmanager
def mail_program(world: MaildirWorld, pause: float = 0.0005, seed: int = 1) -> Iterator[None]:
    program = MailProgram(world, pause, seed)
    with at_work(program.run):
        try:
            yield
        finally:
            program.stop()
    assert program.steps > 20


def census(world: MaildirWorld) -> Counter[bytes]:
    """Every mail on the disk, in folders and in quarantine, by content."""
    quarantine = world.root / ANA / "quarantine"
    kept = [path for path in quarantine.glob("*") if path.suffix != ".json" and path.name != "lock"]
    return Counter(path.read_bytes() for path in [*world.files(ANA), *kept])


def patiently(action: Callable[[], Receipt]) -> Receipt:
    for _ in range(50):
        with suppress(TryLater):
            return action()
    raise AssertionError("never got through")


def test_a_search_misses_no_copy_that_a_mail_program_keeps_moving(world: MaildirWorld) -> None:
    copies = {world.deliver(ANA, mail(), folder).id for folder in FOLDERS}
    with mail_program(world):
        for _ in range(25):
            assert {found.id for found in world.mailboxes.find(ANA, wanted())} == copies


@pytest.mark.parametrize("action", [Action.SOFT_DELETE, Action.TRASH])
def test_nothing_is_lost_while_copies_go_and_come_back(world: MaildirWorld, action: Action) -> None:
    copies = [world.deliver(ANA, mail(), folder) for folder in FOLDERS * 3]
    before = census(world)
    with mail_program(world):
        for _ in range(3):
            receipts = [patiently(lambda copy=copy: world.mailboxes.retract(copy, action)) for copy in copies]
            assert {receipt.outcome for receipt in receipts} == {Outcome.RETRACTED}
            assert world.mailboxes.find(ANA, wanted()) == []
            for copy, receipt in zip(copies, receipts, strict=True):
                restored = patiently(lambda copy=copy, held=receipt.held: world.mailboxes.restore(copy, held))
                assert restored.outcome is Outcome.RESTORED
    assert census(world) == before
    assert {found.id for found in world.mailboxes.find(ANA, wanted())} == {copy.id for copy in copies}


def test_of_many_workers_one_retracts_and_all_know_where_the_copy_is(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail())
    before = census(world)
    receipts: list[Receipt] = []

    def work() -> None:
        receipts.append(world.mailboxes.retract(copy, Action.SOFT_DELETE))

    with mail_program(world), at_work(*[work] * 6):
        pass
    assert Counter(receipt.outcome for receipt in receipts) == {Outcome.RETRACTED: 1, Outcome.ALREADY_GONE: 5}
    assert len({receipt.held for receipt in receipts}) == 1
    assert census(world) == before


def test_retracting_against_restoring_ends_in_one_place(world: MaildirWorld) -> None:
    copies = [world.deliver(ANA, mail()) for _ in range(3)]
    before = census(world)

    def tug(copy: Copy) -> Callable[[], None]:
        def there_and_back() -> Receipt:
            receipt = world.mailboxes.retract(copy, Action.SOFT_DELETE)
            return world.mailboxes.restore(copy, receipt.held)

        def work() -> None:
            for _ in range(5):
                patiently(there_and_back)

        return work

    with mail_program(world, pause=0.002), at_work(*[tug(copy) for copy in copies * 2]):
        pass
    assert census(world) == before
