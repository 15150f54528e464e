"""How long from a report to its verdict, and to the last copy moved, through real web and worker processes?"""

import base64
import time
from pathlib import Path

import httpx
import pytest
from builders import World, make_services, seed_tenant
from mails import phish
from measure import seconds, show, spread
from plant import Plant
from sqlalchemy import func, select

from backend.store.tables import copies, retractions, submissions
from model.message.parse import parse_message

PEOPLE = [f"person{number:02}@example.org" for number in range(10)]
REPORTS = 100


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = seed_tenant(make_services(tmp_path), addresses=PEOPLE)
    world.set_policy(psr={"switch": "on"})
    for address in PEOPLE:
        world.judge_right(address, 20)
    return world


def test_report_to_verdict_and_to_last_copy_moved(world, tmp_path):
    plant = Plant(
        {
            "UNHOOK_DATA_DIR": str(tmp_path / "data"),
            "UNHOOK_EVIDENCE_URL": str(tmp_path / "evidence"),
            "UNHOOK_SECRET_KEY": "for tests only",
            "UNHOOK_SUBMISSIONS_PER_MINUTE": "10000",
        },
        tmp_path,
    )
    raws = [
        phish("all@example.org", f"<wave-{n}@mailer.account-check.test>", extra=f"Case {n}.") for n in range(REPORTS)
    ]
    try:
        for name in ("serve", "work"):
            plant.start(name)
        plant.wait_until_ready()
        acknowledged = [_report(plant, world, raw, PEOPLE[n % len(PEOPLE)]) for n, raw in enumerate(raws)]
        _wait(world)
    finally:
        plant.stop()

    with world.services.database.read() as tx:
        mine = submissions.c.provider_message_id != ""
        rows = tx.execute(select(submissions.c.received_at, submissions.c.scored_at).where(mine)).all()
        verdict = [(row.scored_at - row.received_at).total_seconds() for row in rows]
        moved = _moved(tx)
    predict = world.services.predictor().predict
    beside = [seconds(lambda raw=raw: predict(parse_message(raw), 2.4)) for raw in raws]
    show(
        f"Report to retraction, {len(PEOPLE)} mailboxes, one web and one worker process, SQLite",
        {
            "report -> acknowledged": spread(acknowledged),
            "report -> verdict": spread(verdict),
            "report -> last copy moved": spread(moved),
            "beside: parse and network alone": spread(beside),
            "verdict / parse and network alone": f"{_middle(verdict) / _middle(beside):.1f} times",
        },
    )
    assert len(moved) == REPORTS


def _report(plant: Plant, world: World, raw: bytes, address: str) -> float:
    """Deliver one message to everybody and let one person report it; seconds until the acknowledgement."""
    placed = {person: world.deliver(person, raw) for person in PEOPLE}
    headers = {"Authorization": f"Bearer {world.tokens[address]}"}
    body = {"provider_message_id": placed[address].id, "raw": base64.b64encode(raw).decode()}
    begun = time.perf_counter()
    answer = httpx.post(f"{plant.address}/api/v1/submissions", json=body, headers=headers, timeout=30)
    taken = time.perf_counter() - begun
    assert answer.status_code == 202, answer.text
    time.sleep(0.3)  # one report at a time: latency, not throughput
    return taken


def _moved(tx) -> list[float]:
    last = func.max(copies.c.finished_at)
    rows = tx.execute(
        select(func.min(submissions.c.received_at).label("reported"), last.label("moved"))
        .join(retractions, retractions.c.message_id == submissions.c.message_id)
        .join(copies, copies.c.retraction_id == retractions.c.id)
        .where(submissions.c.provider_message_id != "")
        .group_by(submissions.c.message_id)
    ).all()
    return [(row.moved - row.reported).total_seconds() for row in rows]


def _wait(world: World) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with world.services.database.read() as tx:
            done = tx.execute(select(func.count()).where(retractions.c.state == "done")).scalar_one()
        if done == REPORTS:
            return
        time.sleep(0.5)
    raise AssertionError(f"only {done} of {REPORTS} retractions are done")


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
