"""Compose: what would everyday mail say, and the phish that imitates it?

Every honest mail may get a twin: the same words from an address that has no right to them, leading elsewhere. So the
wording alone cannot tell the two apart, and neither can the fact that a mail was composed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from model.composed.world import World, texts
from model.composed.write import Draft, write
from model.features.domains import brands

_HONEST_SHARE = 0.62
_TWIN_SHARE = 0.35  # of honest mails that lead somewhere
_PLAIN_SHARE = 0.25
_PERSONAL = {"colleague"}
_BY_SERVICE = {"newsletter", "notice", "share", "meeting"}  # often sent and counted by somebody else's hosts


@dataclass(frozen=True)
class Composed:
    """One composed mail with its label and the group it was made from (a twin shares its original's)."""

    raw: bytes
    label: str  # benign, bulk or phish
    group: str


def compose(count: int, seed: int) -> Iterator[Composed]:
    """`count` mails: about half honest, half malicious, the same for the same seed."""
    world = World(random.Random(seed))  # noqa: S311  # wording, not secrets
    made = 0
    while made < count:
        group = f"composed-{made}"
        for raw, label in _family(world):
            if made < count:
                yield Composed(raw, label, group)
                made += 1


def _family(world: World) -> Iterator[tuple[bytes, str]]:
    """An honest mail and perhaps its twin, or a lure."""
    if not world.often(_HONEST_SHARE):
        yield write(_lure(world), world), "phish"
        return
    honest = _honest(world)
    yield write(honest, world), "bulk" if honest.kind == "newsletter" else "benign"
    if honest.link_hosts and world.often(_TWIN_SHARE):
        yield write(_twin(honest, world), world), "phish"


def _honest(world: World) -> Draft:
    kind, language, wording = _pick(world, "texts.toml")
    company, domain = world.company(language)
    person = world.person()
    by_person = kind in _PERSONAL or (kind == "meeting" and world.often(0.6))
    name, address = _own_sender(world, company, domain, person, by_person)
    return Draft(
        kind=kind,
        company=company,
        sender_name=name,
        sender=address,
        link_hosts=() if wording.get("links") == "none" else _own_hosts(world, kind, domain),
        results=world.passed(),
        attachment=_attachment(world, kind),
        plain=kind in _PERSONAL or world.often(_PLAIN_SHARE),
        **_said(world, wording, _slots(world, company, person)),
    )


def _own_sender(world: World, company: str, domain: str, person: str, by_person: bool) -> tuple[str, str]:
    if by_person:
        host = world.free_mail() if world.often(0.25) else domain
        return person, f"{person.lower().replace(' ', '.')}@{host}"
    host = f"{world.any('mailers')}.{domain}" if world.often(0.4) else domain
    names = (company, company, f"{company} Team", f"{company} Support", f"{company} News", f"{person} ({company})")
    return world.chance.choice(names), f"{world.any('honest_locals')}@{host}"


def _own_hosts(world: World, kind: str, domain: str) -> tuple[str, ...]:
    first, second = world.chance.sample(("www.", "", "app.", "account.", "click.", "my."), 2)
    if kind in _BY_SERVICE and world.often(0.35):
        service = world.any("head").lower() + world.chance.choice(("mail", "send", "campaigns", "meet", "docs"))
        front = world.chance.choice(("click", "track", "links", "app"))
        return f"{front}.{service}.{world.chance.choice(('com', 'net', 'io'))}", f"{second}{domain}"
    return f"{first}{domain}", f"{second}{domain}"


def _twin(honest: Draft, world: World) -> Draft:
    """The same mail from somebody else, leading elsewhere, perhaps with the honest address in plain sight."""
    sender, results = world.borrowed(honest.company, honest.sender)
    target = world.bad_host(honest.company)
    shown = f"https://{honest.link_hosts[0]}/{world.chance.choice(('login', 'account', 'track', 'view'))}"
    labels = tuple(shown if world.often(0.5) else label for label in honest.labels)
    return replace(honest, sender=sender, results=results, link_hosts=(target, target), attachment="", labels=labels)


def _lure(world: World) -> Draft:
    kind, language, wording = _pick(world, "lures.toml")
    company = world.brand().title() if world.often(0.75) else _office(world, language)
    person = world.person()
    sender, results = world.borrowed(company)
    if kind == "boss":
        sender, results = f"office{world.chance.randint(10, 9999)}@{world.free_mail()}", world.passed()
    target = world.bad_host(company)
    owned = min(brands().domains.get(company.lower(), {"example.com"}))
    desk = world.chance.choice(("Support", "Security", "Service", "Team", "Billing", "Alert"))
    title = company if world.often(0.5) else f"{company} {desk}"
    files = ("invoice.html", "document.pdf", "statement.htm")
    return Draft(
        kind=f"lure-{kind}",
        company=company,
        sender_name=person if kind == "boss" else title,
        sender=sender,
        link_hosts=() if wording.get("links") == "none" else (target, target),
        results=results,
        reply_to=f"desk{world.chance.randint(1, 999)}@{world.free_mail()}" if world.often(0.2) else "",
        attachment=world.chance.choice(files) if kind == "document" and world.often(0.3) else "",
        plain=world.often(_PLAIN_SHARE),
        **_said(world, wording, {**_slots(world, company, person), "brandhost": owned}),
    )


def _office(world: World, language: str) -> str:
    """Who else writes about passwords: the recipient's own help desk, or a company nobody knows."""
    return world.chance.choice(("Webmail", "IT Service", "Help Desk", "Mail Administrator", world.company(language)[0]))


def _attachment(world: World, kind: str) -> str:
    if kind == "meeting":
        return "invite.ics" if world.often(0.6) else ""
    if kind in {"invoice", "colleague"} and world.often(0.35):
        return world.chance.choice(("invoice.pdf", "report.pdf", "agenda.docx", "figures.xlsx"))
    return ""


def _said(world: World, wording: dict[str, Any], words: dict[str, str]) -> dict[str, Any]:
    chance = world.chance
    count = min(len(wording["lines"]), chance.randint(2, 5))
    paragraphs = [chance.choice(wording["openings"]), *chance.sample(wording["lines"], count)]
    labels = chance.sample(wording["labels"], min(2, len(wording["labels"])))
    return {
        "subject": chance.choice(wording["subjects"]).format(**words),
        "paragraphs": tuple(part.format(**words) for part in paragraphs if part),
        "labels": tuple(label.format(**words) for label in labels),
        "closing": chance.choice(wording["closings"]).format(**words),
    }


def _slots(world: World, company: str, person: str) -> dict[str, str]:
    chance = world.chance
    currency = chance.choice(("€", "$", "£", "R$ ", "CHF "))
    return {
        "company": company,
        "person": person,
        "me": world.any("first"),
        "code": str(chance.randint(100000, 999999))[: chance.choice((2, 6))],
        "amount": f"{currency}{chance.randint(3, 900)}.{chance.randint(0, 99):02}",
        "number": f"{chance.choice(('', 'A-', '2026-', 'INV'))}{chance.randint(1000, 999999)}",
        "day": world.any("days"),
        "hour": f"{chance.randint(8, 18)}:{chance.choice(('00', '15', '30'))}",
        "place": world.any("places"),
        "topic": world.any("topics"),
    }


def _pick(world: World, name: str) -> tuple[str, str, dict[str, Any]]:
    kinds = texts(name)
    kind = world.chance.choice(sorted(kinds))
    english = "en" in kinds[kind] and world.often(0.4)
    language = "en" if english else world.chance.choice(sorted(kinds[kind]))
    return kind, language, kinds[kind][language]
