"""Patterns: does an entry of a list name this address? No way of writing one makes the answer slow.

An address, a domain with all that is below it, a network, or any of the first two with `*` for anything. There are no
regular expressions: a star is looked for from left to right, each once, and nothing is ever tried again.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from model.features.domains import host_kinds
from model.message.domains import registrable

LONGEST = 254  # characters, as of an address
MOST_STARS = 4
FEWEST_LETTERS = 4  # beside the stars of one that may stand for any domain
WIDEST = {4: 16, 6: 32}  # bits of a network that must be given, by IP version
_LONGEST_ADDRESS = 320
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_LABEL = re.compile(r"[a-z0-9*](?:[a-z0-9*_-]{0,61}[a-z0-9*])?")
_NOT_THE_NETS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
_PRIVATE = tuple(ip_network(net) for net in _NOT_THE_NETS)


class Fault(StrEnum):
    """Why something cannot be an entry."""

    EMPTY = "empty"
    TOO_LONG = "too long"
    NO_PATTERN = "no pattern"
    TOO_MANY_STARS = "too many stars"
    TOO_WIDE = "too wide"
    ANYBODYS = "anybody's"
    OPEN_END = "open end"
    PRIVATE = "private"


class BadPattern(ValueError):
    """This cannot be an entry; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True)
class Patterns:
    """The entries of one list, ready to be asked. Each maps what is looked up to the entry as it was written."""

    addresses: dict[str, str]
    domains: dict[str, str]
    address_globs: tuple[tuple[str, ...], ...]
    domain_globs: tuple[tuple[str, ...], ...]
    networks: tuple[tuple[IPv4Network | IPv6Network, str], ...]

    def of_address(self, address: str) -> str | None:
        """The entry that names this mail address, the most exact first; None when none does."""
        address = _plain(address)
        local, at, domain = address.rpartition("@")
        if not at or not local:
            return None
        exact = self.addresses.get(address) or self.of_domain(domain)
        return exact or next(("*".join(glob) for glob in self.address_globs if fits(glob, address)), None)

    def of_domain(self, domain: str) -> str | None:
        """The entry that names this domain, or one above it."""
        domain = _plain(domain).strip(".")
        labels = domain.split(".")[-20:]
        above = (".".join(labels[n:]) for n in range(len(labels) - 1))
        exact = next((self.domains[name] for name in above if name in self.domains), None)
        return exact or next(("*".join(glob) for glob in self.domain_globs if fits(glob, domain)), None)

    def of_source(self, source: str) -> str | None:
        """The entry whose network holds this IP address, however either is written."""
        if not self.networks:
            return None
        try:
            address = ip_address(source)
        except ValueError:
            return None
        return next((entry for network, entry in self.networks if address in network), None)


@lru_cache(maxsize=256)
def compiled(entries: tuple[str, ...]) -> Patterns:
    """The entries of a list; one that is none names nobody."""
    addresses: dict[str, str] = {}
    domains: dict[str, str] = {}
    globs: tuple[list[tuple[str, ...]], list[tuple[str, ...]]] = ([], [])
    networks = []
    for entry in entries:
        plain = _plain(entry).removeprefix("@")
        network = _network(plain)
        if network is not None:
            networks.append((network, entry))
        elif "*" in plain:
            globs["@" not in plain].append(tuple(plain.split("*")))
        elif "@" in plain:
            addresses[plain] = entry
        elif plain and not _is_suffix(plain):
            domains[plain] = entry
    return Patterns(addresses, domains, tuple(globs[0]), tuple(globs[1]), tuple(networks))


def fits(glob: Sequence[str], text: str) -> bool:
    """Whether the text is these pieces in this order with anything between them.

    The leftmost place of each piece is always good enough, so nothing is tried twice.
    """
    first, *middle, last = glob
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def checked(written: str, *, helps: bool, networks: bool = True) -> str:
    """An entry as it is kept: lower case, in ASCII. Raises BadPattern.

    `helps` is for lists that let mail off: there a star must not stand for a domain that anybody can register, and a
    provider where anybody has an address is named address by address. `networks`: whether one may be given.
    """
    plain = _plain(written).removeprefix("@")
    if not plain:
        raise BadPattern(Fault.EMPTY)
    if len(plain) > LONGEST:
        raise BadPattern(Fault.TOO_LONG)
    network = _network(plain)
    if network is not None:
        return _checked_network(network, allowed=networks)
    local, at, domain = plain.rpartition("@")
    if (at and not _LOCAL.fullmatch(local)) or not _is_domain(domain, alone=not at):
        raise BadPattern(Fault.NO_PATTERN)
    if plain.count("*") > MOST_STARS:
        raise BadPattern(Fault.TOO_MANY_STARS)
    _check_reach(local, domain, helps=helps)
    return plain


def _check_reach(local: str, domain: str, *, helps: bool) -> None:
    whole = not local.strip("*")  # everybody there
    if len(f"{local}{domain}".replace("*", "").replace(".", "")) < FEWEST_LETTERS:
        raise BadPattern(Fault.TOO_WIDE)
    if whole and "*" not in domain and registrable(domain) == domain and _is_suffix(domain):
        raise BadPattern(Fault.TOO_WIDE)
    if not helps:
        return
    owner = domain.rpartition("*")[2].lstrip(".") if "*" in domain else domain
    below_a_name = "*" not in domain or domain.rpartition("*")[2].startswith(".")
    if not below_a_name or "." not in owner or _is_suffix(owner):
        raise BadPattern(Fault.OPEN_END)
    if "*" in f"{local or '*'}" and registrable(owner) in host_kinds().free_mail:
        raise BadPattern(Fault.ANYBODYS)


def _checked_network(network: IPv4Network | IPv6Network, *, allowed: bool) -> str:
    if not allowed:
        raise BadPattern(Fault.NO_PATTERN)
    if network.prefixlen < WIDEST[network.version]:
        raise BadPattern(Fault.TOO_WIDE)
    private = any(network.version == net.version and network.overlaps(net) for net in _PRIVATE)
    if private or network.is_loopback or network.is_link_local or network.is_multicast or network.is_unspecified:
        raise BadPattern(Fault.PRIVATE)
    single = network.num_addresses == 1
    return str(network.network_address) if single else str(network)


def _is_domain(domain: str, *, alone: bool) -> bool:
    labels = domain.split(".")
    enough = len(labels) > 1 or (not alone and "*" in domain)
    return enough and all(_LABEL.fullmatch(label) for label in labels)


def _is_suffix(domain: str) -> bool:
    """Whether everybody can register a name below it, such as co.uk."""
    return registrable(f"a-name-of-nobody.{domain}") == f"a-name-of-nobody.{domain}"


def _network(plain: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(plain, strict=False)
    except ValueError:
        return None


def _plain(text: str) -> str:
    """Lower case, without spaces around it, the domain in ASCII where it has another form."""
    text = text[:_LONGEST_ADDRESS].strip().lower()
    if text.isascii():
        return text
    local, at, domain = text.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return text


def named(addresses: Iterable[str], patterns: Patterns) -> str | None:
    """The first entry that names one of the addresses."""
    return next((entry for address in addresses if (entry := patterns.of_address(address))), None)
