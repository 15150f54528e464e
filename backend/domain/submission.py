"""Submission: one reporter reporting one message once, and how far it has come."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """How far a submission has come. States run down this list, never up; FAILED can be retried.

    WITHDRAWING: its reporter took it back, and what rested on it is still to be undone.
    """

    RECEIVED = "received"
    FETCHED = "fetched"
    PARSED = "parsed"
    SCORED = "scored"
    DECIDED = "decided"
    ANSWERED = "answered"
    FAILED = "failed"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


FINAL = frozenset({State.ANSWERED, State.FAILED, State.WITHDRAWN})
TAKEN_BACK = frozenset({State.WITHDRAWING, State.WITHDRAWN})  # by its reporter, or by an undo: counts for nothing


class Kind(StrEnum):
    """Who submits: a person with a mailbox, or a security team."""

    USER = "user"
    TEAM = "team"


class SubmittedAs(StrEnum):
    """What the reporter said it is."""

    PHISH = "phish"
    SPAM = "spam"


class Identity(StrEnum):
    """Whether the reporter proved who they are. Unverified stays unverified for good."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"


class EvidenceSource(StrEnum):
    """Where the kept bytes come from. Only `FETCHED` and a team's own bytes are authoritative."""

    FETCHED = "fetched"
    CLIENT = "client"
    TEAM = "team"


@dataclass(frozen=True)
class Report:
    """What intake keeps, before it is written. `person_id` is None for an unverified reporter.

    `evidence_sha256` is set when the bytes were read from the person's own mailbox while they reported.
    """

    tenant_id: int
    person_id: int | None
    mailbox: str
    provider_message_id: str = ""
    internet_message_id: str = ""
    comment: str = ""
    submitted_as: SubmittedAs = SubmittedAs.PHISH
    kind: Kind = Kind.USER
    identity: Identity = Identity.VERIFIED
    idempotency_key: str = ""
    client_copy_sha256: str = ""
    evidence_sha256: str = ""
    said: str = ""  # the exact disposition, where the reporter named one


@dataclass(frozen=True)
class Submission:
    """One row of `submissions` together with what its report says. `lease` is set while a step holds it."""

    id: int
    tenant_id: int
    state: State
    lease: str
    attempts: int
    cause: str
    failed_from: str
    person_id: int | None
    mailbox: str
    provider_message_id: str
    internet_message_id: str
    comment: str
    submitted_as: SubmittedAs
    kind: Kind
    identity: Identity
    client_copy_sha256: str
    evidence_sha256: str
    evidence_source: str
    message_id: int | None
    received_at: datetime
    reported_before: bool  # this person had already reported this message
    said: str = ""
    withdrawn_from: int | None = None  # the message that it was a report of, until its reporter took it back
