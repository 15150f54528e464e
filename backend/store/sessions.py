"""Sessions: who is signed in, from where, and does it still count?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from backend import whence
from backend.domain.people import Operator
from backend.store.operators import operator_of
from backend.store.tables import operators, sessions

MOST_SHOWN = 50
LONGEST_AGENT = 200
KEPT = timedelta(days=30)  # after its end, so that somebody who was away can still see it


@dataclass(frozen=True)
class Session:
    """One time that somebody signed in; `way` is `password` or `provider`."""

    id: int
    way: str
    source: str
    agent: str
    began_at: datetime
    seen_at: datetime
    until: datetime


@dataclass(frozen=True)
class SignedIn:
    """A session that counts, with the operator it belongs to."""

    operator: Operator
    session: Session
    must_change: bool  # the password, before anything else


def begin(
    tx: Connection, tenant_id: int, operator_id: int, way: str, agent: str, now: datetime, lasts: timedelta
) -> int:
    """Somebody has proven who they are. Returns the number that their cookie names."""
    here = and_(operators.c.tenant_id == tenant_id, operators.c.id == operator_id)
    version = tx.execute(select(operators.c.session_version).where(here)).scalar_one()
    tx.execute(update(operators).where(here).values(signed_in_at=now))
    times = {"began_at": now, "seen_at": now, "until": now + lasts}
    told = {"way": way, "source": whence.current(), "agent": agent[:LONGEST_AGENT]}
    values = {"tenant_id": tenant_id, "operator_id": operator_id, "version": version, **times, **told}
    number: int = tx.execute(insert(sessions).values(**values).returning(sessions.c.id)).scalar_one()
    return number


def signed_in(tx: Connection, session_id: int, now: datetime, idle: timedelta) -> SignedIn | None:
    """Whose session this is; None when it ended, nobody worked in it for long, or the account is another by now."""
    theirs = and_(sessions.c.operator_id == operators.c.id, sessions.c.tenant_id == operators.c.tenant_id)
    statement = (
        select(sessions, operators.c.name, operators.c.role, operators.c.must_change)
        .join(operators, theirs)
        .where(
            sessions.c.id == session_id,
            sessions.c.version == operators.c.session_version,
            operators.c.disabled_at.is_(None),
            *_counts(now, idle),
        )
    )
    row = tx.execute(statement).first()
    if row is None:
        return None
    operator = operator_of(row.operator_id, row.tenant_id, row.name, row.role)
    return SignedIn(operator, _session(row), row.must_change)


def seen(tx: Connection, tenant_id: int, session_id: int, now: datetime) -> None:
    """Somebody works in it."""
    tx.execute(
        update(sessions).where(sessions.c.tenant_id == tenant_id, sessions.c.id == session_id).values(seen_at=now)
    )


def counting(tx: Connection, tenant_id: int, operator_id: int, now: datetime, idle: timedelta) -> list[Session]:
    """Every session of this operator that counts now, the one used last first."""
    statement = (
        select(sessions)
        .join(operators, and_(operators.c.id == sessions.c.operator_id, operators.c.tenant_id == sessions.c.tenant_id))
        .where(
            sessions.c.tenant_id == tenant_id,
            sessions.c.operator_id == operator_id,
            sessions.c.version == operators.c.session_version,
            *_counts(now, idle),
        )
        .order_by(sessions.c.seen_at.desc(), sessions.c.id.desc())
        .limit(MOST_SHOWN)
    )
    return [_session(row) for row in tx.execute(statement)]


def end(
    tx: Connection,
    tenant_id: int,
    operator_id: int,
    now: datetime,
    *,
    only: int | None = None,
    but: int | None = None,
) -> int:
    """End an operator's sessions: all, `only` one, or all `but` one. Returns how many."""
    theirs = [sessions.c.tenant_id == tenant_id, sessions.c.operator_id == operator_id, sessions.c.ended_at.is_(None)]
    if only is not None:
        theirs.append(sessions.c.id == only)
    if but is not None:
        theirs.append(sessions.c.id != but)
    return tx.execute(update(sessions).where(*theirs).values(ended_at=now)).rowcount


def forget(tx: Connection, tenant_id: int, now: datetime) -> int:
    """Delete what ended long ago: addresses are not kept for their own sake. Returns how many went."""
    over = and_(sessions.c.tenant_id == tenant_id, sessions.c.until < now - KEPT)
    return tx.execute(delete(sessions).where(over)).rowcount


def _counts(now: datetime, idle: timedelta) -> tuple[Any, ...]:
    return sessions.c.ended_at.is_(None), sessions.c.until > now, sessions.c.seen_at > now - idle


def _session(row: Any) -> Session:
    return Session(row.id, row.way, row.source, row.agent, row.began_at, row.seen_at, row.until)
