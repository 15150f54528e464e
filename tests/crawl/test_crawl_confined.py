"""The process that follows links has nothing of ours in its hands, and can reach for little."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from crawled_site import Site

from backend.crawl import child
from backend.crawl.process import follow

HERE = ("127.0.0.0/8",)
ROOT = Path(child.__file__).parents[2]
REACH = """
import os, socket, ssl, subprocess, sys
from pathlib import Path
from backend.crawl import child
from backend.crawl.visit import Limits

def said(reach):
    try:
        reach()
    except OSError as error:
        return type(error).__name__
    return "done"

mine, root = Path(sys.argv[1]), Path(sys.argv[2])
print("confined", child.confine(child._needed(Limits())))
print("a file of the same user", said((mine / "secret_key").read_text))
print("the folder the program lies in", said(lambda: os.listdir(root)))
print("the parent's environment", said(Path(f"/proc/{os.getppid()}/environ").read_bytes))
print("the parent itself", said(lambda: os.kill(os.getppid(), 0)))
print("a new file", said(lambda: (mine / "new").write_text("x")))
print("less of a file", said(lambda: os.truncate(mine / "secret_key", 0)))
print("no file", said((mine / "secret_key").unlink))
print("another program", said(lambda: subprocess.run([sys.executable, "-V"])))
print("names", said(lambda: socket.getaddrinfo("localhost", 80)))
print("authorities", said(ssl.create_default_context))
import email.mime.audio
print("modules", "done")
"""


def reaches(folder: Path) -> dict[str, str]:
    """What a process that confines itself as the child does gets when it reaches for things."""
    command = [sys.executable, "-c", REACH, str(folder), str(ROOT)]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    return dict(line.rsplit(" ", 1) for line in lines.splitlines())


def test_it_reads_what_following_needs_and_no_other_file_whoever_owns_it(tmp_path):
    (tmp_path / "secret_key").write_text("a secret")
    found = reaches(tmp_path)
    assert found.pop("confined") == "True", "this kernel has no Landlock: a test of it needs Linux 5.13"
    needed = {name: found.pop(name) for name in ("names", "authorities", "modules")}
    assert set(needed.values()) == {"done"}
    assert set(found.values()) == {"PermissionError"}, found
    assert (tmp_path / "secret_key").read_text() == "a secret"


@pytest.fixture
def at_work(site: Site) -> Iterator[Path]:
    """The child's folder in /proc, while it waits for a page."""
    following = threading.Thread(target=follow, args=([site.url("/slow")], 60, HERE))
    following.start()
    while not site.asked:
        assert following.is_alive()
        time.sleep(0.01)
    (number,) = [one for one in children() if b"backend.crawl.child" in Path(f"/proc/{one}/cmdline").read_bytes()]
    yield Path(f"/proc/{number}")
    os.kill(number, 9)
    following.join()


def children() -> list[int]:
    """This process's, whichever thread started them."""
    lists = Path("/proc/self/task").glob("*/children")
    return [int(number) for one in lists for number in one.read_text().split()]


@pytest.fixture
def left_open(tmp_path) -> Iterator[int]:
    """A file that a program started from here would inherit."""
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        yield file.fileno()


def test_it_inherits_nothing_and_gains_nothing(left_open, at_work):
    assert (at_work / "environ").read_bytes() == b""
    held = {str(one.readlink()).partition(":")[0] for one in (at_work / "fd").iterdir()}
    assert held == {"pipe", "/dev/null", "socket"}
    assert "NoNewPrivs:\t1" in (at_work / "status").read_text()
    place = (at_work / "cwd").readlink()
    assert (place.name.startswith("unhook-crawl-"), list(place.iterdir())) == (True, [])


def test_it_has_a_share_of_the_machine(at_work):
    lines = [" ".join(line.split()) for line in (at_work / "limits").read_text().splitlines()]
    for most in (
        "Max cpu time 20 20",
        "Max file size 0 0",
        "Max core file size 0 0",
        f"Max open files {child.OPEN_FILES} {child.OPEN_FILES}",
        f"Max address space {child.MEMORY} {child.MEMORY}",
    ):
        assert [line for line in lines if line.startswith(most)], (most, lines)


def test_its_folder_is_gone_with_it(site: Site, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert follow([site.url("/news")], 20, HERE)[0].outcome == "reached"
    assert list(tmp_path.iterdir()) == []
