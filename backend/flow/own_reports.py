"""Own reports: what does a person see of what they reported, and how often were they right?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from backend.domain.contest import Contest
from backend.domain.people import Person
from backend.domain.submission import TAKEN_BACK, Kind, Submission
from backend.flow.tell import Told, told
from backend.policy.interval import interval
from backend.services import Services
from backend.store import contests, labels, messages, submissions

MOST = 50  # on one page
_NONE = 0  # no message has this number


@dataclass(frozen=True)
class OwnReport:
    """One report, what was found, and what its reporter can do about it."""

    submission: Submission
    subject: str
    told: Told | None
    contest: Contest | None
    withdraw_until: datetime | None  # None: it cannot be taken back any more
    can_contest: bool


@dataclass(frozen=True)
class Accuracy:
    """Of a person's phish reports that people have judged, how many were right, and between what the truth lies."""

    right: int
    judged: int
    low: float
    high: float


def own_reports(
    tx: Connection, services: Services, person: Person, before: int | None = None, limit: int = MOST
) -> list[OwnReport]:
    """One page of this person's reports, newest first."""
    mine = submissions.own(tx, person.tenant_id, person.id, limit, before)
    return _seen(tx, services, mine)


def own_report(tx: Connection, services: Services, person: Person, submission_id: int) -> OwnReport | None:
    """One of this person's reports; another's is as unknown as none at all."""
    mine = submissions.get_own(tx, person.tenant_id, person.id, submission_id)
    return _seen(tx, services, [mine])[0] if mine else None


def accuracy(tx: Connection, services: Services, person: Person) -> Accuracy:
    """As the reporter neuron counts it, every judged report alike."""
    past = labels.past_of(tx, person.tenant_id, person.id, services.now(), _NONE)
    right = sum(one.right for one in past)
    low, high = interval(right, len(past)) if past else (0.0, 1.0)
    return Accuracy(right, len(past), low, high)


def withdraw_until(services: Services, submission: Submission) -> datetime | None:
    """The moment up to which it can be taken back; None when that is over, or was never so."""
    until = submission.received_at + timedelta(seconds=services.settings.withdraw_seconds)
    open_ = submission.kind is Kind.USER and submission.state not in TAKEN_BACK and services.now() <= until
    return until if open_ and services.settings.withdraw_seconds else None


def _seen(tx: Connection, services: Services, mine: Sequence[Submission]) -> list[OwnReport]:
    if not mine:
        return []
    said = contests.last_of_submissions(tx, mine[0].tenant_id, [one.id for one in mine])
    return [_one(tx, services, one, said.get(one.id)) for one in mine]


def _one(tx: Connection, services: Services, one: Submission, said: Contest | None) -> OwnReport:
    message = messages.get(tx, one.tenant_id, one.message_id) if one.message_id is not None else None
    found = told(tx, one.tenant_id, one.message_id) if one.message_id is not None else None
    new = found is not None and (said is None or said.decision_id != found.decision_id)
    return OwnReport(
        submission=one,
        subject=message.subject if message else "",
        told=found,
        contest=said,
        withdraw_until=withdraw_until(services, one),
        can_contest=new and found is not None and not found.simulation and one.kind is Kind.USER,
    )
