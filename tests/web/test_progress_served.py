"""Behind the real server: a retraction's progress is streamed to its end, and only so many pages follow along."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from browser import Browser
from builders import ANA, BEN, World, make_services, seed_tenant
from seeded import seed_message

from backend.app import create_app
from backend.domain.people import Operator, Role
from backend.domain.retraction import Retraction, RetractionState
from backend.store import copies, retractions
from connectors.contract import Copy, Outcome, Receipt

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds
THREADS = 4  # of which a quarter may be held by streams


@dataclass(frozen=True)
class Served:
    """`unhook serve` over a tenant of the test's own."""

    world: World
    address: str

    def client(self, operator: Operator) -> httpx.Client:
        """Somebody who has signed in."""
        cookie = Browser(create_app(self.world.services)).signed_in_as(operator).client.get_cookie("unhook")
        assert cookie
        return httpx.Client(base_url=self.address, cookies={"unhook": cookie.value}, timeout=PATIENCE)


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("streams")
    world = seed_tenant(make_services(folder))
    given = {"UNHOOK_DATA_DIR": str(folder / "data"), "UNHOOK_EVIDENCE_URL": str(folder / "evidence")}
    given |= {"UNHOOK_SECRET_KEY": "for tests only", "UNHOOK_WEB_THREADS": str(THREADS)}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "backend.cli", "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **given}, stderr=subprocess.DEVNULL) as process:
        until_ready(f"http://127.0.0.1:{port}/readyz", process)
        yield Served(world, f"http://127.0.0.1:{port}")
        process.terminate()
        process.wait(timeout=PATIENCE)
    world.services.database.close()


def until_ready(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            if httpx.get(address, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError("the server never became ready")


@pytest.fixture
def running(served) -> Retraction:
    """A retraction with two copies, both still to be taken; whoever works on it is the test."""
    world = served.world
    message_id = seed_message(world).message_id
    with world.services.database.begin() as tx:
        now = world.services.now()
        number = retractions.order(tx, world.tenant_id, message_id, None, "trash", "policy", now, automatic=True)
        retraction = retractions.get(tx, world.tenant_id, number)
        for mailbox in (ANA, BEN):
            copies.intend(tx, retraction, Copy(mailbox, "copy", ""), now)
    return retraction


def take_one(world: World, retraction: Retraction) -> None:
    with world.services.database.begin() as tx:
        (entry, *_) = copies.intended(tx, retraction)
        copies.settle(tx, entry, Receipt(Outcome.RETRACTED, "held"), world.services.now())


def finish(world: World, retraction: Retraction) -> None:
    with world.services.database.begin() as tx:
        assert retractions.leave(tx, retraction, RetractionState.DONE, remaining=0, finished_at=world.services.now())


def events(response: httpx.Response) -> Iterator[tuple[str, dict[str, object]]]:
    """Each event by its name; comments and the browser's waiting time are none."""
    name = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_a_stream_tells_each_copy_and_ends_and_makes_room_for_the_next(served, running):
    world, place = served.world, f"/retractions/{running.id}/progress"
    with served.client(world.owner) as client:
        with client.stream("GET", place) as response:
            assert response.headers["Content-Type"].startswith("text/event-stream")
            told = events(response)
            name, counts = next(told)
            assert (name, counts["copies"], counts["retracted"]) == ("progress", 2, 0)

            refused = client.get(place)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")

            for taken in (1, 2):
                take_one(world, running)
                name, counts = next(told)
                assert (name, counts["retracted"], counts["finished"]) == ("progress", taken, False)
            finish(world, running)
            rest = list(told)
        assert [name for name, _ in rest] == ["progress", "end"]
        assert rest[-1][1]["finished"] is True

        again = client.get(place)
        assert again.status_code == 200
        assert again.text.count("event: end") == 1


def test_a_page_that_goes_away_gives_its_place_back(served, running):
    world, place = served.world, f"/retractions/{running.id}/progress"
    with served.client(world.owner) as client:
        with client.stream("GET", place) as response:
            next(events(response))
        take_one(world, running)  # news to write, by which the server notices
        finish(world, running)
        deadline = time.monotonic() + PATIENCE
        while (status := client.get(place).status_code) == 503 and time.monotonic() < deadline:
            time.sleep(0.2)
    assert status == 200


def test_nobody_else_is_told(served, running):
    place = f"/retractions/{running.id}/progress"
    stranger = seed_tenant(served.world.services, "other", addresses=()).owner
    for operator, status in (
        (stranger, 404),
        (served.world.operator(Role.ADMIN), 403),
        (served.world.operator(Role.VIEWER), 403),
    ):
        with served.client(operator) as client:
            assert client.get(place).status_code == status
    assert httpx.get(served.address + place).status_code in (303, 401)
