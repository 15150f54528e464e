"""Spans: how are seconds and weeks between two times counted, the same way on both engines?"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, Select, case, cast, func, literal, select

WEEK = 604_800  # seconds


def seconds_between(dialect: str, start: ColumnElement[datetime], end: ColumnElement[datetime]) -> ColumnElement[float]:
    """How many seconds lie between two columns."""
    if dialect == "sqlite":
        return cast((func.julianday(end) - func.julianday(start)) * 86_400, Float)
    return cast(func.extract("epoch", end - start), Float)


def week_of(dialect: str, first: datetime, time: ColumnElement[datetime]) -> ColumnElement[int]:
    """Which week after `first` a time lies in, from 0 on."""
    if dialect == "sqlite":
        began = func.strftime("%s", first.isoformat(sep=" "))
        return cast((func.strftime("%s", time) - began) / WEEK, Integer)
    return cast(func.floor(func.extract("epoch", time - literal(first)) / WEEK), Integer)


def quantiles(rows: Select[*tuple[Any, ...]], shares: tuple[float, ...]) -> Select[*tuple[Any, ...]]:
    """For each `week` of a select of (week, value): how many values, and the value below which each share lies."""
    given = rows.cte("given")
    place = func.row_number().over(partition_by=given.c.week, order_by=given.c.value).label("place")
    total = func.count().over(partition_by=given.c.week).label("total")
    ranked = select(given.c.week, given.c.value, place, total).cte("ranked")
    at = [func.min(case((ranked.c.place >= share * ranked.c.total, ranked.c.value))) for share in shares]
    return select(ranked.c.week, func.max(ranked.c.total), *at).group_by(ranked.c.week).order_by(ranked.c.week)
