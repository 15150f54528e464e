"""Claims: whom does the message claim to come from in its name, text and pictures, and does who sent it fit?

Honest mail repeats its sender: the name is in the domain, the foot names the company, links and pictures lie where the
mail was signed. A lure names somebody and leads somewhere else. None of this depends on whose mailbox it lay in.
"""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from operator import itemgetter
from typing import NamedTuple

from model.features.domains import brands, host_kinds, owner
from model.features.hosts import HostSigns, signs_of
from model.features.reading import Reading
from model.features.sender import brand_in
from model.message.domains import registrable
from model.message.facts import Facts

AUTHENTICATION_FACTS = (  # masked in training together with those of sender.py
    "claims-brand-proven",
    "claims-brand-forged",
    "claims-links-signed",
    "claims-signed-elsewhere",
)
FACTS = (
    *AUTHENTICATION_FACTS,
    "claims-own-name",
    "claims-own-name.text",
    "claims-brand-in-text",
    "claims-brand-in-text.first",
    "claims-copyright-own",
    "claims-copyright-elsewhere",
    "claims-pictures-own",
    "claims-pictures-elsewhere",
    "claims-links-foreign",
    "claims-links-foreign.first",
    "claims-links-service",
    "claims-free-mail-inside",
    "claims-callback",
)
_TEXT, _END = 3_000, 800  # characters that are read; the copyright line stands at the end
_BRAND_TEXT, _FIRST_WORDS = 1_500, 40
_IN_ORDER = itemgetter(*FACTS)
_SEPARATORS = string.punctuation + "".join(chr(code) for code in range(128) if chr(code).isspace())
_BLANKS = bytes.maketrans(_SEPARATORS.encode(), b" " * len(_SEPARATORS))
_WIDE_BLANKS = (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_SIGNS = ("$", "€", "£", "¥")
_CODES = ("usd", "u\u017fd", "eur", "gbp")  # the long s is an "s" for _CURRENCY as well
_SHORTEST_LABEL, _SHORTEST_WORD = 3, 4  # letters; shorter ones stand inside others by accident
_MOST_LINKS = 60
_CLICKABLE = frozenset(("a", "area", "form", "text", "qr", "pdf"))
_WORD = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"@([\w-]{1,63}(?:\.[\w-]{1,63}){1,5})")
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright)[\s©(c)]*(?:\d{4}[\s,–-]*){0,3}([^\n.|]{2,60})", re.IGNORECASE)
_PHONE = re.compile(r"(?:\+\d{1,3}[ .(-]{0,2})?(?:\(?\d{2,4}\)?[ .-]){2,4}\d{3,4}")
_AMOUNT = re.compile(r"[$€£¥]\s?\d|\d\s?[€£]")
_CURRENCY = re.compile(r"\b(?:usd|eur|gbp)\b", re.IGNORECASE)


@dataclass(frozen=True)
class _Sender:
    name: str
    address: str
    signs: HostSigns
    label: str  # the registrable domain's own word, empty where it says nothing about a person (free mail)


class _Directions(NamedTuple):
    signed: set[str]  # domains
    clickable: Sequence[tuple[str, str]]  # hosts with their domains
    telling: Sequence[str]  # kinds of those
    foreign: Sequence[str]  # hosts
    pictures: set[str]  # domains


def read(facts: Facts, _pieces: tuple[str, ...]) -> Reading:
    """What is claimed, and whether it fits."""
    sender = _sender(facts)
    text = facts.text[:_TEXT]
    lowered = text.lower()
    found = (
        _names(sender, lowered)
        | _brands(sender, facts, text)
        | _leads(sender, facts)
        | _foot(sender, facts)
        | _contact(sender, facts, text, lowered)
    )
    return Reading(FACTS, _IN_ORDER(found), partial(_notes, sender, facts))


def _notes(sender: _Sender, facts: Facts) -> dict[str, str]:
    text = facts.text[:_TEXT]
    leads, holders = _directions(sender, facts), _holders(sender, facts)
    brand = f"{_claimed(sender, facts)} / {sender.signs.shown}"
    signed = ", ".join(sorted(leads.signed)[:3])
    return {
        "claims-own-name": sender.signs.shown,
        "claims-brand-proven": brand,
        "claims-brand-forged": brand,
        "claims-brand-in-text": ", ".join(dict.fromkeys(name for _, name in _strangers(sender, facts, text)[:4])),
        "claims-links-foreign": ", ".join(signs_of(host).shown for host in leads.foreign[:3]),
        "claims-links-signed": signed,
        "claims-signed-elsewhere": f"{signed} / {sender.signs.shown}",
        "claims-pictures-elsewhere": ", ".join(sorted(leads.pictures)[:3]),
        "claims-pictures-own": sender.signs.shown,
        "claims-free-mail-inside": _private(text),
        "claims-callback": _phone(facts, text, text.lower()),
    } | dict.fromkeys(
        ("claims-copyright-own", "claims-copyright-elsewhere") if holders is not None else (),
        " ".join(holders[0][:5]) if holders else "",
    )


def _sender(facts: Facts) -> _Sender:
    name = facts.from_[0].name if facts.from_ else ""
    signs = signs_of(facts.from_address.rpartition("@")[2])
    label = "" if signs.free_mail else signs.domain.partition(".")[0].replace("-", "")
    return _Sender(name, facts.from_address, signs, label if len(label) >= _SHORTEST_LABEL else "")


def _names(sender: _Sender, lowered: str) -> dict[str, float]:
    label = sender.label
    return {
        "claims-own-name": bool(label) and _fits(_WORD.findall(sender.name.lower()[:120]), label),
        "claims-own-name.text": len(label) >= _SHORTEST_WORD and label in lowered.replace(sender.address, ""),
    }


def _fits(words: Sequence[str], label: str) -> bool:
    run = "".join(words)
    return bool(run) and (label in run or any(len(word) >= _SHORTEST_WORD and word in label for word in words))


def _brands(sender: _Sender, facts: Facts, text: str) -> dict[str, float]:
    claimed = _claimed(sender, facts)
    own = bool(claimed) and sender.signs.owner == claimed
    aligned = facts.authentication.aligned
    strangers = _strangers(sender, facts, text)
    return {
        "claims-brand-proven": own and aligned is True,
        "claims-brand-forged": own and aligned is False,
        "claims-brand-in-text": min(1.0, len({name for _, name in strangers}) / 2.0),
        "claims-brand-in-text.first": bool(strangers) and strangers[0][0] < _FIRST_WORDS,
    }


def _claimed(sender: _Sender, facts: Facts) -> str:
    return brand_in(sender.name) or brand_in(facts.subject)


def _strangers(sender: _Sender, facts: Facts, text: str) -> list[tuple[int, str]]:
    """Brands in the text that have nothing to do with the mail."""
    return [(at, name) for at, name in _named(f"{facts.subject} {text}") if not _belongs(name, sender, facts)]


def _named(text: str) -> list[tuple[int, str]]:
    """Brands in a text with the number of the word where each stands; everyday words are no brands here."""
    words, known = _words(text[:_BRAND_TEXT].lower()), _by_first_word()
    if known.keys().isdisjoint(words):
        return []
    return [
        (at, name)
        for at, word in enumerate(words)
        if word in known
        for name, spelt in known[word]
        if words[at : at + len(spelt)] == spelt
    ]


def _words(text: str) -> list[bytes]:
    """The words of a text in UTF-8, without punctuation: bytes are several times faster to take apart."""
    if not text.isascii():
        for blank in _WIDE_BLANKS:
            text = text.replace(blank, " ")
    return text.encode("utf-8", "surrogatepass").translate(_BLANKS).split()


@cache
def _by_first_word() -> dict[bytes, tuple[tuple[str, list[bytes]], ...]]:
    known = brands()
    telling = {
        first: tuple((name, name.encode().split(b" ")) for name in names if name not in known.everyday)
        for first, names in known.by_first_word.items()
    }
    return {first.encode(): names for first, names in telling.items() if names}


def _belongs(brand: str, sender: _Sender, facts: Facts) -> bool:
    """Whether the brand sent the mail, or at least one link leads to it."""
    domains = brands().domains[brand]
    if sender.signs.owner == brand or sender.signs.domain in domains:
        return True
    return any(link.domain in domains for link in facts.links[:_MOST_LINKS] if link.place in _CLICKABLE)


def _leads(sender: _Sender, facts: Facts) -> dict[str, float]:
    seen = _directions(sender, facts)
    telling, signed, pictures = seen.telling, seen.signed, seen.pictures
    own = any(domain in signed or _same_owner(domain, owner(domain), sender.signs) for domain in pictures)
    return {
        "claims-links-foreign": len(seen.foreign) / len(telling) if telling else 0.0,
        "claims-links-foreign.first": bool(telling) and telling[0] == "foreign",
        "claims-links-service": telling.count("service") / len(telling) if telling else 0.0,
        "claims-links-signed": bool(signed) and any(domain in signed for _, domain in seen.clickable),
        "claims-signed-elsewhere": bool(signed) and sender.signs.domain not in signed,
        "claims-pictures-own": own,
        "claims-pictures-elsewhere": bool(pictures) and not own,
    }


def _directions(sender: _Sender, facts: Facts) -> _Directions:
    signed = {registrable(domain) for domain in facts.authentication.dkim_domains}
    signed -= host_kinds().free_mail
    links = facts.links[:_MOST_LINKS]
    clickable = dict.fromkeys((link.host, link.domain) for link in links if link.place in _CLICKABLE and link.host)
    kinds = [_kind(host, domain, sender, signed) for host, domain in clickable]
    return _Directions(
        signed,
        tuple(clickable),
        [kind for kind in kinds if kind != "everywhere"],
        [host for (host, _), kind in zip(clickable, kinds, strict=True) if kind == "foreign"],
        {link.domain for link in links if link.place == "attribute" and link.domain},
    )


def _kind(host: str, domain: str, sender: _Sender, signed: set[str]) -> str:
    """own, service, everywhere or foreign"""
    signs = signs_of(host)
    if domain in signed or _same_owner(domain, signs.owner, sender.signs):
        return "own"
    if signs.service:
        return "service"
    return "everywhere" if signs.everywhere else "foreign"


def _same_owner(domain: str, owned_by: str, sender: HostSigns) -> bool:
    """Whether who sent the mail also runs the host; a free-mail user does not run what the provider runs."""
    if sender.free_mail:
        return False
    return domain == sender.domain or bool(owned_by and owned_by == sender.owner)


def _foot(sender: _Sender, facts: Facts) -> dict[str, float]:
    holders = _holders(sender, facts) or ()
    own = any(_fits(words, sender.label) for words in holders)
    return {"claims-copyright-own": own, "claims-copyright-elsewhere": bool(holders) and not own}


def _holders(sender: _Sender, facts: Facts) -> list[list[str]] | None:
    """Whom the copyright lines name, in words, if there may be any."""
    end = facts.text[-_END:]
    if not sender.label or not ("©" in end or "opyright" in (lowered := end.lower()) or "(c)" in lowered):
        return None
    found = [_WORD.findall(holder.lower()) for holder in _COPYRIGHT.findall(end)[:3]]
    return [words for words in found if words]


def _contact(sender: _Sender, facts: Facts, text: str, lowered: str) -> dict[str, float]:
    return {
        "claims-free-mail-inside": not sender.signs.free_mail and bool(_private(text)),
        "claims-callback": bool(_phone(facts, text, lowered)),
    }


def _private(text: str) -> str:
    """The first free mail provider that an address in the text belongs to."""
    domains = [registrable(host.lower()) for host in _ADDRESS.findall(text)[:10]] if "@" in text else []
    return next((domain for domain in domains if domain in host_kinds().free_mail), "")


def _phone(facts: Facts, text: str, lowered: str) -> str:
    """A telephone number in a mail about money that leads nowhere else."""
    if any(link.place in _CLICKABLE and link.host and link.url[:4] == "http" for link in facts.links):
        return ""  # most mail ends here
    signs, codes = any(sign in text for sign in _SIGNS), any(code in lowered for code in _CODES)
    money = (signs and _AMOUNT.search(text)) or (codes and _CURRENCY.search(text))
    found = _PHONE.search(text) if money else None
    return found.group() if found else ""
