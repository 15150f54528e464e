"""Identity: who sends this request, and how do we know?"""

from dataclasses import dataclass
from typing import Protocol

from flask import Request

from backend.domain.people import Person
from backend.domain.submission import Kind
from backend.errors import UnhookError
from backend.services import Services
from backend.store import people


class NotIdentified(UnhookError):
    """Nobody we know sent this (401)."""


@dataclass(frozen=True)
class Identified:
    """A reporter whose identity was proven, and whether they speak for a security team."""

    tenant_id: int
    person: Person
    kind: Kind
    verified: bool = True


class Identifier(Protocol):
    """One way to prove who sends a request; each token issuer is another implementation."""

    def identify(self, request: Request) -> Identified:
        """Who it is. Raises NotIdentified with a sentence that says what to send."""
        ...


class BearerTokens:
    """Tokens that Unhook issued itself, one per reporter; the store knows only their hashes."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def identify(self, request: Request) -> Identified:
        """Look the token up by its hash: equality of hashes gives a clock nothing to measure."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotIdentified("Send your reporter's token in the header: Authorization: Bearer TOKEN.")

        with self._services.database.read() as tx:
            found = people.person_by_token(tx, token.strip())
        if found is None:
            raise NotIdentified("This token is not valid. Ask your administrator for a new one.")

        person, kind = found
        return Identified(person.tenant_id, person, Kind(kind))
