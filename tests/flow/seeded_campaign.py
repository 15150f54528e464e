"""One campaign of two messages, put into the store as the flow would have left it."""

from dataclasses import replace

from builders import World

from backend.domain.decision import Response, Ruling
from backend.domain.disposition import Disposition
from backend.domain.people import POLICY
from backend.domain.submission import EvidenceSource
from backend.store import campaigns, decisions, messages
from backend.store.tables import messages as rows
from model.message.facts import Address, Attachment, Facts, Link

EVIL = "https://evil.example/it's/%22here"


def seed_campaign(
    world: World,
    disposition: Disposition = Disposition.MALICIOUS,
    *,
    simulation: bool = False,
    mark: str = "",
    **fields,
) -> int:
    """`fields` are facts of both messages."""
    now = world.services.now()
    links = (
        Link(EVIL, "evil.example", "evil.example", "a"),
        Link("http://198.51.100.7/x", "198.51.100.7", "198.51.100.7", "a"),
        Link("mailto:somebody@honest.example", "honest.example", "honest.example", "a"),
    )
    with world.services.database.begin() as tx:
        campaign = campaigns.start(tx, world.tenant_id, now)
        for number, sender in enumerate(("desk@evil.example", "it@evil.example")):
            facts = Facts(
                subject="Your mailbox is full",
                from_=(Address("Desk", sender),),
                links=links,
                attachments=(
                    Attachment("notice.pdf", "application/pdf", "application/pdf", 10, "ab" * 32),
                    Attachment("logo.png", "image/png", "image/png", 10, "cd" * 32, inline=True),
                ),
            )
            facts = replace(facts, **fields)
            name = f"{world.slug}-{number}{mark}"
            message_id, _ = messages.keep(tx, world.tenant_id, name, facts, "", EvidenceSource.FETCHED, now)
            tx.execute(rows.update().where(rows.c.id == message_id).values(campaign_id=campaign))
            ruling = Ruling(disposition, simulation, Response.NOTHING, "", ())
            decisions.append(tx, world.tenant_id, message_id, ruling, POLICY, now, None)
    return campaign
