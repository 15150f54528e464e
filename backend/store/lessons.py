"""Lessons: which decisions rest on which label?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, select

from backend.domain.lesson import How, Lesson
from backend.store.tables import decisions, lessons


@dataclass(frozen=True)
class KeptLesson:
    """One row of `lessons`: the message that was converted, and by which decision."""

    message_id: int
    decision_id: int
    lesson: Lesson
    learned_at: datetime


def keep(tx: Connection, tenant_id: int, message_id: int, decision_id: int, lesson: Lesson, now: datetime) -> None:
    """Write down what a decision rests on."""
    values = {
        "tenant_id": tenant_id,
        "message_id": message_id,
        "decision_id": decision_id,
        "label_id": lesson.label_id,
        "how": lesson.how,
        "likeness": lesson.likeness,
        "learned_at": now,
    }
    tx.execute(insert(lessons).values(**values))


def resting_on(tx: Connection, tenant_id: int, label_id: int, limit: int = 50_000) -> list[int]:
    """The messages whose decision that stands rests on this label."""
    here = _standing(select(lessons.c.message_id), tenant_id).where(lessons.c.label_id == label_id)
    return list(tx.scalars(here.order_by(lessons.c.message_id).limit(limit)))


def of_message(tx: Connection, tenant_id: int, message_id: int) -> KeptLesson | None:
    """What the decision of a message that stands rests on, if it rests on a label."""
    here = _standing(select(lessons), tenant_id).where(lessons.c.message_id == message_id)
    row = tx.execute(here).first()
    return _kept(row) if row else None


def of_messages(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> dict[int, KeptLesson]:
    """The same for several messages: those that rest on a label."""
    here = _standing(select(lessons), tenant_id).where(lessons.c.message_id.in_(message_ids))
    return {row.message_id: _kept(row) for row in tx.execute(here)}


def counts(tx: Connection, tenant_id: int, label_ids: Sequence[int]) -> dict[int, int]:
    """How many messages each of these labels has converted, as it stands now."""
    here = _standing(select(lessons.c.label_id, func.count()), tenant_id).where(lessons.c.label_id.in_(label_ids))
    return {row[0]: row[1] for row in tx.execute(here.group_by(lessons.c.label_id))}


def _standing(statement: Select[Any], tenant_id: int) -> Select[Any]:
    """Only lessons whose decision is the newest of its message."""
    newest = (
        select(func.max(decisions.c.id))
        .where(decisions.c.tenant_id == tenant_id, decisions.c.message_id == lessons.c.message_id)
        .correlate(lessons)
        .scalar_subquery()
    )
    return statement.where(and_(lessons.c.tenant_id == tenant_id, lessons.c.decision_id == newest))


def _kept(row: Row[Any]) -> KeptLesson:
    lesson = Lesson(row.label_id, 0, How(row.how), row.likeness)
    return KeptLesson(row.message_id, row.decision_id, lesson, row.learned_at)
