"""Matching: which messages meet the filters and hold the words, in which order, without looking at all of them?

Every filter is a word in the index, and so is each message's place in either order: a band of expected harm, a step of
ids. A list is read from its top in windows, each the next few bands and four times as large as the one before, until
enough is found. So a frequent word costs as little as a rare one, and what only few messages hold is looked up at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    String,
    and_,
    any_,
    bindparam,
    column,
    func,
    literal,
    or_,
    select,
    text,
)

from backend.domain.harm import band
from backend.store import facets
from backend.store.filters import Filters, Order
from backend.store.query import Needle, Query, understand
from backend.store.search_index import COLUMNS, FTS_TABLE, VECTOR
from backend.store.tables import messages, people, queue_rows, search_documents

MOST = 1_000  # more are shown as "1,000+"
# Matches that are cheaper all looked up and sorted than met on the way from the top. FTS5 names them from its index
# alone; PostgreSQL has to open the row of each.
FEW = {"sqlite": 20_000, "postgresql": 5_000}
FIRST_WINDOW = 4_096
WIDER = 4
MOST_DAYS = 62  # of a range of dates that the index answers; a longer one holds enough to be met on the way
MOST_PEOPLE = 50  # that one name of a reporter may stand for
_HIDDEN = 0  # added to an indexed column, it hides the index: the planner knows nothing of how often a word occurs


@dataclass(frozen=True)
class Asked:
    """All of `groups` must occur, of each group one. `conditions` are asked of the rows that the index found."""

    tenant_id: int
    groups: tuple[tuple[Needle, ...], ...]
    conditions: tuple[ColumnElement[bool], ...] = ()
    nothing: bool = False  # it cannot match: say, a reporter whom nobody knows
    known: tuple[int, ...] | None = None  # what the index was found to hold, so that it is not asked again

    def also(self, *marks: str) -> "Asked":
        """The same, of messages that have one of these marks of ours."""
        return replace(self, groups=(*self.groups, tuple(Needle((mark,)) for mark in marks)))


def find(
    tx: Connection, tenant_id: int, filters: Filters, order: Order, most: int = MOST + 1, *, without: Sequence[int] = ()
) -> list[int]:
    """Ids of the tenant's messages that meet the filters, in order, at most `most`; none of the campaigns `without`.

    Raises BadInput with a sentence for who typed the query.
    """
    asked = _asked(tx, tenant_id, understand(filters))
    if without:
        other = or_(queue_rows.c.campaign_id.is_(None), queue_rows.c.campaign_id.not_in(without))
        asked = replace(asked, conditions=(*asked.conditions, other))
    if asked.nothing or most <= 0:
        return []
    if not asked.groups:
        return _from_the_top(tx, asked, order, most)
    few = _few(tx, asked)
    if few is not None:
        return _matching(tx, few, order, most)

    found: list[int] = []
    for marks in _windows(tx, tenant_id, order):
        found += _matching(tx, asked.also(*marks), order, most - len(found))
        if len(found) >= most:
            break
    return found


def _asked(tx: Connection, tenant_id: int, query: Query) -> Asked:
    """What the query means to the index."""
    groups: list[tuple[Needle, ...]] = [(needle,) for needle in query.needles]
    groups += [(Needle((mark,)),) for mark in _marks(query.filters)]
    conditions, days = _dates(tx, tenant_id, query.filters)
    if days is not None:
        groups.append(tuple(Needle((facets.day(day),)) for day in days))
    if query.filters.reporter:
        known = _people(tx, tenant_id, query.filters.reporter)
        groups.append(tuple(Needle((facets.is_("reporter", person),)) for person in known))
    nothing = query.empty or not all(groups)
    return Asked(tenant_id, tuple(groups), tuple(conditions), nothing)


def _marks(filters: Filters) -> Iterator[str]:
    columns = {
        "disposition": filters.disposition,
        "triage": filters.status,
        "retraction": filters.state,
        "kinds": filters.kind,
        "submitted_as": filters.submitted_as,
        "identities": filters.identity,
        "campaign": filters.campaign,
    }
    yield from (facets.is_(name, value) for name, value in columns.items() if value is not None)
    yield from (facets.is_(name, "yes") for name in ("psr", "pdr", "review") if getattr(filters, name))
    yield from (facets.is_(name, "no") for name in ("psr", "review") if getattr(filters, name) is False)


def _dates(tx: Connection, tenant_id: int, filters: Filters) -> tuple[list[ColumnElement[bool]], list[datetime] | None]:
    """The range as conditions, and its days if they are few; None if there is no range, or a long one."""
    conditions = []
    if filters.after:
        conditions.append(queue_rows.c.first_reported_at >= _midnight(filters.after))
    if filters.before:
        conditions.append(queue_rows.c.first_reported_at < _midnight(filters.before))
    if not filters.after:
        return conditions, None
    length = ((filters.before or _day_after_the_last(tx, tenant_id)) - filters.after).days
    if length > MOST_DAYS:
        return conditions, None
    return conditions, [_midnight(filters.after) + timedelta(days=number) for number in range(length)]


def _day_after_the_last(tx: Connection, tenant_id: int) -> date:
    last = tx.scalar(select(func.max(messages.c.first_reported_at)).where(messages.c.tenant_id == tenant_id))
    return last.date() + timedelta(days=1) if last else date.min


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)


def _people(tx: Connection, tenant_id: int, reporter: str) -> list[int]:
    """Whom a name or an address, or a part of one, stands for."""
    wanted = reporter.casefold()
    like = or_(
        func.lower(people.c.address).contains(wanted, autoescape=True),
        func.lower(people.c.name).contains(wanted, autoescape=True),
    )
    here = select(people.c.id).where(people.c.tenant_id == tenant_id, people.c.erased_at.is_(None), like)
    return list(tx.scalars(here.order_by(people.c.id).limit(MOST_PEOPLE)))


def _from_the_top(tx: Connection, asked: Asked, order: Order, most: int) -> list[int]:
    """No word is asked for: the first rows of the order are the answer."""
    here = select(queue_rows.c.message_id).where(queue_rows.c.tenant_id == asked.tenant_id, *asked.conditions)
    return list(tx.scalars(here.order_by(*_ordering(order)).limit(most)))


def _ordering(order: Order) -> list[ColumnElement[Any]]:
    newest = queue_rows.c.message_id.desc()
    return [newest] if order is Order.NEWEST else [queue_rows.c.harm.desc(), newest]


def _windows(tx: Connection, tenant_id: int, order: Order) -> Iterator[list[str]]:
    """Marks of the tenant's messages from the top of the order on, each message in exactly one window."""
    size = FIRST_WINDOW
    place = (
        queue_rows.c.harm if order is Order.HARM else queue_rows.c.message_id
    )  # what the index holds: no row is opened
    mark = facets.harm if order is Order.HARM else facets.age
    mine = select(place).where(queue_rows.c.tenant_id == tenant_id).order_by(*_ordering(order))
    top, bottom = _place(tx, mine, order, 0), _place(tx, mine.order_by(None).order_by(*_upside_down(order)), order, 0)
    if top is None or bottom is None:
        return
    above = top + 1
    while above > bottom:
        reached = _place(tx, mine, order, size)
        last = bottom if reached is None else min(reached, above - 1)
        yield [mark(tenant_id, number) for number in range(last, above)]
        above, size = last, size * WIDER


def _place(tx: Connection, rows: Any, order: Order, offset: int) -> int | None:
    """In which band or step the row at this place lies; None past the end."""
    found = tx.scalar(rows.limit(1).offset(offset))
    if found is None:
        return None
    return band(found) if order is Order.HARM else facets.step(found)


def _upside_down(order: Order) -> list[ColumnElement[Any]]:
    oldest = queue_rows.c.message_id.asc()
    return [oldest] if order is Order.NEWEST else [queue_rows.c.harm.asc(), oldest]


def _few(tx: Connection, asked: Asked) -> Asked | None:
    """The question, to be answered at once, if what it matches is little; else None."""
    few = FEW[tx.dialect.name]
    some = select(_hits(tx, asked).c.message_id).limit(few + 1)
    if tx.dialect.name == "sqlite":
        count = select(func.count()).select_from(some.subquery())
        return asked.also(facets.tenant(asked.tenant_id)) if tx.execute(count).scalar_one() <= few else None
    known = list(tx.scalars(some))
    return replace(asked, known=tuple(known)) if len(known) <= few else None


def _matching(tx: Connection, asked: Asked, order: Order, most: int) -> list[int]:
    """All that the index finds, sorted."""
    found = select(queue_rows.c.message_id)
    if tx.dialect.name == "sqlite":
        hits = _hits(tx, asked)
        found = found.join(hits, hits.c.message_id == queue_rows.c.message_id)
    else:
        found = found.where(_is_hit(asked))
    statement = (
        found.where(queue_rows.c.tenant_id + _HIDDEN == asked.tenant_id, *asked.conditions, *_beside(tx, asked))
        .order_by(*_ordering(order))
        .limit(most)
    )
    return list(tx.scalars(statement))


def _is_hit(asked: Asked) -> Any:
    """For PostgreSQL: the ids go into a list, and each is looked up by its key, however many the planner expects.

    A join it would make by reading every row of the queue.
    """
    if asked.known is not None:
        return queue_rows.c.message_id == any_(literal(list(asked.known), ARRAY(Integer)))
    ids = f"ARRAY(SELECT message_id FROM search_documents WHERE {VECTOR} @@ CAST(:asked AS tsquery))"  # noqa: S608 - ours
    return text(f"queue_rows.message_id = ANY ({ids})").bindparams(
        bindparam("asked", _tsquery(asked), String, unique=True)
    )


def _hits(tx: Connection, asked: Asked) -> Any:
    """The messages that the index finds. PostgreSQL must not guess: it is told to ask the index first."""
    if tx.dialect.name == "sqlite":
        match = text(f"SELECT rowid AS message_id FROM {FTS_TABLE} WHERE {FTS_TABLE} MATCH :asked")  # noqa: S608 - ours
        bound = match.bindparams(bindparam("asked", _fts(asked), String, unique=True))
        return bound.columns(column("message_id")).subquery()
    found = text(f"SELECT message_id FROM search_documents WHERE {VECTOR} @@ CAST(:asked AS tsquery)")  # noqa: S608 - ours
    bound = found.bindparams(bindparam("asked", _tsquery(asked), String, unique=True))
    return bound.columns(column("message_id")).cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")


def _fts(asked: Asked) -> str:
    """The question in FTS5's words, which knows what stands beside what."""

    def one(word: Needle) -> str:
        phrase = f'"{" ".join(word.words)}"' + ("*" if word.open_ended else "")
        return f"{{{word.column}}} : {phrase}" if word.column else phrase

    return " AND ".join(f"({' OR '.join(map(one, group))})" for group in asked.groups)


def _tsquery(asked: Asked) -> str:
    """The question in PostgreSQL's words; whether words stand beside each other is asked of the rows."""

    def one(word: Needle) -> str:
        named = f"{word.column}{facets.MARK}" if word.column else ""
        last = len(word.words) - 1
        ends = [":*" if word.open_ended and place == last else "" for place in range(last + 1)]
        return " & ".join(f"'{named}{each}'{end}" for each, end in zip(word.words, ends, strict=True))

    return " & ".join(f"({' | '.join(map(one, group))})" for group in asked.groups)


def _beside(tx: Connection, asked: Asked) -> list[ColumnElement[bool]]:
    """For PostgreSQL: the words of each phrase stand beside each other in one column."""
    phrases = [word for group in asked.groups for word in group if len(word.words) > 1]
    if tx.dialect.name == "sqlite" or not phrases:
        return []
    document = search_documents.alias()
    same = and_(document.c.message_id == queue_rows.c.message_id, document.c.tenant_id == asked.tenant_id)
    conditions = [_holds(document, phrase) for phrase in phrases]
    return [select(literal(1)).where(same, *conditions).correlate(queue_rows).exists()]


def _holds(document: Any, phrase: Needle) -> ColumnElement[bool]:
    wanted = f" {' '.join(phrase.words)}" + ("" if phrase.open_ended else " ")
    padded = [
        literal(" ") + document.c[name] + literal(" ") for name in ([phrase.column] if phrase.column else COLUMNS)
    ]
    return or_(*[one.contains(wanted, autoescape=True) for one in padded])
