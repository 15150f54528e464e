"""Lists: is the sender trusted, acceptable, blocked, or to be verified?

What lets mail off needs a proven sender, because From alone is forgeable. What speaks against it does not.
"""

from model.contract import ModuleContext, Opinion, Reason
from model.message.facts import Facts
from model.modules.patterns import Patterns, compiled, named


def opinion(facts: Facts, context: ModuleContext) -> Opinion:
    """A blocked sender is a hard match, one to be verified wants a person; the others are said, and act elsewhere."""
    blocked = blocked_sender(facts, context)
    if blocked:
        return Opinion("lists", 1.0, 0.0, hard=True, reasons=(Reason("sender-blocked", blocked),))
    verify = seen_to_verify(facts, context)
    found = (
        Reason("sender-verify", verify or ""),
        Reason("sender-trusted", trusted_sender(facts, context) or ""),
        Reason("sender-acceptable", acceptable_sender(facts, context) or ""),
    )
    reasons = tuple(reason for reason in found if reason.detail)
    return Opinion("lists", 0.0, 1.0, reasons=reasons, review=verify is not None)


def blocked_sender(facts: Facts, context: ModuleContext) -> str | None:
    """The entry of the blocked senders that names anybody who has a part in sending it."""
    return _names_any(facts, compiled(context.blocked_senders))


def seen_to_verify(facts: Facts, context: ModuleContext) -> str | None:
    """The same of those whose mail a person looks at."""
    return _names_any(facts, compiled(context.verify_senders))


def trusted_sender(facts: Facts, context: ModuleContext) -> str | None:
    """The list entry that proves the sender trusted, or None.

    Proven means that DMARC passed and aligned for a listed From, or that the tenant's own gateway recorded a listed
    source address. From alone is forgeable, and so are several From headers.
    """
    gateway = compiled(context.trusted_source_addresses).of_source(facts.authentication.source_address)
    return gateway or _proven(facts, compiled(context.trusted_senders))


def acceptable_sender(facts: Facts, context: ModuleContext) -> str | None:
    """The entry of the acceptable senders, with the same proof."""
    return _proven(facts, compiled(context.acceptable_senders))


def verify_sender(facts: Facts, context: ModuleContext) -> str | None:
    """The entry of those whose mail a person looks at, with the same proof."""
    return _proven(facts, compiled(context.verify_senders))


def is_proven(facts: Facts) -> bool:
    """Whether one From is proven by DMARC in alignment, as the tenant's own gateway found."""
    found = facts.authentication
    return found.dmarc == "pass" and found.aligned is True and len(facts.from_) == 1


def _proven(facts: Facts, patterns: Patterns) -> str | None:
    source = patterns.of_source(facts.authentication.source_address)
    if source or not is_proven(facts):
        return source
    return named([facts.from_address], patterns)


def _names_any(facts: Facts, patterns: Patterns) -> str | None:
    """The entry that names whoever has a part in sending it: as From, Sender, Reply-To, envelope or source address."""
    people = (*facts.from_[:10], *facts.sender[:10], *facts.reply_to[:10])
    addresses = [*(person.address for person in people), facts.return_path.strip("<>")]
    return named(addresses, patterns) or patterns.of_source(facts.authentication.source_address)
