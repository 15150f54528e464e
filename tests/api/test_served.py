"""Served: what the API promises also holds behind the real server, over a real socket."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from builders import ANA, make_services, seed_tenant

ROOT = Path(__file__).parents[2]
MEGABYTES = 100
WHERE = "/api/v1/submissions"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(base address, headers, process) of `unhook serve` with 1 MB as the largest message."""
    folder = tmp_path_factory.mktemp("served")
    services = make_services(folder)
    token = seed_tenant(services).tokens[ANA]
    services.database.close()
    given = {"UNHOOK_DATA_DIR": str(folder / "data"), "UNHOOK_EVIDENCE_URL": str(folder / "evidence")}
    given |= {"UNHOOK_SECRET_KEY": "for tests only", "UNHOOK_MAX_MESSAGE_BYTES": "1000000"}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    command = [sys.executable, "-m", "backend.cli", "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **given}, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        _wait(address, process)
        yield address, {"Authorization": f"Bearer {token}", "Content-Type": "message/rfc822"}, process
        process.terminate()
        process.wait(timeout=30)


def _wait(address: str, process: subprocess.Popen) -> None:
    for _ in range(600):
        assert process.poll() is None
        try:
            if httpx.get(f"{address}/readyz", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError("not ready after a minute")


def worker_of(process: subprocess.Popen) -> Path:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) == 1
    return Path("/proc") / children[0]


def highest_memory(process: subprocess.Popen) -> int:
    """Kilobytes."""
    return int(re.search(r"VmHWM:\s+(\d+)", (worker_of(process) / "status").read_text())[1])


def zeros(megabytes: int):
    for _ in range(megabytes):
        yield bytes(1_000_000)


@pytest.mark.parametrize("told", [{"Content-Length": str(MEGABYTES * 1_000_000)}, {}], ids=["length", "chunked"])
def test_100_megabytes_are_refused_in_little_memory(served, told):
    address, headers, process = served
    before = highest_memory(process)

    try:
        status = httpx.post(address + WHERE, headers=headers | told, content=zeros(MEGABYTES), timeout=60).status_code
    except httpx.WriteError:  # the server said no and hung up before we had sent it all
        status = 413

    assert status == 413
    assert highest_memory(process) - before < 20_000
    assert httpx.get(address + WHERE, headers=headers).json()["submissions"] == []


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 1000\r\n\r\nFrom: a@pay.example\r\n\r\nhalf of it",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nFrom:\r\n10\r\n a@",
    ],
)
def test_a_report_whose_connection_broke_is_not_kept(served, rest):
    address, headers, _ = served
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=30) as connection:
        connection.sendall(f"POST {WHERE} HTTP/1.1\r\nHost: test\r\n".encode() + lines + rest)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(100)

    assert answer.startswith(b"HTTP/1.1 400")
    assert httpx.get(address + WHERE, headers=headers).json()["submissions"] == []


def test_the_serving_process_has_not_loaded_torch(served):
    _, _, process = served

    assert "libtorch" not in (worker_of(process) / "maps").read_text()
