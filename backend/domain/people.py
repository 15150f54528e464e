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
    PEOPLE = "people"  # who works here, as what
    NETWORK = "network"  # which network serves
    LISTS = "lists"  # the tenant's own lists and rules, which say whom to believe


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.ADMIN: frozenset({Right.SETTINGS, Right.METRICS, Right.LISTS}),
    Role.ANALYST: frozenset({Right.MAIL, Right.METRICS, Right.LISTS}),
    Role.VIEWER: frozenset({Right.METRICS}),
}


class Scope(StrEnum):
    """What a program with a service token may do."""

    SUBMIT_TEAM = "submit:team"
    READ_SUBMISSIONS = "read:submissions"
    READ_METRICS = "read:metrics"
    EXPORT_INDICATORS = "export:indicators"


# A token gives nobody more than they have: who makes it must hold the right that its scopes stand for.
NEEDED_FOR: dict[Scope, Right] = {
    Scope.SUBMIT_TEAM: Right.MAIL,  # its word is a label
    Scope.READ_SUBMISSIONS: Right.MAIL,
    Scope.READ_METRICS: Right.METRICS,
    Scope.EXPORT_INDICATORS: Right.MAIL,
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
    language: str = ""  # of the button that they reported with last
    link_round: int = 1  # a link to their own page counts as long as it is of this one


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


class Theme(StrEnum):
    """How bright the pages are."""

    AUTO = "auto"  # as the operating system says
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Preferences:
    """How an operator likes to read. An empty language or time zone is the browser's."""

    language: str = ""
    time_zone: str = ""
    theme: Theme = Theme.AUTO
    keys: bool = True


@dataclass(frozen=True)
class Actor:
    """Who did something, for the audit log: `policy`, `operator:7`, `person:3` or `system`."""

    kind: str
    id: int | None = None

    def __str__(self) -> str:
        return self.kind if self.id is None else f"{self.kind}:{self.id}"

    @classmethod
    def read(cls, written: str) -> "Actor":
        """The actor as a row names it."""
        kind, _, number = written.partition(":")
        return cls(kind, int(number) if number else None)


POLICY = Actor("policy")
SYSTEM = Actor("system")
