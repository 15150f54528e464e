"""Visit: where does one link lead, hop by hop, and what is there?

No cookies, no referrer, no script: the server sees one GET for each hop, from a browser that says it is one.
"""

import ssl
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpcore
from ada_url import URL

from backend.crawl.guard import Forbidden, Guard
from model.contract import Landing
from model.modules.landing import MOST_CHARACTERS, Page, read_page

MOST_HOPS = 8
MOST_BYTES = 1_000_000
MOST_PATH = 500
MOVED = frozenset({301, 302, 303, 307, 308})
HEADERS = (
    # Kits show an empty page to what does not look like a browser.
    (
        "User-Agent",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
    ),
    ("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"),
    ("Accept-Language", "en,de;q=0.7"),
    ("Accept-Encoding", "gzip"),
)


@dataclass(frozen=True)
class Limits:
    """Seconds for one connection or one piece of an answer. What a whole visit may take is the parent's to say."""

    seconds: float = 5.0
    ca_file: Path | None = None

    @property
    def timeout(self) -> dict[str, float]:
        """As httpcore takes them."""
        return dict.fromkeys(("connect", "read", "write", "pool"), self.seconds)


class GuardedNetwork(httpcore.SyncBackend):
    """Connects to the address that the guard has checked, and to no other; TLS still proves the host's name."""

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Look the host up once, check it, connect to what was checked."""
        address = self._guard.address(host, port)
        return super().connect_tcp(address, port, timeout, local_address, socket_options)


@dataclass
class Way:
    """The hosts passed so far, and the addresses, so that a circle is noticed."""

    hosts: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def ended(self, outcome: str, path: str = "", page: Page | None = None) -> Landing:
        """What came of it."""
        read = page or Page()
        return Landing(
            outcome=outcome,
            hosts=tuple(self.hosts),
            path=path[:MOST_PATH],
            password=read.password,
            card=read.card,
            sends_to=read.sends_to,
            brand=read.brand,
            kit=read.kit,
        )


def visit(link: str, guard: Guard, limits: Limits) -> Landing:
    """Follow one link to its end. Whatever goes wrong is an outcome."""
    way = Way()
    trust = ssl.create_default_context(cafile=limits.ca_file) if limits.ca_file else ssl.create_default_context()
    with httpcore.ConnectionPool(ssl_context=trust, network_backend=GuardedNetwork(guard), retries=0) as pool:
        try:
            return _follow(link, way, lambda url: _get(pool, url, limits))
        except Forbidden:
            return way.ended("refused")
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError, ValueError):
            return way.ended("unreachable")


@dataclass(frozen=True)
class Answer:
    """One hop's answer: where it sends its reader, or the page; None when the page is longer than may be read."""

    location: str = ""
    status: int = 0
    page: str | None = ""


def _follow(link: str, way: Way, get: Callable[[str], Answer]) -> Landing:
    url = _plain(link)
    while url:
        parts = urlsplit(url)
        if len(way.seen) > MOST_HOPS or url in way.seen:
            return way.ended("too-many-hops", parts.path)
        way.seen.add(url)
        if (host := (parts.hostname or "").lower()) not in way.hosts[-1:]:
            way.hosts.append(host)

        answer = get(url)
        if answer.page is None:
            return way.ended("too-long", parts.path)
        page = read_page(answer.page, url) if answer.page else Page()
        onward = answer.location or page.moves_to
        if not onward:
            return way.ended("reached" if answer.page else "no-page", parts.path, page)
        url = _plain(onward, url)
    return way.ended("no-page")  # it leads on to something that is not the web's


def _plain(address: str, base: str = "") -> str:
    """The address as a browser reads it, without its fragment; empty when it is not the web's."""
    try:
        parsed: Any = URL(address, base) if base else URL(address)
    except (ValueError, UnicodeError):
        return ""
    return parsed.href.partition("#")[0] if parsed.protocol in {"http:", "https:"} else ""


def _get(pool: httpcore.ConnectionPool, url: str, limits: Limits) -> Answer:
    headers = [(name.encode(), value.encode()) for name, value in HEADERS]
    with pool.stream("GET", url, headers=headers, extensions={"timeout": limits.timeout}) as response:
        given = {name.lower(): value for name, value in response.headers}
        if response.status in MOVED and b"location" in given:
            return Answer(given[b"location"].decode("utf-8", "replace")[:4_000], response.status)
        kind = given.get(b"content-type", b"text/html").lower()
        if response.status >= 400 or b"html" not in kind:
            return Answer(status=response.status)
        raw = _body(response)
        coded = given.get(b"content-encoding", b"").lower()
    if raw is None:
        return Answer(status=response.status, page=None)
    text = _unpacked(raw) if coded in {b"gzip", b"x-gzip"} else raw
    return Answer(status=response.status, page=text[:MOST_CHARACTERS].decode("utf-8", "replace"))


def _body(response: httpcore.Response) -> bytes | None:
    pieces, size = [], 0
    for piece in response.iter_stream():
        size += len(piece)
        if size > MOST_BYTES:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _unpacked(raw: bytes) -> bytes:
    """At most as much as is read anyway: what unpacks to gigabytes is not unpacked to its end."""
    try:
        return zlib.decompressobj(31).decompress(raw, MOST_CHARACTERS)
    except zlib.error:
        return b""
