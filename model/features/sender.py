"""Sender: who does the message say it is from, and what speaks for that?"""

import re
from functools import lru_cache, partial

from model.features import scrub
from model.features.domains import brands, host_kinds
from model.features.hosts import HostSigns, made_up, signs_of
from model.features.reading import DOMAIN, GRAMS, NAMES, SENDER, SENDER_CHARACTERS, WHOLE, Passage, Reading
from model.message.domains import registrable
from model.message.facts import Authentication, Facts

AUTHENTICATION_FACTS = (  # masked together in training: that they are there at all tells corpora apart
    "authentication-passed.spf",
    "authentication-passed.dkim",
    "authentication-passed.dmarc",
    "authentication-failed.spf",
    "authentication-failed.dkim",
    "authentication-failed.dmarc",
    "sender-aligned",
    "sender-not-aligned",
    "authentication-unknown",
)
FACTS = (
    *AUTHENTICATION_FACTS,
    "sender-missing",
    "sender-brand-elsewhere",
    "sender-brand-elsewhere.subject",
    "sender-brand-elsewhere.free-mail",
    "sender-name-shows-address",
    "sender-lookalike-domain",
    "sender-lookalike-domain.named",
    "sender-young-name.made-up",
    "sender-young-name.long",
    "sender-young-name.hyphens",
    "sender-young-name.local",
    "sender-free-mail",
    "sender-odd-domain.suffix",
    "sender-odd-domain.shape",
    "sender-odd-domain.hosting",
    "reply-to-elsewhere",
    "reply-to-elsewhere.free-mail",
    "return-path-elsewhere",
)
_BAD = {"fail", "softfail", "permerror"}
_UNKNOWN = ("unknown",) * 3
_WORD = re.compile(r"[^\W_]+")
_SHOWN_ADDRESS = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
_LITTLE_ELSE = 2  # words beside an everyday brand name that still leave it a brand


def read(facts: Facts, pieces: tuple[str, ...]) -> Reading:
    """Everything about From, Reply-To, the envelope and their authentication."""
    name = facts.from_[0].name if facts.from_ else ""
    address = facts.from_address
    signs = signs_of(address.rpartition("@")[2])
    values = (
        *_authentication(facts.authentication, free_mail=signs.free_mail),
        *_identity(facts, name, signs),
        *_elsewhere(facts, signs.domain),
    )
    passages = [*_wording(name, address, pieces), *_known(facts, signs.domain)]
    return Reading(FACTS, values, partial(_notes, facts, name, signs), passages)


@lru_cache(maxsize=8192)
def brand_in(text: str) -> str:
    """The brand a display name or subject claims to be, or an empty string."""
    words, known = _WORD.findall(text.lower()[:200]), brands()
    for at, word in enumerate(words):
        for brand in known.by_first_word.get(word, ()):
            whole = " ".join(words[at : at + brand.count(" ") + 1]) == brand
            if whole and (brand not in known.everyday or len(words) <= _LITTLE_ELSE):
                return brand
    return ""


def _authentication(seen: Authentication, *, free_mail: bool) -> tuple[float, ...]:
    results = (seen.spf, seen.dkim, seen.dmarc)
    unknown = results == _UNKNOWN
    return (
        *[result == "pass" for result in results],
        *[result in _BAD for result in results],
        seen.aligned is True and not free_mail,  # anybody is theirs
        seen.aligned is False and not unknown,
        unknown,
    )


def _identity(facts: Facts, name: str, signs: HostSigns) -> tuple[float, ...]:
    domain = signs.domain
    foreign = _foreign(brand_in(name), domain, signs.owner)
    shown = _shown_address(name)
    return (
        not domain or "." not in domain,
        foreign,
        _foreign(brand_in(facts.subject), domain, signs.owner),
        foreign and signs.free_mail,
        shown is not None and registrable(shown.group(1).lower()) != domain,
        signs.closeness,
        bool(signs.named_brand),
        signs.made_up,
        signs.long,
        signs.hyphens,
        made_up(facts.from_address.partition("@")[0]),
        signs.free_mail,
        signs.cheap_suffix,
        signs.odd_shape,
        signs.free_hosting,
    )


def _shown_address(name: str) -> re.Match[str] | None:
    return _SHOWN_ADDRESS.search(name) if "@" in name else None


def _notes(facts: Facts, name: str, signs: HostSigns) -> dict[str, str]:
    seen, domain, shown = facts.authentication, signs.domain, _shown_address(name)
    results = {"SPF": seen.spf, "DKIM": seen.dkim, "DMARC": seen.dmarc}
    return {
        "authentication-passed": ", ".join(check for check, result in results.items() if result == "pass"),
        "authentication-failed": ", ".join(check for check, result in results.items() if result in _BAD),
        "sender-aligned": domain,
        "sender-not-aligned": domain,
        "sender-brand-elsewhere": f"{brand_in(name) or brand_in(facts.subject)} / {domain}",
        "sender-name-shows-address": f"{shown.group(0)} / {facts.from_address}" if shown else "",
        "sender-lookalike-domain": f"{signs.shown} ~ {signs.lookalike or signs.named_brand}",
        "sender-young-name": facts.from_address,
        "sender-free-mail": domain,
        "sender-odd-domain": signs.shown,
        "reply-to-elsewhere": _reply_domain(facts),
        "return-path-elsewhere": _path_domain(facts),
    }


def _foreign(brand: str, domain: str, owned_by: str) -> bool:
    """Whether a brand is named whose owner does not own the domain."""
    return bool(brand) and owned_by != brand and domain not in brands().domains[brand]


def _elsewhere(facts: Facts, domain: str) -> tuple[float, ...]:
    reply, path = _reply_domain(facts), _path_domain(facts)
    away = bool(reply) and reply != domain
    return away, away and reply in host_kinds().free_mail, bool(path) and path != domain


def _reply_domain(facts: Facts) -> str:
    return registrable(facts.reply_to[0].address.rpartition("@")[2]) if facts.reply_to else ""


def _path_domain(facts: Facts) -> str:
    return registrable(facts.return_path.rpartition("@")[2])


def _wording(name: str, address: str, pieces: tuple[str, ...]) -> list[Passage]:
    """Words of the display name, characters of the address. The domain as a whole is not here: From is forgeable."""
    name = scrub.without(name.lower()[:120], pieces)
    local, _, host = scrub.without(address[:160], pieces).partition("@")
    return [
        Passage(SENDER, NAMES, name, "name "),
        Passage(SENDER, NAMES, local, "local "),
        Passage(SENDER, WHOLE, f"suffix {host.rpartition('.')[2]}"),
        Passage(SENDER_CHARACTERS, GRAMS, f"^{name[:60]}|{host[:60]}$"),
    ]


def _known(facts: Facts, domain: str) -> list[Passage]:
    """The domain's own bucket, only where authentication vouches for it: a forged From earns nothing."""
    if facts.authentication.aligned is not True or not domain or domain in host_kinds().free_mail:
        return []
    return [Passage(DOMAIN, WHOLE, f"aligned {domain}")]
