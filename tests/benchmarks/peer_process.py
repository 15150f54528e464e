"""A peer's process: how is somebody else's filter started for a benchmark, and gone with it?"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 600  # rspamd compiles for seconds, and for minutes on a crowded machine
# The shell stands between us and the filter: when the benchmark ends, however it ends, its standard input closes.
_HOLD = '"$@" </dev/null >"$0" 2>&1 & server=$!; echo $server; cat >/dev/null; kill $server; wait $server'


@dataclass(frozen=True)
class Peer:
    """A filter that runs; `pid` is its first process."""

    pid: int


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def home_of(account: pwd.struct_passwd | None, prefix: str) -> Iterator[Path]:
    """A folder of its own for a peer, which reads hostile mail and so never runs as root."""
    home = Path(tempfile.mkdtemp(prefix=prefix))
    if account:
        os.chown(home, account.pw_uid, account.pw_gid)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def started(command: Sequence[str], account: pwd.struct_passwd | None, home: Path) -> Iterator[int]:
    """Start it, yield its process id, end it by that id. What it prints goes into the file `output` of `home`."""
    who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    with subprocess.Popen(
        ["sh", "-c", _HOLD, str(home / "output"), *command],
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home)},
        **who,
    ) as holder:
        try:
            yield int(holder.stdout.readline())
        finally:
            holder.communicate(timeout=60)


def wait_until(name: str, pid: int, home: Path, ready: Callable[[], bool]) -> None:
    """Return once it is ready; say what it printed when it has died or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline or not _lives(pid):
            said = "".join(path.read_text(errors="replace") for path in (home / "output", *home.glob("*.log")))
            raise RuntimeError(f"{name} did not start:\n{said[-3000:]}")
        time.sleep(0.2)


def _lives(pid: int) -> bool:
    """Whether the process is there and no zombie. One that is about to become the filter has no title yet."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    return False


def title(pid: int) -> str:
    """What a process calls itself; empty when it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    return ""


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False
