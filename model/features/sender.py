"""Sender: who does the message say it is from, and what speaks for that?"""

import re
from dataclasses import dataclass

import numpy as np

from model.features import hashing, scrub
from model.features.bag import EMPTY, Bag, bag, named_bag
from model.features.domains import brands, host_kinds, lookalike, named_brand, owner, readable
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
    "sender-free-mail",
    "sender-odd-domain.suffix",
    "sender-odd-domain.shape",
    "sender-odd-domain.hosting",
    "reply-to-elsewhere",
    "reply-to-elsewhere.free-mail",
    "return-path-elsewhere",
)
_BAD = {"fail", "softfail", "permerror"}
_WORD = re.compile(r"[^\W_]+")
_SHOWN_ADDRESS = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
_LITTLE_ELSE = 2  # words beside an everyday brand name that still leave it a brand


@dataclass(frozen=True)
class Reading:
    """The bags and dense facts of the sender."""

    sender: Bag
    domain: Bag
    facts: dict[str, float]
    notes: dict[str, str]


def read(facts: Facts, pieces: tuple[str, ...]) -> Reading:
    """Everything about From, Reply-To, the envelope and their authentication."""
    name = facts.from_[0].name if facts.from_ else ""
    address = facts.from_address
    host = address.rpartition("@")[2]
    domain = registrable(host)

    found, notes = _authentication(facts.authentication, domain)
    for more, remarks in (_identity(facts, name, host, domain), _elsewhere(facts, domain)):
        found |= more
        notes |= remarks
    return Reading(_wording(name, address, pieces), _known(facts, domain), found, notes)


def brand_in(text: str) -> str:
    """The brand a display name or subject claims to be, or an empty string."""
    words = _WORD.findall(text.lower()[:200])
    for at, word in enumerate(words):
        for brand in brands().by_first_word.get(word, ()):
            whole = " ".join(words[at : at + brand.count(" ") + 1]) == brand
            if whole and (brand not in brands().everyday or len(words) <= _LITTLE_ELSE):
                return brand
    return ""


def _authentication(seen: Authentication, domain: str) -> tuple[dict[str, float], dict[str, str]]:
    results = {"spf": seen.spf, "dkim": seen.dkim, "dmarc": seen.dmarc}
    found, notes = {}, {}
    for check, result in results.items():
        found[f"authentication-passed.{check}"] = float(result == "pass")
        found[f"authentication-failed.{check}"] = float(result in _BAD)
    unknown = all(result == "unknown" for result in results.values())
    found["authentication-unknown"] = float(unknown)
    found["sender-aligned"] = float(seen.aligned is True)
    found["sender-not-aligned"] = float(seen.aligned is False and not unknown)
    for word in ("passed", "failed"):
        named = [check.upper() for check in results if found[f"authentication-{word}.{check}"]]
        notes[f"authentication-{word}"] = ", ".join(named)
    notes["sender-aligned"] = domain
    notes["sender-not-aligned"] = domain
    return found, notes


def _identity(facts: Facts, name: str, host: str, domain: str) -> tuple[dict[str, float], dict[str, str]]:
    kinds = host_kinds()
    claimed, owned = brand_in(name), owner(domain)
    in_subject = brand_in(facts.subject)
    foreign = bool(claimed) and domain not in brands().domains[claimed] and owned != claimed
    imitated = (lookalike(domain) or named_brand(host)) if domain else ""
    shown = _SHOWN_ADDRESS.search(name)
    shows_other = shown is not None and registrable(shown.group(1).lower()) != domain
    free = domain in kinds.free_mail
    label, _, suffix = domain.partition(".")
    found = {
        "sender-missing": float(not domain or "." not in domain),
        "sender-brand-elsewhere": float(foreign),
        "sender-brand-elsewhere.subject": float(
            bool(in_subject) and owned != in_subject and domain not in brands().domains[in_subject]
        ),
        "sender-brand-elsewhere.free-mail": float(foreign and free),
        "sender-name-shows-address": float(shows_other),
        "sender-lookalike-domain": float(bool(imitated)),
        "sender-free-mail": float(free),
        "sender-odd-domain.suffix": float(suffix in kinds.cheap_suffixes),
        "sender-odd-domain.shape": float("xn--" in host or label.count("-") > 2 or sum(map(str.isdigit, label)) > 3),
        "sender-odd-domain.hosting": float(_hosted_free(host)),
    }
    notes = {
        "sender-brand-elsewhere": f"{claimed or in_subject} / {domain}",
        "sender-name-shows-address": f"{shown.group(0)} / {facts.from_address}" if shown else "",
        "sender-lookalike-domain": f"{readable(domain)} ~ {imitated}",
        "sender-free-mail": domain,
        "sender-odd-domain": readable(host),
    }
    return found, notes


def _elsewhere(facts: Facts, domain: str) -> tuple[dict[str, float], dict[str, str]]:
    reply = registrable(facts.reply_to[0].address.rpartition("@")[2]) if facts.reply_to else ""
    path = registrable(facts.return_path.rpartition("@")[2])
    away = bool(reply) and reply != domain
    found = {
        "reply-to-elsewhere": float(away),
        "reply-to-elsewhere.free-mail": float(away and reply in host_kinds().free_mail),
        "return-path-elsewhere": float(bool(path) and path != domain),
    }
    return found, {"reply-to-elsewhere": reply, "return-path-elsewhere": path}


def _wording(name: str, address: str, pieces: tuple[str, ...]) -> Bag:
    """Words of the display name, characters of the address. The domain as a whole is not here: From is forgeable."""
    name = scrub.without(name.lower()[:120], pieces)
    local, _, host = scrub.without(address[:160], pieces).partition("@")
    tokens = [(f"name {word}", 0) for word in _WORD.findall(name)[:8]]
    tokens += [(f"local {word}", 1) for word in _WORD.findall(local)[:6]]
    tokens += [(f"suffix {host.rpartition('.')[2]}", 1)]
    grams = hashing.gram_hashes(hashing.codes(f"^{name}|{host}$"[:80]), 3)
    few = named_bag(tokens, (name, address))
    if not len(few) or few.owners is None:
        return bag(grams, None, ())
    owners = np.concatenate((few.owners, np.ones(len(grams), dtype=np.int64)))
    return bag(np.concatenate((few.hashes, grams)), owners, few.names)


def _known(facts: Facts, domain: str) -> Bag:
    """The domain's own bucket, only where authentication vouches for it: a forged From earns nothing."""
    if facts.authentication.aligned is not True or not domain or domain in host_kinds().free_mail:
        return EMPTY
    return named_bag([(f"aligned {domain}", 0)], (domain,))


def _hosted_free(host: str) -> bool:
    return any(host == kind or host.endswith(f".{kind}") for kind in host_kinds().free_hosting if kind in host)
