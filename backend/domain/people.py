"""People: reporters with their reliability, operators with their roles."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an operator may do; duties are separated (design section 9)."""

    OWNER = "owner"
    ADMIN = "admin"  # settings, no mail
    ANALYST = "analyst"  # mail, no settings
    VIEWER = "viewer"  # metrics


class Right(StrEnum):
    """What a page or an action needs."""

    MAIL = "mail"
    SETTINGS = "settings"
    METRICS = "metrics"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset({Right.MAIL, Right.SETTINGS, Right.METRICS}),
    Role.ADMIN: frozenset({Right.SETTINGS, Right.METRICS}),
    Role.ANALYST: frozenset({Right.MAIL, Right.METRICS}),
    Role.VIEWER: frozenset({Right.METRICS}),
}


@dataclass(frozen=True)
class Person:
    """A reporter: one (tenant, provider, subject). The mailbox is theirs by proof, never by request."""

    id: int
    tenant_id: int
    provider: str
    subject: str
    address: str
    name: str


@dataclass(frozen=True)
class Operator:
    """Who works in the dashboard; belongs to one tenant."""

    id: int
    tenant_id: int
    name: str
    role: Role

    def may(self, right: Right) -> bool:
        """Whether the operator's role includes `right`."""
        return right in RIGHTS[self.role]


@dataclass(frozen=True)
class Actor:
    """Who did something, for the audit log: `policy`, `operator:7`, `person:3` or `system`."""

    kind: str
    id: int | None = None

    def __str__(self) -> str:
        return self.kind if self.id is None else f"{self.kind}:{self.id}"


POLICY = Actor("policy")
SYSTEM = Actor("system")
