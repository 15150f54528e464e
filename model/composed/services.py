"""Services: how does what a mail went through mark its envelope, headers and links?"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from model.composed.world import World, data

_TRACKED_SHARE = 0.6  # of mails through a service that can count clicks
_SHARED_SHARE = 0.2  # of senders that never set up names of their own
_COMMON = {  # what people and companies send through, by flow
    "notice": "own own own sendgrid ses ses mailgun postmark mandrill salesforce braze sparkpost brevo hubspot exchange"
    " workspace klaviyo",
    "bulk": "own mailchimp mailchimp sendgrid ses mailgun salesforce hubspot braze klaviyo sparkpost brevo",
    "person": "exchange exchange exchange workspace workspace postfix postfix apple own",
}


@dataclass(frozen=True)
class Route:
    """One mail's way through one service. `slots` fill its patterns."""

    name: str
    flow: str
    shared: bool  # under the service's own names
    tracked: bool
    slots: dict[str, str] = field(default_factory=dict)

    @property
    def entry(self) -> dict[str, Any]:
        """What `services.toml` says of the service."""
        return _service(self.name)

    def return_path(self, world: World) -> str:
        """The envelope sender."""
        pattern = self.entry["shared"]["path"] if self.shared else world.pick(self.entry["path"])
        return world.fill(pattern, self.slots)

    def signs(self, domain: str) -> tuple[str, ...]:
        """The domains that sign when everything is in order."""
        if self.shared:
            return (self.entry["shared"]["signs"],)
        return (domain, self.entry["both"]) if "both" in self.entry else (domain,)

    def link(self, world: World, url: str) -> str:
        """The address that stands in the mail for `url`."""
        if not self.tracked:
            return url
        kinds = self.entry["shared_click"] if self.shared or not self.entry["click"] else self.entry["click"]
        slots = {**self.slots, "url": quote(url, safe=""), "host": urlsplit(url).hostname or ""}
        return world.fill(world.pick(kinds), slots)

    def pixel(self, world: World) -> str:
        """The picture that counts who opened the mail, or an empty string."""
        return world.fill(self.entry["pixel"], self.slots) if self.tracked else ""

    def message_id(self, world: World) -> str:
        """The Message-ID without its brackets."""
        return world.fill(world.pick(self.entry["message_id"]), self.slots)

    def host(self, world: World) -> str:
        """The server that hands the mail over."""
        return world.fill(world.pick(self.entry["hosts"]), self.slots)

    def headers(self, world: World, subject: str) -> list[tuple[str, str]]:
        """What the service adds."""
        if self.name == "own" and not world.often(0.3):
            return []
        slots = {**self.slots, "subject": subject}
        return [(name, world.fill(value, slots)) for name, value in self.entry["headers"].items()]


def route(world: World, flow: str, via: tuple[str, ...], address: str, rcpt: str, language: str) -> Route:
    """Some service's way for a mail from `address`; `via` names what this sender uses, any if empty."""
    name = world.pick(via) if via else world.pick(_usual(flow))
    entry = _service(name)
    domain = address.rpartition("@")[2]
    slots = {
        "domain": domain,
        "label": domain.partition(".")[0],
        "from": address,
        "to": rcpt,
        "rcpt": rcpt.replace("@", "="),
        "language": language,
    }
    shared = "shared" in entry and not via and world.often(_SHARED_SHARE)
    return Route(name, flow, shared, "pixel" in entry and world.often(_TRACKED_SHARE), slots)


def _service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = data("services.toml")[name]
    return found


@cache
def _usual(flow: str) -> tuple[str, ...]:
    return tuple(_COMMON[flow].split())
