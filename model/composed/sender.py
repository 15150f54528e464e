"""Sender: how does an honest organisation or person send, and what vouches for them?"""

from dataclasses import dataclass

from model.composed.organisations import Organisation, invented
from model.composed.services import Route, route
from model.composed.world import World, data
from model.features.domains import host_kinds
from model.message.domains import registrable

Results = tuple[str, str, str]  # spf, dkim, dmarc
_PRIVATE_SHARE = 0.15  # of people who write from a free mailbox
_SHARING = (
    "we.tl",
    "wetransfer.com",
    "drive.google.com",
    "docs.google.com",
    "www.dropbox.com",
    "us02web.zoom.us",
    "teams.microsoft.com",
)


@dataclass(frozen=True)
class Sender:
    """Who a mail says it is from, through what it came, where it leads."""

    name: str
    address: str
    return_path: str
    results: Results
    signed: str  # the domain of the signature, empty without one
    reply_to: str
    route: Route
    target: str  # where the buttons lead: a scheme and host, or a whole address
    sides: tuple[str, ...]  # hosts of footers and pictures
    whole: bool = False  # `target` is a whole address


def honest(
    world: World, flow: str, whose: Organisation, language: str, rcpt: str, person: tuple[str, str] | None
) -> Sender:
    """A sender with every right to the name. `person` writes in the organisation's name or through its service."""
    address, name = _identity(world, flow, whose, person)
    way = route(world, flow, whose.via, address, rcpt, language)
    path = way.return_path(world)
    signed = world.pick(way.signs(registrable(address.rpartition("@")[2]))[:1])
    return Sender(
        name=name,
        address=address,
        return_path=path,
        results=vouched(world, address, path, signed, careful=whose.known),
        signed=signed,
        reply_to=_reply_to(world, whose, person),
        route=way,
        target=f"https://{_target(world, flow, whose)}",
        sides=whose.hosts,
    )


def vouched(world: World, address: str, path: str, signed: str, *, careful: bool) -> Results:
    """What a gateway finds for somebody who may use these domains; small firms leave some of it out."""
    slips = 0.02 if careful else 0.12
    spf = "pass" if not world.often(slips) else world.pick(("none", "softfail", "neutral"))
    dkim = "pass" if not world.often(slips) else world.pick(("none", "none", "fail"))
    author = registrable(address.rpartition("@")[2])
    aligned = (spf == "pass" and registrable(path.rpartition("@")[2]) == author) or (
        dkim == "pass" and signed == author
    )
    if careful or world.often(0.6):
        return spf, dkim, "pass" if aligned else "fail" if world.often(0.3) else "none"
    return spf, dkim, "none"


def desk(world: World, whose: Organisation) -> str:
    """A display name for an organisation."""
    choices = (whose.name, whose.name, whose.name, f"{whose.name} {world.pick(data('names.toml')['parts']['desks'])}")
    return world.pick(choices)


def _identity(world: World, flow: str, whose: Organisation, person: tuple[str, str] | None) -> tuple[str, str]:
    if flow == "person" and person:
        host = free_mail(world) if world.often(_PRIVATE_SHARE) else whose.domain
        signature = person[0] if world.often(0.8) else f"{person[0]} | {whose.name}"
        return f"{person[1]}@{host}", signature
    named = f"{person[0]} ({world.pick(('via ', ''))}{whose.name})" if person else desk(world, whose)
    return world.pick(whose.addresses), named


def _target(world: World, flow: str, whose: Organisation) -> str:
    if flow != "person":
        return world.pick(whose.hosts)
    own = f"{whose.domain.partition('.')[0]}{world.pick(('', '-my'))}.sharepoint.com"
    return world.pick((*_SHARING, own, own, own, f"www.{whose.domain}", f"cloud.{whose.domain}"))


def _reply_to(world: World, whose: Organisation, person: tuple[str, str] | None) -> str:
    if not world.often(0.2):
        return ""
    if person and whose.known:  # the service writes, the person gets the answers
        return f"{person[1]}@{invented(world, 'business', 'en').domain}"
    return f"{world.pick(('support', 'info', 'reply', 'service', 'noreply', 'office'))}@{whose.domain}"


def free_mail(world: World) -> str:
    """A free mail provider."""
    return world.pick(sorted(host_kinds().free_mail)[:40])
