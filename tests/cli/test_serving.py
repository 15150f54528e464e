"""`unhook serve`, `work` and `demo` as processes: do they start, stop when told, and come back?"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Unhook, answer, free_port

PHISH = "<20.4471.storage@quota-renewal.example>"


@pytest.fixture
def started(data: Path) -> Iterator[list[Unhook]]:
    """What the test started; ended with it, however it ends."""
    running: list[Unhook] = []
    yield running
    for one in running:
        one.end()


def start(started: list[Unhook], data: Path, *words: str, **settings) -> Unhook:
    started.append(Unhook(data, *words, **settings))
    return started[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_web_process_answers_until_it_is_told_to_stop(started, data, number):
    port = free_port()
    web = start(started, data, "serve", port=port)
    web.until(lambda: answer(f"http://127.0.0.1:{port}/readyz")[0] == 200, "answer")
    assert web.tell(number) == 0
    assert answer(f"http://127.0.0.1:{port}/healthz")[0] == 0


def test_a_taken_port_is_said_in_a_sentence(started, data):
    port = free_port()
    first = start(started, data, "serve", port=port)
    first.until_it_says("listens on")
    for command in ("serve", "demo"):
        second = start(started, data, command, port=port)
        assert second.process.wait(timeout=60) == 1
        assert "UNHOOK_PORT" in second.said()
        assert "Traceback" not in second.said()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_works_until_it_is_told_to_stop(started, data, unhook, tmp_path, number):
    unhook("tenant", "add", "acme", "Acme Ltd")
    mail = tmp_path / "mail.eml"
    mail.write_bytes(b"From: a@b.example\nDate: Mon, 05 Jan 2026 08:00:00 +0000\nSubject: x\n\nhello\n")
    worker = start(started, data, "work")
    said = unhook("submit", mail, "--tenant", "acme", "--wait", 100)
    assert json.loads(said.stdout)["state"] == "answered", worker.said()
    assert worker.tell(number) == 0


def test_a_worker_without_a_network_says_so_in_a_sentence(started, data, tmp_path):
    worker = start(started, data, "work", UNHOOK_CHECKPOINT=str(tmp_path))
    assert worker.process.wait(timeout=60) == 1
    assert "UNHOOK_CHECKPOINT" in worker.said()
    assert "Traceback" not in worker.said()


def copies(data: Path) -> list[Path]:
    places = (path for path in (data / "mail").rglob("*") if path.parent.name in {"new", "cur"} and path.is_file())
    return [
        path
        for path in places
        if b"mailbox is 98% full and will" in path.read_bytes() and b"Action" in path.read_bytes()
    ]


def token(data: Path) -> str:
    command = [sys.executable, "-m", "backend.cli", "token", "issue", "demo", "ana@example.org"]
    environment = {**os.environ, "UNHOOK_DATA_DIR": str(data)}
    root = Path(__file__).parents[2]
    return subprocess.run(command, env=environment, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def children(demo: Unhook) -> dict[str, int]:
    """The demo's own processes, by their command."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            words = (stat.parent / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile
            continue
        if parent == demo.process.pid and len(words) > 3:
            found[words[3].decode()] = int(stat.parent.name)
    return found


def test_the_demo_retracts_survives_a_killed_worker_and_keeps_its_state(started, data):
    port = free_port()
    place = f"http://127.0.0.1:{port}"
    demo = start(started, data, "demo", port=port)
    first = demo.until_it_says("Ctrl-C stops it")
    assert "with the password" in first
    assert answer(f"{place}/demo/mail/")[0] == 200
    assert len(copies(data)) == 3

    os.kill(children(demo)["work"], signal.SIGKILL)
    demo.until_it_says("starting it again (1 of 5)")
    body = json.dumps({"internet_message_id": PHISH}).encode()
    sent = answer(
        f"{place}/api/v1/submissions", body, Authorization=f"Bearer {token(data)}", Content_Type="application/json"
    )
    assert sent[0] == 202
    demo.until(lambda: not copies(data), "retraction")
    assert demo.tell(signal.SIGINT) == 0, demo.said()
    assert (answer(f"{place}/healthz")[0], children(demo)) == (0, {})

    again = start(started, data, "demo", port=port)
    second = again.until_it_says("Ctrl-C stops it")
    assert "printed on the first run" in second
    assert copies(data) == []
    assert again.tell(signal.SIGINT, group=True) == 0, again.said()


def test_the_demos_processes_end_with_it_even_when_it_is_killed(started, data):
    demo = start(started, data, "demo", port=(port := free_port()))
    demo.until_it_says("Ctrl-C stops it")
    own = list(children(demo).values())
    demo.tell(signal.SIGKILL)
    demo.until(lambda: not any(Path(f"/proc/{number}").exists() for number in own), "end of its processes")
    assert answer(f"http://127.0.0.1:{port}/healthz")[0] == 0
