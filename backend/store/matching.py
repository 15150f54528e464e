"""Matching: which messages meet the filters and hold the words, in which order, without looking at all of them?

Every filter is a word in the index, and so is each message's place in either order: a band of expected harm, a step of
ids. A list is read from its top in windows, each the next few bands, as deep as enough matches probably lie, until
enough is found. So a frequent word costs as little as a rare one, and what only few messages hold is looked up at once.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select

from backend.domain.harm import band
from backend.store import facets, hits
from backend.store.asked import Asked, asked_of
from backend.store.filters import Filters, Order
from backend.store.hits import Expected
from backend.store.query import understand
from backend.store.tables import queue_rows

MOST = 1_000  # more are shown as "1,000+"
# Matches for each that is wanted, which are cheaper all looked up and sorted than met on the way from the top. FTS5
# names them from its index alone; PostgreSQL has to open the row of each.
FEW = {"sqlite": 20, "postgresql": 12}
ALWAYS_FEW = 2_000
MANY = 10_000  # matches that PostgreSQL must expect, of each word it guesses at, before it is not asked for few
FIRST_WINDOW = 4_096
WIDER = 4  # times as deep as before, at most
ROOM = 1.3  # times as deep as enough matches probably lie


def find(
    tx: Connection, tenant_id: int, filters: Filters, order: Order, most: int = MOST + 1, *, without: Sequence[int] = ()
) -> list[int]:
    """Ids of the tenant's messages that meet the filters, in order, at most `most`; none of the campaigns `without`.

    Raises BadInput with a sentence for who typed the query.
    """
    asked = asked_of(tx, tenant_id, understand(filters))
    if without:
        other = or_(queue_rows.c.campaign_id.is_(None), queue_rows.c.campaign_id.not_in(without))
        asked = replace(asked, conditions=(*asked.conditions, other))
    if asked.nothing or most <= 0:
        return []
    if not asked.groups:
        return _first(tx, asked, order, most)

    expected = hits.expected(tx, asked)
    few = max(ALWAYS_FEW, FEW[tx.dialect.name] * most)
    if expected is None or expected.matches <= MANY * expected.guesses:
        known = hits.if_at_most(tx, asked, few)
        if known is not None:
            return _all(tx, known, order, most)
    return _met_on_the_way(tx, asked, order, most, _depth(expected, few, most))


def _first(tx: Connection, asked: Asked, order: Order, most: int) -> list[int]:
    """No word is asked for: the first rows of the order are the answer."""
    here = select(queue_rows.c.message_id).where(queue_rows.c.tenant_id == asked.tenant_id, *asked.conditions)
    return list(tx.scalars(here.order_by(*_ordering(order)).limit(most)))


def _all(tx: Connection, asked: Asked, order: Order, most: int) -> list[int]:
    """All that the index finds, sorted."""
    return list(tx.scalars(hits.rows_of(tx, asked).order_by(*_ordering(order)).limit(most)))


def _depth(expected: Expected | None, few: int, most: int) -> int:
    """How many rows from the top probably hold `most` matches, if they lie evenly; there are more than a few."""
    if expected is None:
        return FIRST_WINDOW
    matches = max(expected.matches, few, 1)
    return max(FIRST_WINDOW, int(ROOM * most * expected.documents / matches))


def _met_on_the_way(tx: Connection, asked: Asked, order: Order, most: int, depth: int) -> list[int]:
    """What matches from the top of the order on; the first window ends where `depth` rows do."""
    found: list[int] = []
    top, bottom = _ends(tx, asked.tenant_id, order)
    above = top + 1
    while above > bottom and len(found) < most:
        reached = _place(tx, asked.tenant_id, order, depth)
        last = bottom if reached is None else min(reached, above - 1)
        marks = [_mark(asked.tenant_id, order, place) for place in range(last, above)]
        found += _all(tx, asked.also(*marks), order, most - len(found))
        above, depth = last, int(depth * min(WIDER, ROOM * most / max(len(found), 1)))
    return found


def _ends(tx: Connection, tenant_id: int, order: Order) -> tuple[int, int]:
    """The highest and the lowest place that a tenant's messages have; (-1, 0) when there are none."""
    top, bottom = _place(tx, tenant_id, order, 0), _place(tx, tenant_id, order, 0, upside_down=True)
    return (-1, 0) if top is None or bottom is None else (top, bottom)


def _place(tx: Connection, tenant_id: int, order: Order, offset: int, *, upside_down: bool = False) -> int | None:
    """In which band or step the row lies that comes after `offset` others; None past the end."""
    value = queue_rows.c.harm if order is Order.HARM else queue_rows.c.message_id  # of the index: no row is opened
    rows = select(value).where(queue_rows.c.tenant_id == tenant_id)
    rows = rows.order_by(*_ordering(order, upside_down=upside_down)).limit(1).offset(offset)
    found = tx.scalar(rows)
    if found is None:
        return None
    return band(found) if order is Order.HARM else facets.step(found)


def _mark(tenant_id: int, order: Order, place: int) -> str:
    return facets.harm(tenant_id, place) if order is Order.HARM else facets.age(tenant_id, place)


def _ordering(order: Order, *, upside_down: bool = False) -> list[ColumnElement[Any]]:
    columns = [queue_rows.c.message_id] if order is Order.NEWEST else [queue_rows.c.harm, queue_rows.c.message_id]
    return [column.asc() if upside_down else column.desc() for column in columns]
