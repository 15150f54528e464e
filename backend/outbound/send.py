"""Send: did the other side take it? One try, with an end to every wait, to no address inside unless that is allowed."""

import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore

from backend.crawl.guard import Forbidden, Guard
from backend.crawl.visit import GuardedNetwork
from backend.errors import BadInput
from backend.outbound import syslog

SECONDS = 10.0  # for one piece of an answer
IN_ALL = 30.0  # seconds for one try: a server may send a byte every few seconds, and never end
_PIECE = 16_384  # bytes written at once
MOST_ANSWERED = 64_000  # bytes that are read of an answer, which nobody looks at
SCHEMES = {"webhook": ("https", "http"), "siem": ("https", "http"), "syslog": ("syslog+tls", "syslog+tcp")}
# Nobody is reached, or the address is none: one place's trouble, which must not keep others from being told.
_UNUSABLE = (OSError, ValueError, TypeError)
SECURE = frozenset({"https", "syslog+tls"})


class _InTime(httpcore.NetworkStream):
    """A connection that waits for nothing past one moment."""

    def __init__(self, inner: httpcore.NetworkStream, until: float) -> None:
        self._inner = inner
        self._until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come."""
        return self._inner.read(max_bytes, _left(self._until, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of it."""
        for start in range(0, len(buffer), _PIECE):
            self._inner.write(buffer[start : start + _PIECE], _left(self._until, timeout))

    def close(self) -> None:
        """The end."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same under TLS."""
        secured = self._inner.start_tls(ssl_context, server_hostname, _left(self._until, timeout))
        return _InTime(secured, self._until)

    def get_extra_info(self, info: str) -> Any:
        """As the connection says."""
        return self._inner.get_extra_info(info)


class _Hurried(GuardedNetwork):
    """Connections that end in time."""

    def connect_tcp(self, *where: Any, **options: Any) -> httpcore.NetworkStream:
        """One more."""
        return _InTime(super().connect_tcp(*where, **options), time.monotonic() + IN_ALL)


def _left(until: float, timeout: float | None) -> float:
    """How long may still be waited. Raises TimeoutError."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left if timeout is None else min(left, timeout)


class NotTaken(Exception):
    """The other side did not take it; the text says why, without a word of its answer."""


@dataclass(frozen=True)
class Network:
    """What may be reached, and whom to trust."""

    allowed: tuple[str, ...] = ()
    ca_file: Path | None = None

    @property
    def guard(self) -> Guard:
        """Only the open internet, and what an administrator has allowed."""
        return Guard(self.allowed)

    def context(self) -> ssl.SSLContext:
        """Certificates and names are checked."""
        return ssl.create_default_context(cafile=self.ca_file)


def checked(kind: str, address: str) -> SplitResult:
    """An address that events may be sent to, by its looks. Raises BadInput."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise BadInput("This address cannot be read.") from error
    if parts.scheme not in SCHEMES.get(kind, ()) or not parts.hostname or len(address) > 500:
        raise BadInput("Give an address that begins with %(scheme)s://", scheme=SCHEMES.get(kind, ("https",))[0])
    if parts.username or parts.fragment or not address.isprintable() or " " in address:
        raise BadInput("An address holds no name, password or blank.")
    if not address.isascii() or not _may_be_a_host(parts.hostname):
        raise BadInput("This address cannot be read.")
    if kind == "syslog" and not port:
        raise BadInput("Say the port: syslog+tls://HOST:6514")
    return parts


def _may_be_a_host(host: str) -> bool:
    """Whether a resolver takes it: Python's raises what is no OSError for a label that is empty or too long."""
    return all(0 < len(label) < 64 for label in host.removesuffix(".").split("."))


def post(address: str, body: bytes, headers: Sequence[tuple[str, str]], network: Network) -> None:
    """One POST; anything but 2xx is a no, a redirect as well. Raises NotTaken."""
    parts = urlsplit(address)
    given = [(b"Host", parts.netloc.encode()), *[(name.encode(), value.encode()) for name, value in headers]]
    waits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)}
    try:
        _only_where_allowed(parts, network)
        backend = _Hurried(network.guard)
        with (
            httpcore.ConnectionPool(ssl_context=network.context(), network_backend=backend, retries=0) as pool,
            pool.stream("POST", address, headers=given, content=body, extensions=waits) as response,
        ):
            _drain(response)
            status = response.status
    except Forbidden as error:
        raise NotTaken("the address lies inside a network: see UNHOOK_OUTBOUND_ALLOWED_NETWORKS") from error
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, *_UNUSABLE) as error:
        raise NotTaken(f"not reached ({type(error).__name__})") from error
    if not 200 <= status < 300:
        raise NotTaken(f"answered {status}")


def write(address: str, messages: Sequence[bytes], network: Network) -> None:
    """Write syslog messages over one connection, and see it closed in order. Raises NotTaken."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or 6514
    try:
        _only_where_allowed(parts, network)
        reached = network.guard.address(host, 443)  # which port it is does not matter to where it is
        with socket.create_connection((reached, port), timeout=SECONDS) as plain:
            if parts.scheme == "syslog+tls":
                with network.context().wrap_socket(plain, server_hostname=host) as secured:
                    secured.sendall(b"".join(syslog.framed(message) for message in messages))
                    _close(secured)
            else:
                plain.sendall(b"".join(syslog.framed(message) for message in messages))
                _close(plain)
    except Forbidden as error:
        raise NotTaken("the address lies inside a network: see UNHOOK_OUTBOUND_ALLOWED_NETWORKS") from error
    except _UNUSABLE as error:
        raise NotTaken(f"not reached ({type(error).__name__})") from error


def _only_where_allowed(parts: SplitResult, network: Network) -> None:
    """Without TLS only within the networks that an administrator has named. Raises Forbidden, OSError."""
    if parts.scheme in SECURE:
        return
    network.guard.address(parts.hostname or "", 1)  # a port that is not the web's: only allowed networks have it


def _close(connection: socket.socket) -> None:
    """Syslog answers nothing: that the other side closes after us is all that can be known."""
    connection.shutdown(socket.SHUT_WR)
    until = time.monotonic() + IN_ALL
    connection.settimeout(SECONDS)
    while connection.recv(4096):
        connection.settimeout(_left(until, SECONDS))


def _drain(response: httpcore.Response) -> None:
    """A short answer is read to its end, so that the other side sees no broken connection."""
    size = 0
    for piece in response.iter_stream():
        size += len(piece)
        if size > MOST_ANSWERED:
            return
