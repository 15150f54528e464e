"""Links: does a link lead somewhere else than a person would believe?"""

from urllib.parse import unquote

from model.contract import ModuleContext, Opinion, Reason
from model.features import links as seen
from model.features.domains import host_kinds, readable
from model.features.scrub import needles
from model.message.domains import registrable
from model.message.facts import Facts, Link

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
}


def opinion(facts: Facts, context: ModuleContext) -> Opinion:
    """How misleading the links are together, with each sign's link to look at."""
    found = _signs(facts)
    doubt = 1.0
    for code in found:
        doubt *= 1.0 - WEIGHTS[code]
    score = round(1.0 - doubt, 4)
    reasons = tuple(Reason(code, detail) for code, detail in found.items())
    return Opinion("links", score, max(0.0, round(ACTS_FROM - score, 4)), reasons=reasons)


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
