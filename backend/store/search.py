"""Search: which messages of this tenant hold these words?

A query is words, all of which must occur, and "quoted phrases". Anything else in it only parts words: no query fails.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, literal, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from backend.errors import Unknown
from backend.store.search_index import COLUMNS, FTS_TABLE, VECTOR
from backend.store.tables import messages, search_documents
from backend.store.words import is_unspaced, pairs, runs, terms

__all__ = ["find", "index_message", "set_keywords", "terms"]

LONGEST_QUERY = 500
MOST_NEEDLES = 16
MOST_FOUND = 500
FEW = 2_000  # matches that are cheaper looked up than met on the way from the newest message on
_PIECES = re.compile(r'"([^"]*)"|([^\s"]+)')


@dataclass(frozen=True)
class Needle:
    """Words that stand beside each other. `open_ended` when the last is only the beginning of a word."""

    words: tuple[str, ...]
    open_ended: bool


def index_message(
    tx: Connection, tenant_id: int, message_id: int, subject: str, sender: str, body: str, keywords: str
) -> None:
    """Make the message findable, or findable by its new words. Raises Unknown when it is not this tenant's."""
    here = select(messages.c.id).where(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
    if tx.execute(here).first() is None:
        raise Unknown("There is no such message.")
    words = {"subject": terms(subject), "sender": terms(sender), "body": terms(body), "keywords": terms(keywords)}
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    tx.execute(
        insert(search_documents)
        .values(message_id=message_id, tenant_id=tenant_id, **words)
        .on_conflict_do_update(index_elements=["message_id"], set_=words)
    )


def set_keywords(tx: Connection, tenant_id: int, message_id: int, keywords: str) -> None:
    """Replace the keywords (`user_malicious_submission`, ...) and leave the words of the mail."""
    here = and_(search_documents.c.tenant_id == tenant_id, search_documents.c.message_id == message_id)
    tx.execute(update(search_documents).where(here).values(keywords=terms(keywords)))


def find(tx: Connection, tenant_id: int, query: str, limit: int = 50, offset: int = 0) -> list[int]:
    """Ids of this tenant's messages that hold everything asked for, the last reported first."""
    needles = parse_query(query)
    if not needles:
        return []
    if tx.dialect.name == "sqlite":
        matching, tenant = _matching_fts(tx, needles)
    else:
        matching, tenant = _matching_vector(needles), messages.c.tenant_id
    statement = (
        select(messages.c.id)
        .join(search_documents, search_documents.c.message_id == messages.c.id)
        .where(tenant == tenant_id, search_documents.c.tenant_id == tenant_id, messages.c.id.in_(matching))
        .where(*(_beside(needle) for needle in needles if len(needle.words) > 1))
        .order_by(messages.c.first_reported_at.desc(), messages.c.id.desc())
        .limit(max(0, min(limit, MOST_FOUND)))
        .offset(max(0, offset))
    )
    return list(tx.scalars(statement))


def parse_query(query: str) -> list[Needle]:
    """What the query asks for; empty when it holds no word."""
    pieces = (quoted or free for quoted, free in _PIECES.findall(query[:LONGEST_QUERY]))
    needles = (_needle(list(runs(piece))) for piece in pieces)
    return [needle for needle in needles if needle.words][:MOST_NEEDLES]


def _needle(found: Sequence[str]) -> Needle:
    """The words of a piece cut as a document's are, but for the end: there the document may go on."""
    if not found:
        return Needle((), open_ended=False)
    words = [word for run in found[:-1] for word in pairs(run)] + pairs(found[-1], last=False)
    return Needle(tuple(words), open_ended=len(found[-1]) == 1 and is_unspaced(found[-1]))


def _matching_fts(tx: Connection, needles: Sequence[Needle]) -> tuple[Any, ColumnElement[int]]:
    """The messages that hold every word, and the tenant as SQLite is to see it.

    SQLite knows no statistics of FTS5 and would always walk the tenant's messages from the newest on. That is right for
    frequent words. When few messages match, they are looked up instead: + 0 hides the index on the tenant.
    """
    asked = " ".join(f'"{word}"' + ("*" if begins else "") for word, begins in _words(needles))
    match = f"SELECT rowid FROM {FTS_TABLE} WHERE {FTS_TABLE} MATCH :asked"  # noqa: S608 - our constants
    few = tx.scalars(text(f"{match} LIMIT {FEW + 1}"), {"asked": asked}).all()
    if len(few) <= FEW:
        return few, messages.c.tenant_id + 0
    return text(match).bindparams(asked=asked), messages.c.tenant_id


def _matching_vector(needles: Sequence[Needle]) -> Any:
    asked = " & ".join(f"'{word}'" + (":*" if begins else "") for word, begins in _words(needles))
    match = f"SELECT message_id FROM search_documents WHERE {VECTOR} @@ CAST(:asked AS tsquery)"  # noqa: S608 - ours
    return text(match).bindparams(asked=asked)


def _words(needles: Sequence[Needle]) -> list[tuple[str, bool]]:
    """Every word asked for, and whether it is only the beginning of one."""
    return [
        (word, needle.open_ended and place == len(needle.words) - 1)
        for needle in needles
        for place, word in enumerate(needle.words)
    ]


def _beside(needle: Needle) -> ColumnElement[bool]:
    """The words stand beside each other in one column; asked of the few rows that the index found."""
    asked = f" {' '.join(needle.words)}" + ("" if needle.open_ended else " ")
    padded = [literal(" ") + search_documents.c[name] + literal(" ") for name in COLUMNS]
    return or_(*[column.contains(asked, autoescape=True) for column in padded])
