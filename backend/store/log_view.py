"""Log view: what does a line of the PSR log, or of PDR's, say about its message?"""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from backend.domain.later_look import LaterLook
from backend.store import later_looks, psr_log
from backend.store.psr_log import LogEntry, LogFilter
from backend.store.tables import messages


@dataclass(frozen=True)
class LogLine:
    """One entry with the subject and sender of its message."""

    entry: LogEntry
    subject: str
    sender: str


def log_lines(
    tx: Connection, tenant_id: int, limit: int, before: int | None = None, wanted: LogFilter = psr_log.EVERYTHING
) -> list[LogLine]:
    """The log, newest first, older than the entry `before`."""
    entries = psr_log.entries(tx, tenant_id, limit, before, wanted)
    here = select(messages.c.id, messages.c.subject, messages.c.from_address).where(
        messages.c.tenant_id == tenant_id, messages.c.id.in_([entry.message_id for entry in entries])
    )
    known = {row.id: (row.subject, row.from_address) for row in tx.execute(here)}
    return [LogLine(entry, *known.get(entry.message_id, ("", ""))) for entry in entries]


@dataclass(frozen=True)
class LookLine:
    """One look of Post Delivery Response with the subject and sender of its message."""

    look: LaterLook
    subject: str
    sender: str


def look_lines(tx: Connection, tenant_id: int, limit: int, before: int | None = None) -> list[LookLine]:
    """What was looked for again, newest first, older than the look `before`."""
    looks = later_looks.done(tx, tenant_id, limit, before)
    here = select(messages.c.id, messages.c.subject, messages.c.from_address).where(
        messages.c.tenant_id == tenant_id, messages.c.id.in_([look.message_id for look in looks])
    )
    known = {row.id: (row.subject, row.from_address) for row in tx.execute(here)}
    return [LookLine(look, *known.get(look.message_id, ("", ""))) for look in looks]
