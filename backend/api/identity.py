"""Identity: who sends this request, and how do we know?"""

from dataclasses import dataclass
from typing import Protocol

import structlog
from flask import Request

from backend.api.entra import Account, Entra
from backend.domain.microsoft import PROVIDER
from backend.domain.people import Person
from backend.domain.submission import Kind
from backend.errors import NotIdentified
from backend.flow.microsoft import directory_of
from backend.services import Services
from backend.store import people, service_tokens, tenants
from backend.store.service_tokens import ServiceToken
from connectors.errors import ConnectorError

log = structlog.get_logger()

_REMEMBERED = 10_000
OWN_PREFIX = "unhook_"  # of every token that Unhook issues
SEND_A_TOKEN = "Send your reporter's token in the header: Authorization: Bearer TOKEN."  # noqa: S105 - a sentence


@dataclass(frozen=True)
class Identified:
    """A reporter whose identity was proven, and whether they speak for a security team."""

    tenant_id: int
    person: Person
    kind: Kind
    verified: bool = True
    token: ServiceToken | None = None  # None: a person, who may do with their own reports what they like


class Identifier(Protocol):
    """One way to prove who sends a request; each token issuer is another implementation."""

    def identify(self, request: Request) -> Identified:
        """Who it is. Raises NotIdentified with a sentence that says what to send."""
        ...


class AnyToken:
    """Whoever issued it, by its looks: Unhook's own tokens have a prefix, Microsoft's have three parts."""

    def __init__(self, services: Services) -> None:
        self._own = BearerTokens(services)
        self._services = ServiceTokens(services)
        self._microsoft = EntraTokens(services)

    def identify(self, request: Request) -> Identified:
        """Ask the issuer that the token looks like."""
        token = bearer(request)
        if token.startswith(service_tokens.PREFIX):
            return self._services.identify(request)
        foreign = not token.startswith(OWN_PREFIX) and token.count(".") == 2
        return (self._microsoft if foreign else self._own).identify(request)


class BearerTokens:
    """Tokens that Unhook issued itself, one per reporter; the store knows only their hashes."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def identify(self, request: Request) -> Identified:
        """Look the token up by its hash: equality of hashes gives a clock nothing to measure."""
        with self._services.database.read() as tx:
            found = people.person_by_token(tx, bearer(request))
        if found is None:
            raise NotIdentified("This token is not valid. Ask your administrator for a new one.")

        person, kind = found
        return Identified(person.tenant_id, person, Kind(kind))


class ServiceTokens:
    """Tokens of programs, which speak for a security team and may do only what their scopes say."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def identify(self, request: Request) -> Identified:
        """Look the token up by its hash, and write down once a minute that it is used."""
        now = self._services.now()
        with self._services.database.read() as tx:
            found = service_tokens.find(tx, bearer(request), now)
            person = (
                people.find_person(tx, found.tenant_id, service_tokens.PROVIDER, f"token:{found.id}") if found else None
            )
        if found is None:
            raise NotIdentified("This token is not valid. Ask your administrator for a new one.")
        if person is None or found.last_used_at is None or now - found.last_used_at > service_tokens.OFTEN:
            with self._services.database.begin() as tx:
                service_tokens.used(tx, found.tenant_id, found.id, now)
                person = service_tokens.person_of(tx, found, now)
        return Identified(found.tenant_id, person, Kind.TEAM, token=found)


class EntraTokens:
    """Access tokens of Microsoft Entra: a person is the object id in the directory of a tenant of ours."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._entra = Entra(services.settings, lambda directory: self._tenant(directory) is not None, services.now)
        self._asked: dict[str, str] = {}  # by object id: what their token called them when the directory was asked

    def identify(self, request: Request) -> Identified:
        """Prove the token, then find the person, who is new with their first report."""
        account = self._entra.check(bearer(request))
        tenant = self._tenant(account.directory)
        if tenant is None:
            raise NotIdentified("Your organisation has just left this service.")

        with self._services.database.read() as tx:
            person = people.find_person(tx, tenant.id, tenant.provider, account.subject)
        if person is None or not person.address or self._may_have_another_name(person, account):
            person = self._introduced(tenant, account, person)
        return Identified(tenant.id, person, Kind.USER)

    def _tenant(self, directory: str) -> tenants.Tenant | None:
        with self._services.database.read() as tx:
            return tenants.by_directory(tx, PROVIDER, directory)

    def _may_have_another_name(self, person: Person, account: Account) -> bool:
        """Whether their address may have changed since we asked; once for each name that their tokens give."""
        if account.named in {"", person.address, self._asked.get(account.subject)}:
            return False
        if len(self._asked) >= _REMEMBERED:
            self._asked.clear()
        self._asked[account.subject] = account.named
        return True

    def _introduced(self, tenant: tenants.Tenant, account: Account, known: Person | None) -> Person:
        """The person as the directory knows them: what a token says of names and addresses can be changed at will.

        While the directory cannot be asked they have the address that is known, or none, and their mailbox then goes by
        their object id.
        """
        try:
            with directory_of(self._services.settings, tenant) as directory:
                address = directory.address_of(account.subject)
        except ConnectorError as error:
            log.warning("no address for a reporter yet", tenant=tenant.id, why=type(error).__name__)
            if known is not None:
                return known
            address = ""
        with self._services.database.begin() as tx:
            now = self._services.now()
            return people.add_person(tx, tenant.id, tenant.provider, account.subject, address, "", now)


def bearer(request: Request) -> str:
    """The token that the request carries. Raises NotIdentified when it carries none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotIdentified(SEND_A_TOKEN)
    return token.strip()
