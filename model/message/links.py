"""Links: where can this message lead, once normalised and unwrapped?"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ada_url import URL

from model.message import caps
from model.message.caps import Defects
from model.message.charsets import storable
from model.message.domains import registrable
from model.message.entities import unescaped
from model.message.facts import Link
from model.message.search import matches
from model.message.unwrap import DEEPEST, unwrap_once

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}:", re.IGNORECASE)
_DROPPED = re.compile(r"[\t\r\n\x00]")
_EDGES = "".join(map(chr, range(33))) + "\u200b\u200c\u200d\u2060\ufeff\u00a0"
_WEB = ("http:", "https:", "ftp:", "ws:", "wss:", "file:")
_NOWHERE = ("cid:", "mid:", "about:", "tel:", "sms:", "callto:", "#")
_NAMESPACES = re.compile(
    r"https?://(?:www\.w3\.org|schemas\.(?:microsoft|openxmlformats)\.(?:com|org)|purl\.org)/", re.IGNORECASE
)
# Searches start at a literal, which runs ten times as fast as any choice of letters.
_ADDRESS_SIGNS = r"[^\s<>\"'`{}|\\^\[\]\x00-\x20\u3000-\u3002\uff08\uff09]"
_AFTER_SLASHES = re.compile(rf"://{_ADDRESS_SIGNS}+")
_WITHOUT_SCHEME = tuple((www, re.compile(rf"{re.escape(www)}[\w-]{_ADDRESS_SIGNS}+")) for www in ("www.", "WWW."))
_SCHEME_BEFORE = re.compile(r"(?:https?|ftp)$", re.IGNORECASE)
_INSIDE_ADDRESS = tuple("/@.-_=%")
_TRAILING = ".,;:!?*_~'\"»”’…"
# Addresses that a browser would leave as they are: nothing to decode, to fold or to resolve. Most are; a test
# compares with the library, which takes ten times as long.
_PLAIN = re.compile(
    r"https?://((?:[a-z0-9][a-z0-9-]{0,62}\.)+[a-z][a-z0-9]{0,62})"
    r"((?:/[\w~!$&()*+,;=:@.-]*+)++)(?:\?[\w~!$&()*+,;=:@/.?%-]*+)?(?:#[\w=&-]*+)?",
    re.ASCII,
)
# References that may hide where an address begins; of those in numbers, the ones for a letter of these or for nothing.
_WRITTEN_OUT = re.compile(r"&(?:colon;|sol;|bsol;|#[0-9]+;?|#[xX][0-9a-fA-F]+;?)")
_BEGINNING = "http://https:\\\\HTTPS"
_AFTER_SCHEME = re.compile(r":[/\\]+[^\s\"'<>`]{3,}")  # a literal in front lets the search run fast
_USUAL = re.compile(r"https?:/[/\\]*[^\s\"'<>`]{3,}")


class _Place(NamedTuple):
    """Where an address leads."""

    url: str
    host: str = ""
    domain: str = ""
    chain: tuple[str, ...] = ()


@dataclass
class LinkCollector:
    """Gathers the links of one message; bounded, each (address, place, text) once."""

    defects: Defects
    links: dict[tuple[str, str, str], Link] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)  # raw addresses, so that the sweep over the source finds only new ones
    images: list[bytes] = field(default_factory=list)  # from data: addresses, for the QR reader
    known: dict[tuple[str, str], _Place | None] = field(default_factory=dict)  # mails repeat their addresses a lot
    candidates: int = 0

    @property
    def full(self) -> bool:
        """True once no further link would be kept."""
        return self.candidates > caps.LINK_CANDIDATES or len(self.links) >= caps.LINKS

    def add(self, place: str, address: str, text: str = "", base: str = "") -> None:
        """Keep one address found at a place, as a browser would resolve it."""
        self.candidates += 1
        if self.full:
            self.defects.add("too-many-links")
            return
        if len(address) > caps.LINK_CHARACTERS:
            self.defects.add("link-too-long")
            address = address[: caps.LINK_CHARACTERS]
        self.seen.add(address)

        written = (address, base)
        if written not in self.known:
            self.known[written] = _plain(address) or _resolve(address.strip(_EDGES), base, self.defects)
        led_to = self.known[written]
        if led_to and (led_to.url, place, text) not in self.links:
            self.links[led_to.url, place, text] = Link(
                led_to.url, led_to.host, led_to.domain, place, text, led_to.chain
            )
        if len(self.links) >= caps.LINKS:
            self.defects.add("too-many-links")

    def add_new(self, place: str, address: str) -> None:
        """Keep an address from a sweep, unless a more telling place had it already."""
        if address not in self.seen and not _NAMESPACES.match(address):
            self.add(place, address)

    def all(self) -> tuple[Link, ...]:
        """Every link, in the order found."""
        return tuple(self.links.values())


def addresses_in_text(text: str) -> list[str]:
    """Web addresses that a mail program would make clickable in plain text."""
    if "://" not in text and "www." not in text and "WWW." not in text:
        return []
    found = []
    for rest in matches(_AFTER_SLASHES, "://", text):
        scheme = _SCHEME_BEFORE.search(text[max(rest.start() - 5, 0) : rest.start()])
        if scheme:
            found.append(_trimmed(scheme.group(0) + rest.group(0)))
    for literal, pattern in _WITHOUT_SCHEME:
        for rest in matches(pattern, literal, text):
            before = text[rest.start() - 1 : rest.start()] if rest.start() else ""
            if not (before.isalnum() or before in _INSIDE_ADDRESS):
                found.append(_trimmed(rest.group(0)))
    return found


def addresses_in_source(source: str) -> Iterator[str]:
    """Everything that looks like a web address in markup, wherever it stands, with its character references read."""
    if ":" not in source and "&" not in source:  # as in most comments
        return
    if any(unescaped(reference) in _BEGINNING for reference in set(_WRITTEN_OUT.findall(source))):
        yield from map(_trimmed, _addresses(unescaped(source)))
        return
    for address in dict.fromkeys(_addresses(source)):
        if "&" in address:  # a quote or a space may come out, which ends it
            yield from map(_trimmed, _addresses(unescaped(address)))
        else:
            yield _trimmed(address)


def _addresses(source: str) -> Iterable[str]:
    found: list[str] = _USUAL.findall(source)
    missed = source.count(":/") - "\n".join(found).count(":/")
    return _unusual(source) if missed or _has_backslashes(source) else found


def _unusual(source: str) -> Iterator[str]:
    """With schemes in capitals, with other schemes around them, with backslashes."""
    everywhere = _has_backslashes(source)
    for rest in _AFTER_SCHEME.finditer(source) if everywhere else matches(_AFTER_SCHEME, ":/", source):
        before = source[max(rest.start() - 5, 0) : rest.start()].lower()
        if before.endswith(("http", "https")):
            yield source[rest.start() - (5 if before == "https" else 4) : rest.end()]


def _has_backslashes(source: str) -> bool:
    """Hardly ever; a single sign is found several times as fast as two."""
    return "\\" in source and ":\\" in source


def _trimmed(address: str) -> str:
    end = len(address.rstrip(_TRAILING))
    unopened = address.count(")") - address.count("(")
    while unopened > 0 and address[end - 1 : end] == ")":
        end, unopened = end - 1, unopened - 1
        while address[end - 1 : end] in _TRAILING and end:
            end -= 1
    return address[:end]


def _plain(address: str) -> _Place | None:
    """Where an address leads that a browser would leave as it is, and no wrapper holds."""
    plain = _PLAIN.fullmatch(address)
    if not plain or "/." in address or "xn--" in address:
        return None
    host = plain.group(1)
    return None if unwrap_once(address, host) else _Place(address, host, registrable(host))


def _resolve(address: str, base: str, defects: Defects) -> _Place | None:
    address = _DROPPED.sub("", address)
    scheme = _SCHEME.match(address)
    lower = scheme.group(0).lower() if scheme else ""
    if not address or address.startswith("#") or lower in _NOWHERE:
        return None
    if lower and lower not in _WEB:
        return _other(address, lower)
    if not lower:
        address = _absolute(address, base)
    return _web(address, defects) if address else None


def _absolute(address: str, base: str) -> str:
    """An address without a scheme: only what names a host by itself, or through <base>, leads anywhere."""
    if address[:2] in {"//", "\\\\", "/\\", "\\/"}:
        return "https:" + address
    if address[:4].lower() == "www.":
        return "http://" + address
    if base:
        try:
            return URL(address, base).href
        except ValueError:
            return ""
    return ""


def _other(address: str, scheme: str) -> _Place:
    """mailto: keeps its domain; javascript:, data: and application schemes keep only their beginning."""
    if scheme == "mailto:":
        mailbox = address[7:].partition("?")[0].strip().lower()
        host = mailbox.rpartition("@")[2][:253]
        return _Place(storable("mailto:" + mailbox[:320]), storable(host), storable(registrable(host)))
    return _Place(storable(address[:200]))


def _web(address: str, defects: Defects) -> _Place:
    url, host = _normal(address)
    if not url:
        defects.add("link-unreadable")
        return _Place(storable(address[:200]))

    chain: list[str] = []
    while len(chain) < DEEPEST and (inner := unwrap_once(url, host)):
        inner_url, inner_host = _normal(inner[: caps.LINK_CHARACTERS])
        if not inner_url or inner_url == url or inner_url in chain:
            break
        chain.append(url)
        url, host = inner_url, inner_host
    return _Place(url, host, registrable(host), tuple(chain))


def _normal(address: str) -> tuple[str, str]:
    """(href, host) as a browser reads it, or two empty strings."""
    plain = _PLAIN.fullmatch(address)
    if plain and "/." not in address and "xn--" not in address:
        return address, plain.group(1)
    try:
        parsed: Any = URL(address)
        return storable(parsed.href), parsed.hostname.rstrip(".")
    except (ValueError, UnicodeError):
        return "", ""
