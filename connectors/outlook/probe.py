"""Probe: what may our app registration do in one tenant, by its token and by trying?

Consent and `unhook doctor outlook` ask this. A token's roles are no proof: rights that are scoped in Exchange
(RBAC for Applications) do not show in it, and rights that were withdrawn show until it expires. So: try.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.errors import ConnectorError, NotPermitted, Refused
from connectors.outlook import asks, client, credentials
from connectors.outlook.asks import Ask
from connectors.outlook.client import Graph
from connectors.outlook.refusals import checked
from connectors.outlook.search import moment, users_of
from connectors.probed import Access


@dataclass(frozen=True)
class Organisation:
    """Whose tenant it is, as Microsoft says. `id` is the directory, to be compared with the one we asked for."""

    id: str
    name: str


@dataclass(frozen=True)
class Tried:
    """One permission and what trying it has shown; `detail` is a sentence for an administrator, or empty."""

    permission: str
    access: Access
    detail: str = ""


@dataclass(frozen=True)
class Probed:
    """All that is known of a grant.

    `roles` are the application permissions in a token asked for just now, such as "Mail.ReadWrite".
    `tried` has one entry per permission that can be tried without changing anything.
    """

    organisation: Organisation
    roles: frozenset[str]
    tried: tuple[Tried, ...]


def graph_for(
    directory: str, client_id: str, secret: str, certificate: str, login_url: str, graph_url: str, ca_file: Path | None
) -> Graph:
    """A client for one tenant; nothing is asked yet. Raises Refused when a setting is missing."""
    return client.graph_for(directory, client_id, secret, certificate, login_url, graph_url, ca_file)


def organisation(graph: Graph) -> Organisation:
    """Whose tenant it is. Raises NotPermitted with the AADSTS code in its sentence when no token is given, TryLater."""
    ask = asks.organisation()
    for one in checked(ask, graph.ask(ask))["value"]:
        return Organisation(str(one["id"]), str(one.get("displayName") or ""))
    raise Refused("Microsoft Graph named no organisation")


def granted(graph: Graph) -> frozenset[str]:
    """The application permissions in a fresh token: the cached one is dropped first. Raises NotPermitted, TryLater."""
    graph.credentials.start_afresh()
    return client.roles_in(graph.credentials.token())


def try_users(graph: Graph) -> Tried:
    """User.Read.All: list one mailbox."""
    return _try(graph, asks.users(top=1))


def try_mail(graph: Graph, mailbox: str) -> Tried:
    """Mail.ReadWrite (or Mail.Read): list one message of a mailbox. A mailbox outside a scope is not permitted."""
    if not mailbox:
        return Tried(asks.READ_WRITE, Access.UNKNOWN, "there is no mailbox to try it on")
    return _try(graph, asks.any_message(mailbox))


def try_trace(graph: Graph) -> Tried:
    """ExchangeMessageTrace.Read.All: trace one message."""
    now = datetime.now(UTC)
    between = f"receivedDateTime ge {moment(now - timedelta(hours=1))} and receivedDateTime le {moment(now)}"
    return _try(graph, asks.traces(between, top=1))


def probe(graph: Graph, mailbox: str = "") -> Probed:
    """Everything above at once; without a `mailbox` the first one listed is tried. Raises NotPermitted, TryLater."""
    roles = granted(graph)
    try:
        whose = organisation(graph)
    except NotPermitted:
        whose = Organisation("", "")  # a token was given, so the directory is right; its name may not be read
    users = try_users(graph)
    if not mailbox and users.access is Access.PERMITTED:
        ask = asks.users(top=10)
        mailbox = next((address for address, _ in users_of(checked(ask, graph.ask(ask))["value"])), "")
    return Probed(whose, roles, (users, try_mail(graph, mailbox), try_trace(graph)))


def certificate_expires(pem: str) -> datetime | None:
    """When our own certificate stops working, in UTC without a zone; None when there is none or it cannot be read."""
    return credentials.certificate_expires(pem)


def _try(graph: Graph, ask: Ask) -> Tried:
    try:
        checked(ask, graph.ask(ask))
    except NotPermitted as error:
        return Tried(ask.needs, Access.NOT_PERMITTED, str(error))
    except ConnectorError as error:
        return Tried(ask.needs, Access.UNKNOWN, str(error))
    return Tried(ask.needs, Access.PERMITTED)


# Microsoft Graph's own id of each application permission, as an app registration's manifest needs them.
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
PERMISSION_IDS: Mapping[str, str] = {
    "Mail.ReadWrite": "e2a3a72e-5f79-4c64-b1b1-878b674786c9",
    "Mail.Read": "810c84a8-4a9e-49e6-bf7d-12d183f40d01",
    "Mail.Send": "b633e1c5-b582-4048-a93e-9f11b44c7e96",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
}
