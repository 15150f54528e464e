"""Received mail: what does the address say that it was sent to, and what can be wrong with it?"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from backend.domain.disposition import Disposition
from backend.domain.submission import Kind, SubmittedAs

_LOCAL_PART = re.compile(r"([a-z0-9][a-z0-9-]{0,63})((?:\+[a-z0-9-]*){0,4})")
_UNWANTED = frozenset({Disposition.SPAM, Disposition.BULK, Disposition.NONE})


class Problem(StrEnum):
    """Why a mail, or a part of it, became no submission."""

    WRONG_ADDRESS = "wrong-address"  # the tenant is known, what stands after it is not
    NO_MAIL = "no-mail"  # nothing is attached
    PICTURE = "picture"  # a screenshot instead of the mail
    OTHER_FILE = "other-file"  # some other file instead of the mail
    UNREADABLE = "unreadable"  # it says that it is a mail, and is none, or only a piece of one
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"


@dataclass(frozen=True)
class MailRoute:
    """`{tenant}+{user|team}+{disposition}`. Kind and disposition are None where what was written means nothing."""

    tenant: str
    kind: Kind | None = None
    disposition: Disposition | None = None


def read_route(address: str, domain: str) -> MailRoute | None:
    """Where mail to this address goes; None when it is not one of ours."""
    local, at, host = address.strip().lower().rpartition("@")
    found = _LOCAL_PART.fullmatch(local)
    if not (at and domain and host == domain.lower() and found):
        return None
    tenant, said = found.group(1), read_said(found.group(2)[1:])
    return MailRoute(tenant, *said) if said else MailRoute(tenant)


def read_said(text: str) -> tuple[Kind, Disposition] | None:
    """What `{user|team}+{disposition}` says; None when it means nothing."""
    kind, _, disposition = text.partition("+")
    if kind not in list(Kind) or disposition.upper() not in list(Disposition):
        return None
    return Kind(kind), Disposition(disposition.upper())


def untagged(address: str) -> tuple[str, str]:
    """An address without what stands after a plus in it, and that: soc+spam@example.com is soc@example.com and spam."""
    local, _, domain = address.lower().rpartition("@")
    name, _, tag = local.partition("+")
    return f"{name}@{domain}", tag


def said_by_tag(mailbox: str, addresses: Iterable[str]) -> Disposition | None:
    """The disposition that the first of these addresses names which are the mailbox's own with one after a plus."""
    tags = [tag.upper() for plain, tag in map(untagged, addresses) if plain == mailbox]
    return next((Disposition(tag) for tag in tags if tag in list(Disposition)), None)


def submitted_as(disposition: Disposition) -> SubmittedAs:
    """What a report under this disposition says, in the two words that the network knows."""
    return SubmittedAs.SPAM if disposition in _UNWANTED else SubmittedAs.PHISH
