"""Escalations: which of the users' submissions were put before the team, by whom, and as what?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from backend.domain.disposition import Disposition
from backend.domain.people import Actor
from backend.domain.submission import Kind, Report, Submission, SubmittedAs
from backend.store import submissions
from backend.store.messages import Message
from backend.store.tables import escalations
from backend.store.tables import submissions as submission_rows


@dataclass(frozen=True)
class Escalation:
    """One row of `escalations`: the user's submission, and the team submission that came of it."""

    submission_id: int
    escalated_submission_id: int
    escalated_as: Disposition
    escalated_by: str
    escalated_at: datetime


def escalate(
    tx: Connection, submission: Submission, message: Message, as_: Disposition, by: Actor, now: datetime
) -> int:
    """Add the team submission with its link, and return its id. The caller holds the message and has looked for one.

    The team submission takes over the message's bytes as they are: a client's copy is not believed more for it.
    """
    tenant_id = submission.tenant_id
    report = Report(
        tenant_id,
        person_id=None,
        mailbox="",
        internet_message_id=submission.internet_message_id,
        submitted_as=SubmittedAs.SPAM if as_ in _UNWANTED else SubmittedAs.PHISH,
        kind=Kind.TEAM,
        evidence_sha256=message.evidence_sha256,
    )
    team_id, _ = submissions.keep(tx, report, now)
    mine = and_(submission_rows.c.tenant_id == tenant_id, submission_rows.c.id == team_id)
    tx.execute(update(submission_rows).where(mine).values(evidence_source=message.evidence_source))
    values = {"tenant_id": tenant_id, "submission_id": submission.id, "escalated_submission_id": team_id}
    tx.execute(insert(escalations).values(**values, escalated_as=as_, escalated_by=str(by), escalated_at=now))
    return team_id


_UNWANTED = {Disposition.SPAM, Disposition.BULK}


def of_submission(tx: Connection, tenant_id: int, submission_id: int) -> Escalation | None:
    """What became of one submission, if it was put before the team."""
    return next(iter(of_submissions(tx, tenant_id, [submission_id])), None)


def of_message(tx: Connection, tenant_id: int, message_id: int) -> int | None:
    """The newest team submission that an escalation of this message has made and nobody has withdrawn."""
    mine = and_(submission_rows.c.tenant_id == tenant_id, submission_rows.c.message_id == message_id)
    reports = select(submission_rows.c.id).where(mine)
    here = and_(_standing(tenant_id), escalations.c.submission_id.in_(reports))
    newest = select(escalations.c.escalated_submission_id).where(here).order_by(escalations.c.id.desc()).limit(1)
    return tx.execute(newest).scalar()


def withdraw(tx: Connection, tenant_id: int, team_id: int, now: datetime) -> None:
    """Take an escalation back: its submission counts for nothing, and the user's can be escalated again."""
    mine = and_(_standing(tenant_id), escalations.c.escalated_submission_id == team_id)
    if tx.execute(update(escalations).where(mine).values(withdrawn_at=now)).rowcount == 1:
        submissions.withdraw(tx, tenant_id, team_id, now)


def _standing(tenant_id: int) -> ColumnElement[bool]:
    return and_(escalations.c.tenant_id == tenant_id, escalations.c.withdrawn_at.is_(None))


def of_submissions(tx: Connection, tenant_id: int, submission_ids: Sequence[int]) -> list[Escalation]:
    """The escalations among these submissions that stand, oldest first."""
    here = and_(_standing(tenant_id), escalations.c.submission_id.in_(submission_ids))
    columns = [escalations.c[name] for name in Escalation.__dataclass_fields__]
    rows = tx.execute(select(*columns).where(here).order_by(escalations.c.id))
    return [Escalation(**{**row._mapping, "escalated_as": Disposition(row.escalated_as)}) for row in rows]
