"""Letter: what does a mail say, in whose language?"""

from dataclasses import dataclass
from typing import Any

from model.composed.world import World, data, said

_PRESSED = 0.45  # of phish with somebody's honest wording that add a threat
_CURRENCIES = {
    "en": "$ £ €", "pt": "R$ €", "pl": "zł", "sv": "kr", "ja": "円",
    "zh": "¥", "ko": "원", "ru": "₽", "tr": "TL", "ar": "SAR",
}  # fmt: skip


@dataclass(frozen=True)
class Letter:
    """The wording, before anybody lays it out."""

    kind: str
    language: str
    subject: str
    lines: tuple[str, ...]  # greeting first
    labels: tuple[str, ...]
    closing: tuple[str, ...]
    small: tuple[str, ...]  # words of the small print's links: unsubscribe, privacy, help
    note: str  # the small print itself
    quoted: tuple[str, ...] = ()  # what is answered, its attribution first


def letter(
    world: World, kind: str, language: str, company: str, person: str, *, crooked: bool, extra: dict[str, str]
) -> Letter:
    """What a mail of this kind says when `company` (and `person`) send it."""
    wording, common = said(language)[kind], said(language)["common"]
    flow = data("kinds.toml")[kind]["flow"]
    slots = {**facts(world, language, company, person), **extra}
    chosen = _some(world, wording["lines"])
    greeting = world.pick(common["greetings"] if world.often(0.5 if crooked else 0.75) else common["greetings_nobody"])
    if crooked and flow != "person" and world.often(_PRESSED):
        chosen.append(world.pick(common["pressure"]))
    labels = (
        world.chance.sample(wording["labels"], min(len(wording["labels"]), 1 + world.often(0.25)))
        if wording.get("labels")
        else []
    )
    subject = world.pick(wording["subjects"])
    quoted = _quoted(world, wording, common) if flow == "person" and world.often(0.4) else []
    return Letter(
        kind=kind,
        language=language,
        subject=world.fill(f"{'Re: ' if quoted else ''}{subject}", slots),
        lines=tuple(world.fill(line, slots) for line in (greeting, *chosen)),
        labels=tuple(world.fill(label, slots) for label in labels),
        closing=tuple(world.fill(line, slots) for line in _closing(world, common, flow)),
        small=tuple(common["small"]) if flow != "person" else (),
        note=world.fill(world.pick(common["notes"]), slots) if flow != "person" else "",
        quoted=tuple(world.fill(line, slots) for line in quoted),
    )


def facts(world: World, language: str, company: str, person: str) -> dict[str, str]:
    """Numbers, names, days and places that the wording asks for."""
    common = said(language)["common"]
    chance = world.chance
    whole = chance.randint(3, 90_000) if world.often(0.2) else chance.randint(3, 900)
    cents = (
        f"{whole}.{chance.randint(0, 99):02}"
        if language in {"en", "ar", "zh"}
        else f"{whole},{chance.randint(0, 99):02}"
    )
    number = str(whole * 100) if language in {"ja", "ko"} else cents
    currency = world.pick(_CURRENCIES.get(language, "€").split())
    return {
        "company": company,
        "person": person,
        "other": world.person(language)[0],
        "code": world.letters("n", 6),
        "amount": f"{currency}{number}" if currency in {"$", "£", "R$", "¥"} else f"{number} {currency}",
        "number": f"{world.pick(('', 'A-', '2026-', 'INV', '#', 'RE'))}{chance.randint(1_000, 99_999_999)}",
        "day": world.pick(common["days"]),
        "hour": f"{chance.randint(8, 18)}:{world.pick(('00', '15', '30'))}",
        "place": world.pick(common["places"]),
        "topic": world.pick(common["topics"] + data("names.toml")["parts"]["topics"]),
        "phone": f"+{chance.randint(1, 90)} {chance.randint(100, 999)} {world.letters('n', 3)} {world.letters('n', 4)}",
        "file": f"{world.pick(data('names.toml')['parts']['files'])}_{chance.randint(1, 9999)}",
        "count": str(chance.randint(2, 19)),
        "percent": str(world.pick((10, 15, 20, 25, 30, 50, 85, 90, 95, 98))),
        "card": world.letters("n", 4),
        "secret": world.letters("w", 9),
        "wallet": f"bc1q{world.letters('w', 36).lower()}",
    }


def _some(world: World, lines: list[str]) -> list[str]:
    """Two to five of the lines, in their order."""
    count = min(len(lines), world.chance.randint(2, 5))
    return [lines[number] for number in sorted(world.chance.sample(range(len(lines)), count))]


def _closing(world: World, common: dict[str, Any], flow: str) -> tuple[str, ...]:
    if flow != "person":
        return (world.pick(common["closings"]),)
    signature = ("{person}",) if world.often(0.3) else ("{person}", "{company}", "Tel. {phone}")
    return (world.pick(common["regards"]), *signature)


def _quoted(world: World, wording: dict[str, Any], common: dict[str, Any]) -> list[str]:
    others = wording.get("before") or wording["lines"]
    return [common["wrote"], *world.chance.sample(others, min(2, len(others)))]
