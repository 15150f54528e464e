"""Kill web and worker at any moment: no acknowledged report is lost, nothing is done twice."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from builders import World, make_services, seed_tenant
from mails import phish
from plant import Plant
from sqlalchemy import func, select

from backend.domain.submission import FINAL
from backend.store.database import open_database, upgrade
from backend.store.tables import answers, copies, retractions, submissions

PEOPLE = [f"person{number:02}@example.org" for number in range(20)]
MESSAGES = 10
REPORTS = len(PEOPLE) * MESSAGES
KILLS = 20
FINISH_SECONDS = 150


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, str]:
    return {"UNHOOK_DATABASE_URL": f"sqlite:///{tmp_path / 'data' / 'unhook.db'}", "UNHOOK_QUEUE_URL": ""}


@pytest.fixture
def shared(postgres_url: str, redis_url: str) -> dict[str, str]:
    return {"UNHOOK_DATABASE_URL": postgres_url, "UNHOOK_QUEUE_URL": redis_url}


@pytest.fixture(params=["embedded", "shared"])
def plant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plant]:
    environment = {
        **request.getfixturevalue(request.param),
        "UNHOOK_DATA_DIR": str(tmp_path / "data"),
        "UNHOOK_EVIDENCE_URL": str(tmp_path / "evidence"),
        "UNHOOK_SECRET_KEY": "for tests only",
        "UNHOOK_LEASE_SECONDS": "3",
        "UNHOOK_MAX_ATTEMPTS": "60",
        "UNHOOK_SUBMISSIONS_PER_MINUTE": "10000",
        "UNHOOK_LOG_FORMAT": "json",
    }
    plant = Plant(environment, tmp_path)
    yield plant
    plant.stop()


@pytest.fixture
def world(plant: Plant, tmp_path: Path) -> Iterator[World]:
    (tmp_path / "data").mkdir(mode=0o700)
    database = open_database(plant.environment["UNHOOK_DATABASE_URL"])
    upgrade(database)
    world = seed_tenant(make_services(tmp_path, database), addresses=PEOPLE)
    world.set_policy(psr={"switch": "on"})
    for address in PEOPLE[:3]:
        world.judge_right(address, 20)
    yield world
    world.services.database.close()
    database.close()


class Reporters:
    """People who press the button and press it again until they are thanked."""

    def __init__(self, plant: Plant, world: World, presses: list[tuple[str, int, str, str]]) -> None:
        self.plant, self.world = plant, world
        self.presses = presses
        self.accepted: dict[str, int] = {}
        self.lock = threading.Lock()

    def work(self) -> None:
        with httpx.Client(timeout=5) as client:
            while press := self._next():
                self._press_until_thanked(client, *press)

    def _next(self) -> tuple[str, int, str, str] | None:
        with self.lock:
            return self.presses.pop() if self.presses else None

    def _press_until_thanked(self, client: httpx.Client, address: str, number: int, copy_id: str, raw: str) -> None:
        key = f"{address}-{number}"
        headers = {"Authorization": f"Bearer {self.world.tokens[address]}", "Idempotency-Key": key}
        body = {"provider_message_id": copy_id, "raw": raw, "submitted_as": "phish"}
        deadline = time.monotonic() + FINISH_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = client.post(f"{self.plant.address}/api/v1/submissions", json=body, headers=headers)
            except httpx.HTTPError:
                time.sleep(0.2)
                continue
            if answer.status_code in {200, 202}:
                with self.lock:
                    self.accepted[key] = answer.json()["id"]
                return
            assert answer.status_code >= 500, answer.text
            time.sleep(0.2)
        raise AssertionError(f"{key} was never accepted")


@pytest.mark.timeout(600)
def test_no_accepted_report_is_lost_and_nothing_is_done_twice(plant, world):
    import base64

    draw = random.Random(11)
    raws = [
        phish("all@example.org", f"<wave-{n}@mailer.account-check.test>", extra=f"Case {n}.") for n in range(MESSAGES)
    ]
    presses = []
    for address in PEOPLE:
        for number, raw in enumerate(raws):
            copy = world.deliver(address, raw, flags="S" if number % 2 else "")
            presses.append((address, number, copy.id, base64.b64encode(raw).decode()))
    draw.shuffle(presses)
    for name in ("serve", "work"):
        plant.start(name)
    plant.wait_until_ready()

    reporters = Reporters(plant, world, presses)
    crowd = [threading.Thread(target=reporters.work) for _ in range(3)]
    for thread in crowd:
        thread.start()
    torn = 0
    while plant.kills < KILLS:
        time.sleep(draw.uniform(0.2, 9.0))  # a worker needs some seconds to load its network: kill it then, too
        name = draw.choice(["serve", "work", "work"])
        plant.kill(name)
        torn += _in_hand(world)
        plant.start(name)
    for thread in crowd:
        thread.join(timeout=FINISH_SECONDS)
    finished = _wait_until_finished(world)

    assert len(reporters.accepted) == REPORTS
    assert len(set(reporters.accepted.values())) == REPORTS
    assert finished == set(reporters.accepted.values())
    _nothing_twice(world, raws)
    print(f"\n{plant.kills} kills, {torn} rows torn out of hands, {REPORTS} accepted, in the end {_states(world)}")


def _in_hand(world: World) -> int:
    """How many submissions and retractions somebody held at this moment."""
    with world.services.database.read() as tx:
        return sum(
            tx.execute(select(func.count()).where(table.c.lease != "")).scalar_one()
            for table in (submissions, retractions)
        )


def _wait_until_finished(world: World) -> set[int]:
    deadline = time.monotonic() + FINISH_SECONDS
    while time.monotonic() < deadline:
        with world.services.database.read() as tx:
            mine = submissions.c.tenant_id == world.tenant_id, submissions.c.provider_message_id != ""
            left = tx.execute(select(func.count()).where(*mine, submissions.c.state.not_in(list(FINAL)))).scalar_one()
            moving = tx.execute(
                select(func.count()).where(retractions.c.state.in_(["running", "restoring"]))
            ).scalar_one()
            if not left and not moving:
                return set(tx.execute(select(submissions.c.id).where(*mine)).scalars())
        time.sleep(0.5)
    raise AssertionError(f"still unfinished: {_states(world)}")


def _states(world: World) -> dict[str, int]:
    with world.services.database.read() as tx:
        reported = submissions.c.provider_message_id != ""
        return dict(Counter(tx.execute(select(submissions.c.state).where(reported)).scalars()))


def _nothing_twice(world: World, raws: list[bytes]) -> None:
    """Each copy lies in exactly one place, whole; each message was retracted once; nobody was answered twice."""
    for address in PEOPLE:
        held = [p.read_bytes() for p in (world.mail / address).rglob("*") if p.is_file()]
        for raw in raws:
            assert held.count(raw) == 1, address
        assert not [seen for seen in world.files(address).values() if seen in raws]
    with world.services.database.read() as tx:
        messages = tx.execute(
            select(func.count(submissions.c.message_id.distinct())).where(submissions.c.provider_message_id != "")
        ).scalar_one()
        assert messages == MESSAGES
        assert tx.execute(select(func.count(retractions.c.id))).scalar_one() == MESSAGES
        journal = Counter(tx.execute(select(copies.c.outcome)).scalars())
        assert journal == {"retracted": REPORTS}
        answered = tx.execute(select(answers.c.submission_id)).scalars().all()
        assert len(answered) == len(set(answered))
