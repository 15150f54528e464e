"""Simulations: whose markers does this organisation believe, and would it take a mail for an exercise?"""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from ipaddress import ip_network

from sqlalchemy import Connection

from backend.domain.people import Actor, Operator, Right
from backend.errors import BadInput, NotAllowed
from backend.flow.context import list_context
from backend.flow.lists import pattern_of
from backend.services import Services
from backend.store import audit, outbox, tenants
from backend.store.outbox import Standing, Webhook
from backend.store.tenants import Tenant
from model.message.facts import Facts
from model.message.parse import parse_message
from model.modules.patterns import WIDEST
from model.modules.simulation_ways import Way, ways
from model.modules.simulations import vendors

REPORTED = "simulation.reported"  # the event of each report of an exercise
MOST_LINES = 100  # of each kind of marker
_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,69}")
# As a marker, what every mail has would hide all that comes from a listed sender.
_EVERY_MAIL_HAS = frozenset(
    {"from", "to", "cc", "subject", "date", "message-id", "reply-to", "return-path", "received", "mime-version"}
    | {"content-type", "content-transfer-encoding", "authentication-results", "dkim-signature", "received-spf"}
)


@dataclass(frozen=True)
class Markers:
    """Which services' markers and which other headers count, and whom they are believed of."""

    vendors: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tried:
    """What would be made of a mail, if it were read from the reporter's mailbox."""

    facts: Facts
    ways: tuple[Way, ...]

    @property
    def counts(self) -> Way | None:
        """The way in which it is an exercise; None when it is none."""
        return next((way for way in self.ways if way.exercise), None)


def markers_of(tenant: Tenant) -> Markers:
    """What marks an exercise beside keys and tokens."""
    chosen = tenant.policy.simulations
    return Markers(chosen.vendors, chosen.headers, chosen.domains, chosen.addresses)


def set_markers(services: Services, operator: Operator, chosen: Markers) -> None:
    """All of them, or nothing when a line is wrong. Raises NotAllowed, and BadInput, which names the line."""
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        before = markers_of(tenant)
        kept = Markers(
            _known(chosen.vendors),
            _lines(chosen.headers, before.headers, _header),
            _lines(chosen.domains, before.domains, _sender),
            _lines(chosen.addresses, before.addresses, _network),
        )
        if kept == before:
            return
        tenants.change_policy(tx, tenant.id, {"simulations": asdict(kept)})
        detail = {f"simulations.{name}": len(lines) for name, lines in asdict(kept).items()}
        who = Actor("operator", operator.id)
        audit.record(tx, tenant.id, who, "settings changed", "settings", detail, services.now())


def told_of_reports(tx: Connection, tenant_id: int) -> list[tuple[Webhook, Standing]]:
    """Who is told when somebody reports an exercise, and how that does."""
    told = [one for one in outbox.all_of(tx, tenant_id) if not one.events or REPORTED in one.events]
    return [(one, outbox.standing(tx, tenant_id, one.id)) for one in told]


def tried(services: Services, operator: Operator, raw: bytes) -> Tried:
    """Would this mail be taken for an exercise? Nothing of it is kept. Raises NotAllowed."""
    with services.database.read() as tx:
        tenant = _settings_of(tx, operator)
        context = list_context(tx, tenant, services.now())
    facts = parse_message(raw, tenant.policy.senders.authserv_ids)
    return Tried(facts, ways(facts, context))


def _known(chosen: Sequence[str]) -> tuple[str, ...]:
    if not set(chosen) <= set(vendors()):
        raise BadInput("Choose from the services in the list.")
    return tuple(name for name in vendors() if name in chosen)


def _lines(written: Sequence[str], before: tuple[str, ...], checked: Callable[[int, str], str]) -> tuple[str, ...]:
    """Each line as it is kept. What stood there before may stay, whoever wrote it."""
    if len(written) > MOST_LINES:
        raise BadInput("At most %(most)s lines in each field.", most=MOST_LINES)
    lines = ((number, line.strip()) for number, line in enumerate(written, 1))
    return tuple(dict.fromkeys(one if one in before else checked(number, one) for number, one in lines if one))


def _header(line: int, name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise BadInput("Line %(line)s: %(text)s is not the name of a header.", line=line, text=name[:80])
    if name.lower() in _EVERY_MAIL_HAS:
        raise BadInput("Line %(line)s: every mail has a header %(text)s, so it marks nothing.", line=line, text=name)
    return name


def _sender(line: int, text: str) -> str:
    return pattern_of(line, text, helps=True, networks=False)


def _network(line: int, text: str) -> str:
    """Private ones may be given: exercises are sent from inside as well, and the gateway saw who sent."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise BadInput("Line %(line)s: %(text)s is no IP address or network.", line=line, text=text[:80]) from None
    if network.prefixlen < WIDEST[network.version]:
        raise BadInput("Line %(line)s: %(text)s names too many; be more exact.", line=line, text=text[:80])
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _settings_of(tx: Connection, operator: Operator) -> Tenant:
    if not operator.may(Right.SETTINGS):
        raise NotAllowed("What counts as an exercise is decided by owners and admins.")
    return tenants.get(tx, operator.tenant_id)
