"""The servers that tests use are real, and gone when the tests are gone, however they ended."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis


def test_redis_is_real_and_empty(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_redis_is_empty_again_for_the_next_test(redis_url):
    test_redis_is_real_and_empty(redis_url)


def test_each_postgres_database_is_fresh(postgres_url):
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM tenants").fetchone() == (0,)
        connection.execute("CREATE TABLE left_behind ()")


def test_the_next_postgres_database_is_fresh_again(postgres_url):
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT to_regclass('left_behind')").fetchone() == (None,)


@pytest.mark.parametrize("server", ["postgres", "redis"])
def test_a_server_ends_when_the_tests_are_killed(server):
    program = (
        f"import servers, time\nwith servers.{server}() as where:\n    print(where, flush=True)\n    time.sleep(60)"
    )
    here = Path(__file__).parent.parent
    tests = subprocess.Popen([sys.executable, "-c", program], cwd=here, stdout=subprocess.PIPE, text=True)
    where = tests.stdout.readline().strip()
    assert _mentioned(where)
    os.kill(tests.pid, signal.SIGKILL)
    tests.communicate()

    deadline = time.monotonic() + 30
    while _mentioned(where) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _mentioned(where) == []
    shutil.rmtree(where if server == "postgres" else Path(where).parent)


def _mentioned(where: str) -> list[str]:
    """Processes whose command line names the server's folder or socket."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if where.encode() in (process / "cmdline").read_bytes():
                found.append(process.name)
        except OSError:  # it ended while we looked
            continue
    return found
