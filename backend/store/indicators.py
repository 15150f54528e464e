"""Indicators: by what would another system recognise a campaign's mail?

Others block what they are told. So what an attack only borrows is left out: everybody's sites, hosts that many share
(their addresses are told, the hosts are not), the readers' own domain, and a sender's name that was forged.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from backend.domain.disposition import Disposition
from backend.errors import Unknown
from backend.store.tables import campaigns, decisions, messages
from model.message.domains import registrable
from model.modules.landing import is_anybodys
from model.modules.traits import is_own_host

BAD = (Disposition.MALICIOUS, Disposition.SPOOF, Disposition.SUSPICIOUS)
MOST_MESSAGES = 2_000
MOST_OF_A_KIND = 1_000


@dataclass(frozen=True)
class Indicators:
    """What the messages of one campaign have in them, each once, in a stable order."""

    campaign_id: int
    first_seen: datetime
    last_seen: datetime
    senders: tuple[str, ...]
    links: tuple[str, ...]
    hosts: tuple[str, ...]
    files: tuple[str, ...]  # SHA-256 of attachments


def of_campaign(tx: Connection, tenant_id: int, campaign_id: int) -> Indicators:
    """Of the messages that stand as bad. Raises Unknown for a campaign that is not there or holds none."""
    here = and_(campaigns.c.tenant_id == tenant_id, campaigns.c.id == campaign_id)
    if tx.execute(select(campaigns.c.id).where(here)).first() is None:
        raise Unknown("There is no such campaign.")
    rows = tx.execute(_bad_messages(tenant_id, campaign_id)).all()
    if not rows:
        raise Unknown("No message of this campaign stands as malicious, spoof or suspicious.")

    facts = [row.facts for row in rows]
    links = [link for fact in facts for link in fact.get("links", ()) if _is_theirs(link, _readers(fact))]
    return Indicators(
        campaign_id=campaign_id,
        first_seen=min(row.first_reported_at for row in rows),
        last_seen=max(row.first_reported_at for row in rows),
        senders=_each_once(sender for fact in facts for sender in _own_senders(fact)),
        links=_each_once(link["url"] for link in links),
        hosts=_each_once(link["host"] for link in links if is_own_host(link["host"])),
        files=_each_once(
            one.get("sha256", "") for fact in facts for one in fact.get("attachments", ()) if not one.get("inline")
        ),
    )


def _bad_messages(tenant_id: int, campaign_id: int) -> Any:
    other = decisions.alias()
    last = select(func.max(other.c.version)).where(other.c.message_id == decisions.c.message_id)
    standing = and_(
        decisions.c.message_id == messages.c.id,
        decisions.c.tenant_id == messages.c.tenant_id,
        decisions.c.version == last.correlate(decisions).scalar_subquery(),
    )
    return (
        select(messages.c.facts, messages.c.first_reported_at)
        .select_from(messages)
        .join(decisions, standing)
        .where(
            messages.c.tenant_id == tenant_id,
            messages.c.campaign_id == campaign_id,
            messages.c.erased_at.is_(None),
            decisions.c.disposition.in_(BAD),
            decisions.c.simulation.is_(False),
        )
        .order_by(messages.c.id)
        .limit(MOST_MESSAGES)
    )


def _is_theirs(link: Any, readers: frozenset[str]) -> bool:
    """Whether it leads to where an attacker can have put a page."""
    host = str(link.get("host", ""))
    web = str(link.get("url", "")).startswith(("http://", "https://"))
    return web and is_anybodys(host) and registrable(host) not in readers


def _own_senders(fact: Any) -> Iterator[str]:
    """Not a forged one, and where nobody checked, none of a name that attackers like to borrow."""
    aligned, readers = fact.get("authentication", {}).get("aligned"), _readers(fact)
    for one in fact.get("from_", ()):
        domain = _domain_of(one)
        if domain not in readers and (aligned or (aligned is None and is_anybodys(domain))):
            yield one["address"]


def _readers(fact: Any) -> frozenset[str]:
    return frozenset(_domain_of(one) for one in (*fact.get("to", ()), *fact.get("cc", ())))


def _domain_of(one: Any) -> str:
    return registrable(str(one.get("address", "")).rpartition("@")[2])


def _each_once(values: Iterable[str]) -> tuple[str, ...]:
    """Without what cannot be printed: it would break a pattern, and no system would match it."""
    return tuple(sorted({value for value in values if value and value.isprintable()}))[:MOST_OF_A_KIND]
