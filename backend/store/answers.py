"""Answers: which mails to people were meant to be sent, and were they? At most once: the row is the intent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, and_, select, update

from backend.store.inserting import insert_unless_there
from backend.store.tables import answers


class AnswerState(StrEnum):
    """`unconfirmed`: a crash left it unknown whether it was sent; only an operator sends it again."""

    INTENDED = "intended"
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True)
class Answer:
    """One row of `answers`."""

    id: int
    submission_id: int
    person_id: int
    template: str
    state: AnswerState
    detail: str


def intend(
    tx: Connection, tenant_id: int, submission_id: int, person_id: int, template: str, now: datetime
) -> int | None:
    """Write the intent before sending; None when this submission already has an answer."""
    values = {
        "tenant_id": tenant_id,
        "submission_id": submission_id,
        "person_id": person_id,
        "template": template,
        "state": AnswerState.INTENDED,
        "intended_at": now,
    }
    return insert_unless_there(tx, answers, values)


def finish(tx: Connection, tenant_id: int, answer_id: int, state: AnswerState, detail: str, now: datetime) -> None:
    """Write down what became of it."""
    here = and_(answers.c.tenant_id == tenant_id, answers.c.id == answer_id)
    tx.execute(update(answers).where(here).values(state=state, detail=detail, finished_at=now))


def get(tx: Connection, tenant_id: int, answer_id: int) -> Answer | None:
    """One answer of this tenant."""
    return _one(tx, and_(answers.c.tenant_id == tenant_id, answers.c.id == answer_id))


def of_submission(tx: Connection, tenant_id: int, submission_id: int) -> Answer | None:
    """The answer to one submission."""
    return _one(tx, and_(answers.c.tenant_id == tenant_id, answers.c.submission_id == submission_id))


def _one(tx: Connection, here: ColumnElement[bool]) -> Answer | None:
    row = tx.execute(select(answers).where(here)).first()
    if row is None:
        return None
    return Answer(row.id, row.submission_id, row.person_id, row.template, AnswerState(row.state), row.detail)


def give_up_on(tx: Connection, before: datetime) -> int:
    """Mark answers intended before `before` and never finished as unconfirmed, across all tenants."""
    left = and_(answers.c.state == AnswerState.INTENDED, answers.c.intended_at < before)
    return tx.execute(update(answers).where(left).values(state=AnswerState.UNCONFIRMED)).rowcount
