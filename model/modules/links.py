"""Links: does a link lead somewhere else than a person would believe, and to what kind of page?"""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote

from model.contract import Landing, ModuleContext, Opinion, Reason
from model.features import links as seen
from model.features.domains import host_kinds, readable
from model.features.scrub import needles
from model.message.domains import registrable
from model.message.facts import Facts, Link
from model.modules.landing import is_anybodys
from model.modules.patterns import Patterns, compiled

ACTS_FROM = 0.8
_MOST_LINKS = 100
# What each sign is worth alone; they add up like independent chances. None is proof: a newsletter's tracking host
# makes a link's text differ too, so one sign of that kind stays far from acting.
WEIGHTS = {
    "link-misleads": 0.8,
    "link-lookalike-domain": 0.7,
    "link-brand-elsewhere": 0.5,
    "link-text-differs": 0.4,
    "form-inside": 0.4,
    "link-ip-address": 0.4,
    "link-qr": 0.3,
    "link-free-hosting": 0.2,
    "link-shortener": 0.2,
    "link-hidden-place": 0.1,
    "landing-known-page": 1.0,
    "landing-known-kit": 0.7,
    "landing-brand-elsewhere": 0.6,
    "landing-sends-elsewhere": 0.4,
    "landing-asks-password": 0.2,
    "landing-asks-card": 0.2,
}
# A page that a message judged malicious led to is proof enough to name this one malicious as well.
CERTAIN = frozenset({"landing-known-page"})
_LIKENESS = frozenset({"link-lookalike-domain", "link-brand-elsewhere", "link-misleads"})


def opinion(facts: Facts, context: ModuleContext) -> Opinion:
    """How misleading the links are together, with each sign's link to look at; certain where a page is known."""
    found = _signs_with_trust(facts, compiled(context.trusted_domains)) | _landed(context.landings)
    doubt = 1.0
    for code in found:
        doubt *= 1.0 - WEIGHTS[code]
    score = round(1.0 - doubt, 4)
    reasons = tuple(Reason(code, detail) for code, detail in found.items())
    hard = not CERTAIN.isdisjoint(found)
    return Opinion("links", score, max(0.0, round(ACTS_FROM - score, 4)), hard, reasons)


def _signs_with_trust(facts: Facts, trusted: Patterns) -> dict[str, str]:
    """The signs; a domain that the tenant trusts is not held to be like somebody else's."""
    signs = _signs(facts)
    if _LIKENESS.isdisjoint(signs):
        return signs
    others = _signs(replace(facts, links=tuple(one for one in facts.links if not trusted.of_domain(one.host))))
    return {code: others.get(code, said) for code, said in signs.items() if code not in _LIKENESS or code in others}


def _signs(facts: Facts) -> dict[str, str]:
    """The signs the network knows as well, with the same names, and one of our own; heaviest first."""
    if not facts.links:
        return {}
    reading = seen.read(facts, needles(facts))
    raised = {name.partition(".")[0] for name, value in reading.facts.items() if value > 0}
    signs = {code: reading.notes.get(code, "") for code in WEIGHTS if code in raised}
    own = _own_domains(facts)
    misleading = next((link for link in facts.links[:_MOST_LINKS] if _misleads(link, own)), None)
    if misleading:
        signs["link-misleads"] = readable(misleading.host)
    return dict(sorted(signs.items(), key=lambda sign: -WEIGHTS[sign[0]]))


def _landed(landings: Iterable[Landing]) -> dict[str, str]:
    """What the pages behind the links are, where they were followed. A brand's own page is no sign of anything."""
    signs: dict[str, str] = {}
    for landing in landings:
        if landing.outcome == "reached" and is_anybodys(landing.host):
            for code, detail in _signs_of_page(landing).items():
                signs.setdefault(code, detail)
    return signs


def _signs_of_page(landing: Landing) -> dict[str, str]:
    shown = readable(landing.host)
    secret = landing.password or landing.card
    found = {
        "landing-known-page": landing.known == "page",
        "landing-known-kit": landing.known == "kit",
        "landing-brand-elsewhere": bool(landing.brand) and secret,
        "landing-sends-elsewhere": bool(landing.sends_to),
        "landing-asks-password": landing.password,
        "landing-asks-card": landing.card,
    }
    details = {
        "landing-brand-elsewhere": f"{landing.brand} / {shown}",
        "landing-sends-elsewhere": f"{shown} / {readable(landing.sends_to)}",
    }
    return {code: details.get(code, shown) for code, is_there in found.items() if is_there}


def _own_domains(facts: Facts) -> frozenset[str]:
    """The recipients' organisations, without providers that anybody has an address with."""
    people = (*facts.to[:20], *facts.cc[:20])
    return (
        frozenset(registrable(person.address.rpartition("@")[2]) for person in people) - host_kinds().free_mail - {""}
    )


def _misleads(link: Link, own: frozenset[str]) -> bool:
    """Whether the address begins like somebody else's: a host before the @, or the recipient's own domain in front."""
    authority = unquote(link.url.partition("://")[2].partition("/")[0].partition("?")[0])
    user = authority.rpartition("@")[0].partition(":")[0]
    if "." in user.strip("."):
        return True
    return link.domain not in own and any(f".{link.host}".find(f".{domain}.") >= 0 for domain in own if "." in domain)
