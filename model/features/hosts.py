"""Hosts: what does a host name say by itself?"""

import re
from dataclasses import dataclass
from functools import lru_cache

from model.features.domains import host_kinds, named_brand, owner, readable, resemblance
from model.message.domains import registrable

_IP = re.compile(r"^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-f:]+:[0-9a-f:]+\]?)$", re.IGNORECASE)
_DEEP, _HYPHENS, _DIGITS = 4, 2, 4  # more than these are unusual
_UNPRONOUNCED = re.compile(r"[bcdfghjklmnpqrstvwxz0-9]+")  # "y" is a vowel often enough
_SWITCHES = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")
_LONGEST_LABEL = 63


@dataclass(frozen=True)
class HostSigns:
    """Everything about a host that does not depend on the message it stands in."""

    domain: str  # registrable
    owner: str  # brand that owns it
    lookalike: str  # brand whose name the domain imitates
    closeness: float  # of that imitation
    named_brand: str  # brand whose name stands in the host of somebody else
    shown: str  # as people see it
    address: bool  # a bare IP address
    shortener: bool
    free_hosting: bool
    free_mail: bool
    cheap_suffix: bool
    odd_shape: bool
    made_up: float  # how much the name looks like one that a machine thought of
    long: float
    hyphens: float
    service: bool  # a mail service, which rewrites its customers' links
    everywhere: bool  # a site that everybody links to, or a brand's own


@lru_cache(maxsize=16_384)
def signs_of(host: str) -> HostSigns:
    """The signs of one host, kept for the next message that leads there."""
    kinds, domain = host_kinds(), registrable(host)
    label, _, suffix = domain.partition(".")
    address = bool(_IP.match(host))
    brand, closeness = resemblance(domain)
    hosting = any(host == kind or host.endswith(f".{kind}") for kind in kinds.free_hosting if kind in host)
    owned_by = owner(domain)
    return HostSigns(
        domain=domain,
        owner=owned_by,
        lookalike=brand,
        closeness=closeness,
        named_brand=named_brand(host),
        shown=readable(host),
        address=address,
        shortener=domain in kinds.shorteners,
        free_hosting=hosting,
        free_mail=domain in kinds.free_mail,
        cheap_suffix=suffix in kinds.cheap_suffixes,
        odd_shape=not address and _odd(host, label),
        made_up=0.0 if address else made_up(label),
        long=0.0 if address else min(1.0, len(label) / 30.0),
        hyphens=0.0 if address else min(1.0, host.count("-") / 4.0),
        service=domain in kinds.mail_services,
        everywhere=not hosting and (bool(owned_by) or domain in kinds.everywhere),
    )


def _odd(host: str, label: str) -> bool:
    many_digits = sum(map(str.isdigit, label)) > _DIGITS
    return "xn--" in host or host.count(".") > _DEEP or label.count("-") > _HYPHENS or many_digits


@lru_cache(maxsize=8192)
def made_up(label: str) -> float:
    """0 for what can be spoken, 1 for long runs of consonants and digits or for letters and digits in turns."""
    label = label[:_LONGEST_LABEL]
    longest = max(map(len, _UNPRONOUNCED.findall(label)), default=0)
    turns = len(_SWITCHES.findall(label))
    return min(1.0, max(0, longest - 4) / 6.0 + max(0, turns - 1) / 4.0)
