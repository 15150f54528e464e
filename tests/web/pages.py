"""Pages: every page there is, once. Tests of all pages read this list; a page that is missing fails a test."""

from dataclasses import dataclass

from builders import World
from one_of_each import seed_rule
from seeded import facts, seed_failure, seed_message, seed_received

from backend.domain.disposition import Disposition
from backend.flow import feedback
from backend.flow.polling import poll_all
from backend.store import campaigns, messages, traits
from connectors.maildir.deliver import make_mailbox
from model.message.facts import Address
from model.modules.traits import HOST, Trait


@dataclass(frozen=True)
class Page:
    """`address` may name what `seed_all` has put in; `signed_in` is False for pages that anybody may see."""

    address: str
    signed_in: bool = True
    answers: int = 200


PAGES = [
    Page("/sign-in", signed_in=False),
    Page("/queue"),
    Page("/queue?tab=all"),
    Page("/queue?tab=failed"),
    Page("/queue?tab=all&kind=team&disposition=SPAM"),
    Page("/search"),
    Page("/search?q=mailbox"),
    Page("/search?q=nothingatall"),
    Page("/search?q=nofield:x"),
    Page("/look"),
    Page("/invalid"),
    Page("/invalid?seen=yes"),
    Page("/invalid/{mail}/raw"),
    Page("/upload"),
    Page("/messages/{message}"),
    Page("/messages/{open}"),
    Page("/messages/{young}"),
    Page("/messages/{message}/headers"),
    Page("/messages/{message}/raw"),
    Page("/messages/{message}/similar"),
    Page("/messages/999999", answers=404),
    Page("/campaigns"),
    Page("/campaigns/{campaign}"),
    Page("/learning"),
    Page("/log"),
    Page("/log/later-looks"),
    Page("/log/answers"),
    Page("/settings/replies"),
    Page("/settings/replies/none/de"),
    Page("/overview"),
    Page("/settings"),
    Page("/settings/auto-retract"),
    Page("/settings/mail"),
    Page("/settings/outlook"),
    Page("/settings/gmail"),
    Page("/settings/people"),
    Page("/settings/tokens"),
    Page("/settings/outbound"),
    Page("/settings/simulations"),
    Page("/settings/lists"),
    Page("/settings/lists?try=news@partner.example"),
    Page("/settings/signatures"),
    Page("/settings/signatures/{rule}"),
    Page("/audit"),
    Page("/account"),
    Page("/me"),
]

# GET routes that are no page of their own: what is fetched into a page, files, and what only leads on.
NO_PAGES = {
    "web.static",
    "web.home.home",
    "web.inbox.rows",
    "web.message.retraction",
    "web.message.body",
    "web.message.preview",
    "web.outlook.answered",
    "web.oidc.start",
    "web.oidc.answered",
    "web.reports.ask",  # for people who report: in test_axe_of_own_reports.py
    "web.reports.reports",
    "web.audit.export",
    "web.psr_log.export",
    "web.search.export",
    "web.lists.export",
    "web.search.rows",
    "web.progress.of_operation",
    "web.progress.of_retraction",
}


def seed_all(world: World) -> dict[str, int]:
    """Something of everything that pages show; the ids that their addresses name."""
    long = "An unusually long subject without an end " * 6
    retracted = seed_message(
        world, retracted=True, to_judge=True, comment="Is this real?", reporters=list(world.people)
    )
    stranger = facts(subject=long, from_=(Address("W" * 120, "x" * 50 + "@" + "y" * 60 + ".example"),))
    waiting = seed_message(world, long, Disposition.SUSPICIOUS, -1.4, -0.3, known=stranger)
    young = seed_message(world, "Not scored yet", disposition=None)
    seed_message(world, "An exercise", Disposition.NONE, -5.0, -4.8, simulation=True)
    seed_message(world, "Weekly offers", Disposition.SPAM, -2.0, -1.2, minutes_ago=90)
    seed_failure(world)
    mail = seed_received(world)
    seed_received(world, "x" * 60 + "@" + "y" * 60 + ".example", handled=True)
    world.set_policy(
        intake={"mailboxes": {"x" * 60 + "@phish.example": "user+spam", "gone@phish.example": "team+spoof"}}
    )
    make_mailbox(world.mail, "x" * 60 + "@phish.example")
    poll_all(world.services)
    sibling = seed_message(world, long, Disposition.MALICIOUS, known=stranger)
    with world.services.database.begin() as tx:
        now, ids = world.services.now(), [retracted.message_id, waiting.message_id]
        campaign, likely = campaigns.start(tx, world.tenant_id, now), campaigns.start(tx, world.tenant_id, now)
        messages.put_in_campaign(tx, world.tenant_id, ids, campaign)
        messages.put_in_campaign(tx, world.tenant_id, [sibling.message_id], likely)
        for one in (waiting, sibling):
            traits.keep(tx, world.tenant_id, one.message_id, [Trait(HOST, "of both")])
    feedback.correct(world.services, world.owner, retracted.message_id, Disposition.MALICIOUS)
    named = {"message": retracted.message_id, "open": waiting.message_id, "young": young.message_id}
    return {**named, "campaign": campaign, "mail": mail, "rule": seed_rule(world)}
