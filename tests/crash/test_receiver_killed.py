"""Kill the receiver and whoever takes mail in, at any moment: what had its 250 is a submission, once."""

import contextlib
import random
import signal
import smtplib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import killed
import pytest
from builders import World, make_services, seed_tenant
from plant import Plant, free_port
from sqlalchemy import select

from backend.intake_mail.spool import spool_of
from backend.jobs import make_queue
from backend.settings import Settings
from backend.store.database import open_database, upgrade
from backend.store.tables import received_mails, submissions

DOMAIN = "reports.example.net"
ADDRESS = f"acme+team+malicious@{DOMAIN}"
MAILS = 200
PATIENCE = 120


@pytest.fixture(params=["embedded", "shared"])
def plant(request, tmp_path: Path) -> Iterator[Plant]:
    receiver = {"UNHOOK_RECEIVE_DOMAIN": DOMAIN, "UNHOOK_RECEIVE_PORT": str(free_port())}
    receiver["UNHOOK_RECEIVE_UNPROVEN_PER_MINUTE"] = "100000"
    plant = Plant(killed.environment(request, tmp_path, **receiver), tmp_path)
    yield plant
    plant.stop()


@pytest.fixture
def world(plant: Plant, tmp_path: Path) -> Iterator[World]:
    (tmp_path / "data").mkdir(mode=0o700)
    database = open_database(plant.environment["UNHOOK_DATABASE_URL"])
    upgrade(database)
    yield seed_tenant(make_services(tmp_path, database))
    database.close()


class Relay:
    """Three connections that send each mail again until it has its 250, as relays do."""

    def __init__(self, port: int) -> None:
        self.port, self.left, self.lock = port, list(range(MAILS)), threading.Lock()
        # Sent again, a mail is the same to the byte.
        self.mails = [killed.report(number, "soc@example.org") for number in range(MAILS)]
        self.kept: set[int] = set()
        self.tries = 0
        self.threads = [threading.Thread(target=self._work) for _ in range(3)]

    def _work(self) -> None:
        while (number := self._next()) is not None:
            deadline = time.monotonic() + PATIENCE
            while not self._sent(number):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            self.kept.add(number)

    def _next(self) -> int | None:
        with self.lock:
            return self.left.pop() if self.left else None

    def _sent(self, number: int) -> bool:
        self.tries += 1
        time.sleep(0.05)  # so that there is something under way whenever somebody is killed
        with (
            contextlib.suppress(OSError, smtplib.SMTPException),
            smtplib.SMTP("127.0.0.1", self.port, timeout=10) as to,
        ):
            to.sendmail("soc@example.org", [ADDRESS], self.mails[number])
            return True
        return False


def start(plant: Plant, name: str) -> None:
    killed.start(plant, name) if name == "taker" else plant.start(name)


@pytest.mark.timeout(300)
def test_every_mail_that_had_its_250_is_a_submission_once(plant, world):
    draw = random.Random(5)
    relay = Relay(int(plant.environment["UNHOOK_RECEIVE_PORT"]))
    for name in ("receive", "taker"):
        start(plant, name)
    for thread in relay.threads:
        thread.start()
    for name in ("receive", "taker", "receive"):
        wait_for_some_more(relay)
        time.sleep(draw.uniform(0, 0.3))
        plant.kill(name)
        start(plant, name)
    for thread in relay.threads:
        thread.join(PATIENCE)
    wait_until_empty(plant, world)
    receiver = plant.running["receive"]
    receiver.send_signal(signal.SIGTERM)
    assert receiver.wait(30) == 0

    queue = make_queue(Settings(data_dir=Path(plant.environment["UNHOOK_DATA_DIR"])), killed.SECRET)
    assert queue.pending_count() > 0  # workers were told
    assert plant.kills == 3
    assert relay.kept == set(range(MAILS))
    with world.services.database.read() as tx:
        brought = tx.scalars(select(submissions.c.client_copy_sha256)).all()
        rows = tx.execute(select(received_mails.c.submissions, received_mails.c.problem)).all()
    assert (len(brought), len(set(brought))) == (MAILS, MAILS)
    assert [tuple(row) for row in rows] == [(1, "")] * MAILS
    print(f"\n{plant.kills} kills, {relay.tries} tries for {MAILS} mails")


def wait_for_some_more(relay: Relay) -> None:
    before, deadline = len(relay.kept), time.monotonic() + PATIENCE
    while len(relay.kept) < before + 20:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_until_empty(plant: Plant, world: World) -> None:
    spool = spool_of(Settings(data_dir=Path(plant.environment["UNHOOK_DATA_DIR"])))
    deadline = time.monotonic() + PATIENCE
    while spool.waiting():
        assert time.monotonic() < deadline, (plant.logs / "taker.log").read_text()[-2000:]
        time.sleep(0.1)
