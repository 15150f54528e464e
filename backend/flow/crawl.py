"""Crawl: where do the links of this message lead? Off by default: whoever is asked learns that somebody asks."""

import re
from collections.abc import Iterator
from datetime import datetime

import structlog
from sqlalchemy import Connection

from backend.crawl.process import follow
from backend.flow.context import list_context
from backend.services import Services
from backend.store import landings
from backend.store.messages import Message
from backend.store.tenants import Tenant
from model.contract import Landing
from model.message.facts import Facts, Link
from model.modules.landing import is_anybodys
from model.modules.lists import trusted_sender
from model.modules.simulations import is_simulation

CLICKABLE = frozenset({"a", "area", "form", "text", "qr", "pdf", "meta-refresh"})
# A link that acts when it is opened is not ours to open.
_ACTS = re.compile(r"unsub|opt-?out|abmeld|abbestell|desabonn|confirm|approve|accept|delete|one-?click", re.IGNORECASE)
_NOBODY = "reader@example.com"  # instead of the reader's own address: it would tell the sender who asks
_LONGEST = 2_000

log = structlog.get_logger()


def crawl(services: Services, tenant: Tenant, message: Message) -> None:
    """Follow the message's links once and keep where they led. A failure costs the landings and nothing else."""
    if not tenant.policy.links.crawl:
        return
    with services.database.read() as tx:
        if _is_let_off(tx, tenant, message.facts, services.now()):
            return
        if landings.of_message(tx, tenant.id, message.id) is not None:
            return

    chosen = links_to_follow(message.facts, tenant.policy.links.most)
    found = _follow(services, tenant, chosen) if chosen else ()

    with services.database.begin() as tx:
        landings.keep(tx, tenant.id, message.id, found, services.now())
    log.info("links followed", message=message.id, links=len(chosen), pages=_reached(found))


def links_to_follow(facts: Facts, most: int) -> list[str]:
    """The web addresses that a reader can click, without those that act and those of well-known sites."""
    return list(dict.fromkeys(_worth_it(facts)))[:most]


def _worth_it(facts: Facts) -> Iterator[str]:
    readers = [address.address for address in (*facts.to[:20], *facts.cc[:20]) if address.address]
    for link in facts.links:
        if link.place in CLICKABLE and _is_the_webs(link) and not _ACTS.search(link.url):
            yield _anonymous(link.url, readers)


def _is_the_webs(link: Link) -> bool:
    return link.url.startswith(("http://", "https://")) and len(link.url) <= _LONGEST and is_anybodys(link.host)


def _anonymous(url: str, readers: list[str]) -> str:
    for reader in readers:
        for written in (reader, reader.replace("@", "%40")):
            url = re.sub(re.escape(written), _NOBODY, url, flags=re.IGNORECASE)
    return url


def _is_let_off(tx: Connection, tenant: Tenant, facts: Facts, now: datetime) -> bool:
    """Whether it is an exercise, or its sender is trusted: then nobody is asked what they lead to."""
    context = list_context(tx, tenant, now)
    return is_simulation(facts, context) or trusted_sender(facts, context) is not None


def _follow(services: Services, tenant: Tenant, links: list[str]) -> tuple[Landing, ...]:
    settings, seconds = services.settings, tenant.policy.links.seconds
    try:
        return follow(links, seconds, settings.crawl_allowed_networks, settings.ca_file)
    except OSError as error:  # no process can be had
        log.error("links not followed", error=type(error).__name__)
        return tuple(Landing("unreachable") for _ in links)


def _reached(found: tuple[Landing, ...]) -> int:
    return sum(landing.outcome == "reached" for landing in found)
