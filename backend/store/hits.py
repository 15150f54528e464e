"""Hits: how is each engine asked which messages its index finds, and how many will it be?

FTS5 knows in which column a word stands and what stands beside what. PostgreSQL finds words only, so that phrases are
asked of the rows; it must not guess what to read first, so that it is told.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    TextClause,
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

from backend.store import facets
from backend.store.asked import Asked
from backend.store.query import Needle
from backend.store.search_index import COLUMNS, FTS_TABLE, VECTOR
from backend.store.tables import queue_rows, search_documents

_FOUND_BY_POSTGRES = f"FROM search_documents WHERE {VECTOR} @@ CAST(:asked AS tsquery)"
_FOUND_BY_FTS5 = f"FROM {FTS_TABLE} WHERE {FTS_TABLE} MATCH :asked"
_HIDDEN = 0  # added to an indexed column, it hides the index: the planner knows nothing of how often a word occurs


@dataclass(frozen=True)
class Expected:
    """What PostgreSQL's planner expects to match, of all tenants.

    It has counted the thousand most frequent words, and takes each of the others to be half as frequent as the rarest
    of these: `guesses` is how many such words may have been added up.
    """

    matches: float
    documents: float
    guesses: int


def expected(tx: Connection, asked: Asked) -> Expected | None:
    """How many messages the index probably finds, without looking; None where the engine cannot tell.

    Of words that stand side by side only the first counts: together they are far more frequent than by chance.
    """
    if tx.dialect.name == "sqlite":
        return None
    documents = tx.scalar(text("SELECT reltuples FROM pg_class WHERE oid = CAST('search_documents' AS regclass)"))
    alone = replace(asked, groups=tuple(tuple(map(_first_alone, group)) for group in asked.groups))
    plan = tx.execute(_bound(f"EXPLAIN (FORMAT JSON) SELECT {_FOUND_BY_POSTGRES}", _tsquery(alone))).scalar_one()
    matches = plan[0]["Plan"]["Plan Rows"]
    return Expected(matches, max(documents or 0, matches), max(len(group) for group in asked.groups))


def _first_alone(word: Needle) -> Needle:
    return word if len(word.words) == 1 else replace(word, words=word.words[:1], open_ended=False)


def if_at_most(tx: Connection, asked: Asked, most: int) -> Asked | None:
    """The question, to be answered at once, if the index finds that many or fewer; else None."""
    some = select(_hits(tx, asked).c.message_id).limit(most + 1)
    if tx.dialect.name == "sqlite":
        count = select(func.count()).select_from(some.subquery())
        return asked.also(facets.tenant(asked.tenant_id)) if tx.execute(count).scalar_one() <= most else None
    known = list(tx.scalars(some))
    return replace(asked, known=tuple(known)) if len(known) <= most else None


def rows_of(tx: Connection, asked: Asked) -> Select[tuple[int]]:
    """The ids of all messages that are asked for, in no order."""
    found = select(queue_rows.c.message_id)
    if tx.dialect.name == "sqlite":
        hits = _hits(tx, asked)
        found = found.join(hits, hits.c.message_id == queue_rows.c.message_id)
    else:
        found = found.where(_is_hit(asked))
    return found.where(queue_rows.c.tenant_id + _HIDDEN == asked.tenant_id, *asked.conditions, *_beside(tx, asked))


def _is_hit(asked: Asked) -> Any:
    """For PostgreSQL: the ids go into a list, and each is looked up by its key, however many the planner expects.

    A join it would make by reading every row of the queue.
    """
    if asked.known is not None:
        return queue_rows.c.message_id == any_(literal(list(asked.known), ARRAY(Integer)))
    return _bound(f"queue_rows.message_id = ANY (ARRAY(SELECT message_id {_FOUND_BY_POSTGRES}))", _tsquery(asked))


def _hits(tx: Connection, asked: Asked) -> Any:
    """The messages that the index finds. PostgreSQL must not guess: it is told to ask the index first."""
    if tx.dialect.name == "sqlite":
        found = _bound(f"SELECT rowid AS message_id {_FOUND_BY_FTS5}", _fts(asked))
        return found.columns(column("message_id")).subquery()
    found = _bound(f"SELECT message_id {_FOUND_BY_POSTGRES}", _tsquery(asked))
    return found.columns(column("message_id")).cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")


def _bound(statement: str, asked: str) -> TextClause:
    return text(statement).bindparams(bindparam("asked", asked, String, unique=True))


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
