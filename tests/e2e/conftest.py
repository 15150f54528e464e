"""Debian's Chromium for the browser tests, and a demo that runs as its own command would start it."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from builders import World, make_services, seed_tenant
from playwright.sync_api import Browser, Page
from serving import serving

from backend.app import create_app
from backend.store.database import Database

READY_SECONDS = 120


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh browser window without cookies."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def site(tmp_path: Path, sqlite_database: Database) -> Iterator[tuple[World, str]]:
    """A tenant, and where its pages are served on loopback."""
    world = seed_tenant(make_services(tmp_path, sqlite_database, sign_ins_per_minute=1000))
    with serving(create_app(world.services)) as address:
        yield world, address


@dataclass(frozen=True)
class Demo:
    """A running `unhook demo`."""

    address: str
    password: str
    mail: Path
    process: "subprocess.Popen[bytes]"

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    log, state = tmp_path / "log", tmp_path / "var"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environment = {**os.environ, "UNHOOK_DATA_DIR": str(state), "UNHOOK_PORT": str(port)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "backend.cli", "demo"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        password = _password(process, log)
        yield Demo(f"http://127.0.0.1:{port}", password, state / "mail" / "demo", process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


def _password(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """What the demo prints once it is ready."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"sign in as demo with the password (\S+)", log.read_text()):
            return found[1]
        time.sleep(0.2)
    raise AssertionError(f"the demo did not start:\n{log.read_text()[-3000:]}")
