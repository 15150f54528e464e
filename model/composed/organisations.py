"""Organisations: in whose name can a mail be written?"""

from dataclasses import dataclass
from functools import cache

from model.composed.world import World, data, latin
from model.message.domains import registrable

_REAL_SHARE = 0.55  # of mail by machines; the rest comes from companies nobody knows
_ONLY_INVENTED = {"health", "school", "city", "it", "scanner", "business"}


@dataclass(frozen=True)
class Organisation:
    """A name with what it owns: a domain, the addresses it writes from, the hosts it leads to, how it sends."""

    name: str
    sector: str
    domain: str
    addresses: tuple[str, ...]
    hosts: tuple[str, ...]
    via: tuple[str, ...] = ()
    known: bool = False  # a real one


def organisation(world: World, sector: str, language: str) -> Organisation:
    """A well-known one that writes in this language, or an invented one on a domain that fits it."""
    known = _known(sector, language)
    if known and world.often(_REAL_SHARE):
        return _with_tenant(world, world.pick(known))
    return invented(world, sector, language)


def invented(world: World, sector: str, language: str) -> Organisation:
    """A company that nobody knows."""
    names = data("names.toml")
    head, tail = world.pick(names["head"]), world.pick(names["tails"][sector])
    person, _ = world.person(language)
    family = latin(person.rpartition(" ")[2]).title()
    first = family if world.often(0.3) and family else head
    name = world.pick(
        (f"{first} {tail}", f"{first}{tail.lower()}", f"{first} & {tail}" if first != head else f"{first} {tail}")
    )
    label = world.pick((latin(name), f"{latin(first)}-{latin(tail)}"))
    domain = f"{label}.{world.pick(names['national'][language])}"
    local = world.pick(names["parts"]["locals"])
    host = f"{world.pick(names['parts']['mailers'])}.{domain}" if world.often(0.3) else domain
    site = world.pick(names["parts"]["sites"])
    return Organisation(
        name=name,
        sector=sector,
        domain=domain,
        addresses=(f"{local}@{host}",),
        hosts=(f"{site}.{domain}" if site else domain, f"www.{domain}"),
    )


def scanner(world: World, language: str) -> Organisation:
    """A machine in the recipient's own office that sends what it has read."""
    own = invented(world, "business", language)
    local = world.pick(("scanner", "copier", "mfp", "scan", "fax", "noreply"))
    return Organisation(
        world.pick(data("names.toml")["parts"]["scanners"]),
        "scanner",
        own.domain,
        (f"{local}@{own.domain}",),
        own.hosts,
    )


@cache
def _known(sector: str, language: str) -> tuple[Organisation, ...]:
    if sector in _ONLY_INVENTED:
        return ()
    return tuple(
        Organisation(
            name=name,
            sector=sector,
            domain=registrable(entry["from"][0].rpartition("@")[2]),
            addresses=tuple(entry["from"]),
            hosts=tuple(entry["hosts"]),
            via=tuple(entry["via"]),
            known=True,
        )
        for name, entry in data("senders.toml")[sector].items()
        if language in entry.get("languages", (language,))
    )


def _with_tenant(world: World, found: Organisation) -> Organisation:
    """Many services give each customer a host of its own."""
    if not any("{tenant}" in text for text in found.addresses + found.hosts):
        return found
    tenant = {"tenant": latin(invented(world, "business", "en").name)}
    return Organisation(
        found.name,
        found.sector,
        found.domain,
        tuple(world.fill(text, tenant) for text in found.addresses),
        tuple(world.fill(text, tenant) for text in found.hosts),
        found.via,
        known=True,
    )
