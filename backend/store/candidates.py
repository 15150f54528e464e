"""Candidates: which networks has a tenant's learning made, how far is each, and which one serves?"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update

from backend.domain.candidate import Candidate, CandidateState, Serving
from backend.store.tables import candidates, servings

_OPEN = (CandidateState.ASKED, CandidateState.LEARNING)


def ask(tx: Connection, tenant_id: int, asked_by: str, now: datetime) -> int | None:
    """A new candidate that somebody is to train; None while another one of this tenant is under way."""
    here = and_(candidates.c.tenant_id == tenant_id, candidates.c.state.in_(_OPEN))
    if tx.execute(select(candidates.c.id).where(here)).first():
        return None
    values = {"tenant_id": tenant_id, "state": CandidateState.ASKED, "asked_by": asked_by, "asked_at": now}
    values |= {"measures": {}, "label_ids": []}
    new: int = tx.execute(insert(candidates).values(**values).returning(candidates.c.id)).scalar_one()
    return new


def tenant_of(tx: Connection, candidate_id: int) -> int | None:
    """Whose a candidate is, for the queue, which knows ids only."""
    found: int | None = tx.execute(select(candidates.c.tenant_id).where(candidates.c.id == candidate_id)).scalar()
    return found


def get(tx: Connection, tenant_id: int, candidate_id: int) -> Candidate | None:
    """One candidate of this tenant."""
    here = and_(candidates.c.tenant_id == tenant_id, candidates.c.id == candidate_id)
    row = tx.execute(select(candidates).where(here)).first()
    return _candidate(row) if row else None


def newest(tx: Connection, tenant_id: int, limit: int = 20) -> list[Candidate]:
    """This tenant's candidates, newest first."""
    here = select(candidates).where(candidates.c.tenant_id == tenant_id)
    return [_candidate(row) for row in tx.execute(here.order_by(candidates.c.id.desc()).limit(min(limit, 100)))]


def begin(tx: Connection, tenant_id: int, candidate_id: int, now: datetime) -> bool:
    """Take it for one process; False when another one has."""
    return _move(tx, tenant_id, candidate_id, CandidateState.ASKED, state=CandidateState.LEARNING, started_at=now)


def note_progress(tx: Connection, tenant_id: int, candidate_id: int, share: float) -> bool:
    """How far it is. False when it is not wanted any more."""
    return _move(tx, tenant_id, candidate_id, CandidateState.LEARNING, progress=share)


def finish(tx: Connection, tenant_id: int, candidate_id: int, now: datetime, **made: object) -> bool:
    """Keep what was made. False when it was given up on meanwhile."""
    done = {"state": CandidateState.READY, "progress": 1.0, "finished_at": now}
    return _move(tx, tenant_id, candidate_id, CandidateState.LEARNING, **done, **made)


def fail(tx: Connection, tenant_id: int, candidate_id: int, cause: str, now: datetime) -> None:
    """End it, with the cause."""
    here = and_(candidates.c.tenant_id == tenant_id, candidates.c.id == candidate_id, candidates.c.state.in_(_OPEN))
    tx.execute(update(candidates).where(here).values(state=CandidateState.FAILED, cause=cause, finished_at=now))


def waiting(tx: Connection, asked_before: datetime) -> list[int]:
    """What was asked for before this moment and nobody has begun, across all tenants: its task may be lost."""
    left = and_(candidates.c.state == CandidateState.ASKED, candidates.c.asked_at < asked_before)
    return list(tx.scalars(select(candidates.c.id).where(left).order_by(candidates.c.id)))


def give_up_on(tx: Connection, before: datetime, now: datetime) -> int:
    """What began before this moment and did not end, or was asked for then and never began, across all tenants."""
    lost = and_(candidates.c.state == CandidateState.LEARNING, candidates.c.started_at < before)
    left = and_(candidates.c.state == CandidateState.ASKED, candidates.c.asked_at < before)
    given_up = 0
    for those, cause in (
        (lost, "The process ended without a result, or took longer than it may."),
        (left, "No worker began it. Is one running? Then ask again."),
    ):
        failed = {"state": CandidateState.FAILED, "cause": cause, "finished_at": now}
        given_up += tx.execute(update(candidates).where(those).values(**failed)).rowcount
    return given_up


def serving(tx: Connection, tenant_id: int) -> int | None:
    """The candidate that serves this tenant; None is the installation's own checkpoint."""
    here = select(servings.c.candidate_id).where(servings.c.tenant_id == tenant_id)
    found: int | None = tx.execute(here.order_by(servings.c.id.desc()).limit(1)).scalar()
    return found


def served(tx: Connection, tenant_id: int, limit: int = 20) -> Sequence[Serving]:
    """What has served since when, newest first."""
    here = select(servings).where(servings.c.tenant_id == tenant_id).order_by(servings.c.id.desc())
    return [Serving(r.id, r.candidate_id, r.set_by, r.why, r.set_at) for r in tx.execute(here.limit(min(limit, 100)))]


def serve(tx: Connection, tenant_id: int, candidate_id: int | None, set_by: str, why: str, now: datetime) -> None:
    """From now on this one serves. The caller has looked whether it is the tenant's own, and ready."""
    values = {"candidate_id": candidate_id, "set_by": set_by, "why": why, "set_at": now}
    tx.execute(insert(servings).values(tenant_id=tenant_id, **values))


def _move(tx: Connection, tenant_id: int, candidate_id: int, now_in: CandidateState, **values: object) -> bool:
    here = and_(candidates.c.tenant_id == tenant_id, candidates.c.id == candidate_id, candidates.c.state == now_in)
    return tx.execute(update(candidates).where(here).values(**values)).rowcount == 1


def _candidate(row: Row[Any]) -> Candidate:
    values: Mapping[str, Any] = {field.name: row._mapping[field.name] for field in fields(Candidate)}
    return Candidate(**{**values, "state": CandidateState(row.state), "label_ids": tuple(row.label_ids)})
