"""Guard: may this address be reached? A link names whatever its sender likes, so only the open internet may be.

The address that was checked is the address that is connected to: a name that answers differently the second time
(DNS rebinding) is never asked a second time.
"""

import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

PORTS = frozenset({80, 443, 8080, 8443})
# What `is_global` lets through, depending on Python's version: IANA's special registries have grown since.
_INSIDE = tuple(
    ip_network(net)
    for net in (
        "168.63.129.16/32",  # Azure's wire server: a public number that answers inside
        "192.0.0.0/24",  # protocol assignments, Oracle's metadata among them
        "192.88.99.0/24",
        "64:ff9b::/96",  # IPv6 that carries an IPv4 address to a gateway, which then connects to that one
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/23",
        "::/96",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",  # site-local addresses: given up long ago, and still routed inside
    )
)

Address = IPv4Address | IPv6Address
Lookup = Callable[[str, int], Sequence[str]]


class Forbidden(Exception):
    """The address is not one of the open internet."""


def look_up(host: str, port: int) -> list[str]:
    """Every address of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Guard:
    """Decides which address is connected to. `allowed` are networks of one's own that may be reached all the same."""

    allowed: tuple[str, ...] = ()
    lookup: Lookup = look_up

    def address(self, host: str, port: int) -> str:
        """The one address to connect to. Raises Forbidden when any address of the host is not open; OSError."""
        own = [ip_network(network) for network in self.allowed]
        found = [ip_address(address.partition("%")[0]) for address in self.lookup(host, port)]
        if not found:
            raise OSError("the host has no address")
        if all(any(address in network for network in own) for address in found):
            return str(found[0])
        if port not in PORTS:
            raise Forbidden(f"port {port} is not the web's")
        if not all(is_open(address) for address in found):
            raise Forbidden("the host is inside a network")
        return str(_first(found))


def is_open(address: Address) -> bool:
    """Whether everybody reaches the same machine under this address."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return is_open(address.ipv4_mapped)
    special = address.is_multicast or address.is_reserved or any(address in network for network in _INSIDE)
    return address.is_global and not special


def _first(found: Iterable[Address]) -> Address:
    """IPv4 where there is one: more servers have no IPv6 than the other way round."""
    return min(found, key=lambda address: address.version)
