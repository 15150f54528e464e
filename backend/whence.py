"""Whence: from which address does the work at hand come? The audit log keeps it beside who and what.

Bound once where work enters (a request, a command), read where a deed is written down, so that no step in between
has to carry it. Each request runs in a context of its own.
"""

from contextvars import ContextVar
from ipaddress import IPv6Address, ip_address, ip_network

COMMAND_LINE = "command line"
HOUSEHOLD = 64  # bits of an IPv6 address that a provider gives to one household; it chooses the other 64 as it likes
_here: ContextVar[str] = ContextVar("whence", default="")


def bind(address: str) -> None:
    """What is done from here on comes from this address; an empty one means from nowhere but ourselves."""
    _here.set(address)


def current() -> str:
    """The address that was bound last, or an empty string."""
    return _here.get()


def spelled(text: str) -> str:
    """One spelling per address, ::ffff:127.0.0.1 being 127.0.0.1; what is no address is empty.

    Behind a proxy the text comes from a header: nothing but an address may get from there into the log.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address).partition("%")[0]


def household(text: str) -> str:
    """Who is behind an address, for limits: itself for IPv4, its /64 for IPv6; what is no address stays as it is."""
    address = spelled(text)
    return str(ip_network(f"{address}/{HOUSEHOLD}", strict=False)) if ":" in address else address or text
