"""Listed: which senders, recipients and domains has a tenant an opinion of its own about?"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class ListKind(StrEnum):
    """What an entry is for."""

    TRUSTED = "trusted-sender"  # no detection counts
    ACCEPTABLE = "acceptable-sender"  # neither spam nor bulk nor spoof
    VERIFY = "verify-sender"  # a person looks
    BLOCKED = "blocked-sender"  # malicious
    EXEMPT = "exempt-recipient"  # nothing is taken out of this mailbox
    DOMAIN = "trusted-domain"  # not a look-alike of anybody


LETS_OFF = frozenset({ListKind.TRUSTED, ListKind.ACCEPTABLE, ListKind.EXEMPT, ListKind.DOMAIN})
OF_SENDERS = frozenset({ListKind.TRUSTED, ListKind.ACCEPTABLE, ListKind.VERIFY, ListKind.BLOCKED})


@dataclass(frozen=True)
class Wish:
    """An entry that somebody wants on a list."""

    kind: ListKind
    pattern: str
    comment: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One row of `list_entries`. A removed one stays, so that its removal can be taken back."""

    id: int
    tenant_id: int
    kind: ListKind
    pattern: str
    comment: str
    added_by: str
    added_at: datetime
    expires_at: datetime | None
    removed_by: str
    removed_at: datetime | None

    @property
    def last_day(self) -> date | None:
        """The last day on which it counts."""
        return (self.expires_at - timedelta(days=1)).date() if self.expires_at else None

    def acts(self, now: datetime) -> bool:
        """Whether it counts at that time."""
        return self.removed_at is None and (self.expires_at is None or self.expires_at > now)
