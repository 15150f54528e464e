"""Queue rows: what does the list say of each message, kept so that no page has to join?

A row repeats what messages, submissions, verdicts, decisions, retractions and the PSR log say. Whatever changes one of
those marks the message; the row is made anew at the end of the same transaction. Its locks are the last that a
transaction takes, always in the same order, so that two workers never wait for each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from backend.store.documents import words_of
from backend.store.row_facts import Found
from backend.store.tables import (
    decisions,
    messages,
    queue_rows,
    search_documents,
)
from backend.store.words import terms
from model.message.facts import Facts

TOGETHER = 200  # messages made anew with one set of statements
_MARKED = "unhook_queue_rows"
_FIRST_FIELDS = ("subject", "sender", "body")


def mark(tx: Connection, tenant_id: int, message_ids: Iterable[int]) -> None:
    """These messages change in this transaction: make their rows anew when it ends."""
    tx.info.setdefault(_MARKED, set()).update((tenant_id, message_id) for message_id in message_ids)


def forget_marks(tx: Connection) -> None:
    """Begin without what an earlier transaction on the same connection left when it was undone."""
    tx.info.pop(_MARKED, None)


def write_marked(tx: Connection) -> None:
    """Make the rows of all marked messages anew: the last thing a transaction does."""
    for tenant_id, message_ids in _by_tenant(sorted(tx.info.pop(_MARKED, ()))):
        write(tx, tenant_id, message_ids)


def write(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> None:
    """Make the rows of these messages anew, and what the index knows of them beside their words."""
    for begin in range(0, len(message_ids), TOGETHER):
        _write(tx, tenant_id, sorted(message_ids[begin : begin + TOGETHER]))


def write_missing(tx: Connection) -> int:
    """Make the rows that an upgrade found missing, of every tenant. Returns how many."""
    made, last = 0, 0
    lacking = select(messages.c.tenant_id, messages.c.id).where(messages.c.id.not_in(select(queue_rows.c.message_id)))
    while found := tx.execute(lacking.where(messages.c.id > last).order_by(messages.c.id).limit(TOGETHER)).all():
        for tenant_id, message_ids in _by_tenant(found):
            _add_fields(tx, tenant_id, message_ids)
            write(tx, tenant_id, message_ids)
        made, last = made + len(found), found[-1].id
    return made


def _by_tenant(pairs: Iterable[Any]) -> Iterable[tuple[int, list[int]]]:
    """Pairs of a tenant and a message, as a list of messages for each tenant."""
    messages_of = defaultdict(list)
    for tenant_id, message_id in pairs:
        messages_of[tenant_id].append(message_id)
    return messages_of.items()


def _add_fields(tx: Connection, tenant_id: int, ids: Sequence[int]) -> None:
    """Documents from before there were fields get theirs."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id.in_(ids))
    for message_id, facts in tx.execute(select(messages.c.id, messages.c.facts).where(here)).all():
        fields = {name: words for name, words in words_of(Facts.from_json(facts)).items() if name not in _FIRST_FIELDS}
        document = and_(search_documents.c.tenant_id == tenant_id, search_documents.c.message_id == message_id)
        tx.execute(update(search_documents).where(document).values(**fields))


def mend(tx: Connection) -> int:
    """Make the rows anew that are missing or say something else than the tables. Returns how many."""
    wrong = tx.execute(_differing(messages.c.tenant_id, messages.c.id)).all()
    for tenant_id, message_ids in _by_tenant(wrong):
        write(tx, tenant_id, message_ids)
    return len(wrong)


def count_differing(tx: Connection) -> int:
    """How many messages have no row, or one that says something else than the decision that stands and the triage."""
    number: int = tx.execute(_differing(func.count())).scalar_one()
    return number


def _differing(*columns: Any) -> Any:
    other = decisions.alias()
    last = select(func.max(other.c.version)).where(other.c.message_id == messages.c.id).correlate(messages)
    stands = and_(decisions.c.message_id == messages.c.id, decisions.c.version == last.scalar_subquery())
    held = func.coalesce(decisions.c.disposition, "")
    says_else = or_(queue_rows.c.disposition != held, queue_rows.c.triage != messages.c.triage)
    return (
        select(*columns)
        .select_from(messages)
        .outerjoin(queue_rows, queue_rows.c.message_id == messages.c.id)
        .outerjoin(decisions, stands)
        .where(or_(queue_rows.c.message_id.is_(None), says_else))
    )


def _write(tx: Connection, tenant_id: int, ids: Sequence[int]) -> None:
    held = and_(queue_rows.c.tenant_id == tenant_id, queue_rows.c.message_id.in_(ids))
    tx.execute(select(queue_rows.c.message_id).where(held).order_by(queue_rows.c.message_id).with_for_update()).all()
    found = Found(tx, tenant_id, ids)  # read after the lock: whoever held it before has committed
    rows = [found.row(message) for message in found.messages]
    if not rows:
        return
    upsert = (postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert)(queue_rows)
    kept = {name: upsert.excluded[name] for name in rows[0] if name not in ("message_id", "tenant_id")}
    tx.execute(upsert.on_conflict_do_update(index_elements=["message_id"], set_=kept), rows)
    _index(tx, tenant_id, ids, found)


def _index(tx: Connection, tenant_id: int, ids: Sequence[int], found: Found) -> None:
    """Let search find the messages by what the rows say; a document whose marks are right stays untouched."""
    here = and_(search_documents.c.tenant_id == tenant_id, search_documents.c.message_id.in_(ids))
    columns = (search_documents.c.message_id, search_documents.c.keywords, search_documents.c.reasons)
    there = {row.message_id: (row.keywords, row.reasons) for row in tx.execute(select(*columns).where(here))}
    for message in found.messages:
        words = (found.keywords(message), found.reason_words(message))
        if message.id not in there:
            _index_bare(tx, tenant_id, message, *words)
        elif there[message.id] != words:
            one = and_(search_documents.c.tenant_id == tenant_id, search_documents.c.message_id == message.id)
            tx.execute(update(search_documents).where(one).values(keywords=words[0], reasons=words[1]))


def _index_bare(tx: Connection, tenant_id: int, message: Row[Any], keywords: str, reasons: str) -> None:
    """A document of what the message's own row knows, for one that was never indexed or has been forgotten."""
    words = {"subject": terms(message.subject), "sender": terms(message.from_address), "body": ""}
    tx.execute(
        insert(search_documents).values(
            message_id=message.id, tenant_id=tenant_id, **words, keywords=keywords, reasons=reasons
        )
    )
