"""Processes: `unhook` as a process of its own, where signals and ports matter."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.error import URLError
from urllib.request import Request, urlopen

Found = TypeVar("Found")
PATIENCE = 120  # seconds; starting takes two to five on an idle machine


class Unhook:
    """One running command, its output in a file."""

    def __init__(self, data: Path, *words: str, port: int = 0, **settings: str) -> None:
        self.log = data.parent / f"{'-'.join(words)}-{time.monotonic_ns()}.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("UNHOOK_")}
        environment |= {"UNHOOK_DATA_DIR": str(data), "UNHOOK_PORT": str(port), **settings}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backend.cli", *words],
                env=environment,
                stdout=output,
                stderr=output,
                cwd=Path(__file__).parents[2],
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_text()

    def until(self, look: Callable[[], Found], what: str) -> Found:
        deadline = time.monotonic() + PATIENCE
        while not (found := look()):
            assert time.monotonic() < deadline, f"no {what}: {self.said()}"
            time.sleep(0.1)
        return found

    def until_it_says(self, words: str) -> str:
        def look() -> str:
            assert self.process.poll() is None, self.said()
            return self.said() if words in self.said() else ""

        return self.until(look, words)

    def tell(self, number: signal.Signals, *, group: bool = False) -> int:
        """Send a signal and wait for the exit code."""
        (os.killpg if group else os.kill)(self.process.pid, number)
        return self.process.wait(timeout=PATIENCE)

    def end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def answer(url: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
    """Status and text, or (0, "") while nobody answers."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urlopen(Request(url, body, given), timeout=5) as response:
            return response.status, response.read().decode()
    except (URLError, OSError):
        return 0, ""
