"""Erasure: how does a person disappear from the store, while everybody else's rows stay?

Their name, address, provider subject, comments and mailboxes go from every row of the tenant, and the bytes that their
reports brought. Ids stay: the audit log, verdicts and decisions go on saying that somebody did something. What the
person's row holds is needed to find the rest, so it goes last: an erasure that was cut short is simply run again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    String,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)

from backend.domain.people import SYSTEM, Actor
from backend.errors import Unknown
from backend.store import audit, embedded
from backend.store.database import Database
from backend.store.evidence import EvidenceStore
from backend.store.tables import (
    answers,
    contests,
    copies,
    evidence,
    list_entries,
    messages,
    metadata,
    people,
    received_mails,
    search_documents,
    submissions,
    tokens,
)
from backend.store.traces import Traces, json_form

BATCH = 100
# Other people's and operators' own names, a tenant's own settings, hashes, and the log, which holds ids only.
UNTOUCHED = {
    "tenants",
    "polled_mailboxes",
    "polled_mails",
    "people",
    "tokens",
    "operators",
    "sessions",
    "service_tokens",
    "preferences",
    "webhooks",
    "deliveries",
    "evidence",
    "signatures",
    "minhashes",
    "traits",
    "audit",
}


@dataclass(frozen=True)
class Erased:
    """What an erasure changed: rows that named the person, and pieces of evidence."""

    rows: int
    pieces: int


def erase_person(database: Database, kept: EvidenceStore, tenant_id: int, person_id: int, now: datetime) -> Erased:
    """Make a person nameless for good. Raises Unknown. Harmless to run again.

    Their mailbox can no longer be restored into. Rows of a backup made before are not reached.
    """
    traces = _traces(database, tenant_id, person_id)
    pieces = _delete_pieces(database, kept, tenant_id, person_id, traces, now)
    _empty_copies(database, tenant_id, traces)
    _take_off_lists(database, tenant_id, traces, now)
    rows = sum(_clean_table(database, tenant_id, table, traces) for table in _tables_to_clean())
    embedded.forget_deleted(database)
    _forget_person(database, tenant_id, person_id, traces.mark, now)
    return Erased(rows, pieces)


def _traces(database: Database, tenant_id: int, person_id: int) -> Traces:
    with database.read() as tx:
        here = and_(people.c.tenant_id == tenant_id, people.c.id == person_id)
        person = tx.execute(select(people).where(here)).first()
        if person is None:
            raise Unknown("There is no such person.")
        addresses = {person.address, *_own_mailboxes(tx, tenant_id, person_id)}
        known = tuple(sorted({address.strip().lower() for address in addresses} - {""}))
        others = _ending_alike(tx, tenant_id, person_id, known)
    subject = "" if person.erased_at else person.subject
    return Traces(f"erased-{person_id}", known, person.name, subject, others)


def _ending_alike(tx: Connection, tenant_id: int, person_id: int, known: Sequence[str]) -> tuple[str, ...]:
    """Addresses of others in the tenant that a search for this person's would hit: diana@ when ana@ goes."""
    if not known:
        return ()
    alike = or_(*[func.lower(people.c.address).endswith(address, autoescape=True) for address in known])
    others = and_(people.c.tenant_id == tenant_id, people.c.id != person_id, people.c.address.not_in(known))
    return tuple(tx.scalars(select(func.lower(people.c.address)).where(others, alike)))


def _own_mailboxes(tx: Connection, tenant_id: int, person_id: int) -> set[str]:
    """Mailboxes that only this person has reported from: a shared one is not theirs to be erased."""
    of_tenant = submissions.c.tenant_id == tenant_id
    used = select(submissions.c.mailbox).where(of_tenant, submissions.c.person_id == person_id).distinct()
    others = select(submissions.c.mailbox).where(
        of_tenant, or_(submissions.c.person_id != person_id, submissions.c.person_id.is_(None))
    )
    return set(tx.scalars(used.where(submissions.c.mailbox.not_in(others))))


def _delete_pieces(
    database: Database, kept: EvidenceStore, tenant_id: int, person_id: int, traces: Traces, now: datetime
) -> int:
    """Delete every piece that this person's reports brought, and their mails that brought none.

    Bytes cannot be cleaned: they are named by their hash.
    Somebody who sent in the very same bytes keeps the report, but not the bytes.
    """
    gone = 0
    with database.read() as tx:
        mine = (submissions.c.tenant_id == tenant_id, submissions.c.person_id == person_id)
        found = tx.execute(select(submissions.c.evidence_sha256, submissions.c.client_copy_sha256).where(*mine)).all()
        sent = and_(received_mails.c.tenant_id == tenant_id, received_mails.c.sender.in_(traces.addresses))
        mails = tx.scalars(select(received_mails.c.evidence_sha256).where(sent)).all()
    for sha256 in sorted({*mails, *(name for row in found for name in row)} - {""}):
        with database.begin() as tx:
            row = and_(evidence.c.tenant_id == tenant_id, evidence.c.sha256 == sha256)
            tx.execute(select(evidence.c.id).where(row).with_for_update())
            kept.delete(tenant_id, sha256)
            gone += tx.execute(
                update(evidence).where(row, evidence.c.deleted_at.is_(None)).values(deleted_at=now)
            ).rowcount
            same = and_(messages.c.tenant_id == tenant_id, messages.c.evidence_sha256 == sha256)
            tx.execute(update(messages).where(same).values(evidence_sha256=""))
            whole = and_(received_mails.c.tenant_id == tenant_id, received_mails.c.evidence_sha256 == sha256)
            tx.execute(update(received_mails).where(whole).values(evidence_sha256=""))
    return gone


def _empty_copies(database: Database, tenant_id: int, traces: Traces) -> None:
    """What the journal says of copies in the person's own mailboxes; the mark keeps its rows apart."""
    with database.begin() as tx:
        theirs = and_(copies.c.tenant_id == tenant_id, func.lower(copies.c.mailbox).in_(traces.addresses))
        for row in tx.execute(select(copies.c.id).where(theirs)).all():
            bare = {"mailbox": traces.mark, "provider_copy_id": f"{traces.mark}-{row.id}", "state": {}}
            tx.execute(update(copies).where(copies.c.id == row.id).values(**bare, folder="", held="", detail=""))


def _take_off_lists(database: Database, tenant_id: int, traces: Traces, now: datetime) -> None:
    """An entry that names the person says nothing any more once their address is gone from it."""
    with database.begin() as tx:
        theirs = and_(list_entries.c.tenant_id == tenant_id, list_entries.c.pattern.in_(traces.addresses))
        values = {"removed_at": now, "removed_by": str(SYSTEM)}
        tx.execute(update(list_entries).where(theirs, list_entries.c.removed_at.is_(None)).values(**values))


def _tables_to_clean() -> list[Table]:
    """Submissions last: they name the mailboxes, which an erasure that is run again needs to know."""
    named = [table for table in metadata.sorted_tables if table.name not in UNTOUCHED]
    return sorted(named, key=lambda table: table is submissions)


def _clean_table(database: Database, tenant_id: int, table: Table, traces: Traces) -> int:
    """Find the rows of the tenant that name the person without holding anything up, then clean them in batches."""
    (key,) = table.primary_key.columns
    columns = [column for column in table.columns if isinstance(column.type, (String, JSON))]
    if not columns or not traces.forms:
        return 0
    changed = 0
    for ids in _naming(database, tenant_id, table, key, columns, traces):
        with database.begin() as tx:
            for row in tx.execute(select(key, *columns).where(key.in_(ids)).with_for_update()).all():
                cleaned = _cleaned(table, row._mapping, columns, traces)
                if cleaned:
                    tx.execute(update(table).where(key == row._mapping[key.name]).values(**cleaned))
                    changed += 1
    return changed


def _naming(
    database: Database, tenant_id: int, table: Table, key: Any, columns: Sequence[Any], traces: Traces
) -> Iterator[Sequence[int]]:
    named = or_(*[test for column in columns for test in _holds(column, traces)])
    last = -1
    while True:
        with database.read() as tx:
            here = select(key).where(table.c.tenant_id == tenant_id, key > last, named)
            ids = tx.scalars(here.order_by(key).limit(BATCH)).all()
        if not ids:
            return
        yield ids
        last = ids[-1]


def _holds(column: Any, traces: Traces) -> Iterator[ColumnElement[bool]]:
    is_json = isinstance(column.type, JSON)
    said = func.lower(cast(column, Text))
    for form in traces.forms:
        yield said.contains(json_form(form) if is_json else form, autoescape=True)


def _cleaned(table: Table, row: Mapping[Any, Any], columns: Sequence[Any], traces: Traces) -> dict[str, Any]:
    """The columns that change."""
    clean = traces.clean_words if table is search_documents else traces.clean
    values = {column.name: clean(row[column.name]) for column in columns}
    return {name: value for name, value in values.items() if value != row[name]}


def _forget_person(database: Database, tenant_id: int, person_id: int, mark: str, now: datetime) -> None:
    """Empty what the person's own reports and answers say, whatever it is, and the person's row."""
    words = ("mailbox", "comment", "provider_message_id", "client_copy_sha256", "evidence_sha256", "cause")
    with database.begin() as tx:
        mine = and_(submissions.c.tenant_id == tenant_id, submissions.c.person_id == person_id)
        tx.execute(update(submissions).where(mine).values(**dict.fromkeys(words, ""), idempotency_key=None))
        sent = and_(answers.c.tenant_id == tenant_id, answers.c.person_id == person_id)
        tx.execute(update(answers).where(sent).values(detail=""))
        theirs = and_(contests.c.tenant_id == tenant_id, contests.c.person_id == person_id)
        tx.execute(update(contests).where(theirs).values(comment=""))
        audit.forget_source(tx, tenant_id, Actor("person", person_id))
        tx.execute(delete(tokens).where(tokens.c.tenant_id == tenant_id, tokens.c.person_id == person_id))
        here = and_(people.c.tenant_id == tenant_id, people.c.id == person_id)
        tx.execute(update(people).where(here).values(address="", name="", subject=mark, erased_at=now))
