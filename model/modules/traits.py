"""Traits: which links and files of a message are so much its own that whoever shares one shares the attack?

A link counts by host and path, with numbers and long tokens folded, and an attached file by its SHA-256. Left out is
what honest mail has as well: shared services and everybody's sites, home pages, the foot of lists and newsletters, the
recipients' own domain, what a sender who is not proven may only have borrowed, pictures, signatures.

A host alone says much less, and counts only between copies of one campaign: see `flow/lesson.py`.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from model.features.domains import host_kinds
from model.features.hosts import signs_of
from model.message.domains import registrable
from model.message.facts import Attachment, Facts, Link

LINK, FILE, HOST = "link", "file", "host"
_MOST = 40  # of each kind
_CLICKED = frozenset({"a", "area", "form", "meta-refresh", "text", "qr", "pdf"})
_TOKEN = re.compile(r"[^/]*\d[^/]*|[^/]{20,}")
_FOOT = re.compile(  # what lists and newsletters put under every mail
    r"mailman|listinfo|hyperkitty|postorius|unsubscribe|optout|opt-out|preferences|privacy|imprint|impressum|legal|terms"
    r"|contact|help|about|support|faq",
    re.IGNORECASE,
)
_SMALLEST_FILE = 128  # bytes; less is empty, or the same in everybody's mail
_EVERYBODYS_FILES = (
    "image/",
    "text/calendar",
    "text/vcard",
    "text/x-vcard",
    "message/",
    "application/pgp",
    "application/pkcs7",
    "application/x-pkcs7",
)


@dataclass(frozen=True)
class Trait:
    """One such thing. `value` is a hash: to be compared, not read. `proven` of a link: its own domain sent the mail."""

    kind: str
    value: str
    proven: bool = False


def traits(facts: Facts) -> tuple[Trait, ...]:
    """The traits of a message, each once."""
    links = dict.fromkeys(_links(facts))
    files = dict.fromkeys(Trait(FILE, file.sha256) for file in facts.attachments if _is_own_file(file))
    hosts = dict.fromkeys(_hosts(facts))
    return (*list(links)[:_MOST], *list(files)[:_MOST], *list(hosts)[:_MOST])


def shared(theirs: Trait, ours: Trait) -> bool:
    """Whether what we have makes us part of what they are.

    A link to a domain that sent ours and not theirs was borrowed by them, so it says nothing.
    """
    return (theirs.kind, theirs.value) == (ours.kind, ours.value) and (theirs.proven or not ours.proven)


def _links(facts: Facts) -> Iterator[Trait]:
    author = _author(facts)
    for link in _clicked(facts):
        place = _place(link)
        if place and (link.domain != author or facts.authentication.aligned):
            yield Trait(LINK, _hash(place), proven=link.domain == author)


def _hosts(facts: Facts) -> Iterator[Trait]:
    """Where it leads away from its sender, whatever the page."""
    author = _author(facts)
    yield from (Trait(HOST, _hash(link.host)) for link in _clicked(facts) if link.domain != author)


def _clicked(facts: Facts) -> Iterator[Link]:
    """Links that lead somewhere of the mail's own."""
    readers = {registrable(person.address.rpartition("@")[2]) for person in (*facts.to, *facts.cc)}
    for link in facts.links[:200]:
        if link.place in _CLICKED and link.domain not in readers and is_own_host(link.host):
            yield link


def _author(facts: Facts) -> str:
    return registrable(facts.from_address.rpartition("@")[2])


def _hash(what: str) -> str:
    return hashlib.sha256(what.encode("utf-8", "replace")).hexdigest()


def _place(link: Link) -> str:
    """Host and path without what changes from copy to copy; nothing for a home page."""
    try:
        path = urlsplit(link.url).path.strip("/")
    except ValueError:
        return ""
    return f"{link.host}/{_TOKEN.sub('#', path)[:200]}" if path and not _FOOT.search(path) else ""


def is_own_host(host: str) -> bool:
    """Not a service that many share; a customer's own name below a hosting service is the customer's."""
    signs = signs_of(host)
    if not host or signs.service or signs.everywhere or signs.shortener or signs.free_mail:
        return False
    return not signs.free_hosting or host.partition(".")[2] in host_kinds().free_hosting


def _is_own_file(file: Attachment) -> bool:
    kinds = (file.detected_type, file.declared_type)
    everybodys = any(kind.startswith(_EVERYBODYS_FILES) for kind in kinds)
    return bool(file.sha256) and file.size >= _SMALLEST_FILE and not file.inline and not everybodys
