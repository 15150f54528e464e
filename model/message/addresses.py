"""Addresses: which mailboxes does an address header name?"""

import re
from collections.abc import Iterator, Sequence

from model.message import caps
from model.message.caps import Defects
from model.message.facts import Address
from model.message.headers import readable

# A mailbox in one of the two ways in which nearly all are written, up to the comma after it.
_USUAL = re.compile(
    r'\s*+(?:(?:"([^"\\]*+)"\s*+|([^"<>,;:()\\]*+))<\s*+([^<>\s,;()"]+@[^<>\s,;()"@]+)\s*+>'
    r'|([^\s<>,;:()"\\@]++@[^\s<>,;:()"\\@]++))\s*+(?:,|\Z)'
)
# Begins where its signs begin: what has no "@" is gone over once, not again from each of its letters.
_BARE = re.compile(r"(?<![^\s<>,;()\"])[^\s<>,;()\"]+@[^\s<>,;()\"@]+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|\\.|[<>(),;:]|[^"\\<>(),;:]+')
_ONLY_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_COMMENT_FREE_QUOTES = re.compile(r'^"(.*)"$', re.DOTALL)


def read_addresses(values: Sequence[str], defects: Defects) -> tuple[Address, ...]:
    """Every mailbox of every value. What stands between angle brackets counts; a display name never does."""
    found: list[Address] = []
    for value in values:
        if not value:
            continue
        found.extend(_usual(value) or _joined([_mailbox(entry, defects) for entry in _entries(value)], defects))
        if len(found) > caps.ADDRESSES:
            defects.add("too-many-addresses")
            break
    return tuple(found[: caps.ADDRESSES])


def _usual(value: str) -> list[Address]:
    """The mailboxes, when each is written in one of the usual ways; an empty list when any is not."""
    found: list[Address] = []
    place = 0
    while place < len(value) and len(found) <= caps.ADDRESSES:
        mailbox = _USUAL.match(value, place)
        if not mailbox:
            return []
        quoted, plain, address, bare = mailbox.groups()
        found.append(Address("", bare.lower()[:320]) if bare else _address(quoted or plain or "", address))
        place = mailbox.end()
    return found


def _entries(value: str) -> Iterator[str]:
    """Cut at commas and semicolons outside quotes, comments and angle brackets; group names and comments go."""
    entry: list[str] = []
    comments, angle = 0, False
    for piece in _TOKEN.findall(value):
        if piece == "(":
            comments += 1
        elif piece == ")" and comments:
            comments -= 1
        elif comments:
            continue
        elif piece in {",", ";"} and not angle:
            yield "".join(entry)
            entry = []
        elif piece == ":" and not angle and "@" not in "".join(entry[-1:]):
            entry = []
        else:
            angle = piece == "<" or (angle and piece != ">")
            entry.append(piece)
    yield "".join(entry)


def _joined(mailboxes: list[Address], defects: Defects) -> Iterator[Address]:
    """A piece without an address belongs to the name after it: people write commas in names without quotes."""
    names: list[str] = []
    for mailbox in mailboxes:
        if mailbox.address:
            names.append(mailbox.name)
            yield Address(", ".join(name for name in names if name)[:200], mailbox.address)
            names = []
        elif mailbox.name:
            defects.add("address-malformed")
            names.append(mailbox.name)
    if names:
        yield Address(", ".join(names)[:200], "")


def _mailbox(entry: str, defects: Defects) -> Address:
    entry = entry.strip()
    before, angle, rest = entry.rpartition("<")
    inside, _, after = rest.partition(">")
    if angle and not after.strip():
        name, address = before, inside.strip()
    elif _ONLY_QUOTED.fullmatch(entry):
        address, name = "", entry  # however much the name looks like an address
    else:
        bare = _BARE.search(entry)
        address = bare.group(0) if bare else ""
        name = entry.replace(address, "") if address else entry
    if address and not _BARE.fullmatch(address):
        defects.add("address-malformed")
        bare = _BARE.search(address)
        address = bare.group(0) if bare else ""
    return _address(name, address)


def _address(name: str, address: str) -> Address:
    name = readable(name.strip())
    quoted = _COMMENT_FREE_QUOTES.match(name)
    return Address((quoted.group(1) if quoted else name).replace('\\"', '"')[:200], address.lower()[:320])
