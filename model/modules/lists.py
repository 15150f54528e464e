"""Lists: is the sender trusted, blocked, or the tenant's own exercise?"""

import hmac
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from model.contract import ModuleContext, Opinion, Reason
from model.message.domains import registrable
from model.message.facts import Facts


def opinion(facts: Facts, context: ModuleContext) -> Opinion:
    """A blocked sender is a hard match; a trusted one speaks against, and vetoes PSR elsewhere."""
    blocked = _listed(_claimed(facts), context.blocked_senders)
    if blocked:
        return Opinion("lists", 1.0, 0.0, hard=True, reasons=(Reason("sender-blocked", blocked),))
    trusted = trusted_sender(facts, context)
    reasons = (Reason("sender-trusted", trusted),) if trusted else ()
    return Opinion("lists", 0.0, 1.0, reasons=reasons)


def trusted_sender(facts: Facts, context: ModuleContext) -> str | None:
    """The list entry that proves the sender trusted, or None.

    Trusted means that DMARC passed and aligned for a listed From, or that the tenant's own gateway recorded a listed
    source address. From alone is forgeable, and so are several From headers.
    """
    found = facts.authentication
    network = _listed_address(found.source_address, context.trusted_source_addresses)
    if network:
        return network
    if found.dmarc != "pass" or found.aligned is not True or len(facts.from_) != 1:
        return None
    return _listed(_claimed(facts), context.trusted_senders)


def is_simulation(facts: Facts, context: ModuleContext) -> bool:
    """Whether the message carries one of the tenant's own exercise tokens; compared in constant time."""
    return any(
        hmac.compare_digest(mine.encode(), theirs.strip().encode("utf-8", "replace"))
        for mine in context.simulation_tokens
        for theirs in facts.simulation_tokens[:10]
        if mine
    )


def _listed_address(source: str, entries: Sequence[str]) -> str | None:
    """The entry that the source address fits, however either is written; an entry may be a network (192.0.2.0/24)."""
    try:
        address = ip_address(source)
    except ValueError:
        return None
    for entry in entries:
        try:
            if address in ip_network(entry.strip(), strict=False):
                return entry
        except ValueError:
            continue  # a mistyped entry trusts nobody
    return None


def _claimed(facts: Facts) -> list[str]:
    return [sender.address for sender in facts.from_[:10] if sender.address]


def _listed(addresses: Sequence[str], entries: Sequence[str]) -> str | None:
    """The first entry that names one of the addresses: an address, a domain, or a domain's organisation."""
    wanted = {entry.strip().lower().removeprefix("@") for entry in entries}
    for address in addresses:
        domain = address.rpartition("@")[2]
        for form in (address, domain, registrable(domain)):
            if form and form in wanted:
                return form
    return None
