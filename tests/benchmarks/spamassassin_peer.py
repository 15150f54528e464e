"""SpamAssassin: how do benchmarks get a real spamd of their own, offline, to ask about one message after another?"""

import contextlib
import os
import pwd
import re
import shutil
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from peer_process import Peer, answers, free_port, home_of, started, wait_until

INSTALL = "the benchmark stands beside SpamAssassin, which is missing: apt-get install spamassassin spamd"
_SCORE = re.compile(rb"^Spam: \w+ ; (-?[\d.]+) / ", re.MULTILINE)


@dataclass(frozen=True)
class SpamAssassin(Peer):
    """A running spamd with one child; all of its time is that of `pid` and its child."""

    port: int

    def score_all(self, raws: Sequence[bytes]) -> list[float]:
        """Its score of each message, in order. Its protocol knows one message a connection."""
        return [self._score(raw) for raw in raws]

    def _score(self, raw: bytes) -> float:
        with socket.create_connection(("127.0.0.1", self.port), timeout=120) as connection:
            connection.sendall(b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(raw) + raw)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        found = _SCORE.search(answer)
        if found is None:
            raise RuntimeError(f"spamd answered {answer[:80]!r}")
        return float(found[1])


@contextlib.contextmanager
def spamassassin() -> Iterator[SpamAssassin]:
    """A spamd on a loopback port, local tests only, with Debian's rules and an untrained Bayes classifier."""
    program = shutil.which("spamd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise RuntimeError(INSTALL)
    port = free_port()
    account = pwd.getpwnam("debian-spamd") if os.geteuid() == 0 else None
    with home_of(account, "unhook-spamd-") as home:
        log = home / "spamd.log"
        one = ["--min-children=1", "--max-children=1", "--max-conn-per-child=1000000"]
        quiet = ["--local", "--nouser-config", f"--helper-home-dir={home}", f"--syslog={log}"]
        listen = ["--listen=127.0.0.1", f"--port={port}", f"--pidfile={home}/spamd.pid"]
        with started([program, *one, *quiet, *listen], account, home) as pid:
            wait_until("spamd", pid, home, lambda: answers(port))
            peer = SpamAssassin(pid, port)
            peer.score_all([b"Subject: ready\n\nready\n"])
            yield peer
