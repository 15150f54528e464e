"""Pretences: what does the sender's side of a mail claim that its own address does not bear out?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from model.features.domains import host_kinds, lookalike, named_brand, owner, readable
from model.features.sender import brand_in
from model.message.domains import registrable
from model.message.facts import Facts

MOST_SENDERS = 5
_SHOWN = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")


@dataclass(frozen=True)
class Pretence:
    """One claim: a stable code, what was claimed, and what is so."""

    code: str
    claimed: str
    truth: str


def pretences(facts: Facts) -> tuple[Pretence, ...]:
    """Every claim once, in the order in which a reader meets them."""
    return tuple(dict.fromkeys(_all(facts)))


def _all(facts: Facts) -> Iterator[Pretence]:
    if len(facts.from_) > 1:
        yield Pretence("several-senders", str(len(facts.from_)), "1")
    for sender in facts.from_[:MOST_SENDERS]:
        host = sender.address.rpartition("@")[2]
        domain = registrable(host)
        yield from _name(sender.name, host, domain)
        yield from _domain(host, domain)
    yield from _elsewhere(facts)


def _name(name: str, host: str, domain: str) -> Iterator[Pretence]:
    for shown in _SHOWN.findall(name[:200].lower()):
        if registrable(shown) != domain:
            yield Pretence("name-shows-address", shown, host)
    brand = brand_in(name)
    if brand and owner(domain) != brand:
        code = "name-claims-brand-free-mail" if domain in host_kinds().free_mail else "name-claims-brand"
        yield Pretence(code, brand, host)


def _domain(host: str, domain: str) -> Iterator[Pretence]:
    if readable(host) != host:
        yield Pretence("host-in-other-letters", readable(host), host)
    twin, named = lookalike(domain), named_brand(host)
    if twin:
        yield Pretence("domain-lookalike", twin, domain)
    elif named:
        yield Pretence("domain-names-brand", named, domain)


def _elsewhere(facts: Facts) -> Iterator[Pretence]:
    own = {registrable(one.address.rpartition("@")[2]) for one in facts.from_[:MOST_SENDERS]}
    others = [("reply-elsewhere", one.address) for one in facts.reply_to[:MOST_SENDERS]]
    others += [("sent-by-another", one.address) for one in facts.sender[:MOST_SENDERS]]
    others.append(("bounces-elsewhere", facts.return_path.strip("<>")))
    for code, address in others:
        domain = registrable(address.rpartition("@")[2])
        if domain and domain not in own:
            yield Pretence(code, address, ", ".join(sorted(own - {""})))
