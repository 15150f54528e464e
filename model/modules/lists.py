"""Lists: is the sender trusted, blocked, or the tenant's own exercise?"""

import hmac
from collections.abc import Sequence

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
    if found.source_address and found.source_address in context.trusted_source_addresses:
        return found.source_address
    if found.dmarc != "pass" or found.aligned is not True or len(facts.from_) != 1:
        return None
    return _listed(_claimed(facts), context.trusted_senders)


def is_simulation(facts: Facts, context: ModuleContext) -> bool:
    """Whether the message carries one of the tenant's own exercise tokens; compared in constant time."""
    return any(
        hmac.compare_digest(mine.encode(), theirs.encode())
        for mine in context.simulation_tokens
        for theirs in facts.simulation_tokens[:10]
        if mine
    )


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
