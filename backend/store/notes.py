"""Notes: what did operators write beside a message? None is edited; one can be struck out, and stays readable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, insert, select, update

from backend.domain.people import Actor
from backend.store.tables import notes

MOST_NOTES = 200  # of one message


@dataclass(frozen=True)
class Note:
    """One row of `notes`; `struck_by` is empty while it stands."""

    id: int
    message_id: int
    body: str
    written_by: str
    written_at: datetime
    struck_by: str
    struck_at: datetime | None


def write(tx: Connection, tenant_id: int, message_id: int, body: str, author: Actor, now: datetime) -> int:
    """Add a note. The caller has looked the message up in this tenant."""
    values = {"tenant_id": tenant_id, "message_id": message_id, "body": body, "written_at": now}
    new: int = tx.execute(insert(notes).values(**values, written_by=str(author)).returning(notes.c.id)).scalar_one()
    return new


def strike(tx: Connection, tenant_id: int, note_id: int, by: Actor, now: datetime) -> bool:
    """Strike a note out. False when it is struck already, or none of this tenant's."""
    standing = and_(notes.c.tenant_id == tenant_id, notes.c.id == note_id, notes.c.struck_at.is_(None))
    return tx.execute(update(notes).where(standing).values(struck_by=str(by), struck_at=now)).rowcount == 1


def get(tx: Connection, tenant_id: int, note_id: int) -> Note | None:
    """One note of this tenant."""
    row = tx.execute(select(*_COLUMNS).where(notes.c.tenant_id == tenant_id, notes.c.id == note_id)).first()
    return Note(**row._mapping) if row else None


def of_message(tx: Connection, tenant_id: int, message_id: int) -> Sequence[Note]:
    """The notes beside a message, oldest first; of very many the newest."""
    here = and_(notes.c.tenant_id == tenant_id, notes.c.message_id == message_id)
    rows = tx.execute(select(*_COLUMNS).where(here).order_by(notes.c.id.desc()).limit(MOST_NOTES)).all()
    return [Note(**row._mapping) for row in reversed(rows)]


_COLUMNS = [notes.c[name] for name in Note.__dataclass_fields__]
