"""Authentication: does the sender prove to be who the message says?"""

import re

from model.contract import ModuleContext, Opinion, Reason
from model.features.domains import host_kinds, lookalike, named_brand, owner
from model.features.sender import brand_in
from model.message.domains import registrable
from model.message.facts import Facts

_FAILED = {"fail", "softfail", "permerror"}
_SHOWN = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")


def opinion(facts: Facts, context: ModuleContext) -> Opinion:
    """Full score when alignment failed and somebody is impersonated, half when it only failed."""
    found = facts.authentication
    failed = alignment_failed(facts)
    posed = impersonates(facts)
    score = 1.0 if posed else 0.5 if failed else 0.0
    reasons = []
    if failed:
        reasons.append(Reason("alignment-failed", f"spf={found.spf} dkim={found.dkim} dmarc={found.dmarc}"))
    if posed:
        reasons.append(Reason("sender-impersonates", posed))
    return Opinion("authentication", score, 1.0 - score, reasons=tuple(reasons))


def alignment_failed(facts: Facts) -> bool:
    """Whether the trusted gateway found that From is not authenticated; its silence is no failure."""
    found = facts.authentication
    if found.aligned is True or found.dmarc == "pass":
        return False
    return found.dmarc in _FAILED or (found.aligned is False and bool({found.spf, found.dkim} & _FAILED))


def impersonates(facts: Facts) -> str | None:
    """Whom the unproven sender pretends to be: the recipient's own organisation or a well-known name, or None."""
    if not alignment_failed(facts):
        return None
    own = _own_domains(facts)
    for sender in facts.from_[:10]:
        domain = registrable(sender.address.rpartition("@")[2])
        shown = _SHOWN.findall(sender.name[:200].lower())  # "Ana <ana@example.org>" as a display name
        for claimed in (domain, *map(registrable, shown)):
            if claimed in own:
                return claimed
        posed = _brand_of(domain) or lookalike(domain) or named_brand(domain) or brand_in(sender.name)
        if posed:
            return posed
    return None


def _brand_of(domain: str) -> str:
    """The brand whose own domain it is; everybody's mail provider stands for nobody."""
    return "" if domain in host_kinds().free_mail else owner(domain)


def _own_domains(facts: Facts) -> frozenset[str]:
    """The recipients' organisations, without providers that anybody has an address with."""
    people = (*facts.to[:20], *facts.cc[:20])
    return (
        frozenset(registrable(person.address.rpartition("@")[2]) for person in people) - host_kinds().free_mail - {""}
    )
