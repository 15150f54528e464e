"""Answers: which mails to people were meant to be sent, and were they? At most once: the row is the intent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from backend.domain.people import Actor
from backend.store.inserting import insert_unless_there
from backend.store.tables import answers, people

MOST_TROUBLED = 200
_TROUBLED = ("failed", "unconfirmed")


class AnswerState(StrEnum):
    """`unconfirmed`: a crash left it unknown whether it was sent; only an operator sends it again."""

    INTENDED = "intended"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CALLED_OFF = "called_off"  # the report was taken back, or nobody is to be told


class Stage(StrEnum):
    """What is told of a report, each at most once."""

    INVESTIGATION = "investigation"  # it has arrived, and somebody or something looks at it
    VERDICT = "verdict"


@dataclass(frozen=True)
class Answer:
    """One row of `answers`."""

    id: int
    tenant_id: int
    submission_id: int
    person_id: int
    template: str
    stage: Stage
    state: AnswerState
    detail: str


@dataclass(frozen=True)
class Troubled:
    """An answer of which it is not known, or known to be untrue, that it was sent."""

    answer: Answer
    address: str
    at: datetime


def intend(
    tx: Connection,
    tenant_id: int,
    submission_id: int,
    person_id: int,
    template: str,
    stage: Stage,
    now: datetime,
    due_at: datetime,
) -> int | None:
    """Write the intent before sending; None when this submission was told this already."""
    values = {
        "tenant_id": tenant_id,
        "submission_id": submission_id,
        "person_id": person_id,
        "template": template,
        "stage": stage,
        "state": AnswerState.INTENDED,
        "intended_at": now,
        "due_at": due_at,
    }
    return insert_unless_there(tx, answers, values)


def tell_nobody(tx: Connection, tenant_id: int, submission_id: int, person_id: int, now: datetime) -> None:
    """Whatever comes of this submission, no mail is sent about it."""
    for stage in Stage:
        if intend(tx, tenant_id, submission_id, person_id, "", stage, now, now) is not None:
            call_off(tx, tenant_id, submission_id, now)


def take(tx: Connection, answer_id: int, now: datetime) -> Answer | None:
    """Take an answer to send it; None if it is not due, or was taken before. What dies from here on is unconfirmed."""
    due = or_(answers.c.due_at.is_(None), answers.c.due_at <= now)
    here = and_(answers.c.id == answer_id, answers.c.state == AnswerState.INTENDED, due)
    if tx.execute(update(answers).where(here).values(state=AnswerState.SENDING, due_at=now)).rowcount != 1:
        return None
    return _one(tx, answers.c.id == answer_id)


def finish(tx: Connection, tenant_id: int, answer_id: int, state: AnswerState, detail: str, now: datetime) -> None:
    """Write down what became of it."""
    here = and_(answers.c.tenant_id == tenant_id, answers.c.id == answer_id)
    tx.execute(update(answers).where(here).values(state=state, detail=detail, finished_at=now))


def call_off(tx: Connection, tenant_id: int, submission_id: int, now: datetime) -> bool:
    """Do not send what was meant to be sent. False when something has left, or may have."""
    here = and_(answers.c.tenant_id == tenant_id, answers.c.submission_id == submission_id)
    waiting = and_(here, answers.c.state == AnswerState.INTENDED)
    tx.execute(update(answers).where(waiting).values(state=AnswerState.CALLED_OFF, finished_at=now))
    may_have_left = answers.c.state.in_([AnswerState.SENDING, AnswerState.SENT, AnswerState.UNCONFIRMED])
    return tx.execute(select(func.count()).select_from(answers).where(here, may_have_left)).scalar_one() == 0


def again(tx: Connection, tenant_id: int, answer_id: int, by: Actor, now: datetime) -> bool:
    """An operator sends it once more. False unless it failed or is unconfirmed."""
    here = and_(answers.c.tenant_id == tenant_id, answers.c.id == answer_id, answers.c.state.in_(_TROUBLED))
    fresh = {"state": AnswerState.INTENDED, "due_at": now, "detail": "", "finished_at": None}
    return tx.execute(update(answers).where(here).values(**fresh, sent_again_by=str(by))).rowcount == 1


def get(tx: Connection, tenant_id: int, answer_id: int) -> Answer | None:
    """One answer of this tenant."""
    return _one(tx, and_(answers.c.tenant_id == tenant_id, answers.c.id == answer_id))


def due_at(tx: Connection, tenant_id: int, answer_id: int) -> datetime | None:
    """From when on it may leave; None: at once."""
    here = and_(answers.c.tenant_id == tenant_id, answers.c.id == answer_id)
    return tx.execute(select(answers.c.due_at).where(here)).scalar()


def of_submission(tx: Connection, tenant_id: int, submission_id: int) -> Answer | None:
    """The last answer to one submission."""
    return _one(tx, and_(answers.c.tenant_id == tenant_id, answers.c.submission_id == submission_id))


def stages_of(tx: Connection, tenant_id: int, submission_id: int) -> dict[Stage, Answer]:
    """What one submission was told, by stage."""
    here = and_(answers.c.tenant_id == tenant_id, answers.c.submission_id == submission_id)
    found = [_answer(row) for row in tx.execute(select(answers).where(here).order_by(answers.c.id))]
    return {one.stage: one for one in found}


def troubled(tx: Connection, tenant_id: int) -> list[Troubled]:
    """What was not sent, or of which nobody knows, newest first."""
    theirs = and_(people.c.id == answers.c.person_id, people.c.tenant_id == answers.c.tenant_id)
    rows = tx.execute(
        select(answers, people.c.address)
        .join(people, theirs)
        .where(answers.c.tenant_id == tenant_id, answers.c.state.in_(_TROUBLED))
        .order_by(answers.c.id.desc())
        .limit(MOST_TROUBLED)
    )
    return [Troubled(_answer(row), row.address, row.finished_at or row.intended_at) for row in rows]


def due(tx: Connection, now: datetime, limit: int = 500) -> list[int]:
    """Answers that could leave now, across all tenants, oldest first."""
    left = and_(answers.c.state == AnswerState.INTENDED, or_(answers.c.due_at.is_(None), answers.c.due_at <= now))
    return list(tx.scalars(select(answers.c.id).where(left).order_by(answers.c.id).limit(limit)))


def give_up_on(tx: Connection, before: datetime) -> int:
    """Mark answers that somebody took before `before` and never finished as unconfirmed, across all tenants."""
    left = and_(answers.c.state == AnswerState.SENDING, answers.c.due_at < before)
    return tx.execute(update(answers).where(left).values(state=AnswerState.UNCONFIRMED)).rowcount


def _one(tx: Connection, here: ColumnElement[bool]) -> Answer | None:
    row = tx.execute(select(answers).where(here).order_by(answers.c.id.desc()).limit(1)).first()
    return _answer(row) if row else None


def _answer(row: object) -> Answer:
    values = {name: getattr(row, name) for name in Answer.__dataclass_fields__}
    return Answer(**{**values, "stage": Stage(values["stage"]), "state": AnswerState(values["state"])})
