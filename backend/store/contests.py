"""Contests: which verdicts do their reporters hold to be wrong, and what did operators make of that?"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, update

from backend.domain.contest import Contest, ContestState
from backend.domain.people import Actor
from backend.domain.submission import Submission
from backend.store.inserting import insert_unless_there
from backend.store.queue_rows import mark
from backend.store.tables import contests

MOST_SHOWN = 100  # of one message
_COLUMNS = [contests.c[field.name] for field in fields(Contest)]


def open_one(
    tx: Connection, submission: Submission, message_id: int, decision_id: int, comment: str, now: datetime
) -> int | None:
    """Keep it for the operators; None when this report has contested this very decision before."""
    assert submission.person_id is not None, "nobody contests a report without a person"
    values = {
        "tenant_id": submission.tenant_id,
        "submission_id": submission.id,
        "person_id": submission.person_id,
        "message_id": message_id,
        "decision_id": decision_id,
        "comment": comment,
        "state": ContestState.OPEN,
        "contested_at": now,
    }
    mark(tx, submission.tenant_id, [message_id])
    return insert_unless_there(tx, contests, values)


def get(tx: Connection, tenant_id: int, contest_id: int) -> Contest | None:
    """One contest of this tenant."""
    row = tx.execute(select(*_COLUMNS).where(contests.c.tenant_id == tenant_id, contests.c.id == contest_id)).first()
    return _contest(row) if row else None


def settle(tx: Connection, contest: Contest, state: ContestState, by: Actor, now: datetime) -> bool:
    """Write down what an operator made of it. False when somebody already has."""
    here = and_(
        contests.c.tenant_id == contest.tenant_id, contests.c.id == contest.id, contests.c.state == ContestState.OPEN
    )
    mark(tx, contest.tenant_id, [contest.message_id])
    return (
        tx.execute(update(contests).where(here).values(state=state, settled_by=str(by), settled_at=now)).rowcount == 1
    )


def of_message(tx: Connection, tenant_id: int, message_id: int) -> list[Contest]:
    """What was said against the verdicts on one message, the open ones first."""
    here = and_(contests.c.tenant_id == tenant_id, contests.c.message_id == message_id)
    is_open = (contests.c.state == ContestState.OPEN).desc()
    rows = tx.execute(select(*_COLUMNS).where(here).order_by(is_open, contests.c.id.desc()).limit(MOST_SHOWN))
    return [_contest(row) for row in rows]


def last_of_submissions(tx: Connection, tenant_id: int, submission_ids: Sequence[int]) -> dict[int, Contest]:
    """The last contest of each of these reports that has one."""
    here = and_(contests.c.tenant_id == tenant_id, contests.c.submission_id.in_(submission_ids))
    return {
        row.submission_id: _contest(row) for row in tx.execute(select(*_COLUMNS).where(here).order_by(contests.c.id))
    }


def count_open(tx: Connection, tenant_id: int, person_id: int) -> int:
    """How many of this person's wait for an operator."""
    return _count(tx, and_(contests.c.tenant_id == tenant_id, contests.c.person_id == person_id))


def _count(tx: Connection, here: ColumnElement[bool]) -> int:
    waiting = select(func.count()).select_from(contests).where(here, contests.c.state == ContestState.OPEN)
    return tx.execute(waiting).scalar_one()


def _contest(row: Row[Any]) -> Contest:
    values = {field.name: getattr(row, field.name) for field in fields(Contest)}
    return Contest(**{**values, "state": ContestState(row.state)})
